// SPDX-License-Identifier: MIT
// What was live at the end, by verdict and in groups, with its stacks.
import {clean, copy, el, name, select} from './dom.js';
import {count, counted, endText, estimate, percent, size} from './format.js';
import {column, data, errorOf, moduleName, owner, stack} from './data.js';
import {go, state} from './state.js';
import {stackList} from './table.js';

const GROUPS_SHOWN = 200;
const STACKS_SHOWN = 50;

// By what stacks are put together: the innermost frame decides that is the
// program's own, of Python where there is any.
const groupings = {
	function: ['function', (frames) => owner(frames).name],
	file: ['file', (frames) => owner(frames).file || '[' + moduleName(owner(frames).module) + ']'],
	module: ['module', (frames) => moduleName(owner(frames).module)],
	site: ['call stack', (frames, i) => owner(frames).name + ' #' + (i + 1)],
};

const verdicts = [
	[1, 'Definitely lost', 'Nothing led to these blocks any more.'],
	[2, 'Indirectly lost', 'Only lost blocks led to these.'],
	[3, 'Possibly lost', 'Something points into these blocks, but not at their beginning.'],
	[4, 'Still reachable', 'The program could still have freed these.'],
];

// What of each stack counts: as the recording judged it, or all that is live.
function judgedSites() {
	if (!data.range) return data.leaks.sites;
	const table = data.tables.site;
	const bytes = column(table.self, 'live_bytes');
	const blocks = column(table.self, 'live_blocks');
	return [...bytes.keys()].filter((i) => bytes[i] || blocks[i]).map((i) =>
		({row: i, verdict: 0, blocks: blocks[i], bytes: bytes[i], holder: [], rule: null}));
}

function groups(sites) {
	const [, keyOfGroup] = groupings[Object.hasOwn(groupings, state.group) ? state.group : 'function'];
	const byKey = new Map();
	for (const site of sites) {
		const frames = stack(site.row);
		const key = frames.length ? keyOfGroup(frames, site.row) : '(no stack)';
		const group = byKey.get(key) || {key, bytes: 0, blocks: 0, sites: []};
		group.bytes += site.bytes;
		group.blocks += site.blocks;
		group.sites.push(site);
		byKey.set(key, group);
	}
	for (const group of byKey.values()) group.sites.sort((a, b) => b.bytes - a.bytes || a.row - b.row);
	return [...byKey.values()].sort((a, b) => b.bytes - a.bytes || b.blocks - a.blocks);
}

function blocksText(n) {
	return counted(n, 'block');
}

function ruleOf(site) {
	if (!site.rule) return null;
	return el('details', null, el('summary', null, 'Suppression'),
		el('pre.rule', null, clean(site.rule.replace(/\n$/, '')).replaceAll('\\u{a}', '\n')),
		el('button', {type: 'button', onclick: () => copy(site.rule)}, 'Copy'));
}

// Of what a stack has live. Not of one verdict: who of them it is, is no sample.
function errorOfSite(site) {
	return site.verdict === 0 ? errorOf(data.tables.site.self_stderr, 'live_bytes', site.row) : 0;
}

function groupOf(group, isOpen, whole) {
	const fill = () => group.sites.slice(0, STACKS_SHOWN).map((site) => el('div', null,
		el('div.row', null, el('b', {'data-value': String(site.bytes), 'data-error': String(errorOfSite(site))}, estimate(size, site.bytes, errorOfSite(site))), ' in ' + blocksText(site.blocks),
			site.holder.map((text) => el('span.dim', null, clean(text)))),
		stackList(site.row), ruleOf(site)));
	const box = el('details.group', {open: isOpen}, el('summary', null,
		el('b', {'data-value': String(group.bytes), title: count(group.bytes)}, estimate(size, group.bytes, Math.round(Math.sqrt(group.sites.reduce((n, site) => n + errorOfSite(site) ** 2, 0))))), ' in ' + blocksText(group.blocks) + ', ' +
		percent(group.bytes, whole) + ' \u2014 ', name(group.key),
		el('span.dim', null, group.sites.length > 1 ? ' from ' + count(group.sites.length) + ' stacks' : '')));
	let isFilled = false;
	const show = () => {
		if (!box.open || isFilled) return;
		isFilled = true;
		box.append(...fill());
		if (group.sites.length > STACKS_SHOWN)
			box.append(el('p.dim', null, 'and ' + counted(group.sites.length - STACKS_SHOWN, 'smaller stack')));
	};
	box.addEventListener('toggle', show);
	show();
	return box;
}

