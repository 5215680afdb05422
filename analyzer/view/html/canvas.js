// SPDX-License-Identifier: MIT
// A call tree drawn as boxes, only those in sight, on a canvas as large as
// what is in sight. 100,000 boxes are no more work than a screen has room for:
// narrow ones are points of a picture that has one line of points for a row.
import {clean, el} from './dom.js';
import {css, theme} from './colours.js';

export const ROW = 19;
const NARROW = 0.7; // narrower boxes are drawn as one grey one
const POINTS_BELOW = 4; // boxes narrower than that have no edge
const TEXT_FROM = 34;
const LETTERS = '12px ui-monospace, "DejaVu Sans Mono", monospace';
const FADED = 0.4;
const PAPER_ROWS = 44; // as many are sure to be on one page
const PAPER_SHEETS = 25;

export class Boxes {
	// on: {select(at), zoom(at), hover(at, x, y)}
	constructor(label, on) {
		this.on = on;
		this.canvas = el('canvas', {role: 'img', 'aria-label': label});
		this.picked = el('div.picked', {hidden: true});
		this.pointed = el('div.pointed', {hidden: true});
		this.sizer = el('div', null, this.canvas, this.picked, this.pointed);
		this.box = el('div.flamebox', {tabIndex: 0, onscroll: () => this.draw(),
			'aria-label': label + ': arrow keys move, Enter zooms, Escape goes back', role: 'group'}, this.sizer);
		this.points = document.createElement('canvas');
		const hit = (event) => this.at(event.offsetX, event.offsetY);
		this.canvas.addEventListener('click', (event) => {
			const at = hit(event);
			if (at >= 0) on.select(at);
		});
		this.canvas.addEventListener('dblclick', (event) => {
			const at = hit(event);
			if (at >= 0) on.zoom(at);
		});
		this.canvas.addEventListener('mousemove', (event) => this.point(hit(event), event.clientX, event.clientY));
		this.canvas.addEventListener('mouseleave', () => this.point(-1));
		this.box.addEventListener('keydown', (event) => this.key(event));
		new ResizeObserver(() => {
			if (this.layoutWidth !== this.box.clientWidth || this.windowHeight !== window.innerHeight) this.draw();
		}).observe(this.box);
	}

	// colour(at, theme): a number; matches: an array by node, or null.
	show(tree, metric, zoom, colour, matches) {
		const isSame = this.tree === tree && this.metric === metric && this.zoom === zoom;
		Object.assign(this, {tree, metric, zoom, colour, matches});
		if (this.selected === undefined || this.selected >= tree.count) this.selected = zoom;
		if (!isSame) this.layoutWidth = 0;
		this.draw();
	}

	// Where the nodes in sight are, row by row: their numbers (-1: several
	// small ones), x and width as parts of the whole. Rows are by depth.
	layout(width) {
		const {tree, metric, zoom} = this;
		const {first, list} = tree.children(metric);
		const values = tree.total[metric];
		const self = tree.self[metric];
		const whole = values[zoom] || 1;
		const least = NARROW / width;
		const ats = [];
		const xs = [];
		const ws = [];
		const starts = [0];
		const push = (at, x, w) => {
			ats.push(at);
			xs.push(x);
			ws.push(w);
		};
		const above = [];
		for (let at = zoom; at !== 0; ) above.push(at = tree.parent[at]);
		for (const at of above.reverse()) {
			push(at, 0, 1);
			starts.push(ats.length);
		}
		this.aboveCount = above.length;
		push(zoom, 0, 1);
		for (let from = above.length; from < ats.length; ) {
			const to = ats.length;
			starts.push(to);
			for (; from < to; from++) {
				const at = ats[from];
				if (at < 0) continue;
				let x = xs[from];
				let left = values[at] - self[at];
				for (let k = first[at]; k < first[at + 1]; k++) {
					const value = values[list[k]];
					const w = value / whole;
					if (w <= 0 || w < least) break;
					push(list[k], x, w);
					x += w;
					left -= value;
				}
				if (left > 0 && left / whole >= least) push(-1, x, left / whole);
			}
		}
		Object.assign(this, {ats, xs, ws, starts, layoutWidth: width});
	}

	get rowCount() {
		return this.starts.length - 1;
	}

	// The boxes of a row as {at, x, w}.
	row(r) {
		const boxes = [];
		for (let i = this.starts[r]; i < this.starts[r + 1]; i++)
			boxes.push({at: this.ats[i], x: this.xs[i], w: this.ws[i], above: r < this.aboveCount});
		return boxes;
	}

	get rows() {
		return Array.from({length: this.rowCount}, (_, r) => this.row(r));
	}

	draw() {
		const width = this.box.clientWidth;
		if (!this.tree || !width) return;
		if (this.layoutWidth !== width) this.layout(width);
		this.windowHeight = window.innerHeight;
		this.sizer.style.height = this.rowCount * ROW + 'px';
		const height = Math.min(this.rowCount * ROW, Math.ceil(window.innerHeight * 0.68));
		this.paint(this.canvas, width, height, this.box.scrollTop);
		this.mark(this.picked, this.selected);
		this.pointed.hidden = true;
	}

