// SPDX-License-Identifier: MIT
// Call trees. Nodes have numbers, the root is 0, a parent's number is smaller.
// key tells functions apart; values are those of flame.metrics.
import {data, functionName, moduleName, string} from './data.js';

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

// Python code belongs to no module, and has a file.
function isPython(f) {
	return f.module < 0 && f.file >= 0;
}

// The module of a function, or what stands for it.
export function homeOf(f) {
	return isPython(f) ? 'Python' : moduleName(f.module);
}

// Places of children, by parent and key, without an object for each.
class Places {
	constructor() {
		this.count = 0;
		this.table = new Int32Array(1024); // 0: empty, the root is no child
	}

	// Where it is, or where there is room for it.
	slot(tree, parent, key) {
		const mask = this.table.length - 1;
		let at = Math.imul(parent, 0x9e3779b1) ^ Math.imul(key + 1, 0x85ebca6b);
		for (at = (at ^ at >>> 15) & mask; this.table[at]; at = at + 1 & mask)
			if (tree.parent[this.table[at]] === parent && tree.key[this.table[at]] === key) break;
		return at;
	}

	set(tree, slot, node) {
		this.table[slot] = node;
		if (++this.count * 2 < this.table.length) return;
		const old = this.table;
		this.table = new Int32Array(2 * old.length);
		for (const other of old)
			if (other) this.table[this.slot(tree, tree.parent[other], tree.key[other])] = other;
	}
}

export class Tree {
	// As many columns of values; those of the flame graph, or more of them.
	// self and total come when all nodes are there.
	constructor(columns = data.flame.metrics.length) {
		this.columns = columns;
		this.parent = [0];
		this.key = [-1];
		this.line = [0];
		this.inlined = [0];
		this.folded = [0];
		this.places = new Places();
		this.sorted = [];
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
		return at;
	}

	// The child of that function, a new one where there is none; -1: there
	// is no room for it.
	child(parent, key, line, inlined) {
		const slot = this.places.slot(this, parent, key);
		const at = this.places.table[slot];
		if (at) {
			if (this.line[at] !== line) this.line[at] = 0;
			return at;
		}
		if (this.count >= NODES_MAX) {
			this.isFull = true;
			return -1;
		}
		this.places.set(this, slot, this.count);
		return this.add(parent, key, line, inlined);
	}

	// Values of nodes of another tree become self of nodes here; -1: of none.
	setSelf(values, to) {
		this.self = values.map((column) => {
			const self = new Float64Array(this.count);
			for (let i = 0; i < to.length; i++) if (to[i] >= 0) self[to[i]] += column[i];
			return self;
		});
		this.total = this.self.map((column) => {
			const total = column.slice();
			for (let i = this.count - 1; i > 0; i--) total[this.parent[i]] += total[i];
			return total;
		});
		return this;
	}

	name(at) {
		if (at === 0 && this.key[0] < 0) return 'all';
		const f = functions.list[this.key[at]];
		if (f.kind === KINDS.CUT) return '(outer frames missing)';
		if (f.kind === KINDS.NO_STACK) return '(no stack)';
		if (f.kind === KINDS.FOLDED) return '(' + this.folded[at] + ' small ones folded)';
		return functionName(string(f.name), f.module);
	}

	// Of what its code is: a kind of themes.kinds.
	kind(at) {
		const f = this.function(at);
		if (this.inlined[at]) return 'inlined';
		if (isPython(f)) return 'python';
		return f.name < 0 ? 'unnamed' : 'native';
	}

	home(at) {
		return homeOf(this.function(at));
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
		if (this.sorted[metric]) return this.sorted[metric];
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
		this.sorted[metric] = {first, list};
		return this.sorted[metric];
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
	base.total = total.map((values) => values.slice());
	base.self = self.map((values) => values.slice());
	for (let k = 0; k < m; k++)
		for (let i = 1; i < n; i++) rest[k][flame.parent[i]] -= total[k][i];
	for (let i = 0; i < n; i++) {
		if (!flame.folded[i] || !rest.some((values) => values[i] > 0)) continue;
		const at = base.add(i, functionKey(-1, -1, -1, KINDS.FOLDED), 0, 0);
		base.folded[at] = flame.folded[i];
		for (let k = 0; k < m; k++) base.total[k][at] = base.self[k][at] = rest[k][i];
	}
	return base;
}

// Recursion folded: what a function does below itself counts for its
// outermost activation.
export function foldRecursion(from) {
	const tree = new Tree(from.columns);
	const to = new Int32Array(from.count);
	tree.key[0] = from.key[0];
	for (let i = 1; i < from.count; i++) {
		let at = to[from.parent[i]];
		while (at !== 0 && tree.key[at] !== from.key[i]) at = tree.parent[at];
		if (at === 0 && tree.key[0] !== from.key[i])
			at = tree.child(to[from.parent[i]], from.key[i], from.line[i], from.inlined[i]);
		to[i] = at < 0 ? to[from.parent[i]] : at;
	}
	for (let i = 0; i < from.count; i++) tree.folded[to[i]] += from.folded[i];
	return tree.setSelf(from.self, to);
}

// Who allocates on top, below it its callers.
export function invert(from) {
	const tree = new Tree(from.columns);
	const ends = new Int32Array(from.count).fill(-1);
	for (let i = 1; i < from.count; i++) {
		if (!from.self.some((values) => values[i] !== 0)) continue;
		let to = 0;
		for (let at = i; at !== 0; at = from.parent[at]) {
			const next = tree.child(to, from.key[at], from.line[at], from.inlined[at]);
			if (next < 0) break;
			to = next;
			tree.folded[to] += from.folded[at];
		}
		ends[i] = to;
	}
	return tree.setSelf(from.self, ends);
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
	const tree = new Tree(from.columns);
	const {inside} = outermost(from, key);
	const to = new Int32Array(from.count).fill(-1);
	tree.key[0] = key;
	for (let i = 1; i < from.count; i++) {
		if (!inside[i]) continue;
		to[i] = 0;
		if (inside[from.parent[i]])
			to[i] = tree.child(to[from.parent[i]], from.key[i], from.line[i], from.inlined[i]);
		if (to[i] < 0) to[i] = to[from.parent[i]];
		tree.folded[to[i]] += from.folded[i];
	}
	return tree.setSelf(from.self, to);
}

// All that call a function, with what it has on their behalf.
export function callers(from, key) {
	const tree = new Tree(from.columns);
	const ends = new Int32Array(from.count).fill(-1);
	tree.key[0] = key;
	for (const i of outermost(from, key).found) {
		let to = 0;
		for (let at = from.parent[i]; at !== 0; at = from.parent[at]) {
			const next = tree.child(to, from.key[at], from.line[at], from.inlined[at]);
			if (next < 0) break;
			to = next;
		}
		ends[i] = to;
	}
	return tree.setSelf(from.total, ends);
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
