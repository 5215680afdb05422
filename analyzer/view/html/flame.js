// SPDX-License-Identifier: MIT
// The flame graph: the tree, its search, and what is known of one box.
import {clean, copy, el, name, select, toggle} from './dom.js';
import {count, counted, estimate, metricOf, metrics, percent} from './format.js';
import {data, place, string} from './data.js';
import {Boxes} from './canvas.js';
import {colouring, legendOf} from './kinds.js';
import {baseTree, callees, callers, foldRecursion, invert, keyOf, keyText} from './tree.js';
import {go, link, note, state} from './state.js';
import {hideTip, showTip} from './tip.js';
import {whereLink} from './table.js';

const LISTED = 200;
const built = new Map();
let builtOf = null;

function buildOnce(id, make) {
	if (builtOf !== data) built.clear();
	builtOf = data;
	if (!built.has(id)) built.set(id, make());
	return built.get(id);
}

function source() {
	return state.fold ? buildOnce('fold', () => foldRecursion(baseTree())) : baseTree();
}

function wholeTree() {
	return state.dir === 'up' ? buildOnce('up' + state.fold, () => invert(source())) : source();
}

// Nodes that match, and what the outermost of them have together.
function search(tree, metric, text) {
	if (!text) return null;
	let matches;
	try {
		const regex = new RegExp(text, 'i');
		matches = (s) => regex.test(s);
	} catch {
		const wanted = text.toLowerCase();
		matches = (s) => s.toLowerCase().includes(wanted);
	}
	const known = new Map();
	const found = new Uint8Array(tree.count);
	const inside = new Uint8Array(tree.count);
	let hits = 0;
	let total = 0;
	let variance = 0;
	const variances = tree.total[data.flame.metrics.length + metric];
	for (let i = 1; i < tree.count; i++) {
		const key = tree.key[i];
		if (!known.has(key)) known.set(key, matches(tree.name(i)));
		inside[i] = inside[tree.parent[i]];
		if (!known.get(key)) continue;
		found[i] = 1;
		hits++;
		if (!inside[i]) {
			total += tree.total[metric][i];
			variance += variances ? variances[i] : 0;
		}
		inside[i] = 1;
	}
	return {found, hits, total, error: Math.round(Math.sqrt(variance))};
}

function stackText(tree, at) {
	const lines = [];
	for (; at !== 0; at = tree.parent[at]) {
		const f = tree.function(at);
		lines.push(tree.name(at) + ' ' + place(string(f.file), tree.line[at]));
	}
	return (state.dir === 'up' ? lines.reverse() : lines).join('\n');
}

function values(tree, at) {
	return el('div.scroll', null, el('table.box', null,
		el('thead', null, el('tr', null, el('td'), metrics.map((metric) => el('th.n', {scope: 'col'}, metric.text)))),
		el('tbody', null, el('tr', null, el('th', {scope: 'row'}, 'In all'), metrics.map((metric, k) =>
			el('td.n', {'data-metric': metric.json, 'data-value': String(tree.total[k][at]),
				'data-error': String(tree.error(k, at)), title: count(tree.total[k][at])},
			estimate(metric.format, tree.total[k][at], tree.error(k, at)) + ', ' + percent(tree.total[k][at], data.selection[metric.json])))),
		el('tr.dim', null, el('th', {scope: 'row'}, 'Itself'), metrics.map((metric, k) =>
			el('td.n', {title: count(tree.self[k][at])}, estimate(metric.format, tree.self[k][at], tree.error(k, at, true))))))));
}

// What is known of the box that is selected.
function describeBox(tree, at, metric, isMain) {
	const id = (text) => isMain ? text : undefined;
	const f = tree.function(at);
	const file = string(f.file);
	const isFunction = f.kind === 1;
	return [
		el('div', null, name(tree.name(at), {id: id('selected')}), ' ', whereLink(file, tree.line[at]),
			isFunction ? el('span.dim', null, ' [' + clean(tree.home(at)) + ']') : null,
			tree.inlined[at] ? el('span.dim', null, ' (inlined)') : null),
		el('details', {open: window.innerWidth > 760}, el('summary', null, metrics[metric].text + ': ' +
			estimate(metrics[metric].format, tree.total[metric][at], tree.error(metric, at)) + ', ' +
			percent(tree.total[metric][at], data.selection[metrics[metric].json])), values(tree, at)),
		el('div.row', null,
			isMain ? el('button', {type: 'button', id: 'zoom', onclick: () => go({zoom: String(at)})}, 'Zoom in') : null,
			isFunction ? el('a', {href: link({fn: keyText(tree.key[at]), zoom: '0'}), id: id('sandwich')}, 'Callers and callees') : null,
			at !== 0 ? el('button', {type: 'button', onclick: () => copy(stackText(tree, at))}, 'Copy the stack') : null),
	];
}

// The same as a table, for who cannot see a canvas, and on paper.
function list(boxes, metric) {
	const format = metrics[metric].format;
	const tree = boxes.tree;
	const flat = boxes.rows.flatMap((row, depth) => row.filter((b) => b.at >= 0).map((b) => ({...b, depth})));
	const shown = flat.sort((a, b) => b.w - a.w || a.depth - b.depth).slice(0, LISTED);
	return el('table', null,
		el('caption', null, 'The ' + count(shown.length) + ' greatest of ' + count(flat.length) + ' boxes in sight'),
		el('thead', null, el('tr', null, el('th.n', null, 'Depth'), el('th', null, 'Function'),
			el('th', null, 'Called by'), el('th.n', null, metrics[metric].text), el('th.n', null, 'Itself'))),
		el('tbody', null, shown.map((b) => el('tr', null, el('td.n', null, String(b.depth)),
			el('td', null, name(tree.name(b.at))), el('td', null, b.at === 0 ? '' : name(tree.name(tree.parent[b.at]))),
			el('td.n', null, estimate(format, tree.total[metric][b.at], tree.error(metric, b.at))),
				el('td.n', null, estimate(format, tree.self[metric][b.at], tree.error(metric, b.at, true)))))));
}

