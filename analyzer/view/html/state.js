// SPDX-License-Identifier: MIT
// What one looks at, all of it in the fragment of the address: a link to it
// shows the same again.
const defaults = {
	view: 'overview', metric: 'peak', by: 'function', sort: 'self', up: '',
	q: '', dir: 'down', zoom: '0', fn: '', fold: '', colour: 'module',
	file: '', line: '', group: 'function', from: '', to: '', width: 'new', order: 'change',
};

export const state = {...defaults};

export function readState() {
	const params = new URLSearchParams(location.hash.slice(1));
	for (const key of Object.keys(defaults))
		state[key] = params.get(key) ?? defaults[key];
}

export function link(changes) {
	const params = new URLSearchParams();
	const next = {...state, ...changes};
	for (const key of Object.keys(defaults))
		if (next[key] !== defaults[key]) params.set(key, next[key]);
	return '#' + params;
}

// The page is drawn again by what listens to hashchange.
export function go(changes) {
	location.hash = link(changes);
}

// The same without a step in the history, and without drawing.
export function note(changes) {
	Object.assign(state, changes);
	history.replaceState(null, '', link({}));
}