	// When it has come to its place in the page.
	start() {
		this.draw();
		if (this.matches) this.reveal(this.matches);
	}

	// What is from a height on.
	paint(canvas, width, height, top) {
		const ratio = window.devicePixelRatio || 1;
		const set = (key, value) => {
			if (canvas[key] !== value) canvas[key] = value;
		};
		set('width', Math.round(width * ratio));
		set('height', Math.round(height * ratio));
		canvas.style.width = width + 'px';
		canvas.style.height = height + 'px';
		const c = canvas.getContext('2d');
		this.theme = theme();
		c.setTransform(ratio, 0, 0, ratio, 0, 0);
		c.clearRect(0, 0, width, height);
		c.font = LETTERS;
		c.textBaseline = 'middle';
		this.letter = c.measureText('m').width;
		const from = Math.floor(top / ROW);
		const to = Math.min(this.rowCount, Math.ceil((top + height) / ROW));
		this.paintPoints(c, from, to, width, top);
		for (let r = from; r < to; r++) this.paintRow(c, r, r * ROW - top, width);
		c.globalAlpha = 1;
	}

	isFaded(r, at) {
		return r < this.aboveCount || Boolean(this.matches && !(at >= 0 && this.matches[at]));
	}

	fill(at) {
		return this.matches && this.matches[at] ? this.theme.match : this.colour(at, this.theme);
	}

	paintPoints(c, from, to, width, top) {
		const {ats, xs, ws, points} = this;
		const {small} = this.theme;
		points.width = Math.ceil(width);
		points.height = Math.max(1, to - from);
		const pen = points.getContext('2d');
		const image = pen.createImageData(points.width, points.height);
		const pixels = new Uint32Array(image.data.buffer);
		let isUsed = false;
		for (let r = from; r < to; r++) {
			const line = (r - from) * points.width;
			for (let i = this.starts[r]; i < this.starts[r + 1]; i++) {
				const w = ws[i] * width;
				if (w >= POINTS_BELOW) continue;
				const fill = ats[i] < 0 ? small : this.fill(ats[i]);
				const alpha = this.isFaded(r, ats[i]) ? Math.round(255 * FADED) : 255;
				const pixel = (alpha << 24 | (fill & 255) << 16 | fill & 0xff00 | fill >> 16) >>> 0;
				const x = xs[i] * width;
				const end = Math.min(points.width, Math.max(Math.floor(x) + 1, Math.round(x + w)));
				for (let k = Math.floor(x); k < end; k++) pixels[line + k] = pixel;
				isUsed = true;
			}
		}
		if (!isUsed) return;
		pen.putImageData(image, 0, 0);
		c.imageSmoothingEnabled = false;
		c.drawImage(points, 0, from * ROW - top, points.width, points.height * ROW);
		for (let r = from; r < to; r++) c.clearRect(0, (r + 1) * ROW - 1 - top, width, 1);
	}

	paintRow(c, r, y, width) {
		const {ats, xs, ws, tree} = this;
		const {small, edge, ink} = this.theme;
		for (let i = this.starts[r]; i < this.starts[r + 1]; i++) {
			const w = ws[i] * width;
			if (w < POINTS_BELOW) continue;
			const at = ats[i];
			const x = xs[i] * width;
			c.globalAlpha = this.isFaded(r, at) ? FADED : 1;
			c.fillStyle = css(edge);
			c.fillRect(x, y, w, ROW - 1);
			// Nothing of the edge shows through what is faded.
			if (c.globalAlpha < 1) c.clearRect(x, y, w - 1, ROW - 1);
			c.fillStyle = css(at < 0 ? small : this.fill(at));
			c.fillRect(x, y, w - 1, ROW - 1);
			if (w < TEXT_FROM || at < 0) continue;
			c.globalAlpha = r < this.aboveCount ? 0.8 : 1;
			const room = Math.floor((w - 8) / this.letter);
			let text = clean(this.label ? this.label(at) : tree.name(at));
			if (text.length > room) text = text.slice(0, Math.max(1, room - 1)) + '\u2026';
			c.fillStyle = css(ink);
			c.fillText(text, x + 4, y + ROW / 2);
		}
	}

	// The number of the box there among all, or -1.
	indexAt(x, y) {
		const r = Math.floor((y + this.box.scrollTop) / ROW);
		if (!this.starts || r < 0 || r >= this.rowCount) return -1;
		const part = x / this.layoutWidth;
		let low = this.starts[r];
		let high = this.starts[r + 1];
		while (high - low > 1) {
			const middle = low + high >> 1;
			if (this.xs[middle] <= part) low = middle;
			else high = middle;
		}
		return part >= this.xs[low] && part < this.xs[low] + this.ws[low] ? low : -1;
	}

