// SPDX-License-Identifier: MIT
// Call trees. Nodes have numbers, the root is 0, a parent's number is smaller.
// key tells functions apart; values are those of flame.metrics.
import {data, functionName, string} from './data.js';

const NODES_MAX = 400000;
const KINDS = {CUT: 2, NO_STACK: 3, FOLDED: 4};

// Functions: what equal nodes have in common.
const functions = {key: new Map(), list: []};

export function functionKey(name, file, module, kind) {
	const id = name + '\n' + file + '\n' + (name < 0 ? module : '') + '\n' + kind;
	let key = functions.key.get(id);
	if (key === undefined) {
		key = functions.list.length;
		functions.key.set(id, key);
		functions.list.push({name, file, module, kind});
	}
	return key;
}

export class Tree {
	// As many columns of values; those of the flame graph, or more of them.
	constructor(columns = data.flame.metrics.length) {
		this.parent = [0];
		this.key = [-1];
		this.line = [0];
		this.inlined = [0];
		this.folded = [0];
		this.total = Array.from({length: columns}, () => [0]);
		this.self = Array.from({length: columns}, () => [0]);
		this.known = new Map();
		this.isFull = false;
	}

	get count() {
		return this.parent.length;
	}

	add(parent, key, line, inlined) {
		const at = this.parent.length;
		this.parent.push(parent);
		this.key.push(key);
		this.line.push(line);
		this.inlined.push(inlined);
		this.folded.push(0);
		for (const values of this.total) values.push(0);
		for (const values of this.self) values.push(0);
		return at;
	}

	// The child of that function, a new one where there is none.
	child(parent, key, line, inlined) {
		const id = parent * 4194304 + key;
		let at = this.known.get(id);
		if (at === undefined) {
			if (this.count >= NODES_MAX) {
				this.isFull = true;
				return parent;
			}
			at = this.add(parent, key, line, inlined);
			this.known.set(id, at);
		} else if (this.line[at] !== line) this.line[at] = 0;
		return at;
	}

	name(at) {
		if (at === 0 && this.key[0] < 0) return 'all';
		const f = functions.list[this.key[at]];
		if (f.kind === KINDS.CUT) return '(outer frames missing)';
		if (f.kind === KINDS.NO_STACK) return '(no stack)';
		if (f.kind === KINDS.FOLDED) return '(' + this.folded[at] + ' small ones folded)';
		return functionName(string(f.name), f.module);
	}

	function(at) {
		return this.key[at] < 0 ? {name: -1, file: -1, module: -1, kind: 0}
			: functions.list[this.key[at]];
	}

	// The standard error of a total, or of what a node has itself.
	error(metric, at, isSelf) {
		const variance = (isSelf ? this.self : this.total)[data.flame.metrics.length + metric];
		return variance ? Math.round(Math.sqrt(Math.max(0, variance[at]))) : 0;
	}

	// Children of each node, the greatest first.
	children(metric) {
		if (this.sorted && this.sorted.metric === metric) return this.sorted;
		const n = this.count;
		const first = new Uint32Array(n + 1);
		for (let i = 1; i < n; i++) first[this.parent[i] + 1]++;
		for (let i = 1; i <= n; i++) first[i] += first[i - 1];
		const fill = first.slice();
		const list = new Uint32Array(n);
		for (let i = 1; i < n; i++) list[fill[this.parent[i]]++] = i;
		const values = this.total[metric];
		for (let i = 0; i < n; i++)
			if (first[i + 1] - first[i] > 1)
				list.subarray(first[i], first[i + 1]).sort((a, b) => values[b] - values[a] || a - b);
		this.sorted = {metric, first, list};
		return this.sorted;
	}
}

let base = null;
let baseOf = null;

// As it was recorded, with what was folded as nodes of its own.
export function baseTree() {
	if (base && baseOf === data) return base;
	baseOf = data;
	const flame = data.flame;
	const n = flame.parent.length;
	base = new Tree(flame.total.length + (flame.total_variance || []).length);
	for (let i = 1; i < n; i++)
		base.add(flame.parent[i], functionKey(flame.function[i], flame.file[i],
			flame.module[i], flame.kind[i]), flame.line[i], flame.inlined[i]);
	// Variances add up as the values do, and are columns behind theirs.
	const self = [...flame.self, ...(flame.self_variance || [])];
	const total = [...flame.total, ...(flame.total_variance || [])];
	const m = total.length;
	const rest = total.map((values, k) => values.map((v, i) => v - self[k][i]));
	for (let k = 0; k < m; k++) {
		base.total[k] = total[k].slice();
		base.self[k] = self[k].slice();
		for (let i = 1; i < n; i++) rest[k][flame.parent[i]] -= total[k][i];
	}
	for (let i = 0; i < n; i++) {
		if (!flame.folded[i] || !rest.some((values) => values[i] > 0)) continue;
		const at = base.add(i, functionKey(-1, -1, -1, KINDS.FOLDED), 0, 0);
		base.folded[at] = flame.folded[i];
		for (let k = 0; k < m; k++) base.total[k][at] = base.self[k][at] = rest[k][i];
	}
	return base;
}

