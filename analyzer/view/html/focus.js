// SPDX-License-Identifier: MIT
// Views are drawn anew when something is chosen. Who chose it by the keyboard
// goes on from there.

const FOCUSABLE = 'a[href],button,input,select,summary,[tabindex="0"]';

function labelOf(element) {
	return [element.tagName, element.id, element.dataset.sort, element.getAttribute('aria-label'),
		element.tagName === 'SELECT' ? element.parentElement.firstChild.textContent : element.dataset.sort ? '' : element.textContent].join('\n');
}

// Call it before drawing, and what it returns after it.
export function keepFocus(within) {
	const element = document.activeElement;
	if (!element || !within.contains(element) || element === within) return () => undefined;
	const label = labelOf(element);
	const id = element.id;
	const {selectionStart, selectionEnd} = element;
	return () => {
		const same = (id && document.getElementById(id)) ||
			[...within.querySelectorAll(FOCUSABLE)].find((other) => labelOf(other) === label);
		(same || document.getElementById('main')).focus({preventScroll: true});
		if (same && selectionStart !== undefined && selectionStart !== null) same.setSelectionRange(selectionStart, selectionEnd);
	};
}
