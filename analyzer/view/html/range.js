// SPDX-License-Identifier: MIT
// The recording as it was at an instant, or what happened between two: all
// numbers that the views show, made from what changed from moment to moment.
import {data, setData, string, whole} from './data.js';
import {duration} from './format.js';
import {state} from './state.js';

const BUCKETS = 128; // more than there are

// The instants that can be chosen: the start (k -1), moments, the end.
export function instants() {
	const history = whole.history;
	if (!history) return [];
	const list = history.moments.map((moment, k) => ({k, ns: moment.ns, name: moment.name, isEnd: k === history.moments.length - 1}));
	if (history.has_start) list.unshift({k: -1, ns: 0, name: null, isEnd: false});
	return list;
}

export function nearest(list, ns) {
	let best = 0;
	for (let i = 1; i < list.length; i++)
		if (Math.abs(list[i].ns - ns) < Math.abs(list[best].ns - ns)) best = i;
	return best;
}

// Places among the instants: what is chosen. Nothing chosen: from first to last.
export function chosen() {
	const list = instants();
	const last = list.length - 1;
	const at = (text, other) => /^\d+$/.test(text) ? nearest(list, Number(text)) : other;
	const to = at(state.to, last);
	const from = at(state.from, 0);
	return {list, from: from < to ? from : 0, to, isAll: to === last && !(from > 0 && from < to)};
}

export function instantText(instant) {
	if (instant.isEnd) return 'the end';
	if (instant.k < 0) return 'the start';
	return (instant.name ? instant.name + ', ' : '') + duration(instant.ns);
}

// What commands take for the same.
export function rangeOptions() {
	const {list, from, to, isAll} = chosen();
	if (isAll) return '';
	return (from > 0 ? ' --from ' + list[from].ns + 'ns' : '') + (list[to].isEnd ? '' : ' --to ' + list[to].ns + 'ns');
}

// All that one kind has counted up to an instant, a column per metric.
function countsAt(kind, count, k) {
	const {metrics, moments} = whole.history;
	const columns = metrics.map(() => new Array(count).fill(0));
	for (let m = 0; m <= k; m++) {
		const [numbers, ...by] = moments[m][kind];
		let next = 0;
		for (let i = 0; i < numbers.length; i++) {
			const at = next + numbers[i];
			next = at + 1;
			for (let c = 0; c < columns.length; c++) columns[c][at] += by[c][i];
		}
	}
	const of = Object.fromEntries(metrics.map((name, c) => [name, columns[c]]));
	of.frees = of.allocations.map((n, i) => n - of.live_blocks[i]);
	of.freed_bytes = of.allocated_bytes.map((n, i) => n - of.live_bytes[i]);
	return of;
}

// What the squares of the standard errors of estimates were at an instant, a
// column per metric; null: all is exact.
function variancesAt(kind, count, k) {
	const {estimated, moments} = whole.history;
	const columns = estimated.map(() => new Array(count).fill(0));
	for (let m = 0; m <= k; m++) {
		const now = moments[m][kind + '_variance'];
		if (!now) return null;
		let next = 0;
		moments[m][kind][0].forEach((distance, i) => {
			const at = next + distance;
			next = at + 1;
			for (let c = 0; c < columns.length; c++) columns[c][at] = now[c][i];
		});
	}
	return Object.fromEntries(estimated.map((name, c) => [name, columns[c]]));
}

// The moment whose heap was the peak of a range that began after the peak of
// all before its end; null: the end's own peak counts.
function peakMoment(from, to) {
	const {moments} = whole.history;
	if (from < 0 || moments[to].peak_ns >= moments[from].ns) return null;
	let best = from;
	for (let k = from; k <= to && k < moments.length - 1; k++)
		if (moments[k].live_bytes > moments[best].live_bytes) best = k;
	return moments[to].slots_live > Math.max(0, moments[best].slots_live) ? to : best;
}

function between(kind, count, from, to) {
	const of = countsAt(kind, count, to);
	const peak = peakMoment(from, to);
	if (peak !== null) {
		const then = countsAt(kind, count, peak);
		of.peak_blocks = then.live_blocks;
		of.peak_bytes = then.live_bytes;
	}
	if (from >= 0) {
		const before = countsAt(kind, count, from);
		for (const metric of ['allocations', 'allocated_bytes', 'reallocs', 'frees', 'freed_bytes', 'temporary'])
			of[metric] = of[metric].map((n, i) => n - before[metric][i]);
	}
	return data.metrics.map((metric) => of[metric]);
}

