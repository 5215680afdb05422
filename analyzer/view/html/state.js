// SPDX-License-Identifier: MIT
// What one looks at, all of it in the fragment of the address: a link to it
// shows the same again.
const defaults = {
	view: 'overview', metric: 'peak', by: 'function', sort: 'self', up: '',
	q: '', dir: 'down', zoom: '0', fn: '', fold: '', colour: 'module',
	file: '', line: '', group: 'function', from: '', to: '', width: 'new', order: 'change',
};

export const state = {...defaults};

// Which of it has changed.
export function readState() {
	const params = new URLSearchParams(location.hash.slice(1));
	const changed = [];
	for (const key of Object.keys(defaults)) {
		const value = params.get(key) ?? defaults[key];
		if (value !== state[key]) changed.push(key);
		state[key] = value;
	}
	return changed;
}

export function link(changes) {
	const params = new URLSearchParams();
	const next = {...state, ...changes};
	for (const key of Object.keys(defaults))
		if (next[key] !== defaults[key]) params.set(key, next[key]);
	return '#' + params;
}

// To all boxes of a function in the flame graph.
export function boxesOf(text, changes) {
	return link({view: 'flame', zoom: '0', fn: '', q: '^' + text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&') + '$', ...changes});
}

let draw = null;

// Calls what draws the page whenever the address has changed.
export function drawBy(render) {
	draw = render;
	addEventListener('hashchange', render);
}

// A step in the history, drawn at once.
export function go(changes) {
	const next = link(changes);
	if (next !== link({})) history.pushState(null, '', next);
	draw();
}

// The same without a step in the history, and without drawing.
export function note(changes) {
	Object.assign(state, changes);
	history.replaceState(null, '', link({}));
}
