// SPDX-License-Identifier: MIT
// What boxes are coloured by, and what the colours mean.
import {el, name} from './dom.js';
import {css, functionColour, theme} from './colours.js';
import {whole} from './data.js';
import {homeOf} from './tree.js';

let ranks = null;

// Modules in the order of how much of the graphs is theirs: of the whole
// recording and all metrics, so that a module keeps its colour.
function rankOf(home) {
	if (!ranks) {
		const {kind, file, module, total} = whole.flame;
		const sums = new Map();
		for (let i = 1; i < kind.length; i++) {
			if (kind[i] !== 1) continue;
			const text = homeOf({file: file[i], module: module[i]});
			sums.set(text, total.reduce((sum, values) => sum + values[i] / (values[0] || 1), sums.get(text) || 0));
		}
		ranks = new Map([...sums].sort((a, b) => b[1] - a[1]).map(([text], i) => [text, i]));
	}
	return ranks.get(home) ?? Infinity;
}

function colourOf(tree, at, how, colours) {
	if (tree.function(at).kind !== 1) return colours.root;
	if (how === 'kind') return colours.kinds[tree.kind(at)];
	if (how === 'function') return functionColour(tree.name(at), colours);
	return colours.modules[rankOf(tree.home(at))] ?? colours.other;
}

// The colour of each node: equal for equal functions, but for inlined ones.
export function colouring(tree, how) {
	const known = new Map();
	return (at, colours) => {
		if (!known.has(colours)) known.set(colours, []);
		const of = known.get(colours);
		const id = 2 * (tree.key[at] + 1) + (tree.inlined[at] ? 1 : 0);
		if (of[id] === undefined) of[id] = colourOf(tree, at, how, colours);
		return of[id];
	};
}

const kindTexts = {native: 'native', inlined: 'inlined', python: 'Python', unnamed: 'without a name'};

function swatch(colour, text, title) {
	const fill = el('i', {'aria-hidden': 'true'});
	fill.style.background = css(colour);
	return el('li', {title}, fill, text);
}

// The colours that are in a tree.
export function legendOf(tree, how) {
	const colours = theme();
	const there = new Set();
	for (let at = 1; at < tree.count; at++)
		if (tree.function(at).kind === 1) there.add(how === 'kind' ? tree.kind(at) : tree.home(at));
	const item = [];
	if (how === 'kind')
		for (const [kind, text] of Object.entries(kindTexts)) if (there.has(kind)) item.push(swatch(colours.kinds[kind], text));
	if (how === 'module') {
		const homes = [...there].sort((a, b) => rankOf(a) - rankOf(b));
		const own = homes.filter((home) => rankOf(home) < colours.modules.length);
		for (const home of own) item.push(swatch(colours.modules[rankOf(home)], name(home)));
		if (homes.length > own.length) item.push(swatch(colours.other, homes.length - own.length === 1 ? name(homes[own.length]) : 'others'));
	}
	return item.length ? el('ul.swatches', {id: 'colours', 'aria-label': 'Colours'}, item) : null;
}