// The same of variances: those of what comes one after the other add up, so
// they may be subtracted too. null for metrics without.
function variancesBetween(kind, count, from, to) {
	const of = variancesAt(kind, count, to);
	if (!of) return null;
	const peak = peakMoment(from, to);
	if (peak !== null) of.peak_bytes = variancesAt(kind, count, peak).live_bytes;
	if (from >= 0) {
		const before = variancesAt(kind, count, from);
		for (const metric of ['allocations', 'allocated_bytes', 'temporary'])
			of[metric] = of[metric].map((v, i) => v - before[metric][i]);
	}
	return data.metrics.map((metric) => of[metric] || null);
}

const zeros = (n) => data.metrics.map(() => new Array(n).fill(0));
const zerosLike = (variances, n) => variances && variances.map((column) => column && new Array(n).fill(0));
const toError = (variance) => Math.round(Math.sqrt(Math.max(0, variance)));
const toErrors = (variances) => variances ? variances.map((column) => column && column.map(toError)) : undefined;
const named = (columns, i, variances) => Object.fromEntries(whole.metrics.flatMap((metric, m) => [[metric, columns[m][i]],
	[metric + '_stderr', variances && variances[m] ? toError(variances[m][i]) : 0]]));

// Equal texts have one number.
let numberOf = null;
function canonical(number) {
	if (!numberOf) {
		const known = new Map();
		numberOf = whole.strings.map((text, i) => known.get(text) ?? (known.set(text, i), i));
	}
	return number < 0 ? -1 : numberOf[number];
}

function placeKey(name, file, line, module) {
	return [canonical(name), canonical(file), line, file < 0 ? module : -1].join();
}

const reduced = {
	function: (f, i) => placeKey(f.function[i], f.function[i] < 0 ? -1 : f.file[i], 0, f.module[i]),
	line: (f, i) => placeKey(f.function[i], f.file[i], f.file[i] < 0 ? 0 : f.line[i], f.module[i]),
	file: (f, i) => placeKey(-1, f.file[i], 0, f.module[i]),
	module: (f, i) => placeKey(-1, -1, 0, f.module[i]),
};

// Which row of a table each frame counts for; -1: of none that is here.
const rowsOfFrames = {};
function rowOfFrame(by) {
	if (rowsOfFrames[by]) return rowsOfFrames[by];
	const table = whole.tables[by];
	const rows = new Map();
	table.attributed.forEach((is, i) => {
		if (is) rows.set(placeKey(table.function[i], table.file[i], table.line[i], table.module[i]), i);
	});
	rowsOfFrames[by] = whole.frames.line.map((_, i) => rows.get(reduced[by](whole.frames, i)) ?? -1);
	return rowsOfFrames[by];
}

function addRow(columns, row, from, i) {
	for (let m = 0; m < columns.length; m++) if (columns[m]) columns[m][row] += from[m][i];
}

// Counts of rows that sites are added to, with variances where there are any.
class Sums {
	constructor(sites, n) {
		this.sites = sites;
		this.columns = zeros(n);
		this.variances = zerosLike(sites.variances, n);
	}

	add(row, site) {
		addRow(this.columns, row, this.sites.columns, site);
		if (this.variances) addRow(this.variances, row, this.sites.variances, site);
	}

	named(i) {
		return named(this.columns, i, this.variances);
	}
}

function placeTable(by, sites) {
	const table = whole.tables[by];
	const rowOf = rowOfFrame(by);
	const none = table.attributed.indexOf(0);
	const self = new Sums(sites, table.attributed.length);
	const cumulative = new Sums(sites, table.attributed.length);
	for (let i = 0; i < sites.named; i++) {
		const rows = whole.tables.site.stacks[i].map((at) => rowOf[at]);
		if (!rows.length && none >= 0) rows.push(none);
		if (rows.length && rows[0] >= 0) self.add(rows[0], i);
		for (const row of new Set(rows)) if (row >= 0) cumulative.add(row, i);
	}
	return {...table, self: self.columns, cumulative: cumulative.columns, samples: undefined, self_stderr: toErrors(self.variances),
		cumulative_stderr: toErrors(cumulative.variances), rest_rows: 0, rest: sites.rest};
}

// What the nodes of the flame graph have of each metric: self and total.
function nodeColumns(columns) {
	const {parent, metrics} = whole.flame;
	const {nodes, folded} = whole.history;
	const self = metrics.map(() => new Array(parent.length).fill(0));
	const total = self.map((column) => column.slice());
	metrics.forEach((metric, k) => {
		const column = columns[whole.metrics.indexOf(metric)];
		for (let i = 0; i < nodes.length; i++) {
			total[k][nodes[i]] += column[i];
			if (!folded[i]) self[k][nodes[i]] += column[i];
		}
		for (let i = parent.length - 1; i > 0; i--) total[k][parent[i]] += total[k][i];
	});
	return {self, total};
}