	at(x, y) {
		const i = this.indexAt(x, y);
		return i < 0 ? -1 : this.ats[i];
	}

	// Where a node is among all boxes and rows, or null.
	find(at) {
		let r = 0;
		for (let up = at; up > 0; up = this.tree.parent[up]) r++;
		if (!this.starts || r >= this.rowCount) return null;
		const i = this.ats.indexOf(at, this.starts[r]);
		return i >= 0 && i < this.starts[r + 1] ? {r, i} : null;
	}

	// Where a node is in the canvas, in pixels; null: not in sight.
	place(at) {
		const found = this.find(at);
		return found && {x: this.xs[found.i] * this.layoutWidth, y: found.r * ROW - this.box.scrollTop, w: this.ws[found.i] * this.layoutWidth};
	}

	mark(frame, at) {
		const found = at >= 0 ? this.find(at) : null;
		frame.hidden = !found;
		if (!found) return;
		frame.style.left = this.xs[found.i] * this.layoutWidth + 'px';
		frame.style.width = Math.max(3, this.ws[found.i] * this.layoutWidth) + 'px';
		frame.style.top = found.r * ROW + 'px';
		frame.style.height = ROW - 1 + 'px';
	}

	point(at, x, y) {
		this.mark(this.pointed, at);
		this.canvas.style.cursor = at >= 0 ? 'pointer' : '';
		this.on.hover(at, x, y);
	}

	select(at) {
		this.selected = at;
		const found = this.starts && this.find(at);
		if (found) {
			const y = found.r * ROW;
			if (y < this.box.scrollTop) this.box.scrollTop = y;
			else if (y + ROW > this.box.scrollTop + this.box.clientHeight)
				this.box.scrollTop = y + ROW - this.box.clientHeight;
		}
		if (this.starts) this.mark(this.picked, at);
	}

	// The uppermost of some nodes, unless one of them is in sight.
	reveal(matches) {
		if (!this.starts) return;
		const top = this.box.scrollTop / ROW;
		const bottom = top + this.box.clientHeight / ROW;
		let first = -1;
		for (let r = 0; r < this.rowCount && r < bottom; r++)
			for (let i = this.starts[r]; i < this.starts[r + 1]; i++)
				if (this.ats[i] >= 0 && matches[this.ats[i]] && r >= Math.floor(top)) return;
		for (let i = 0; i < this.ats.length && first < 0; i++)
			if (this.ats[i] >= 0 && matches[this.ats[i]]) first = i;
		if (first < 0) return;
		this.box.scrollTop = (this.starts.findIndex((start) => start > first) - 3) * ROW;
		this.draw();
	}

	// The next box of its row that is one, or -1.
	beside({r, i}, step) {
		for (let k = i + step; k >= this.starts[r] && k < this.starts[r + 1]; k += step)
			if (this.ats[k] >= 0) return this.ats[k];
		return -1;
	}

	below(at) {
		const found = this.find(at);
		if (found && found.r < this.aboveCount) return this.ats[this.starts[found.r + 1]];
		const {first, list} = this.tree.children(this.metric);
		return first[at] < first[at + 1] && this.find(list[first[at]]) ? list[first[at]] : -1;
	}

	key(event) {
		const at = this.selected;
		const found = this.find(at);
		let next = -1;
		if (event.key === 'ArrowUp') next = at === 0 ? 0 : this.tree.parent[at];
		else if (event.key === 'ArrowDown') next = this.below(at);
		else if (event.key === 'ArrowRight') next = found ? this.beside(found, 1) : -1;
		else if (event.key === 'ArrowLeft') next = found ? this.beside(found, -1) : -1;
		else if (event.key === 'Home') next = this.zoom;
		else if (event.key === 'Enter') {
			this.on.zoom(at);
			event.preventDefault();
			return;
		} else return;
		event.preventDefault();
		if (next >= 0) this.on.select(next);
	}

	// All rows on sheets that a page has room for, instead of those in sight.
	toPaper() {
		const width = this.box.clientWidth;
		if (!this.tree || !width) return;
		this.draw();
		const sheets = [];
		for (let from = 0; from < this.rowCount && sheets.length < PAPER_SHEETS; from += PAPER_ROWS) {
			const canvas = document.createElement('canvas');
			this.paint(canvas, width, Math.min(PAPER_ROWS, this.rowCount - from) * ROW, from * ROW);
			canvas.style.width = canvas.style.height = '';
			sheets.push(canvas);
		}
		const left = this.rowCount - sheets.length * PAPER_ROWS;
		this.paper = el('div.paper', {'aria-hidden': 'true'}, sheets, left > 0 ? el('p', null, 'and ' + left + ' deeper rows.') : null);
		this.box.append(this.paper);
	}

	fromPaper() {
		if (this.paper) this.paper.remove();
		this.paper = null;
		this.draw();
	}
}
