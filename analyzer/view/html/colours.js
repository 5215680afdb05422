// SPDX-License-Identifier: MIT
// The colours of what is drawn, as numbers 0xrrggbb, for both themes: letters
// are readable on every fill, edges stand out from fills and background, and
// colours of a scale are told apart by colour-blind people too, because they
// are not equally light. tests/e2e/page_colours.py computes all that.

export const themes = {
	light: {
		panel: 0xffffff, ink: 0x14171b, dim: 0x59626d, grid: 0xd9dce0, edge: 0x464c55,
		root: 0xd5d9de, small: 0xb4bac2, other: 0xdfe2e6, match: 0xd9a8ff,
		modules: [0x8eb8db, 0x8ceab8, 0xe4c359, 0xd390a0, 0xac94ec, 0xe38d56, 0xbdb787],
		kinds: {native: 0xd0ebf8, inlined: 0xd5bdf4, python: 0xd4bf4b, unnamed: 0x9aa0a8},
		grown: [0xfdf0e2, 0xee7d16], shrunk: [0xe6f1fc, 0x5aa4ea], same: 0xe1e4e8,
		lines: {rss: 0xb34700, rate: 0x00704f, child: 0x0072b2},
	},
	dark: {
		panel: 0x1c2026, ink: 0xf2f4f7, dim: 0xa2abb6, grid: 0x343a43, edge: 0xc4cad2,
		root: 0x3a4048, small: 0x565d67, other: 0x343a42, match: 0x7a4bb0,
		modules: [0x294a75, 0x33745b, 0x7d5a14, 0x421622, 0x6153b1, 0x4d3724, 0x666c37],
		kinds: {native: 0x366ba2, inlined: 0x7742c0, python: 0x756327, unnamed: 0x3a4048},
		grown: [0x3a2c1e, 0xa8570a], shrunk: [0x1e2c3a, 0x2469ab], same: 0x343a43,
		lines: {rss: 0xff8f4d, rate: 0x2fc48f, child: 0x56b4e9},
	},
};

// Okabe and Ito's, for what lies side by side; letters tell too.
export const layerColours = [0x0072b2, 0xe69f00, 0x009e73, 0xcc79a7, 0x56b4e9, 0xd55e00, 0xf0e442, 0x9a9fa6];

export function isDark() {
	return document.documentElement.dataset.theme === 'dark';
}

export function theme() {
	return isDark() ? themes.dark : themes.light;
}

const texts = new Map();

export function css(colour) {
	let text = texts.get(colour);
	if (text === undefined) texts.set(colour, text = '#' + colour.toString(16).padStart(6, '0'));
	return text;
}

// A part of the way from one colour to another.
export function mix(from, to, part) {
	const channel = (shift) => {
		const a = from >> shift & 255;
		return Math.round(a + ((to >> shift & 255) - a) * part) << shift;
	};
	return channel(16) | channel(8) | channel(0);
}

function luminance(colour) {
	const linear = (shift) => {
		const c = (colour >> shift & 255) / 255;
		return c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
	};
	return 0.2126 * linear(16) + 0.7152 * linear(8) + 0.0722 * linear(0);
}

// Of WCAG: from 1 to 21.
export function contrast(a, b) {
	const [dark, light] = [luminance(a), luminance(b)].sort((x, y) => x - y);
	return (light + 0.05) / (dark + 0.05);
}

// Black or white, whatever is read better on it.
export function lettersOn(colour) {
	return contrast(colour, 0) >= contrast(colour, 0xffffff) ? 0 : 0xffffff;
}

// Warm ones by name, so that functions are found again.
export function functionColour(text, {modules}) {
	let hash = 7;
	for (let i = 0; i < text.length; i++) hash = (hash * 31 + text.charCodeAt(i)) >>> 0;
	return mix(modules[2], modules[hash % 2 ? 5 : 6], hash % 53 / 80);
}

export function changeColour(change, most, {grown, shrunk, same}) {
	if (!change) return same;
	const [from, to] = change > 0 ? grown : shrunk;
	return mix(from, to, Math.sqrt(Math.abs(change) / (most || 1)));
}
