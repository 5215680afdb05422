// SPDX-License-Identifier: MIT
// A call tree drawn as boxes, only those in sight, on a canvas as large as
// what is in sight.
import {clean, el} from './dom.js';
import {moduleName} from './data.js';

export const ROW = 19;
const NARROW = 0.7; // narrower boxes are drawn as one grey one
const TEXT_FROM = 34;

// Light enough, or dark enough, for letters; told apart by lightness too.
function colourOf(tree, at, how, isDark) {
	if (typeof how === 'function') return how(at, isDark);
	const f = tree.function(at);
	if (at === 0 || f.kind !== 1) return isDark ? '#3a4048' : '#d5d9de';
	let text = moduleName(f.module);
	if (how === 'kind') {
		const hue = tree.inlined[at] ? 265 : f.name < 0 ? 0 : 205;
		const light = (tree.inlined[at] ? 4 : 0) + (isDark ? 28 : 78);
		return 'hsl(' + hue + (f.name < 0 ? ',0%,' : ',55%,') + light + '%)';
	}
	if (how === 'function') text = tree.name(at);
	let hash = 7;
	for (let i = 0; i < text.length; i++) hash = (hash * 31 + text.charCodeAt(i)) >>> 0;
	const hue = how === 'function' ? 15 + hash % 45 : hash % 12 * 30;
	return 'hsl(' + hue + ',' + (isDark ? 38 : 62) + '%,' + ((isDark ? 28 : 78) + hash % 5 * 1.5) + '%)';
}

export class Boxes {
	// on: {select(at), zoom(at), hover(at, x, y)}
	constructor(label, on) {
		this.on = on;
		this.canvas = el('canvas', {role: 'img', 'aria-label': label});
		this.sizer = el('div', null, this.canvas);
		this.box = el('div.flamebox', {tabIndex: 0, onscroll: () => this.draw(),
			'aria-label': label + ': arrow keys move, Enter zooms, Escape goes back', role: 'group'}, this.sizer);
		this.drawn = [];
		const hit = (event) => this.at(event.offsetX, event.offsetY);
		this.canvas.addEventListener('click', (event) => {
			const at = hit(event);
			if (at >= 0) on.select(at);
		});
		this.canvas.addEventListener('dblclick', (event) => {
			const at = hit(event);
			if (at >= 0) on.zoom(at);
		});
		this.canvas.addEventListener('mousemove', (event) => on.hover(hit(event), event.clientX, event.clientY));
		this.canvas.addEventListener('mouseleave', () => on.hover(-1));
		this.box.addEventListener('keydown', (event) => this.key(event));
		new ResizeObserver(() => this.draw()).observe(this.box);
	}

	show(tree, metric, zoom, how, matches) {
		Object.assign(this, {tree, metric, zoom, how, matches});
		if (this.selected === undefined || this.selected >= tree.count) this.selected = zoom;
		this.layout();
		this.draw();
	}

	// x and width of each node in sight as parts of the whole, rows by depth.
	layout() {
		const {tree, metric, zoom} = this;
		const {first, list} = tree.children(metric);
		const values = tree.total[metric];
		const whole = values[zoom] || 1;
		const above = [];
		for (let at = zoom; at !== 0; ) above.push(at = tree.parent[at]);
		this.rows = above.reverse().map((at) => [{at, x: 0, w: 1, above: true}]);
		const least = NARROW / 4096;
		let row = [{at: zoom, x: 0, w: 1}];
		while (row.length) {
			this.rows.push(row);
			const next = [];
			for (const box of row) {
				if (box.at < 0) continue;
				let x = box.x;
				let small = 0;
				for (let k = first[box.at]; k < first[box.at + 1]; k++) {
					const w = values[list[k]] / whole;
					if (w <= 0) break;
					if (w < least) small += w;
					else {
						next.push({at: list[k], x, w});
						x += w;
					}
				}
				if (small >= least) next.push({at: -1, x, w: small});
			}
			row = next;
		}
	}

