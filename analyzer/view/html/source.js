// SPDX-License-Identifier: MIT
// Source files with what each line allocates.
import {clean, cleanLine, el, name} from './dom.js';
import {count, estimate, metricOf, metrics} from './format.js';
import {baseName, column, data, errorOf, string} from './data.js';
import {boxesOf, link, state} from './state.js';

// Files that can be read come first.
function hasText(file) {
	return file.text && file.text.length ? 1 : 0;
}

function fileList(metric, current) {
	const order = data.sources.map((file) => ({file, value: file.sum[metric.json]}))
		.sort((a, b) => hasText(b.file) - hasText(a.file) || b.value - a.value);
	return el('div.files', {role: 'navigation', 'aria-label': 'Files'}, order.map(({file, value}) => {
		const path = string(file.file);
		return el('a', {href: link({file: path, line: ''}), title: clean(path),
			'aria-current': file === current ? 'true' : undefined},
		el('span.name', null, '\u200e' + clean(baseName(path))), el('span', null, estimate(metric.format, value, file.sum[metric.json + '_stderr'])));
	}));
}

// Columns that a phone has no room for.
function numberClass(m, metric) {
	return m === metric ? '.n' : '.n.wide';
}

function cell(value, format, classes, error) {
	return el('td' + classes, {title: value ? count(value) : '', 'data-value': String(value), 'data-error': String(error)},
		value ? format(value) : '', value && error ? el('small', null, '\u00b1 ' + format(error)) : null);
}

// Back to the boxes of the function that the line is in.
function numberLink(file, number) {
	const f = file.functions.find((one) => one.function !== null && one.first <= number && number <= one.last);
	const text = number ? String(number) : '?';
	if (!f) return text;
	return el('a', {href: boxesOf(f.function), title: 'In the flame graph: ' + clean(f.function), 'aria-label': text + ', in the flame graph'}, text);
}

function lineRow(file, number, text, row, metric, most) {
	const code = el('td', null, el('pre', null, text === null ? '' : cleanLine(text) || ' '));
	const tr = el('tr', {id: number ? 'L' + number : undefined},
		el('td.n.dim', null, row === undefined ? String(number || '?') : numberLink(file, number)),
		metrics.map((m) => cell(row === undefined ? 0 : column(file.counts, m.json)[row], m.format, numberClass(m, metric),
			row === undefined ? 0 : errorOf(file.stderr, m.json, row))), code);
	if (row !== undefined) {
		const value = column(file.counts, metric.json)[row];
		tr.dataset.hot = value > 0 ? '1' : '';
		// The bar says in length what the colour says too.
		if (value > 0)
			code.style.background = 'linear-gradient(to right, var(--hot) ' + Math.max(2, 100 * value / most) + '%, transparent 0)';
	}
	if (String(number) === state.line) tr.className = 'at';
	return tr;
}

function gap() {
	return el('tr', null, el('td.n.dim', {colSpan: metrics.length + 2}, '\u22ee'));
}

function linesOf(file, metric) {
	const rowOf = new Map(file.lines.map((line, row) => [line, row]));
	const most = Math.max(1, ...column(file.counts, metric.json));
	const body = el('tbody');
	const make = (number, text) => {
		body.append(lineRow(file, number, text, rowOf.get(number), metric, most));
		rowOf.delete(number);
	};
	for (const stretch of file.text || []) {
		if (stretch.first > 1) body.append(gap());
		stretch.lines.forEach((text, i) => make(stretch.first + i, text));
	}
	// Lines that the text does not have, or that have no number.
	for (const line of [...rowOf.keys()].sort((a, b) => a - b)) make(line, null);
	return el('div.scroll.code', {tabIndex: 0, 'aria-label': 'Source'}, el('table', {id: 'lines'},
		el('thead', null, el('tr', null, el('th.n', null, 'Line'),
			metrics.map((m) => el('th' + numberClass(m, metric), null, m.text)), el('th', null, 'Source'))), body,
		el('tfoot', null, el('tr', null, el('th.n', null, 'Sum'),
			metrics.map((m) => el('th' + numberClass(m, metric), {'data-sum': m.json, title: count(file.sum[m.json])},
				m.format(file.sum[m.json]), file.sum[m.json + '_stderr'] ? el('small', null, '\u00b1 ' + m.format(file.sum[m.json + '_stderr'])) : null)), el('th')))));
}

function functionList(file, metric) {
	const order = file.functions.filter((f) => f[metric.json] > 0).sort((a, b) => b[metric.json] - a[metric.json]).slice(0, 12);
	return el('div.row', null, order.map((f) => el('a', {href: link({file: string(file.file), line: String(f.first)})},
		name(f.function === null ? '(unknown)' : f.function.replace(/\(.*/s, '') || f.function), ' ', el('span.dim', null, estimate(metric.format, f[metric.json], f[metric.json + '_stderr'])))));
}

function remarks(file) {
	if (!file.text) return 'The text of source files was left out of this page.';
	if (file.found === null) return 'The source was not found: only the lines that count are listed.';
	if (file.newer) return 'The source is newer than the program: lines may have moved.';
	return null;
}

// To the next line that has something.
export function nextHot(isBack) {
	const hot = [...document.querySelectorAll('#lines tr[data-hot="1"]')];
	if (!hot.length) return;
	const now = hot.findIndex((tr) => tr.classList.contains('at'));
	const next = now < 0 ? 0 : (now + (isBack ? hot.length - 1 : 1)) % hot.length;
	document.querySelector('#lines tr.at')?.classList.remove('at');
	hot[next].classList.add('at');
	hot[next].scrollIntoView({block: 'center'});
}

export function sourceView() {
	const metric = metrics[metricOf(state.metric)];
	if (!data.sources.length)
		return el('p', null, 'No stack leads through code with line information: build the program with -g.');
	const first = [...data.sources].sort((a, b) => hasText(b) - hasText(a) || b.sum[metric.json] - a.sum[metric.json])[0];
	const file = data.sources.find((f) => string(f.file) === state.file) || first;
	const remark = remarks(file);
	requestAnimationFrame(() => document.querySelector('#lines tr.at')?.scrollIntoView({block: 'center'}));
	return [
		el('h2', null, name(string(file.file))),
		el('p.dim', null, 'Each stack counts for the innermost line of this file on it; n and p go to the next and the last line that has something, the number of a line to its function in the flame graph.'),
		remark ? el('p', null, remark) : null,
		functionList(file, metric),
		el('div.cols', null, fileList(metric, file), linesOf(file, metric)),
	];
}
