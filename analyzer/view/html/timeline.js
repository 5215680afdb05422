// SPDX-License-Identifier: MIT
// The recording over time: what can be chosen of it is shown everywhere.
import {clean, el, name} from './dom.js';
import {count, counted, duration, percent, size} from './format.js';
import {baseName, data, stack, whole} from './data.js';
import {css, isDark, layerColours, lettersOn, theme} from './colours.js';
import {chosen, instantText, nearest, rangeOptions} from './range.js';
import {go, link} from './state.js';
import {hideTip, showTip} from './tip.js';

const HEAP = 230;
const STRIP = 62;
const GAP = 22;
const LEFT = 78;
const RIGHT = 12;
const AXIS = 20;
const ROWS_SHOWN = 200;

// Unix time in ns of the start of a recording against the first of all.
function offsets(recordings) {
	const first = Math.min(...recordings.map((r) => r.start_unix_ns + r.from_ns));
	return recordings.map((r) => r.start_unix_ns - first);
}

// 1, 2 or 5, and minutes and hours for long ones.
function roundStep(ns) {
	for (const long of [60e9, 120e9, 300e9, 600e9, 1200e9, 3600e9, 7200e9, 18000e9, 43200e9, 86400e9])
		if (ns > 30e9 && ns <= long) return long;
	const ten = 10 ** Math.floor(Math.log10(Math.max(1, ns)));
	return ten * [1, 2, 5, 10].find((n) => n * ten >= ns);
}

class Plot {
	constructor(recordings, choose) {
		this.recordings = recordings;
		this.offsets = offsets(recordings);
		this.from = Math.min(...recordings.map((r, i) => r.from_ns + this.offsets[i]));
		this.to = Math.max(...recordings.map((r, i) => r.to_ns + this.offsets[i]));
		this.to = Math.max(this.to, this.from + 1);
		this.canvas = el('canvas', {role: 'img', 'aria-label': 'The heap over time; the table below has the numbers'});
		this.cross = el('div.cross', {hidden: true});
		this.box = el('div.plot', null, this.canvas, this.cross);
		this.brush = null;
		this.listen(choose);
		new ResizeObserver(() => this.draw()).observe(this.box);
	}

	listen(choose) {
		const canvas = this.canvas;
		const at = (event) => this.nsAt(event.clientX - canvas.getBoundingClientRect().left);
		let begun = null;
		canvas.addEventListener('pointerdown', (event) => {
			if (event.button !== 0 || !chosen().list.length) return;
			canvas.setPointerCapture(event.pointerId);
			begun = {x: event.clientX, ns: at(event)};
		});
		canvas.addEventListener('pointermove', (event) => {
			this.point(at(event), event.clientX, event.clientY);
			if (!begun || Math.abs(event.clientX - begun.x) < 4) return;
			this.brush = [begun.ns, at(event)].sort((a, b) => a - b);
			this.draw();
		});
		const end = (event) => {
			if (!begun) return;
			const brush = this.brush;
			const ns = begun.ns;
			begun = this.brush = null;
			if (event.type === 'pointerup') choose(...(brush || [null, ns]));
			this.draw();
		};
		canvas.addEventListener('pointerup', end);
		canvas.addEventListener('pointercancel', end);
		canvas.addEventListener('pointerleave', () => this.point(null));
	}

	// What there was at an instant, beside the pointer.
	point(ns, x, y) {
		const {points, from_ns} = this.recordings[0];
		this.cross.hidden = ns === null || !points.ns.length;
		if (this.cross.hidden) {
			hideTip();
			return;
		}
		const i = nearest(points.ns.map((t) => ({ns: t})), Math.max(ns, from_ns));
		this.cross.style.left = this.x(points.ns[i] + this.offsets[0]) + 'px';
		showTip(x, y, el('b', null, duration(points.ns[i])), el('br'), 'heap ' + size(points.live_bytes[i]) + ' in ' + counted(points.live_blocks[i], 'block'),
			points.rss_bytes[i] ? [el('br'), 'resident ' + size(points.rss_bytes[i])] : null, el('br'), 'allocated ' + size(points.bytes_per_s[i]) + '/s');
	}

