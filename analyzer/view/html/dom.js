// SPDX-License-Identifier: MIT
// Elements are made here, and only here: text from the recording becomes a
// text node, never markup.

// What would change the direction or the look of text is shown as its number.
const invisible = /[\u0000-\u001f\u007f-\u009f\u00ad\u061c\u200b-\u200f\u2028-\u202f\u2060-\u2069\ufeff\ufff9-\ufffb]/g;

export function clean(text) {
	return text.replace(invisible, (c) =>
		'\\u{' + c.charCodeAt(0).toString(16) + '}');
}

// A line of source: tabs stay.
export function cleanLine(text) {
	return text.split('\t').map(clean).join('\t');
}

// el('td.n', {title: 'x', onclick: f}, 'text', child...)
export function el(what, props, ...children) {
	const [tag, ...classes] = what.split('.');
	const element = document.createElement(tag);
	if (classes.length) element.className = classes.join(' ');
	for (const [key, value] of Object.entries(props || {})) {
		if (value === undefined || value === null) continue;
		if (key.startsWith('on'))
			element.addEventListener(key.slice(2), value);
		else if (key in element && key !== 'role')
			element[key] = value;
		else element.setAttribute(key, value);
	}
	add(element, children);
	return element;
}

export function add(element, children) {
	for (const child of children.flat(9)) {
		if (child === null || child === undefined || child === false)
			continue;
		element.append(child.nodeType ? child : String(child));
	}
	return element;
}

export function name(text, props) {
	return el('span.name', {title: clean(text), ...props}, clean(text));
}

export function select(label, options, value, change) {
	return el('label', null, label + ' ', el('select', {
		onchange: (event) => change(event.target.value),
	}, options.map(([key, text]) =>
		el('option', {value: key, selected: key === value}, text))));
}

export function toggle(text, on, change, title) {
	return el('button', {type: 'button', title, 'aria-pressed': String(on),
		onclick: () => change(!on)}, text);
}

export function copy(text) {
	if (navigator.clipboard)
		navigator.clipboard.writeText(text).catch(() => copyOld(text));
	else copyOld(text);
}

// Where the page may not use the clipboard.
function copyOld(text) {
	const area = el('textarea', {value: text, className: 'sr'});
	document.body.append(area);
	area.select();
	document.execCommand('copy');
	area.remove();
}

export function download(file, type, text) {
	const url = URL.createObjectURL(new Blob([text], {type}));
	el('a', {href: url, download: file}).click();
	setTimeout(() => URL.revokeObjectURL(url), 10000);
}