function hover(tree, metric, at, x, y) {
	if (at < 0) {
		hideTip();
		return;
	}
	const self = tree.self[metric][at];
	showTip(x, y, name(tree.name(at)), el('br'), estimate(metrics[metric].format, tree.total[metric][at], tree.error(metric, at)) + ', ' +
		percent(tree.total[metric][at], data.selection[metrics[metric].json]),
	self ? '; itself ' + metrics[metric].format(self) : '', el('br'), tree.function(at).kind === 1 ? clean(tree.home(at)) : '');
}

function panel(label, tree, first, query, isMain) {
	const metric = metricOf(state.metric);
	let zoom = first;
	let text = query;
	const info = el('div.info', {'aria-live': 'polite'});
	const listing = el('details', null, el('summary', null, 'As a table'));
	const status = el('span.dim', {role: 'status', id: isMain ? 'matched' : undefined});
	const show = (at) => {
		boxes.select(at);
		info.replaceChildren(...describeBox(tree, at, metric, isMain));
	};
	const boxes = new Boxes(label, {
		select: show,
		zoom: (at) => isMain && go({zoom: String(at)}),
		hover: (at, x, y) => hover(tree, metric, at, x, y),
	});
	const fillListing = () => {
		if (listing.children.length > 1) listing.lastChild.remove();
		if (listing.open) listing.append(el('div.scroll', null, list(boxes, metric)));
	};
	const draw = () => {
		const found = search(tree, metric, text);
		boxes.show(tree, metric, zoom, colouring(tree, state.colour), found && found.found);
		status.textContent = found ? counted(found.hits, 'box matches', 'boxes match') + ', ' + estimate(metrics[metric].format, found.total, found.error) +
			' in all, ' + percent(found.total, data.selection[metrics[metric].json]) : '';
		status.dataset.value = found ? String(found.total) : '';
		if (found) boxes.reveal(found.found);
	};
	draw();
	show(zoom);
	listing.addEventListener('toggle', fillListing);
	boxes.box.boxes = boxes;
	return {
		parts: [boxes.box, isMain ? legendOf(tree, state.colour) : null, info, listing], status,
		draw(next) {
			text = next;
			draw();
		},
		zoomTo(at) {
			boxes.box.scrollTop = 0;
			zoom = at;
			draw();
			show(at);
			fillListing();
		},
	};
}

function sandwich(key) {
	const id = keyText(key) + state.fold;
	const down = buildOnce('callees' + id, () => callees(source(), key));
	const up = buildOnce('callers' + id, () => callers(source(), key));
	return [
		el('p', null, el('a', {href: link({fn: '', zoom: '0'}), id: 'back'}, 'Back to the whole'), ' '),
		el('h2', null, 'Callers of ', name(down.name(0))),
		panel('Callers of ' + down.name(0), up, 0, '').parts,
		el('h2', null, 'What ', name(down.name(0)), ' calls'),
		panel('Callees of ' + down.name(0), down, 0, '').parts,
	];
}

function notes(tree) {
	const flame = data.flame;
	const texts = [];
	if (flame.share) texts.push('Nodes with at most ' + flame.share + ' of everything are folded into their callers: ' +
		count(flame.parent.length - 1) + ' of ' + count(flame.all_nodes - 1) + ' are shown.');
	if (tree.isFull) texts.push('The tree is too large to be turned round in full: the outermost callers are left out.');
	return texts.map((text) => el('p.dim', null, text));
}

function zoomOf(tree) {
	return Number(state.zoom) > 0 && Number(state.zoom) < tree.count ? Number(state.zoom) : 0;
}

// What is drawn, so that a zoom needs nothing but the boxes drawn again.
let shown = null;

// Whether that was all.
export function zoomFlame() {
	if (!shown || state.fn || shown.tree !== wholeTree()) return false;
	const zoom = zoomOf(shown.tree);
	hideTip();
	shown.out.hidden = !zoom;
	shown.main.zoomTo(zoom);
	return true;
}

export function flameView() {
	const options = [
		select('Colour by', [['module', 'module'], ['kind', 'kind'], ['function', 'function']], state.colour,
			(colour) => go({colour})),
		toggle('Fold recursion', Boolean(state.fold), (on) => go({fold: on ? '1' : '', zoom: '0'}),
			'Count what a function does below itself for its outermost call'),
	];
	const key = state.fn ? keyOf(state.fn) : -1;
	shown = null;
	if (key >= 0) return [el('div.row', null, options), sandwich(key)];
	const tree = wholeTree();
	const zoom = zoomOf(tree);
	const main = panel('Flame graph', tree, zoom, state.q, true);
	const input = el('input', {type: 'search', id: 'search', value: state.q, placeholder: 'Search functions (/)',
		'aria-label': 'Search functions, by regular expression', oninput: (event) => {
			note({q: event.target.value});
			main.draw(event.target.value);
		}});
	const out = el('button', {type: 'button', id: 'unzoom', hidden: !zoom, title: 'Escape', onclick: () => go({zoom: '0'})}, 'Zoom out');
	shown = {tree, main, out};
	return [
		el('div.row', null,
			toggle('Inverted', state.dir === 'up', (on) => go({dir: on ? 'up' : 'down', zoom: '0'}),
				'Who allocates on top, below it its callers (i)'),
			options, input, out, main.status),
		tree.total[metricOf(state.metric)][0] ? null : el('p', {id: 'empty'}, 'Nothing of this metric.'), main.parts, notes(tree),
	];
}