	x(ns) {
		return LEFT + (ns - this.from) / (this.to - this.from) * (this.width - LEFT - RIGHT);
	}

	// After the start of the first recording.
	nsAt(x) {
		const part = Math.min(1, Math.max(0, (x - LEFT) / (this.width - LEFT - RIGHT)));
		return Math.round(this.from + part * (this.to - this.from) - this.offsets[0]);
	}

	panels() {
		const list = [];
		let y = 16;
		const add = (kind, height, recording, text) => {
			list.push({kind, y, height, recording, text});
			y += height + GAP;
		};
		add('heap', HEAP, 0, 'Heap');
		if (this.recordings[0].points.rss_bytes.some((v) => v > 0)) add('rss', STRIP, 0, 'Resident');
		add('rate', STRIP, 0, 'Allocated/s');
		for (let i = 1; i < this.recordings.length; i++) add('child', STRIP, i, 'Process ' + this.recordings[i].pid);
		this.height = y + AXIS - GAP + 6;
		return list;
	}

	draw() {
		this.width = this.box.clientWidth;
		if (!this.width) return;
		const panels = this.panels();
		const canvas = this.canvas;
		const ratio = window.devicePixelRatio || 1;
		canvas.width = Math.round(this.width * ratio);
		canvas.height = Math.round(this.height * ratio);
		canvas.style.width = this.width + 'px';
		canvas.style.height = this.height + 'px';
		const c = this.c = canvas.getContext('2d');
		const {ink, dim, grid, panel} = theme();
		Object.assign(this, {ink: css(ink), dim: css(dim), grid: css(grid), panelColour: css(panel)});
		c.setTransform(ratio, 0, 0, ratio, 0, 0);
		c.clearRect(0, 0, this.width, this.height);
		c.font = '12px system-ui, "DejaVu Sans", sans-serif';
		for (const panel of panels) this.panel(panel);
		this.events(panels);
		this.axis();
		this.shade(panels);
	}

	panel(panel) {
		const recording = this.recordings[panel.recording];
		const points = recording.points;
		const key = {heap: 'live_bytes', child: 'live_bytes', rss: 'rss_bytes', rate: 'bytes_per_s'}[panel.kind];
		const values = points[key];
		const layers = panel.kind === 'heap' ? recording.layers : [];
		let most = 1;
		for (const v of values) if (v > most) most = v;
		for (const l of layers) if (l[1] > most) most = l[1];
		const y = (v) => panel.y + panel.height - Math.max(0, v) / most * panel.height;
		const x = (ns) => this.x(ns + this.offsets[panel.recording]);
		const c = this.c;
		c.strokeStyle = this.grid;
		c.lineWidth = 1;
		for (const part of [0, 0.5, 1]) {
			c.beginPath();
			c.moveTo(LEFT, Math.round(y(part * most)) + 0.5);
			c.lineTo(this.width - RIGHT, Math.round(y(part * most)) + 0.5);
			c.stroke();
		}
		if (layers.length) this.layers(layers, recording.sites.length, x, y);
		c.strokeStyle = panel.kind === 'heap' ? this.ink : css(theme().lines[panel.kind]);
		c.lineWidth = 1.5;
		c.beginPath();
		let isDrawn = false;
		for (let i = 0; i < values.length; i++) {
			if (panel.kind === 'rss' && values[i] === 0) continue;
			if (isDrawn) c.lineTo(x(points.ns[i]), y(values[i]));
			else c.moveTo(x(points.ns[i]), y(values[i]));
			isDrawn = true;
		}
		if (recording.ended && values.length && panel.kind !== 'rate') c.lineTo(x(recording.to_ns), y(values[values.length - 1]));
		c.stroke();
		c.fillStyle = this.dim;
		c.textAlign = 'right';
		c.textBaseline = 'middle';
		c.fillText(size(Math.round(most)) + (panel.kind === 'rate' ? '/s' : ''), LEFT - 6, panel.y + 2);
		c.fillText('0', LEFT - 6, panel.y + panel.height - 3);
		c.textAlign = 'left';
		c.fillStyle = this.ink;
		c.fillText(panel.text, LEFT, panel.y - 8);
	}

