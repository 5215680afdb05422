// SPDX-License-Identifier: MIT
// The page: reads the recording, and draws the view that the address names.
import {add, clean, el} from './dom.js';
import {endText, metricOf, metrics} from './format.js';
import {baseName, data, load, whole} from './data.js';
import {drawBy, go, link, readState, state} from './state.js';
import {overviewView} from './overview.js';
import {applyRange} from './range.js';
import {rangeBar, timelineView} from './timeline.js';
import {diffView} from './diff.js';
import {tableView} from './table.js';
import {flameView, zoomFlame} from './flame.js';
import {nextHot, sourceView} from './source.js';
import {leaksView} from './leaks.js';
import {lifetimesView, sizesView} from './sizes.js';
import {zoomDiff} from './diff_graph.js';
import {keepFocus} from './focus.js';
import {openHelp} from './help.js';
import {listenForPrint} from './print.js';
import {hideTip} from './tip.js';

// Their names, what makes them, and what is enough for a zoom.
const views = {
	overview: ['Overview', overviewView],
	timeline: ['Timeline', timelineView],
	flame: ['Flame graph', flameView, zoomFlame],
	table: ['Table', tableView],
	source: ['Source', sourceView],
	leaks: ['Leaks', leaksView],
	sizes: ['Sizes', sizesView],
	lifetimes: ['Lifetimes', lifetimesView],
	diff: ['Diff', diffView, zoomDiff],
};
const byId = (id) => document.getElementById(id);

// What shows all metrics, or one of its own.
const allMetrics = ['overview', 'timeline', 'leaks', 'lifetimes'];
let drawnView = '';

function drawTitle() {
	const program = 'memprof: ' + clean(baseName(data.program.path));
	byId('title').textContent = program;
	byId('title').title = program;
	document.title = views[state.view][0] + ' \u2013 ' + program;
}

function drawHeader() {
	metrics[metricOf('leaked')].text = 'Live ' + endText();
	byId('metric').options[metricOf('leaked')].textContent = metrics[metricOf('leaked')].text;
	byId('metric').value = metrics[metricOf(state.metric)].key;
	byId('metric').disabled = allMetrics.includes(state.view);
	byId('views').replaceChildren(...Object.entries(views).map(([key, [text]]) =>
		el('a', {href: link({view: key, q: '', zoom: '0', fn: ''}), 'aria-current': key === state.view ? 'page' : undefined}, text)));
	drawTitle();
}

function render() {
	const changed = readState();
	if (!Object.hasOwn(views, state.view)) state.view = 'overview';
	const [, view, zoom] = views[state.view];
	if (changed.join() === 'zoom' && drawnView === state.view && zoom && zoom()) return;
	applyRange();
	hideTip();
	const restoreFocus = keepFocus(document.body);
	drawHeader();
	const main = byId('main');
	main.replaceChildren();
	add(main, [rangeBar(), view()]);
	for (const box of main.querySelectorAll('.flamebox')) box.boxes.start();
	restoreFocus();
	if (drawnView && drawnView !== state.view) scrollTo(0, 0);
	drawnView = document.body.dataset.view = state.view;
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
	if (event.ctrlKey || event.altKey || event.metaKey || byId('help')) return;
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
	} else if (event.key === '?') openHelp();
	else if (/^[1-9]$/.test(event.key)) byId('views').children[event.key - 1]?.click();
	else if (event.key === 'r' && (state.from || state.to)) go({from: '', to: '', zoom: '0'});
	else if (event.key === 'f' && state.view === 'flame') go({fold: state.fold ? '' : '1', zoom: '0'});
	else if (event.key === 'c' && state.view === 'flame') byId('sandwich')?.click();
	else if (event.key === 'i' && /^(flame|diff)$/.test(state.view)) go({dir: state.dir === 'up' ? 'down' : 'up', zoom: '0'});
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
	add(byId('metric'), metrics.map((m) => el('option', {value: m.key}, m.text)));
	byId('metric').addEventListener('change', (event) => go({metric: event.target.value}));
	drawBy(render);
	addEventListener('keydown', onKey);
	byId('keys').addEventListener('click', openHelp);
	listenForPrint();
	render();
	document.documentElement.dataset.ready = '1';
}

start();
