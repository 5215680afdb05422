// SPDX-License-Identifier: MIT
// Two dumps in one flame graph: boxes that grew are orange and have a plus,
// those that shrank are blue and have a minus.
import {el, name, select, toggle} from './dom.js';
import {metricOf, metrics, signed} from './format.js';
import {whole} from './data.js';
import {Boxes} from './canvas.js';
import {changeColour} from './colours.js';
import {Tree, functionKey, invert} from './tree.js';
import {go, state} from './state.js';
import {hideTip, showTip} from './tip.js';

const BOXES_LISTED = 300;

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

// What is drawn, so that a zoom needs nothing but the boxes drawn again.
let drawn = null;

// Whether that was all.
export function zoomDiff() {
	if (!drawn || !drawn.tree.count) return false;
	hideTip();
	drawn.draw();
	return true;
}

export function pairGraph(metric) {
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
	const zoom = () => Number(state.zoom) > 0 && Number(state.zoom) < tree.count ? Number(state.zoom) : 0;
	const info = el('div.info', {'aria-live': 'polite'});
	const text = (i) => signed(change(i), metric.format);
	const show = (i) => {
		boxes.select(i);
		info.replaceChildren(el('div', null, name(tree.name(i), {id: 'selected'})), el('div', {id: 'change', 'data-value': String(change(i))},
			metric.text + ': ' + values(i)));
	};
	const values = (i) => metric.format(tree.total[at + half][i]) + ' before, ' + metric.format(tree.total[at][i]) + ' now, ' + text(i);
	const boxes = new Boxes('Flame graph of the change', {select: show, zoom: (i) => go({zoom: String(i)}),
		hover: (i, x, y) => i < 0 ? hideTip() : showTip(x, y, name(tree.name(i)), el('br'), values(i))});
	boxes.label = (i) => text(i) + ' ' + tree.name(i);
	const out = el('button', {type: 'button', id: 'unzoom', title: 'Escape', onclick: () => go({zoom: '0'})}, 'Zoom out');
	const draw = () => {
		out.hidden = !zoom();
		boxes.show(tree, widths, zoom(), (i, colours) => changeColour(change(i), most, colours), null);
		show(zoom());
	};
	boxes.box.boxes = boxes;
	draw();
	drawn = {tree, draw};
	const listing = el('details', null, el('summary', null, 'As a table'));
	listing.addEventListener('toggle', () => {
		if (listing.children.length > 1) listing.lastChild.remove();
		if (!listing.open) return;
		const flat = boxes.rows.flatMap((row, depth) => row.filter((b) => b.at >= 0).map((b) => ({at: b.at, depth})))
			.sort((a, b) => Math.abs(change(b.at)) - Math.abs(change(a.at))).slice(0, BOXES_LISTED);
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
			out),
		boxes.box, info, listing,
		flame.share ? el('p.dim', null, 'Nodes with at most ' + flame.share + ' of everything in both are folded into their callers.') : null,
	];
}
