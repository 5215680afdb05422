// SPDX-License-Identifier: MIT
// What changed since an older dump. Growth is orange and has a plus, shrinkage
// is blue and has a minus.
import {clean, el, name, select, toggle} from './dom.js';
import {count, duration, metricOf, metrics} from './format.js';
import {baseName, column, functionName, moduleName, place, string, whole} from './data.js';
import {Boxes} from './canvas.js';
import {Tree, functionKey, invert} from './tree.js';
import {go, link, note, state} from './state.js';

const DIFF_ROWS = 300;
const diffKinds = [['function', 'functions'], ['line', 'lines'], ['file', 'files'], ['module', 'modules'], ['site', 'call stacks']];

export function signed(n, format) {
	return n > 0 ? '+' + format(n) : n < 0 ? '\u2212' + format(-n) : format(0);
}

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
		el('p.dim', {role: 'status'}, count(rows.length) + ' rows that are not the same' + (left ? '; ' + count(left) + ' that are, or changed by less, are left out.' : '.')),
		el('div.scroll', null, el('table', {id: 'changes'}, el('thead', null, el('tr', null, el('th', null, 'Name'), el('th.wide', null, 'Where'),
			el('th', null, ''), el('th.n.wide', null, 'Before'), el('th.n.wide', null, 'Now'), el('th.n', null, 'Change'))),
		el('tbody', null, rows.slice(0, DIFF_ROWS).map((row) => el('tr', null, el('td', null, name(row.text)), el('td.wide.dim', null, clean(row.where)),
			el('td', null, statusOf(row.old, row.now)), el('td.n.wide', {title: count(row.old)}, metric.format(row.old)),
			el('td.n.wide', {title: count(row.now)}, metric.format(row.now)), changeCell(row.change, row.error, most, metric.format)))))),
		rows.length > DIFF_ROWS ? el('p.dim', null, 'and ' + count(rows.length - DIFF_ROWS) + ' more; filter to see them.') : null,
	];
}

// Both trees as one: the columns of the new dump, then those of the old one.
let pair = null;
function pairTree() {
	if (pair) return pair;
	const flame = whole.diff.flame;
	const tree = new Tree(2 * flame.metrics.length);
	for (let i = 1; i < flame.parent.length; i++)
		tree.add(flame.parent[i], functionKey(flame.function[i], flame.file[i], flame.module[i], flame.kind[i]), flame.line[i], flame.inlined[i]);
	tree.total = [...flame.total, ...flame.older_total];
	tree.self = [...flame.self, ...flame.older_self];
	pair = {down: tree, up: null};
	return pair;
}

function changeColour(change, most, isDark) {
	if (!change) return isDark ? '#343a43' : '#e1e4e8';
	const part = Math.sqrt(Math.abs(change) / (most || 1));
	const light = isDark ? 24 + 18 * part : 90 - 28 * part;
	return change > 0 ? 'hsl(28,' + (isDark ? 80 : 92) + '%,' + light + '%)' : 'hsl(210,' + (isDark ? 65 : 80) + '%,' + light + '%)';
}

function pairGraph(metric) {
	const trees = pairTree();
	const isUp = state.dir === 'up';
	if (isUp && !trees.up) trees.up = invert(trees.down);
	const tree = isUp ? trees.up : trees.down;
	const at = metricOf(state.metric);
	const half = metrics.length;
	const widths = state.width === 'old' ? at + half : at;
	const change = (i) => tree.total[at][i] - tree.total[at + half][i];
	let most = 0;
	for (let i = 0; i < tree.count; i++) most = Math.max(most, Math.abs(change(i)));
	const zoom = Number(state.zoom) > 0 && Number(state.zoom) < tree.count ? Number(state.zoom) : 0;
	const info = el('div.info', {'aria-live': 'polite'});
	const text = (i) => signed(change(i), metric.format);
	const show = (i) => {
		boxes.select(i);
		info.replaceChildren(el('div', null, name(tree.name(i), {id: 'selected'})), el('div', {id: 'change', 'data-value': String(change(i))},
			metric.text + ': ' + metric.format(tree.total[at + half][i]) + ' before, ' + metric.format(tree.total[at][i]) + ' now, ' + text(i)));
	};
	const boxes = new Boxes('Flame graph of the change', {select: show, zoom: (i) => go({zoom: String(i)}), hover: (i, x, y) => diffTip.show(tree, i, x, y, text)});
	boxes.label = (i) => text(i) + ' ' + tree.name(i);
	boxes.show(tree, widths, zoom, (i, isDark) => changeColour(change(i), most, isDark), null);
	boxes.box.boxes = boxes;
	show(zoom);
	const listing = el('details', null, el('summary', null, 'As a table'));
	listing.addEventListener('toggle', () => {
		if (listing.children.length > 1) return;
		const flat = boxes.rows.flatMap((row, depth) => row.filter((b) => b.at >= 0).map((b) => ({at: b.at, depth})))
			.sort((a, b) => Math.abs(change(b.at)) - Math.abs(change(a.at))).slice(0, DIFF_ROWS);
		listing.append(el('div.scroll', null, el('table', null, el('thead', null, el('tr', null, el('th.n', null, 'Depth'), el('th', null, 'Function'),
			el('th.n', null, 'Before'), el('th.n', null, 'Now'), el('th.n', null, 'Change'))),
		el('tbody', null, flat.map((b) => el('tr', null, el('td.n', null, String(b.depth)), el('td', null, name(tree.name(b.at))),
			el('td.n', null, metric.format(tree.total[at + half][b.at])), el('td.n', null, metric.format(tree.total[at][b.at])), el('td.n', null, text(b.at))))))));
	});
	const flame = whole.diff.flame;
	return [
		el('div.row', null, select('As wide as', [['new', 'now'], ['old', 'before']], state.width, (width) => go({width, zoom: '0'})),
			toggle('Inverted', isUp, (on) => go({dir: on ? 'up' : 'down', zoom: '0'}), 'Who allocates on top, below it its callers (i)'),
			el('span.key', null, el('i.grown', {'aria-hidden': 'true'}), ' + grew ', el('i.shrunk', {'aria-hidden': 'true'}), ' \u2212 shrank'),
			zoom ? el('a', {href: link({zoom: '0'}), id: 'unzoom'}, 'Zoom out') : null),
		boxes.box, info, listing,
		flame.share ? el('p.dim', null, 'Nodes with at most ' + flame.share + ' of everything in both are folded into their callers.') : null,
	];
}

const diffTip = {
	element: null,
	show(tree, i, x, y, text) {
		if (this.element) this.element.remove();
		this.element = null;
		if (i === undefined || i < 0) return;
		this.element = el('div.tip', null, name(tree.name(i)), el('br'), text(i));
		this.element.style.left = Math.min(x + 12, window.innerWidth - 260) + 'px';
		this.element.style.top = (y + 18) + 'px';
		document.body.append(this.element);
	},
};

export function hideDiffTip() {
	diffTip.show(null, -1);
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