function addTotals(tree) {
	for (let k = 0; k < tree.total.length; k++) {
		const total = tree.total[k];
		for (let i = 0; i < tree.count; i++) total[i] += tree.self[k][i];
		for (let i = tree.count - 1; i > 0; i--) total[tree.parent[i]] += total[i];
	}
	return tree;
}

// Recursion folded: what a function does below itself counts for its
// outermost activation.
export function foldRecursion(from) {
	const tree = new Tree(from.total.length);
	const to = new Int32Array(from.count);
	tree.key[0] = from.key[0];
	for (let i = 1; i < from.count; i++) {
		let at = to[from.parent[i]];
		while (at !== 0 && tree.key[at] !== from.key[i]) at = tree.parent[at];
		if (at === 0 && tree.key[0] !== from.key[i])
			at = tree.child(to[from.parent[i]], from.key[i], from.line[i], from.inlined[i]);
		to[i] = at;
	}
	for (let k = 0; k < tree.self.length; k++)
		for (let i = 0; i < from.count; i++) tree.self[k][to[i]] += from.self[k][i];
	for (let i = 0; i < from.count; i++) tree.folded[to[i]] += from.folded[i];
	return addTotals(tree);
}

// Who allocates on top, below it its callers.
export function invert(from) {
	const tree = new Tree(from.total.length);
	const m = tree.total.length;
	for (let i = 1; i < from.count; i++) {
		if (!from.self.some((values) => values[i] !== 0)) continue;
		let to = 0;
		for (let k = 0; k < m; k++) tree.total[k][0] += from.self[k][i];
		for (let at = i; at !== 0; at = from.parent[at]) {
			to = tree.child(to, from.key[at], from.line[at], from.inlined[at]);
			tree.folded[to] += from.folded[at];
			for (let k = 0; k < m; k++) tree.total[k][to] += from.self[k][i];
		}
		for (let k = 0; k < m; k++) tree.self[k][to] += from.self[k][i];
	}
	return tree;
}

// The nodes of a function that are in no other of it.
function outermost(tree, key) {
	const inside = new Uint8Array(tree.count);
	const found = [];
	for (let i = 1; i < tree.count; i++) {
		inside[i] = inside[tree.parent[i]];
		if (tree.key[i] !== key || inside[i]) continue;
		inside[i] = 1;
		found.push(i);
	}
	return {found, inside};
}

// All that a function calls, whoever called it.
export function callees(from, key) {
	const tree = new Tree(from.total.length);
	const {inside} = outermost(from, key);
	const to = new Int32Array(from.count);
	tree.key[0] = key;
	for (let i = 1; i < from.count; i++) {
		if (!inside[i]) continue;
		to[i] = inside[from.parent[i]]
			? tree.child(to[from.parent[i]], from.key[i], from.line[i], from.inlined[i]) : 0;
		tree.folded[to[i]] += from.folded[i];
		for (let k = 0; k < tree.self.length; k++) tree.self[k][to[i]] += from.self[k][i];
	}
	return addTotals(tree);
}

// All that call a function, with what it has on their behalf.
export function callers(from, key) {
	const tree = new Tree(from.total.length);
	tree.key[0] = key;
	for (const i of outermost(from, key).found) {
		let to = 0;
		for (let at = i; ; ) {
			for (let k = 0; k < tree.total.length; k++) tree.total[k][to] += from.total[k][i];
			at = from.parent[at];
			if (at === 0) break;
			to = tree.child(to, from.key[at], from.line[at], from.inlined[at]);
		}
		for (let k = 0; k < tree.total.length; k++) tree.self[k][to] += from.total[k][i];
	}
	return tree;
}

// Functions in the fragment: by the number of their strings.
export function keyText(key) {
	const f = functions.list[key];
	return f ? [f.name, f.file, f.name < 0 ? f.module : -1, f.kind].join('.') : '';
}

export function keyOf(text) {
	baseTree();
	const parts = text.split('.').map(Number);
	const key = functions.key.get(parts[0] + '\n' + parts[1] + '\n' +
		(parts[0] < 0 ? parts[2] : '') + '\n' + parts[3]);
	return key === undefined ? -1 : key;
}
