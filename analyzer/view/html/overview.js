// SPDX-License-Identifier: MIT
// What there is to know at first sight.
import {clean, el, name} from './dom.js';
import {count, counted, duration, endText, estimate, metrics, percent, size} from './format.js';
import {baseName, column, data, errorOf, functionName, owner, stack, string} from './data.js';
import {boxesOf, link} from './state.js';

function card(value, text, exact, key) {
	return el('div.card', null, el('b', {title: exact, 'data-total': key}, value),
		el('small', null, text));
}

function cards() {
	const t = data.totals;
	const about = (key, format) => card(format(t[key]), '', count(t[key]), key);
	const make = (key, format, text) => {
		if (t[key] === null) return null;
		const c = about(key, format);
		c.lastChild.textContent = text;
		return c;
	};
	return el('div.cards', null,
		make('peak_bytes', size, 'at the peak, in ' + counted(t.peak_blocks, 'block')),
		make('live_bytes', size, 'live ' + endText() + ', in ' + counted(t.live_blocks, 'block')),
		make('allocated_bytes', size, 'allocated in all'),
		make('allocations', count, 'allocations, ' + count(t.reallocs) + ' by realloc'),
		make('temporary', count, 'temporary, ' + percent(t.temporary, t.allocations) + ' of all'),
		make('sites', count, (t.sites === 1 ? 'call stack that allocates, ' : 'call stacks that allocate, ') + counted(t.threads, 'thread')));
}

// The five greatest functions by themselves.
function top5(metric) {
	const table = data.tables.function;
	const values = column(table.self, metric.json);
	const order = [...values.keys()].filter((i) => values[i] > 0)
		.sort((a, b) => values[b] - values[a]).slice(0, 5);
	const whole = data.selection[metric.json];
	const to = {metric: metric.key, by: 'function', sort: 'self', up: '', q: '', zoom: '0', fn: ''};
	const cells = order.map((i) => {
		const text = functionName(string(table.function[i]), table.module[i]);
		const file = string(table.file[i]);
		return [
			el('a', {className: 'name', href: link({...to, view: 'table', q: text}),
				title: clean(text + (file ? '\n' + file : ''))}, clean(text)),
			el('span.n', {title: count(values[i])}, estimate(metric.format, values[i], errorOf(table.self_stderr, metric.json, i))),
			el('span.n.dim', null, percent(values[i], whole)),
		];
	});
	return el('section', null,
		el('h3', null, el('a', {href: link({...to, view: metric.key === 'leaked' ? 'leaks' : 'flame'})}, metric.text),
			' ', el('span.dim', null, estimate(metric.format, whole, data.selection[metric.json + '_stderr']))),
		order.length ? el('div.top5', null, cells) : el('p.dim', null, 'Nothing.'));
}

// Whose blocks were there at the peak, whatever templates, libraries and
// interpreters they came through.
function owners() {
	const table = data.tables.site;
	const metric = metrics[0];
	const values = column(table.self, metric.json);
	const sums = new Map();
	values.forEach((value, i) => {
		if (!value) return;
		// Code without a name is one with its module, as in the flame graph.
		const text = owner(stack(i)).name.replace(/\+0x[0-9a-f]+$/, '');
		const sum = sums.get(text) || {value: 0, variance: 0};
		sum.value += value;
		sum.variance += errorOf(table.self_stderr, metric.json, i) ** 2;
		sums.set(text, sum);
	});
	const order = [...sums].sort((a, b) => b[1].value - a[1].value).slice(0, 5);
	const whole = data.selection[metric.json];
	return el('section', {id: 'owners'},
		el('h3', null, metric.text + ', by own code'),
		order.length ? el('div.top5', null, order.map(([text, {value, variance}]) => [
			el('a', {className: 'name', href: boxesOf(text, {metric: metric.key}), title: clean(text)}, clean(text)),
			el('span.n', {title: count(value), 'data-value': String(value)}, estimate(metric.format, value, Math.round(Math.sqrt(variance)))),
			el('span.n.dim', null, percent(value, whole)),
		])) : el('p.dim', null, 'Nothing.'),
		table.rest[metric.json] ? el('p.dim', null, 'Without ' + metric.format(table.rest[metric.json]) + ' of small call stacks that are not on this page.') : null);
}

function ending(p) {
	if (p.state === 'exited') return 'exited with status ' + p.exit_status;
	return {running: 'still running', replaced: 'replaced itself by another program',
		vanished: 'killed, or its end was not seen'}[p.state];
}

function program() {
	const p = data.program;
	const rows = [
		['Program', p.path], ['Command', p.arguments.join(' ')], ['Folder', p.directory],
		['Host', p.host + (p.system ? ', ' + p.system : '')],
		['Began', new Date(p.start_unix_ns / 1e6).toISOString().replace('T', ' ').slice(0, 19) + ' UTC'],
		['Duration', p.duration_ns === null ? 'not known' : duration(p.duration_ns)],
		['End', ending(p)], ['Process', String(p.pid)],
		['Mode', p.sample_bytes ? 'sampled, one in about ' + size(p.sample_bytes) + ': sites are estimates' : 'exact: every allocation'],
		['Dump', p.dump + ', read by memprof ' + data.version],
	];
	return el('dl', null, rows.map(([key, value]) =>
		[el('dt', null, key), el('dd', null, name(value))]));
}

function edge(instant) {
	if (instant.isEnd) return 'the end';
	return (instant.name ? clean(instant.name) + ', ' : '') + (instant.ns ? duration(instant.ns) + ' after the start' : 'the start');
}

// What part of the recording the numbers are of.
function part() {
	if (!data.range) return null;
	const {from, to} = data.range;
	return el('p', {id: 'range'}, from ? 'What happened from ' + edge(from) + ' on, ' : 'What happened ', 'until ' + edge(to) + '.');
}

function folded() {
	if (!data.flame.share) return null;
	return el('p.dim', null, 'The flame graph leaves out nodes with at most ' + data.flame.share +
		' of everything in each metric: it shows ' + count(data.flame.parent.length - 1) + ' of ' +
		count(data.flame.all_nodes - 1) + ' nodes, the others are folded into their callers.');
}

export function overviewView() {
	const all = data.selection.complete ? null : el('p', null,
		'Only some stacks are looked at: ' + count(data.selection.sites) + ' of ' +
		count(data.totals.sites) + '. The totals here are those of all.');
	return [
		el('h2', null, clean(baseName(data.program.path))), part(), cards(), all,
		el('h2', null, 'Who has most'),
		el('div.tops', {id: 'tops'}, owners(), metrics.map(top5)),
		el('h2', null, 'What could not be seen'),
		el('ul', {id: 'losses'}, data.losses_text.map((text) => el('li', null, clean(text)))),
		folded(),
		el('h2', null, 'The recording'), program(),
	];
}