function groupList(sites, id, whole, isOpen) {
	const all = groups(sites);
	return [
		el('div', {id}, all.slice(0, GROUPS_SHOWN).map((group, i) => groupOf(group, isOpen && i === 0, whole))),
		all.length > GROUPS_SHOWN ? el('p.dim', null, 'and ' + counted(all.length - GROUPS_SHOWN, 'smaller group') + '; the table has them all.') : null,
	];
}

// One verdict; what is still reachable is no mistake, and stays closed.
function verdictOf([verdict, title, meaning], sites, sum) {
	const found = sites.filter((site) => site.verdict === verdict);
	const shown = found.reduce((n, site) => n + site.bytes, 0);
	const isClosed = verdict === 4;
	const list = found.length ? groupList(found, 'groups' + verdict, sum.bytes, !isClosed) : null;
	const text = sum.blocks ? [size(sum.bytes), ' in ' + blocksText(sum.blocks)] : 'nothing';
	const numbers = {'data-verdict': String(verdict), 'data-bytes': String(sum.bytes), 'data-blocks': String(sum.blocks)};
	return [
		el('h3', numbers, title + ': ', text),
		sum.blocks ? el('p.dim', null, meaning) : null,
		list && isClosed ? el('details', null, el('summary', null, 'By whom'), list) : list,
		shown < sum.bytes ? el('p.dim', null, 'Not on this page: small call stacks with ' + size(sum.bytes - shown) + '.') : null,
	];
}

function suppressed() {
	const check = data.leaks.leak_check;
	if (!check.suppressions.length) return null;
	return [el('h3', null, 'Suppressed: ', size(check.suppressed.bytes), ' in ' + blocksText(check.suppressed.blocks)),
		el('div.scroll', null, el('table', {id: 'rules'}, el('thead', null, el('tr', null, el('th', null, 'Rule'), el('th', null, 'File'),
			el('th.n', null, 'Bytes'), el('th.n', null, 'Blocks'))),
		el('tbody', null, check.suppressions.map((rule) => el('tr', null, el('td', null, name(rule.name)), el('td', null, name(rule.file)),
			el('td.n', {'data-value': String(rule.bytes)}, size(rule.bytes)), el('td.n', null, count(rule.blocks)))))))];
}

export function leaksView() {
	const sites = judgedSites();
	const isJudged = !data.range && data.leaks.leak_check.judged;
	const rest = data.tables.site.rest;
	const rules = sites.filter((site) => site.rule && site.verdict !== 4).map((site) => site.rule);
	return [
		el('h2', null, 'Live ' + endText() + ': ', estimate(size, data.selection.live_bytes, data.selection.live_bytes_stderr), ' in ' + blocksText(data.selection.live_blocks)),
		isJudged ? null : el('p.dim', null, endText() !== 'at the end' ? 'Blocks that were not freed by then.'
			: 'Blocks that nobody had freed when the program ended; not all of them need be mistakes.'),
		data.range ? null : data.leaks.text.map((text) => el('p.dim', null, clean(text))),
		el('div.row', null, select('Group by', Object.entries(groupings).map(([key, [text]]) => [key, text]), state.group,
			(group) => go({group})), rules.length ? el('button', {type: 'button', id: 'allrules', onclick: () => copy(rules.join(''))},
			'Copy ' + counted(rules.length, 'suppression')) : null),
		isJudged ? verdicts.map((verdict) => verdictOf(verdict, sites, data.leaks.sums[verdict[0]]))
			: sites.length ? groupList(sites, 'groups', data.selection.live_bytes, true) : el('p', null, 'Nothing: everything was freed.'),
		data.range ? null : suppressed(),
		rest.live_bytes || rest.live_blocks ? el('p.dim', null, 'Not on this page: small call stacks with ' + size(rest.live_bytes) + '.') : null,
	];
}
