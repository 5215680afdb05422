// SPDX-License-Identifier: MIT
// The flat table: by function, line, file, module, site or thread.
import {clean, download, el, name, select} from './dom.js';
import {count, counted, estimate, metricOf, metrics, percent} from './format.js';
import {column, data, errorOf, functionName, moduleName, place, shortPlace, sourceOf, stack, string} from './data.js';
import {go, link, note, state} from './state.js';

const ROWS_AT_ONCE = 300;
const kinds = [['function', 'functions'], ['line', 'lines'], ['file', 'files'],
	['module', 'modules'], ['site', 'call stacks'], ['thread', 'threads']];
const shownKinds = () => kinds.filter(([key]) => Object.hasOwn(data.tables, key));

// What a row is called, and where it is.
function describe(by, table, i) {
	if (by === 'thread') {
		if (!table.attributed[i]) return {text: '(no thread)', where: ''};
		if (table.inherited[i]) return {text: '(from before the fork)', where: ''};
		return {text: table.name[i] || '(no name)', where: 'tid ' + table.tid[i] +
			(table.threads[i] > 1 ? ', ' + counted(table.threads[i], 'thread') + ' one after another' : '') +
			(table.started_at[i] ? ', started at ' + table.started_at[i] : '')};
	}
	if (!table.attributed[i]) return {text: '(no stack)', where: ''};
	if (by === 'site') {
		const frames = stack(i);
		const first = frames[0] || {name: '(no frames)', file: null, line: 0};
		return {text: frames.slice(0, 3).map((f) => f.name).join(' < '), where: place(first.file, first.line),
			file: first.file, line: first.line};
	}
	const file = string(table.file[i]);
	const text = string(table.function[i]);
	const line = table.line[i];
	if (by === 'module') return {text: moduleName(table.module[i]), where: table.module[i] < 0 ? '' : data.modules[table.module[i]].path};
	if (by === 'file') return {text: file === null ? '[' + moduleName(table.module[i]) + ']' : file, where: '', file, line: 0};
	return {text: functionName(text, table.module[i]), file, line,
		where: file === null ? (text === null ? '' : moduleName(table.module[i])) : place(file, line)};
}

function rows() {
	const by = Object.hasOwn(data.tables, state.by) ? state.by : 'function';
	const table = data.tables[by];
	const metric = metrics[metricOf(state.metric)];
	const self = column(table.self, metric.json);
	const cumulative = table.cumulative ? column(table.cumulative, metric.json) : self;
	const wanted = state.q.toLowerCase();
	const list = [];
	for (let i = 0; i < self.length; i++) {
		if (!self[i] && !cumulative[i]) continue;
		const row = describe(by, table, i);
		if (wanted && !(row.text + ' ' + row.where).toLowerCase().includes(wanted)) continue;
		list.push({...row, i, self: self[i], cumulative: cumulative[i],
			samples: table.samples ? table.samples[i] : 0});
	}
	const sign = state.up ? 1 : -1;
	const key = state.sort;
	list.sort((a, b) => (key === 'name' ? -sign * (a.text < b.text ? -1 : a.text > b.text ? 1 : 0)
		: sign * ((key === 'cumulative' ? a.cumulative - b.cumulative : a.self - b.self))) || a.i - b.i);
	return {table, by, metric, list};
}

