// SPDX-License-Identifier: MIT
// The page: reads the recording, and draws the view that the address names.
import {add, clean, el} from './dom.js';
import {endText, metricOf, metrics} from './format.js';
import {baseName, data, load, whole} from './data.js';
import {go, link, readState, state} from './state.js';
import {overviewView} from './overview.js';
import {applyRange} from './range.js';
import {rangeBar, timelineView} from './timeline.js';
import {diffView, hideDiffTip} from './diff.js';
import {tableView} from './table.js';
import {flameView, hideTip} from './flame.js';
import {nextHot, sourceView} from './source.js';
import {leaksView} from './leaks.js';
import {lifetimesView, sizesView} from './sizes.js';

const views = {
	overview: ['Overview', overviewView],
	timeline: ['Timeline', timelineView],
	flame: ['Flame graph', flameView],
	table: ['Table', tableView],
	source: ['Source', sourceView],
	leaks: ['Leaks', leaksView],
	sizes: ['Sizes', sizesView],
	lifetimes: ['Lifetimes', lifetimesView],
	diff: ['Diff', diffView],
};
const byId = (id) => document.getElementById(id);

function render() {
	readState();
	applyRange();
	metrics[metricOf('leaked')].text = 'Live ' + endText();
	byId('metric').options[metricOf('leaked')].textContent = metrics[metricOf('leaked')].text;
	hideTip();
	hideDiffTip();
	if (!Object.hasOwn(views, state.view)) state.view = 'overview';
	byId('views').replaceChildren(...Object.entries(views).map(([key, [text]]) =>
		el('a', {href: link({view: key, q: '', zoom: '0', fn: ''}), 'aria-current': key === state.view ? 'page' : undefined}, text)));
	byId('metric').value = metrics.some((m) => m.key === state.metric) ? state.metric : 'peak';
	const main = byId('main');
	main.replaceChildren();
	add(main, [rangeBar(), views[state.view][1]()]);
	document.body.dataset.view = state.view;
}

// What was chosen by hand is remembered where the browser allows it.
function setTheme(theme) {
	document.documentElement.dataset.theme = theme;
	try {
		localStorage.setItem('memprof-theme', theme);
	} catch {
		return;
	}
}

function startTheme() {
	let theme = matchMedia('(prefers-color-scheme: dark)').matches ? 'dark' : 'light';
	try {
		theme = localStorage.getItem('memprof-theme') || theme;
	} catch {
		theme = theme || 'light';
	}
	document.documentElement.dataset.theme = theme;
	byId('theme').addEventListener('click', () => {
		setTheme(document.documentElement.dataset.theme === 'dark' ? 'light' : 'dark');
		render();
	});
}

function onKey(event) {
	if (event.ctrlKey || event.altKey || event.metaKey) return;
	const inField = /^(INPUT|SELECT|TEXTAREA)$/.test(event.target.tagName);
	if (event.key === 'Escape' && inField) event.target.blur();
	else if (inField) return;
	else if (event.key === '/') {
		const field = byId('search') || byId('filter');
		if (!field) return;
		field.focus();
		event.preventDefault();
	} else if (event.key === 'Escape' || event.key === 'Backspace') {
		if (state.zoom !== '0') go({zoom: '0'});
		else if (state.fn) go({fn: ''});
	} else if (event.key === 'i' && /^(flame|diff)$/.test(state.view)) go({dir: state.dir === 'up' ? 'down' : 'up', zoom: '0'});
	else if (event.key === 'm') go({metric: metrics[(metrics.findIndex((m) => m.key === byId('metric').value) + 1) % metrics.length].key});
	else if (event.key === 'n' && state.view === 'source') nextHot(false);
	else if (event.key === 'p' && state.view === 'source') nextHot(true);
}

async function start() {
	startTheme();
	try {
		await load();
		if (!whole.diff) delete views.diff;
		if (!whole.lifetimes) delete views.lifetimes;
	} catch (error) {
		byId('main').replaceChildren(el('p.bad', {id: 'failure'}, 'The recording in this page cannot be read: ' + error));
		return;
	}
	byId('title').textContent = 'memprof: ' + clean(baseName(data.program.path));
	document.title = byId('title').textContent;
	add(byId('metric'), metrics.map((m) => el('option', {value: m.key}, m.text)));
	byId('metric').addEventListener('change', (event) => go({metric: event.target.value}));
	addEventListener('hashchange', render);
	addEventListener('keydown', onKey);
	render();
	document.documentElement.dataset.ready = '1';
}

start();