	draw() {
		const width = this.box.clientWidth;
		if (!this.rows || !width) return;
		this.sizer.style.height = this.rows.length * ROW + 'px';
		const height = Math.min(this.rows.length * ROW, Math.ceil(window.innerHeight * 0.68));
		const ratio = window.devicePixelRatio || 1;
		const canvas = this.canvas;
		if (canvas.width !== Math.round(width * ratio)) canvas.width = Math.round(width * ratio);
		if (canvas.height !== Math.round(height * ratio)) canvas.height = Math.round(height * ratio);
		canvas.style.width = width + 'px';
		canvas.style.height = height + 'px';
		const c = canvas.getContext('2d');
		const isDark = document.documentElement.dataset.theme === 'dark';
		c.setTransform(ratio, 0, 0, ratio, 0, 0);
		c.clearRect(0, 0, width, height);
		c.font = '12px ui-monospace, "DejaVu Sans Mono", monospace';
		c.textBaseline = 'middle';
		const letter = c.measureText('m').width;
		this.drawn = [];
		const top = this.box.scrollTop;
		const from = Math.floor(top / ROW);
		const to = Math.min(this.rows.length, Math.ceil((top + height) / ROW));
		for (let r = from; r < to; r++)
			this.drawRow(c, this.rows[r], r * ROW - top, width, letter, isDark);
	}

	drawRow(c, row, y, width, letter, isDark) {
		let grey = -1; // the end of the last narrow box
		for (const box of row) {
			const x = box.x * width;
			const w = box.w * width;
			if (box.at < 0 || w < NARROW) {
				if (x + w < grey + 1) continue;
				grey = Math.max(x + w, x + 1);
				c.fillStyle = isDark ? '#3a4048' : '#c4c9d0';
				c.fillRect(x, y, grey - x, ROW - 1);
				continue;
			}
			this.drawn.push({...box, x, y, w});
			const isMatch = this.matches && this.matches.has(box.at);
			c.globalAlpha = box.above || (this.matches && !isMatch) ? 0.45 : 1;
			c.fillStyle = isMatch ? (isDark ? '#7a4bb0' : '#dcb8ff') : colourOf(this.tree, box.at, this.how, isDark);
			c.fillRect(x, y, w > 2 ? w - 0.6 : w, ROW - 1);
			c.globalAlpha = 1;
			if (isMatch || box.at === this.selected) {
				c.strokeStyle = box.at === this.selected ? (isDark ? '#7db7ff' : '#0b57b0') : (isDark ? '#e6d0ff' : '#5a1f95');
				c.lineWidth = box.at === this.selected ? 2 : 1;
				c.strokeRect(x + 1, y + 1, Math.max(1, w - 2.6), ROW - 3);
			}
			if (w < TEXT_FROM) continue;
			const room = Math.floor((w - 8) / letter);
			let text = clean(this.label ? this.label(box.at) : this.tree.name(box.at));
			if (text.length > room) text = text.slice(0, Math.max(1, room - 1)) + '\u2026';
			c.fillStyle = isDark ? '#f2f4f7' : '#14171b';
			c.fillText(text, x + 4, y + ROW / 2);
		}
	}

	at(x, y) {
		const box = this.drawn.find((b) => x >= b.x && x < b.x + b.w && y >= b.y && y < b.y + ROW);
		return box ? box.at : -1;
	}

	// Where a node is among the rows.
	find(at) {
		for (let r = 0; r < this.rows.length; r++) {
			const k = this.rows[r].findIndex((box) => box.at === at);
			if (k >= 0) return {r, k};
		}
		return null;
	}

	select(at) {
		this.selected = at;
		const found = this.find(at);
		if (found) {
			const y = found.r * ROW;
			if (y < this.box.scrollTop) this.box.scrollTop = y;
			else if (y + ROW > this.box.scrollTop + this.box.clientHeight)
				this.box.scrollTop = y + ROW - this.box.clientHeight;
		}
		this.draw();
	}

	key(event) {
		const tree = this.tree;
		const at = this.selected;
		let next = -1;
		const found = this.find(at);
		const row = found ? this.rows[found.r] : [];
		if (event.key === 'ArrowUp') next = at === 0 ? 0 : tree.parent[at];
		else if (event.key === 'ArrowDown') {
			const {first, list} = tree.children(this.metric);
			const inRow = found && this.rows[found.r + 1] && this.rows[found.r + 1].find((b) => b.above || b.at === this.zoom);
			if (inRow) next = inRow.at;
			else if (first[at] < first[at + 1] && tree.total[this.metric][list[first[at]]] > 0) next = list[first[at]];
		} else if (event.key === 'ArrowRight' && found) next = (row.slice(found.k + 1).find((b) => b.at >= 0) || {at: -1}).at;
		else if (event.key === 'ArrowLeft' && found) next = (row.slice(0, found.k).reverse().find((b) => b.at >= 0) || {at: -1}).at;
		else if (event.key === 'Home') next = this.zoom;
		else if (event.key === 'Enter') {
			this.on.zoom(at);
			event.preventDefault();
			return;
		} else return;
		event.preventDefault();
		if (next >= 0) this.on.select(next);
	}
}