function csv({table, by, list}) {
	const quote = (text) => {
		// A spreadsheet must not take a name for a formula.
		const safe = /^[=+\-@\t\r]/.test(text) ? '\'' + text : text;
		return '"' + safe.replace(/"/g, '""') + '"';
	};
	const isSite = by === 'site';
	const head = ['name', 'where', ...(isSite ? ['stack'] : []), ...data.metrics.map((m) => 'self_' + m),
		...(table.cumulative ? data.metrics.map((m) => 'cumulative_' + m) : []),
		...(table.self_stderr ? data.metrics.map((m) => 'self_' + m + '_stderr') : [])];
	const stackOf = (i) => stack(i).map((f) => f.name + ' ' + place(f.file, f.line)).join('\n');
	const lines = list.map((row) => [quote(row.text), quote(row.where), ...(isSite ? [quote(stackOf(row.i))] : []),
		...table.self.map((values) => values[row.i]),
		...(table.cumulative || []).map((values) => values[row.i]),
		...(table.self_stderr || []).map((values) => values ? values[row.i] : '')].join(','));
	download('memprof-' + by + '.csv', 'text/csv', [head.join(','), ...lines].join('\n') + '\n');
}

function bar(value, whole, format, error) {
	const fill = el('i', {'aria-hidden': 'true'});
	fill.style.width = (whole > 0 ? Math.min(100, Math.max(0, 100 * value / whole)) : 0) + '%';
	return el('td.n.bar', {title: count(value), 'data-value': String(value), 'data-error': String(error)}, fill, el('span', null, estimate(format, value, error)));
}

function head(text, key, extra) {
	const on = state.sort === key;
	// Names begin with the first letters, numbers with the greatest.
	const isUp = Boolean(state.up) !== (key === 'name');
	return el('th' + (extra || ''), {'aria-sort': on ? (isUp ? 'ascending' : 'descending') : 'none'},
		el('button', {type: 'button', 'data-sort': key,
			onclick: () => go({sort: key, up: on && !state.up ? '1' : ''})},
		text + (on ? (isUp ? ' \u25b2' : ' \u25bc') : '')));
}

export function stackList(i, props) {
	const frames = stack(i);
	return el('ol.stack', props, frames.map((f) => el('li', null,
		name(f.name), ' ', whereLink(f.file, f.line),
		f.file === null && f.module >= 0 ? el('span.dim', null, ' [' + clean(moduleName(f.module)) + ']') : null,
		f.inlined ? el('span.dim', null, ' (inlined)') : null,
		f.guessed ? el('span.dim', null, ' (guessed)') : null)),
	data.tables.site.truncated[i] ? el('li.dim', null, '(outer frames missing)') : null);
}

// To the source where the page has it.
export function whereLink(file, line) {
	if (file === null || file === undefined) return null;
	const text = shortPlace(file, line);
	if (!sourceOf(file)) return el('span.dim', {title: clean(file)}, text);
	return el('a', {title: clean(file), href: link({view: 'source', file, line: line ? String(line) : ''})}, text);
}

function tableRow({table, by, metric}, row, whole) {
	const cells = [el('td', null, by === 'site'
		? el('details', null, el('summary', null, name(row.text)), stackList(row.i))
		: name(row.text))];
	if (by !== 'site')
		cells.push(el('td.wide', null, row.file && row.where ? whereLink(row.file, row.line) : el('span.dim', null, clean(row.where))));
	else cells.push(el('td.wide', null, whereLink(row.file, row.line)));
	cells.push(bar(row.self, whole, metric.format, errorOf(table.self_stderr, metric.json, row.i)), el('td.n.wide', null, percent(row.self, whole)));
	if (table.cumulative)
		cells.push(bar(row.cumulative, whole, metric.format, errorOf(table.cumulative_stderr, metric.json, row.i)), el('td.n.wide', null, percent(row.cumulative, whole)));
	if (table.samples) cells.push(el('td.n.wide', null, count(row.samples)));
	return el('tr', null, cells);
}

function body(shown, tbody, found, whole) {
	const end = Math.min(found.list.length, shown + ROWS_AT_ONCE);
	for (let i = shown; i < end; i++) tbody.append(tableRow(found, found.list[i], whole));
	return end;
}

function results() {
	const found = rows();
	const {table, by, metric, list} = found;
	const whole = data.selection[metric.json];
	const tbody = el('tbody');
	let shown = body(0, tbody, found, whole);
	const more = el('button', {type: 'button', hidden: shown >= list.length, onclick: () => {
		shown = body(shown, tbody, found, whole);
		more.hidden = shown >= list.length;
	}}, 'Show more');
	const sum = list.reduce((n, row) => n + row.self, 0);
	const error = Math.round(Math.sqrt(list.reduce((n, row) => n + errorOf(table.self_stderr, metric.json, row.i) ** 2, 0)));
	return [
		el('p.dim', {id: 'found', role: 'status'}, counted(list.length, 'row') + ', ' + estimate(metric.format, sum, error) + (list.length === 1 ? ' by itself, ' : ' by themselves, ') + percent(sum, whole) + ' of all',
			table.rest_rows ? '; not on this page: ' + counted(table.rest_rows, 'small row') + ' with ' + metric.format(table.rest[metric.json])
				: data.isPartly && by !== 'thread' && table.rest[metric.json] ? '; small call stacks with ' + metric.format(table.rest[metric.json]) + ' are in no row' : '', '.'),
		list.length ? null : el('p', {id: 'empty'}, state.q ? 'No row has this in its name or file.' : 'Nothing of this metric.'),
		el('div.scroll', null, el('table', {id: 'table'}, el('thead', null, el('tr', null,
			head('Name', 'name'), el('th.wide', null, 'Where'),
			head(table.cumulative ? metric.text + ', itself' : metric.text, 'self', '.n'), el('th.n.wide', null, 'Share'),
			table.cumulative ? [head('with callees', 'cumulative', '.n'), el('th.n.wide', null, 'Share')] : null,
			table.samples ? el('th.n.wide', null, 'Samples') : null)), tbody)),
		el('div.row', null, more),
	];
}

export function tableView() {
	const box = el('div', null, results());
	const search = el('input', {type: 'search', id: 'filter', value: state.q, placeholder: 'Filter by name or file',
		'aria-label': 'Filter by name or file', oninput: (event) => {
			note({q: event.target.value});
			box.replaceChildren(...results().flat());
		}});
	return [
		el('div.row', null, select('By', shownKinds(), state.by, (by) => go({by})), search,
			el('button', {type: 'button', id: 'csv', onclick: () => csv(rows())}, 'CSV of these')),
		box,
	];
}
