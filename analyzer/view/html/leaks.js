// SPDX-License-Identifier: MIT
// What was live at the end, in groups, with its stacks.
import {copy, el, name, select} from './dom.js';
import {count, endText, percent, size} from './format.js';
import {column, data, moduleName, stack} from './data.js';
import {go, state} from './state.js';
import {stackList} from './table.js';

const GROUPS_SHOWN = 200;
const STACKS_SHOWN = 50;

// By what stacks are put together: the innermost frame outside of the
// allocators and the C library's own small ones decides.
const groupings = {
	function: ['function', (frames) => owner(frames).name],
	file: ['file', (frames) => owner(frames).file || '[' + moduleName(owner(frames).module) + ']'],
	module: ['module', (frames) => moduleName(owner(frames).module)],
	site: ['call stack', (frames, i) => owner(frames).name + ' #' + (i + 1)],
};

function owner(frames) {
	return frames.find((f) => f.module >= 0 && !data.modules[f.module].allocator) || frames[0] ||
		{name: '(no stack)', file: null, module: -1};
}

// A line for a file of suppressions.
function suppression(frames) {
	return 'leak:' + owner(frames).name.replace(/\(.*/s, '');
}

function groups() {
	const table = data.tables.site;
	const bytes = column(table.self, 'live_bytes');
	const blocks = column(table.self, 'live_blocks');
	const [, keyOfGroup] = groupings[Object.hasOwn(groupings, state.group) ? state.group : 'function'];
	const byKey = new Map();
	for (let i = 0; i < bytes.length; i++) {
		if (!blocks[i] && !bytes[i]) continue;
		const frames = stack(i);
		const key = frames.length ? keyOfGroup(frames, i) : '(no stack)';
		const group = byKey.get(key) || {key, bytes: 0, blocks: 0, sites: []};
		group.bytes += bytes[i];
		group.blocks += blocks[i];
		group.sites.push({i, frames, bytes: bytes[i], blocks: blocks[i]});
		byKey.set(key, group);
	}
	for (const group of byKey.values()) group.sites.sort((a, b) => b.bytes - a.bytes || a.i - b.i);
	return [...byKey.values()].sort((a, b) => b.bytes - a.bytes || b.blocks - a.blocks);
}

function blocksText(n) {
	return count(n) + (n === 1 ? ' block' : ' blocks');
}

function groupOf(group, isOpen) {
	const whole = data.selection.live_bytes;
	const fill = () => group.sites.slice(0, STACKS_SHOWN).map((site) => el('div', null,
		el('div.row', null, el('b', {'data-value': String(site.bytes)}, size(site.bytes)), ' in ' + blocksText(site.blocks),
			el('button', {type: 'button', onclick: () => copy(suppression(site.frames))}, 'Copy suppression')),
		stackList(site.i)));
	const box = el('details.group', {open: isOpen}, el('summary', null,
		el('b', {'data-value': String(group.bytes), title: count(group.bytes)}, size(group.bytes)), ' in ' + blocksText(group.blocks) + ', ' +
		percent(group.bytes, whole) + ' \u2014 ', name(group.key),
		el('span.dim', null, group.sites.length > 1 ? ' from ' + count(group.sites.length) + ' stacks' : '')));
	let isFilled = false;
	const show = () => {
		if (!box.open || isFilled) return;
		isFilled = true;
		box.append(...fill());
		if (group.sites.length > STACKS_SHOWN)
			box.append(el('p.dim', null, 'and ' + count(group.sites.length - STACKS_SHOWN) + ' stacks more, smaller ones'));
	};
	box.addEventListener('toggle', show);
	show();
	return box;
}

export function leaksView() {
	const all = groups();
	const rest = data.tables.site.rest;
	return [
		el('h2', null, 'Live ' + endText() + ': ', size(data.selection.live_bytes), ' in ' + blocksText(data.selection.live_blocks)),
		el('p.dim', null, endText() !== 'at the end' ? 'Blocks that were not freed by then.'
			: 'Blocks that nobody had freed when the program ended; not all of them need be mistakes.'),
		el('div.row', null, select('Group by', Object.entries(groupings).map(([key, [text]]) => [key, text]), state.group,
			(group) => go({group}))),
		all.length ? el('div', {id: 'groups'}, all.slice(0, GROUPS_SHOWN).map((group, i) => groupOf(group, i === 0)))
			: el('p', null, 'Nothing: everything was freed.'),
		all.length > GROUPS_SHOWN ? el('p.dim', null, 'and ' + count(all.length - GROUPS_SHOWN) + ' smaller groups; the table has them all.') : null,
		rest.live_bytes || rest.live_blocks ? el('p.dim', null, 'Not on this page: small call stacks with ' + size(rest.live_bytes) + '.') : null,
	];
}
