// SPDX-License-Identifier: MIT
// What is told of where the pointer is.
import {el} from './dom.js';

let tip = null;

// Beside the pointer, and within the window.
export function showTip(x, y, ...content) {
	hideTip();
	tip = el('div.tip', {role: 'tooltip'}, content);
	document.body.append(tip);
	const {width, height} = tip.getBoundingClientRect();
	tip.style.left = Math.max(4, Math.min(x + 12, window.innerWidth - width - 8)) + 'px';
	tip.style.top = (y + 20 + height < window.innerHeight ? y + 18 : Math.max(4, y - height - 10)) + 'px';
}

export function hideTip() {
	if (tip) tip.remove();
	tip = null;
}
