// SPDX-License-Identifier: MIT
// What changed since an older dump. Growth is orange and has a plus, shrinkage
// is blue and has a minus.
import {clean, el, name, select} from './dom.js';
import {count, counted, duration, metricOf, metrics, signed} from './format.js';
import {baseName, column, functionName, moduleName, place, string, whole} from './data.js';
import {pairGraph} from './diff_graph.js';
import {go, note, state} from './state.js';

const DIFF_ROWS = 300;
const diffKinds = [['function', 'functions'], ['line', 'lines'], ['file', 'files'], ['module', 'modules'], ['site', 'call stacks']];

function plusMinus(error, format) {
	return error ? ' \u00b1 ' + format(error) : '';
}

function statusOf(old, now) {
	return old === now ? 'same' : !old ? 'new' : !now ? 'gone' : now > old ? 'grown' : 'shrunk';
}

function describeChange(by, table, i) {
	if (!table.attributed[i]) return {text: '(no stack)', where: ''};
	if (by === 'site') {
		const stack = table.stacks[i];
		const names = [];
		for (let k = 0; k < stack.length; k += 3) names.push(stack[k] < 0 ? '[unknown]' : string(stack[k]));
		return {text: names.slice(0, 4).join(' < '), where: stack.length ? place(string(stack[1]), stack[2]) : ''};
	}
	const file = string(table.file[i]);
	if (by === 'module') return {text: moduleName(table.module[i]), where: table.module[i] < 0 ? '' : whole.modules[table.module[i]].path};
	if (by === 'file') return {text: file === null ? '[' + moduleName(table.module[i]) + ']' : file, where: ''};
	return {text: functionName(string(table.function[i]), table.module[i]), where: place(file, table.line[i])};
}

const orders = {
	change: ['greatest change', (a, b) => Math.abs(b.change) - Math.abs(a.change)],
	growth: ['greatest growth', (a, b) => b.change - a.change],
	shrinkage: ['greatest shrinkage', (a, b) => a.change - b.change],
	now: ['most now', (a, b) => b.now - a.now],
};

function changedRows(by, metric) {
	const table = whole.diff.tables[by];
	const [old, now] = [column(table.old, metric.json), column(table.new, metric.json)];
	const errors = table.change_stderr && column(table.change_stderr, metric.json);
	const wanted = state.q.toLowerCase();
	const rows = [];
	for (let i = 0; i < old.length; i++) {
		if (old[i] === now[i]) continue;
		const row = {...describeChange(by, table, i), i, old: old[i], now: now[i], change: now[i] - old[i], error: errors ? errors[i] : 0};
		if (!wanted || (row.text + ' ' + row.where).toLowerCase().includes(wanted)) rows.push(row);
	}
	const [, compare] = orders[Object.hasOwn(orders, state.order) ? state.order : 'change'];
	return rows.sort((a, b) => compare(a, b) || a.i - b.i);
}

// To the right of the middle what grew, to the left what shrank.
function changeCell(change, error, most, format) {
	const fill = el(change > 0 ? 'i.grown' : 'i.shrunk', {'aria-hidden': 'true'});
	fill.style.width = 50 * Math.abs(change) / (most || 1) + '%';
	return el('td.n.diverge', {title: count(change), 'data-value': String(change)}, fill,
		el('span', null, signed(change, format) + plusMinus(error, format)));
}

function changes(by, metric) {
	const rows = changedRows(by, metric);
	const most = rows.reduce((n, row) => Math.max(n, Math.abs(row.change)), 0);
	const left = whole.diff.tables[by].left_out;
	return [
		el('p.dim', {role: 'status'}, counted(rows.length, 'row') + (rows.length === 1 ? ' that is' : ' that are') + ' not the same' + (left ? '; ' + count(left) + ' that are, or changed by less, are left out.' : '.')),
		el('div.scroll', null, el('table', {id: 'changes'}, el('thead', null, el('tr', null, el('th', null, 'Name'), el('th.wide', null, 'Where'),
			el('th', null, ''), el('th.n.wide', null, 'Before'), el('th.n.wide', null, 'Now'), el('th.n', null, 'Change'))),
		el('tbody', null, rows.slice(0, DIFF_ROWS).map((row) => el('tr', null, el('td', null, name(row.text)), el('td.wide.dim', null, clean(row.where)),
			el('td', null, statusOf(row.old, row.now)), el('td.n.wide', {title: count(row.old)}, metric.format(row.old)),
			el('td.n.wide', {title: count(row.now)}, metric.format(row.now)), changeCell(row.change, row.error, most, metric.format)))))),
		rows.length > DIFF_ROWS ? el('p.dim', null, 'and ' + count(rows.length - DIFF_ROWS) + ' more; filter to see them.') : null,
	];
}

function sums() {
	const {totals} = whole.diff;
	return el('div.scroll', null, el('table', {id: 'sums'}, el('thead', null, el('tr', null, el('th', null, 'In all'), el('th.n.wide', null, 'Before'),
		el('th.n', null, 'Now'), el('th.n', null, 'Change'))),
	el('tbody', null, metrics.map((m) => el('tr', null, el('td', null, m.text), el('td.n.wide', {title: count(totals[m.json])}, m.format(totals[m.json])),
		el('td.n', {title: count(whole.totals[m.json])}, m.format(whole.totals[m.json])),
		changeCell(whole.totals[m.json] - totals[m.json], 0, Math.max(totals[m.json], whole.totals[m.json]), m.format))))));
}

export function diffView() {
	const metric = metrics[metricOf(state.metric)];
	const by = Object.hasOwn(whole.diff.tables, state.by) ? state.by : 'function';
	const {dump, at_name, at_ns, start_unix_ns} = whole.diff;
	const when = at_ns === null ? '' : ', ' + (at_name ? at_name + ', ' : '') + duration(at_ns) + ' after its start';
	const box = el('div', null, changes(by, metric));
	const filter = el('input', {type: 'search', id: 'filter', value: state.q, placeholder: 'Filter by name or file', 'aria-label': 'Filter by name or file',
		oninput: (event) => {
			note({q: event.target.value});
			box.replaceChildren(...changes(by, metric).filter(Boolean));
		}});
	return [
		el('h2', null, 'What changed since ', name(baseName(dump)), clean(when)),
		el('p.dim', null, 'Before: recorded ' + new Date(start_unix_ns / 1e6).toISOString().replace('T', ' ').slice(0, 19) + ' UTC' +
			(whole.diff.sample_bytes ? ', sampled' : '') + '. A range chosen on the timeline has no effect here.'),
		sums(),
		el('h2', null, metric.text + ', both dumps in one graph'), pairGraph(metric),
		el('h2', null, metric.text + ', by themselves'),
		el('div.row', null, select('By', diffKinds, by, (kind) => go({by: kind})),
			select('Sort by', Object.entries(orders).map(([key, [text]]) => [key, text]), state.order, (order) => go({order})), filter),
		box,
	];
}
