// SPDX-License-Identifier: MIT
// On paper: black on white, and flame graphs in full.
let screenTheme = null;

function each(what) {
	for (const box of document.querySelectorAll('.flamebox')) what(box.boxes);
}

function redrawPlots() {
	for (const box of document.querySelectorAll('.plot')) box.plot.draw();
}

export function listenForPrint() {
	addEventListener('beforeprint', () => {
		if (screenTheme) return;
		screenTheme = document.documentElement.dataset.theme;
		document.documentElement.dataset.theme = 'light';
		redrawPlots();
		each((boxes) => boxes.toPaper());
	});
	addEventListener('afterprint', () => {
		if (!screenTheme) return;
		document.documentElement.dataset.theme = screenTheme;
		screenTheme = null;
		redrawPlots();
		each((boxes) => boxes.fromPaper());
	});
}