	// The sites one above the other, and what is left of the whole.
	layers(layers, sites, x, y) {
		const c = this.c;
		const below = new Array(layers.length).fill(0);
		for (let s = 0; s <= sites; s++) {
			const above = layers.map((l, i) => s < sites ? below[i] + l[2 + s] : Math.max(l[1], below[i]));
			c.fillStyle = css(layerColours[s < sites ? s : 7]);
			c.beginPath();
			layers.forEach((l, i) => i ? c.lineTo(x(l[0]), y(above[i])) : c.moveTo(x(l[0]), y(above[i])));
			for (let i = layers.length - 1; i >= 0; i--) c.lineTo(x(layers[i][0]), y(below[i]));
			c.closePath();
			c.fill();
			c.lineWidth = 1;
			c.strokeStyle = this.panelColour;
			c.stroke();
			// Its letter where there is most room for it.
			let at = 0;
			for (let i = 1; i < layers.length; i++) if (above[i] - below[i] > 1.01 * (above[at] - below[at])) at = i;
			if (y(below[at]) - y(above[at]) > 14) {
				c.fillStyle = css(lettersOn(layerColours[s < sites ? s : 7]));
				c.textAlign = 'center';
				c.textBaseline = 'middle';
				c.fillText(letter(s, sites), Math.min(Math.max(x(layers[at][0]), LEFT + 8), this.width - RIGHT - 8),
					(y(below[at]) + y(above[at])) / 2);
			}
			above.forEach((v, i) => below[i] = v);
		}
	}

	events(panels) {
		const c = this.c;
		const end = panels[panels.length - 1];
		let free = 0;
		for (const event of this.recordings[0].events) {
			const x = Math.round(this.x(event.ns + this.offsets[0])) + 0.5;
			c.strokeStyle = this.dim;
			c.setLineDash(event.snapshot ? [] : [3, 3]);
			c.beginPath();
			c.moveTo(x, panels[0].y);
			c.lineTo(x, end.y + end.height);
			c.stroke();
			c.setLineDash([]);
			const text = clean(event.name).slice(0, 24);
			const width = c.measureText(text).width;
			const from = Math.min(x, this.width - RIGHT - width);
			if (from < free || from < LEFT + 50) continue;
			c.fillStyle = this.dim;
			c.textAlign = 'left';
			c.fillText(text, from, panels[0].y - 8);
			free = from + width + 10;
		}
	}

	axis() {
		const c = this.c;
		const step = roundStep((this.to - this.from) / Math.max(3, Math.floor((this.width - LEFT) / 120)));
		c.fillStyle = this.dim;
		c.textBaseline = 'middle';
		for (let n = Math.ceil((this.from - this.offsets[0]) / step); ; n++) {
			const x = this.x(n * step + this.offsets[0]);
			if (x > this.width - RIGHT + 1) break;
			c.textAlign = x > this.width - 40 ? 'right' : 'center';
			c.fillText(n === 0 ? '0' : duration(n * step), x, this.height - 10);
		}
		c.textAlign = 'left';
	}

