// SPDX-License-Identifier: MIT
// The recording, as analyzer/view/html_data.h describes it.
import {clean} from './dom.js';

// All of it, and what of it is looked at.
export let whole = null;
export let data = null;

export function setData(next) {
	data = next;
}

export async function load() {
	const coded = document.getElementById('data');
	const binary = atob(coded.textContent);
	const bytes = Uint8Array.from(binary, (c) => c.charCodeAt(0));
	const stream = new Blob([bytes]).stream()
		.pipeThrough(new DecompressionStream('gzip'));
	data = whole = JSON.parse(await new Response(stream).text());
	coded.remove();
}

export function string(number) {
	return number < 0 ? null : data.strings[number];
}

export function baseName(path) {
	return path.slice(path.lastIndexOf('/') + 1);
}

export function moduleName(number) {
	return number < 0 ? '[unknown]' : baseName(data.modules[number].path) || '[unknown]';
}

// What a function is called that may have no name.
export function functionName(text, module, offset) {
	if (text !== null) return text;
	return moduleName(module) + (offset === undefined ? '' : '+0x' + offset.toString(16));
}

export function place(file, line) {
	if (file === null) return '';
	return file + (line ? ':' + line : '');
}

export function shortPlace(file, line) {
	return file === null ? '' : clean(baseName(file)) + (line ? ':' + line : '');
}

// A column of a table or of a source by the name of its metric in JSON.
export function column(columns, metric) {
	return columns[data.metrics.indexOf(metric)];
}

// The standard error of a row; 0: it is exact.
export function errorOf(columns, metric, row) {
	return columns ? column(columns, metric)[row] : 0;
}

export function sourceOf(file) {
	return data.sources.find((source) => string(source.file) === file);
}

// A stack of the table of sites, innermost first.
export function stack(site) {
	const frames = data.frames;
	return data.tables.site.stacks[site].map((at) => ({
		name: functionName(string(frames.function[at]), frames.module[at], frames.offset[at]),
		file: string(frames.file[at]),
		line: frames.line[at],
		module: frames.module[at],
		inlined: frames.inlined[at],
		guessed: frames.guessed[at],
	}));
}

// Headers of templates, and what comes with an interpreter, are nobody's own.
const installed = /^\/usr\/(local\/)?(include|lib|lib64|share)\/|\/lib(64)?\/python\d|^<frozen /;

// The innermost frame that is the program's own, of Python where there is any.
export function owner(frames) {
	const isOwn = (f) => f.file !== null && !installed.test(f.file);
	const python = frames.filter((f) => f.module < 0 && f.file !== null);
	const native = frames.filter((f) => f.module >= 0 && !data.modules[f.module].allocator);
	return python.find(isOwn) || python[0] || native.find(isOwn) || native[0] || frames[0] ||
		{name: '(no stack)', file: null, module: -1};
}
