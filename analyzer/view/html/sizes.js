// SPDX-License-Identifier: MIT
// How large the blocks are.
import {el} from './dom.js';
import {count, estimate, metricOf, metrics, percent, size} from './format.js';
import {data} from './data.js';
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
		el('div.scroll', null, el('table', {id: 'sizes'}, el('thead', null, el('tr', null, el('th', null, 'Size'),
			el('th', null, metric.text), el('th.n', null, 'Share'),
			metrics.filter((m) => m !== metric).map((m) => el('th.n.wide', null, m.text)))),
		el('tbody', null, data.sizes.map((row) => {
			const fill = el('i', {'aria-hidden': 'true'});
			fill.style.width = Math.max(0, 100 * row[metric.json] / most) + '%';
			fill.style.left = '0';
			return el('tr', null, el('td', null, range(row)),
				el('td.bar', {title: count(row[metric.json]), 'data-value': String(row[metric.json]),
					'data-error': String(row[metric.json + '_stderr'] || 0)}, fill,
					el('span', null, estimate(metric.format, row[metric.json], row[metric.json + '_stderr']))),
				el('td.n', null, percent(row[metric.json], whole)),
				metrics.filter((m) => m !== metric).map((m) => el('td.n.wide', null, estimate(m.format, row[m.json], row[m.json + '_stderr']))));
		})))),
	];
}
