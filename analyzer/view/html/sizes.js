// SPDX-License-Identifier: MIT
// How large the blocks are, and how long they live.
import {el} from './dom.js';
import {count, duration, estimate, metricOf, metrics, percent, size} from './format.js';
import {data, whole} from './data.js';
import {state} from './state.js';

function range(row) {
	if (row.first === row.last) return count(row.first) + ' B';
	return size(row.first - 1).replace(' ', '\u00a0') + ' < size \u2264 ' + size(row.last).replace(' ', '\u00a0');
}

export function sizesView() {
	const metric = metrics[metricOf(state.metric)];
	const most = Math.max(1, ...data.sizes.map((row) => row[metric.json]));
	const whole = data.sizes.reduce((n, row) => n + row[metric.json], 0);
	return [
		el('h2', null, 'Sizes of blocks: ', metric.text.toLowerCase()),
		el('p.dim', null, 'As they were asked for. Beyond 8 bytes each class holds the sizes up to a power of two.'),
		whole ? null : el('p', {id: 'empty'}, 'Nothing of this metric.'),
		el('div.scroll', null, el('table', {id: 'sizes'}, el('thead', null, el('tr', null, el('th', null, 'Size'),
			el('th', null, metric.text), el('th.n', null, 'Share'),
			metrics.filter((m) => m !== metric).map((m) => el('th.n.wide', null, m.text)))),
		el('tbody', null, data.sizes.map((row) => {
			const fill = el('i', {'aria-hidden': 'true'});
			fill.style.width = Math.max(0, 100 * row[metric.json] / most) + '%';
			return el('tr', null, el('td', null, range(row)),
				el('td.bar', {title: count(row[metric.json]), 'data-value': String(row[metric.json]),
					'data-error': String(row[metric.json + '_stderr'] || 0)}, fill,
					el('span', null, estimate(metric.format, row[metric.json], row[metric.json + '_stderr']))),
				el('td.n', null, percent(row[metric.json], whole)),
				metrics.filter((m) => m !== metric).map((m) => el('td.n.wide', null, estimate(m.format, row[m.json], row[m.json + '_stderr']))));
		})))),
	];
}

const lifetimeKinds = [
	['lifetime', 'How long blocks lived', 'From the allocation to the free.', 'frees', 'Blocks freed', count],
	['lifetime-allocations', 'How many allocations were made meanwhile', 'Of the whole program, from the allocation of a block to its free.', 'frees',
		'Blocks freed', count],
	['age', 'How long live blocks have lived', 'Until the end, or until the dump was read.', 'live_bytes', 'Live', size],
];

function agesOf(row) {
	const format = row.unit === 'ns' ? duration : count;
	const unit = row.unit === 'ticks' ? ' ticks' : '';
	if (row.end === null) return format(row.first) + unit + ' and more';
	if (row.unit === 'allocations' && row.end === row.first + 1) return count(row.first);
	return (row.first ? format(row.first) : '0') + ' \u2264 time < '.replace('time', row.unit === 'ns' ? 'time' : 'n') + format(row.end) + unit;
}

export function lifetimesView() {
	return [
		el('p.dim', null, 'Of the whole recording' + (whole.program.sample_bytes ? ', as estimates from samples.' : '.')),
		lifetimeKinds.filter(([key]) => whole.lifetimes[key]).map(([key, title, meaning, metric, head, format]) => {
			const rows = whole.lifetimes[key];
			const most = Math.max(1, ...rows.map((row) => row[metric]));
			const sum = rows.reduce((n, row) => n + row[metric], 0);
			return [el('h2', null, title), el('p.dim', null, meaning),
				rows.length ? el('div.scroll', null, el('table', {id: key}, el('thead', null, el('tr', null, el('th', null, key === 'lifetime-allocations' ? 'Allocations' : 'Time'),
					el('th', null, head), el('th.n', null, 'Share'), key === 'age' ? el('th.n', null, 'Blocks') : null)),
				el('tbody', null, rows.map((row) => {
					const fill = el('i', {'aria-hidden': 'true'});
					fill.style.width = 100 * row[metric] / most + '%';
							return el('tr', null, el('td', null, agesOf(row)),
						el('td.bar', {title: count(row[metric]), 'data-value': String(row[metric])}, fill, el('span', null, format(row[metric]))),
						el('td.n', null, percent(row[metric], sum)), key === 'age' ? el('td.n', null, count(row.live_blocks)) : null);
				})))) : el('p', null, 'Nothing.')];
		}),
	];
}
