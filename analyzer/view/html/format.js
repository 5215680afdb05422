// SPDX-License-Identifier: MIT
// Numbers as the commands of memprof print them.
import {data} from './data.js';

export function count(n) {
	return String(n).replace(/\B(?=(\d{3})+$)/g, ',');
}

// 1 block, 2 blocks; other words where no s makes them many.
export function counted(n, one, many = one + 's') {
	return count(n) + ' ' + (n === 1 ? one : many);
}

export function size(n) {
	const base = data.units === 'si' ? 1000 : 1024;
	const names = data.units === 'si' ? ['kB', 'MB', 'GB', 'TB', 'PB', 'EB']
		: ['KiB', 'MiB', 'GiB', 'TiB', 'PiB', 'EiB'];
	if (n < 0) return '-' + size(-n);
	if (data.units === 'bytes' || n < base) return count(n) + ' B';
	let unit = 0;
	let value = n / base;
	while (unit < 5 && Math.floor(value * 10 + 0.5) >= base * 10) {
		value /= base;
		unit++;
	}
	const tenths = Math.floor(value * 10 + 0.5);
	return count(Math.floor(tenths / 10)) + '.' + tenths % 10 + ' ' + names[unit];
}

// A change.
export function signed(n, format) {
	return n > 0 ? '+' + format(n) : n < 0 ? '\u2212' + format(-n) : format(0);
}

// With the standard error of an estimate.
export function estimate(format, value, error) {
	return format(value) + (error ? ' \u00b1 ' + format(error) : '');
}

export function percent(part, whole) {
	if (!whole) return '-';
	const tenths = Math.floor(part / whole * 1000 + 0.5);
	if (part > 0 && tenths === 0) return '<0.1%';
	if (part < whole && tenths >= 1000) return '>99.9%';
	return Math.floor(tenths / 10) + '.' + tenths % 10 + '%';
}

export function duration(ns) {
	const s = ns / 1e9;
	if (s < 1e-3) return (ns / 1e3).toFixed(1) + ' us';
	if (s < 1) return (ns / 1e6).toFixed(1) + ' ms';
	if (s < 60) return s.toFixed(1) + ' s';
	if (s < 3600) return Math.floor(s / 60) + ' min ' + Math.floor(s % 60) + ' s';
	return Math.floor(s / 3600) + ' h ' + Math.floor(s % 3600 / 60) + ' min';
}

// The metrics one can look at things by, in the order of the flame graph's.
export const metrics = [
	{key: 'peak', json: 'peak_bytes', text: 'At the peak', format: size},
	{key: 'leaked', json: 'live_bytes', text: 'Live at the end', format: size},
	{key: 'allocated', json: 'allocated_bytes', text: 'Allocated', format: size},
	{key: 'count', json: 'allocations', text: 'Allocations', format: count},
	{key: 'temporary', json: 'temporary', text: 'Temporary', format: count},
];

// When "live" is; known only once there is data.
export function endText() {
	if (data.range) return 'then';
	return data.program.state === 'running' ? 'now' : 'at the end';
}

export function metricOf(key) {
	const at = metrics.findIndex((metric) => metric.key === key);
	return at < 0 ? 0 : at;
}