	// What is not chosen is dimmed, with lines at its edges.
	shade(panels) {
		const {list, from, to, isAll} = chosen();
		let edges = isAll || !list.length ? null : [list[from].ns, list[to].ns];
		if (this.brush) edges = this.brush;
		if (!edges) return;
		const c = this.c;
		const y = panels[0].y;
		const height = panels[panels.length - 1].y + panels[panels.length - 1].height - y;
		const [a, b] = edges.map((ns) => this.x(ns + this.offsets[0]));
		c.fillStyle = isDark() ? 'rgba(20,23,27,.66)' : 'rgba(251,251,250,.72)';
		c.fillRect(LEFT, y, a - LEFT, height);
		c.fillRect(b, y, this.width - RIGHT - b, height);
		c.fillStyle = this.ink;
		c.fillRect(a - 1, y, 2, height);
		c.fillRect(b - 1, y, 2, height);
	}
}

function letter(s, sites) {
	return s < sites ? 'ABCDEFG'[s] : 'other';
}

// The sites of the layers, by their letters.
function legend(recording) {
	const most = (s) => Math.max(...recording.layers.map((l) => l[2 + s]));
	return el('ol.legend', {id: 'legend'}, recording.sites.map((row, s) => {
		const frames = row >= 0 ? stack(row) : [];
		const swatch = el('i', {'aria-hidden': 'true'}, letter(s, 8));
		swatch.style.background = css(layerColours[s]);
		swatch.style.color = css(lettersOn(layerColours[s]));
		return el('li', null, swatch, name(frames.length ? frames.slice(0, 3).map((f) => f.name).join(' < ') : '(no stack)'),
			el('span.dim', {'data-value': String(most(s))}, ' up to ' + size(most(s))));
	}));
}

function choose(fromNs, toNs) {
	const {list} = chosen();
	if (!list.length) return;
	const to = nearest(list, toNs);
	let from = fromNs === null ? 0 : nearest(list, fromNs);
	if (from >= to) from = 0;
	go({from: from > 0 ? String(list[from].ns) : '', to: list[to].isEnd ? '' : String(list[to].ns), zoom: '0'});
}

// Two sliders over the instants, for keys and fingers too.
function sliders() {
	const {list, from, to} = chosen();
	const slider = (label, id, value, change) => el('label', null, label + ' ',
		el('input', {type: 'range', id, min: 0, max: list.length - 1, value, 'aria-valuetext': instantText(list[value]),
			onchange: (event) => change(Number(event.target.value))}), ' ', el('span.n', null, clean(instantText(list[value]))));
	return el('div.row', {id: 'sliders'},
		slider('From', 'from', from, (at) => choose(at > 0 ? list[at].ns : null, list[Math.max(to, at + 1 < list.length ? at + 1 : at)].ns)),
		slider('To', 'to', to, (at) => choose(from > 0 && from < at ? list[from].ns : null, list[at].ns)));
}

function eventList(recording) {
	if (!recording.events.length) return null;
	const rows = recording.events.slice(0, ROWS_SHOWN).map((event) => el('tr', null,
		el('td', null, name(event.name)), el('td', null, event.snapshot ? 'snapshot' : 'mark'), el('td.n', null, duration(event.ns)),
		el('td.n', {'data-value': String(event.live_bytes), title: count(event.live_bytes)}, size(event.live_bytes)),
		el('td', null, whole.history ? [el('button', {type: 'button', onclick: () => choose(event.ns, Infinity)}, 'from here'), ' ',
			el('button', {type: 'button', onclick: () => choose(null, event.ns)}, 'until here')] : null)));
	return [el('h3', null, 'Marks and snapshots'),
		el('div.scroll', null, el('table', {id: 'events'}, el('thead', null, el('tr', null, el('th', null, 'Name'), el('th', null, 'Kind'),
			el('th.n', null, 'After the start'), el('th.n', null, 'Heap'), el('th', null, 'Look at'))), el('tbody', null, rows))),
		recording.events.length > ROWS_SHOWN ? el('p.dim', null, 'and ' + count(recording.events.length - ROWS_SHOWN) + ' more.') : null];
}

