// SPDX-License-Identifier: MIT
// What keys do.
import {el} from './dom.js';

const keys = [
	['?', 'this list'],
	['1 to 9', 'the views, from left to right'],
	['m', 'the next metric'],
	['/', 'to the search or the filter; Escape leaves it'],
	['i', 'turns the flame graph round: who allocates comes first'],
	['f', 'folds recursion in the flame graph'],
	['Arrow keys, Home', 'from box to box in the flame graph, and back to the first'],
	['Enter, double click', 'zooms in on a box'],
	['c', 'callers and callees of the box that is chosen'],
	['Escape, Backspace', 'zooms out, leaves the callers and callees'],
	['n, p', 'the next and the previous line of the source that has something'],
	['r', 'the whole recording again, when a part of it is looked at'],
];

export function openHelp() {
	if (document.getElementById('help')) return;
	const dialog = el('dialog', {id: 'help', 'aria-labelledby': 'help-title', onclose: () => dialog.remove()},
		el('h2', {id: 'help-title'}, 'Keys'),
		el('dl', null, keys.map(([key, text]) => [el('dt', null, el('kbd', null, key)), el('dd', null, text)])),
		el('p', null, 'The address of the page has all that is chosen: a link to it shows the same.'),
		el('form', {method: 'dialog'}, el('button', {autofocus: true}, 'Close')));
	document.body.append(dialog);
	dialog.showModal();
}