function flameOf(sites) {
	const {self, total} = nodeColumns(sites.columns);
	const variance = sites.variances ? nodeColumns(sites.variances) : {};
	return {...whole.flame, self, total, self_variance: variance.self, total_variance: variance.total};
}

function sourceOfRange(file, sites) {
	const wanted = canonical(file.file);
	const frames = whole.frames;
	const rowOf = new Map(file.lines.map((line, row) => [line, row]));
	const functionOf = new Map(file.functions.map((f, i) => [f.function, i]));
	const counts = new Sums(sites, file.lines.length);
	const parts = new Sums(sites, file.functions.length);
	const sum = new Sums(sites, 1);
	for (let i = 0; i < sites.named; i++) {
		const at = whole.tables.site.stacks[i].find((frame) => canonical(frames.file[frame]) === wanted);
		if (at === undefined) continue;
		sum.add(0, i);
		const row = rowOf.get(frames.line[at]);
		if (row !== undefined) counts.add(row, i);
		const part = functionOf.get(string(frames.function[at]));
		if (part !== undefined) parts.add(part, i);
	}
	return {...file, counts: counts.columns, stderr: toErrors(counts.variances), sum: sum.named(0),
		functions: file.functions.map((f, i) => ({...f, ...parts.named(i)}))};
}

function siteCounts(from, to) {
	const {rows} = whole.history;
	const columns = between('site', rows.length, from, to);
	const variances = variancesBetween('site', rows.length, from, to);
	const count = whole.tables.site.attributed.length;
	const rest = new Sums({columns, variances}, 1);
	const errors = {};
	for (let i = count; i < rows.length; i++) rest.add(0, i);
	whole.metrics.forEach((metric, m) => {
		if (variances && variances[m]) errors[metric + '_stderr'] = toError(variances[m].reduce((sum, v) => sum + v, 0));
	});
	return {columns, variances, errors, named: count, rest: rest.named(0), isComplete: rows.length === count,
		used: rows.reduce((n, _, i) => n + columns.some((column) => column[i] !== 0), 0)};
}

function tables(sites, from, to) {
	const made = {};
	for (const by of Object.keys(reduced)) made[by] = placeTable(by, sites);
	made.site = {...whole.tables.site, self: sites.columns.map((column) => column.slice(0, sites.named)), samples: undefined,
		self_stderr: toErrors(sites.variances && sites.variances.map((column) => column && column.slice(0, sites.named))), rest_rows: 0, rest: sites.rest};
	if (whole.history.has_threads) {
		const count = whole.tables.thread.attributed.length;
		made.thread = {...whole.tables.thread, self: between('thread', count, from, to)};
	}
	return made;
}

function edgeOf(instant) {
	return {name: instant.name, ns: instant.ns, asked_ns: instant.ns, exact: true, isEnd: instant.isEnd};
}

function make(list, first, last) {
	const from = first > 0 ? list[first].k : -1;
	const to = list[last].k;
	const sites = siteCounts(from, to);
	const total = between('total', 2, from, to);
	const sizes = between('size', BUCKETS, from, to);
	const errors = variancesBetween('size', BUCKETS, from, to);
	return {...whole,
		range: {from: first > 0 ? edgeOf(list[first]) : null, to: edgeOf(list[last])},
		totals: {...whole.totals, ...named(total, 0, null), sites: sites.isComplete ? sites.used : null},
		selection: {...whole.selection, ...named(total, 1, null), ...sites.errors, sites: sites.used},
		sizes: whole.sizes.map((row) => ({...row, ...named(sizes, row.bucket, errors)})),
		tables: tables(sites, from, to),
		flame: flameOf(sites),
		sources: whole.sources.map((file) => sourceOfRange(file, sites)),
		isPartly: !sites.isComplete,
	};
}

const kept = new Map();

// Makes data what the address says.
export function applyRange() {
	const {list, from, to, isAll} = chosen();
	if (isAll || !list.length) {
		setData(whole);
		return;
	}
	const key = from + ' ' + to;
	if (!kept.has(key)) {
		if (kept.size >= 4) kept.delete(kept.keys().next().value);
		setData(whole);
		kept.set(key, make(list, from, to));
	}
	setData(kept.get(key));
}