// The same as a table.
function pointList(recording) {
	const points = recording.points;
	const box = el('details', null, el('summary', null, 'As a table'));
	box.addEventListener('toggle', () => {
		if (box.children.length > 1) return;
		const step = Math.ceil(points.ns.length / ROWS_SHOWN) || 1;
		const rows = [];
		for (let i = 0; i < points.ns.length; i += step)
			rows.push(el('tr', null, el('td.n', null, duration(points.ns[i])), el('td.n', {title: count(points.live_bytes[i])}, size(points.live_bytes[i])),
				el('td.n', null, count(points.live_blocks[i])), el('td.n', null, points.rss_bytes[i] ? size(points.rss_bytes[i]) : '-'),
				el('td.n', null, size(points.allocated_bytes[i])), el('td.n', null, size(points.bytes_per_s[i]) + '/s')));
		box.append(el('div.scroll', null, el('table', {id: 'points'},
			el('caption', null, step > 1 ? 'One in ' + count(step) + ' of ' + count(points.ns.length) + ' points' : counted(points.ns.length, 'point')),
			el('thead', null, el('tr', null, ['After the start', 'Heap', 'Blocks', 'Resident', 'Allocated until then', 'Rate'].map((t) => el('th.n', null, t)))),
			el('tbody', null, rows))));
	});
	return box;
}

// Said above every view while only a part is looked at.
export function rangeBar() {
	const {list, from, to, isAll} = chosen();
	if (isAll || !list.length) return null;
	const options = rangeOptions();
	return el('p.rangebar', {id: 'rangebar'}, from > 0
		? ['Allocated from ', el('b', null, clean(instantText(list[from]))), ' to ', el('b', null, clean(instantText(list[to]))), ', and what was live then. ']
		: ['As it was at ', el('b', null, clean(instantText(list[to]))), '. '],
	el('code', null, 'memprof report' + options), ' ',
	el('a', {href: link({from: '', to: '', zoom: '0'}), id: 'all'}, 'Show all'), ' ',
	data.isPartly ? el('span.dim', null, 'Smaller call stacks are not on this page one by one: their ' +
		percent(data.tables.site.rest.allocated_bytes, data.selection.allocated_bytes) + ' of what was allocated then are in the flame graph only.') : null);
}

function timelineRemarks() {
	const history = whole.history;
	if (!history) return 'Ranges cannot be chosen on this page: ' + (whole.range ? 'it is of a part of the recording already.'
		: 'some events were not attributed to call stacks.');
	return 'Drag over the plot, or move the sliders, to look at a part: all views show it. A click shows what was live then. ' +
		'Call stacks are known at ' + counted(history.moments.length, 'moment') +
		(history.left_out ? '; ' + count(history.left_out) + ' more of the recording are not on this page.' : '.');
}

export function timelineView() {
	const recordings = whole.timelines;
	if (!recordings.length) return el('p', null, 'The recording has no timeline: record without MEMPROF_TIMELINE=off.');
	const plot = new Plot(recordings, choose);
	plot.box.plot = plot;
	return [
		el('h2', null, 'Over time'),
		el('p.dim', null, timelineRemarks()),
		plot.box,
		whole.history ? sliders() : null,
		el('h3', null, 'Who held most' + (whole.program.sample_bytes ? ', estimates' : '')), recordings[0].sites.length ? legend(recordings[0]) : el('p.dim', null, 'Nothing was live at any moment at which call stacks are known.'),
		recordings.length > 1 ? [el('h3', null, 'Other processes on the same axis'), el('ul', null, recordings.slice(1).map((r) =>
			el('li', null, name(baseName(r.program)), ' process ' + r.pid + ', from ' + duration(r.start_unix_ns - recordings[0].start_unix_ns) + ' on, up to ' +
			size(Math.max(0, ...r.points.live_bytes)))))] : null,
		eventList(recordings[0]), pointList(recordings[0]),
	];
}
