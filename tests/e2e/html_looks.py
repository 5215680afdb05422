#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Pages of memprof html as people use them: colours, keys, the focus, paper,
links to what one sees, and graphs of 100,000 boxes."""

import csv
import itertools
import math
import os
import random
import re
import sys

from harness import CC, TOP, finish, main, start
from pages import EVIL, METRICS, TABLES, VIEWS, ZOOMED, InBrowser, Recorded

TEXT, MARKS = 4.5, 3.0  # contrasts that WCAG 2.2 AA asks for
APART = 12  # of CIE L*a*b*: two colours side by side are not the same

# How colours are seen (Machado, Oliveira, Fernandes 2009), of linear light.
SIGHTS = {
    "all": ((1, 0, 0), (0, 1, 0), (0, 0, 1)),
    "no red": ((0.152286, 1.052583, -0.204868),
               (0.114503, 0.786281, 0.099216),
               (-0.003882, -0.048116, 1.051998)),
    "no green": ((0.367322, 0.860646, -0.227968),
                 (0.280085, 0.672501, 0.047413),
                 (-0.011820, 0.042940, 0.968881)),
}


def linear(colour):
    channels = [(colour >> shift & 255) / 255 for shift in (16, 8, 0)]
    return [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4
            for c in channels]


def luminance(colour):
    return sum(a * b for a, b in zip((0.2126, 0.7152, 0.0722), linear(colour)))


def contrast(a, b):
    dark, light = sorted((luminance(a), luminance(b)))
    return (light + 0.05) / (dark + 0.05)


def lab(colour, sight):
    seen = [min(1, max(0, sum(a * b for a, b in zip(row, linear(colour)))))
            for row in SIGHTS[sight]]
    x, y, z = [sum(a * b for a, b in zip(row, seen)) / white
               for row, white in (((0.4124564, 0.3575761, 0.1804375), 0.95047),
                                  ((0.2126729, 0.7151522, 0.0721750), 1),
                                  ((0.0193339, 0.1191920, 0.9503041), 1.08883))]
    f = [t ** (1 / 3) if t > 0.008856 else 7.787 * t + 16 / 116
         for t in (x, y, z)]
    return 116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])


def apart(a, b):
    """How different two colours are at least, whoever looks at them."""
    return min(math.dist(lab(a, sight), lab(b, sight)) for sight in SIGHTS)


class Looks(InBrowser):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.make_page(cls.mp)

    def theme(self, theme):
        self.browser.wait(
            "const e = document.documentElement;"
            "if (e.dataset.theme !== arguments[0])"
            "document.getElementById('theme').click();"
            "return e.dataset.theme === arguments[0]", theme)

    def test_colours_of_what_is_drawn_are_told_apart(self):
        path = os.path.join(TOP, "analyzer/view/html/colours.js")
        with open(path) as file:
            code = file.read().replace("export ", "")
        themes, layers, letters = self.browser.run(
            code + "return [themes, layerColours,"
            "layerColours.map(lettersOn)];")
        self.assertEqual(set(themes), {"light", "dark"})
        for name, theme in themes.items():
            fills = theme["modules"] + list(theme["kinds"].values()) + [
                theme[key] for key in ("root", "small", "other", "match",
                                       "same")]
            fills += theme["grown"] + theme["shrunk"]
            for fill in fills:
                self.assertGreaterEqual(contrast(fill, theme["ink"]), TEXT,
                                        (name, "%06x" % fill))
                self.assertGreaterEqual(contrast(fill, theme["edge"]), MARKS,
                                        (name, "%06x" % fill))
            for key in ("ink", "dim"):
                self.assertGreaterEqual(
                    contrast(theme[key], theme["panel"]), TEXT, (name, key))
            for colour in [theme["edge"]] + list(theme["lines"].values()):
                self.assertGreaterEqual(contrast(colour, theme["panel"]),
                                        MARKS, (name, "%06x" % colour))
            for scale in (theme["modules"] + [theme["other"]],
                          list(theme["kinds"].values()),
                          [theme["grown"][1], theme["shrunk"][1],
                           theme["same"]]):
                for a, b in itertools.combinations(scale, 2):
                    self.assertGreater(apart(a, b), APART,
                                       (name, "%06x" % a, "%06x" % b))
        for a, b in zip(layers, layers[1:]):
            self.assertGreater(apart(a, b), APART, ("%06x" % a, "%06x" % b))
        for fill, letter in zip(layers, letters):
            self.assertGreaterEqual(contrast(fill, letter), TEXT)

    # The text of all elements against what is behind it.
    CONTRASTS = """
        const parse = (text) => {
            const [r, g, b, a = 1] = text.match(/[0-9.]+/g).map(Number);
            return {c: [r, g, b], a};
        };
        const over = (top, under) => top.c.map((v, i) =>
            v * top.a + under[i] * (1 - top.a));
        const light = (c) => {
            const [r, g, b] = c.map((v) => v / 255).map((v) =>
                v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
            return 0.2126 * r + 0.7152 * g + 0.0722 * b + 0.05;
        };
        const behind = (element) => {
            const all = [];
            for (let e = element; e; e = e.parentElement) {
                const style = getComputedStyle(e);
                const image = style.backgroundImage.match(/rgba?\\([^)]*\\)/);
                if (image) all.push(parse(image[0]));
                all.push(parse(style.backgroundColor));
                const bar = e.classList.contains('bar') ||
                    e.classList.contains('diverge');
                if (bar && e.firstChild.style)
                    all.push(parse(getComputedStyle(e.firstChild)
                        .backgroundColor));
            }
            return all.reverse().reduce((c, top) => over(top, c),
                [255, 255, 255]);
        };
        const bad = [];
        const walker = document.createTreeWalker(document.body,
            NodeFilter.SHOW_TEXT);
        while (walker.nextNode()) {
            const element = walker.currentNode.parentElement;
            if (!walker.currentNode.data.trim() ||
                !element.checkVisibility() ||
                element.closest('script, :disabled')) continue;
            const back = behind(element);
            const ink = over(parse(getComputedStyle(element).color), back);
            const [a, b] = [light(ink), light(back)].sort((x, y) => y - x);
            if (a / b < 4.5) bad.push([element.outerHTML.slice(0, 200), a / b]);
        }
        return bad.slice(0, 5);"""

    def test_text_is_readable(self):
        for theme in ("light", "dark"):
            self.theme(theme)
            for view in VIEWS:
                self.browser.go("#view=" + view)
                self.assertEqual(self.browser.run(self.CONTRASTS), [],
                                 (theme, view))

    def test_everything_has_a_name_and_a_role(self):
        for view in VIEWS:
            self.browser.go("#view=" + view)
            self.assertEqual(self.browser.run("""
                const bad = [];
                const all = (what) => [...document.querySelectorAll(what)];
                for (const e of all('button, a[href], input, select'))
                    if (!(e.textContent.trim() || e.getAttribute('aria-label')
                        || (e.labels && e.labels.length)))
                        bad.push(e.outerHTML);
                for (const e of all('canvas'))
                    if (e.getAttribute('role') !== 'img' ||
                        !e.getAttribute('aria-label')) bad.push(e.outerHTML);
                for (const e of all('[tabindex]'))
                    if (e.tabIndex > 0) bad.push(e.outerHTML);
                for (const e of all('[tabindex="0"]'))
                    if (!e.getAttribute('aria-label')) bad.push(e.outerHTML);
                const ids = all('[id]').map((e) => e.id);
                bad.push(...ids.filter((id, i) => ids.indexOf(id) !== i));
                if (all('nav [aria-current]').length !== 1) bad.push('nav');
                if (!document.title || document.documentElement.lang !== 'en')
                    bad.push('title');
                return bad;"""), [], view)
            self.assertIn("program", self.browser.run("return document.title"))
        self.browser.go("#view=table&metric=count")
        sorts = self.browser.run(
            "return [...document.querySelectorAll('#table th')]"
            ".map((e) => e.getAttribute('aria-sort')).filter(Boolean)")
        self.assertEqual(sorts, ["none", "descending", "none"])

    def test_the_focus_stays_where_it_was(self):
        cases = (("flame", "#main select", "kind"),
                 ("flame", "#main button", None),
                 ("table", "#main select", "line"),
                 ("table", "[data-sort=name]", None),
                 ("leaks", "#main select", "file"),
                 ("overview", "nav a:nth-child(4)", None))
        for view, selector, value in cases:
            self.browser.go("#view=" + view)
            self.browser.run("""
                const e = document.querySelector(arguments[0]);
                e.focus();
                if (arguments[1] === null) e.click();
                else {
                    e.value = arguments[1];
                    e.dispatchEvent(new Event('change', {bubbles: true}));
                }
                return new Promise((ok) => setTimeout(ok, 0));""", selector,
                             value)
            self.assertTrue(self.browser.run(
                "return document.querySelector(arguments[0]) ==="
                "document.activeElement", selector), (view, selector))

    # Keys.

    def press(self, key, selector="#main"):
        self.browser.key(selector, key)

    def state(self):
        return self.browser.run("return location.hash")

    def test_keys_do_what_the_list_says(self):
        self.browser.go("#view=flame&metric=leaked")
        self.press("?")
        keys = self.browser.texts("#help kbd")
        self.browser.click("#help button")
        self.browser.wait("return document.getElementById('help') === null")
        with open(os.path.join(TOP, "man/memprof-html.1")) as file:
            section = file.read().split(".Ss Keys")[1].split(".Ss")[0]
        page = re.findall(r"^\.It (?:Li )?(.*)$", section, re.M)
        self.assertEqual([key.replace(" ,", ",").replace("\\&", "")
                          for key in page], keys)
        self.press("i")
        self.assertIn("dir=up", self.state())
        self.press("f")
        self.assertIn("fold=1", self.state())
        self.press("m")
        self.assertIn("metric=allocated", self.state())
        self.press("ArrowDown", ".flamebox")
        self.press("c")
        self.browser.wait("return location.hash.includes('fn=')")
        self.press("Escape")
        self.assertNotIn("fn=", self.state())
        self.press("5")
        self.browser.wait("return location.hash.includes('view=source')")
        self.press("n")
        first = self.browser.run(
            "return document.querySelector('#lines tr.at').id")
        self.press("n")
        self.press("p")
        self.assertEqual(self.browser.run(
            "return document.querySelector('#lines tr.at').id"), first)
        self.press("4")
        self.browser.wait("return location.hash.includes('view=table')")
        self.press("/")
        self.assertEqual(self.browser.run("return document.activeElement.id"),
                         "filter")
        self.press("Escape", "#filter")
        self.assertNotEqual(self.browser.run(
            "return document.activeElement.id"), "filter")

    def test_from_a_box_to_its_line_and_back(self):
        self.browser.go("#view=flame&metric=leaked")
        self.browser.run("""
            const {boxes} = document.querySelector('.flamebox');
            boxes.on.select(boxes.ats.find((at) =>
                boxes.tree.name(at) === 'leaf'));""")
        self.browser.click(".info a[title]")
        self.browser.wait("return location.hash.includes('view=source')")
        line = self.browser.run(
            "return document.querySelector('#lines tr.at').id.slice(1)")
        with open(self.source) as file:
            self.assertIn("malloc(size)", file.readlines()[int(line) - 1])
        self.browser.click("#L%s td a" % line)
        self.browser.wait("return location.hash.includes('view=flame')")
        self.browser.wait("return document.getElementById('matched')")
        # Below main, and below each of five in one another.
        self.assertIn("6 boxes match", self.browser.text("#matched"))

    def test_a_zoom_is_a_step_back(self):
        self.browser.go("#view=flame&metric=leaked")
        self.press("ArrowDown", ".flamebox")
        self.press("ArrowDown", ".flamebox")
        self.press("Enter", ".flamebox")
        self.browser.wait(ZOOMED)
        self.browser.run("history.back()")
        self.browser.wait("return !location.hash.includes('zoom=')")
        self.browser.wait("return document.querySelector('.flamebox')"
                          ".boxes.zoom === 0")


    def test_a_search_shows_what_it_found(self):
        self.browser.size(1280, 120)
        self.browser.go("#view=flame")
        top = "return document.querySelector('.flamebox').scrollTop;"
        self.assertEqual(self.browser.run(top), 0)
        self.browser.fill("#search", "_start")
        self.assertEqual(self.browser.run(top), 0)
        self.browser.fill("#search", "recurse")
        self.assertGreater(self.browser.run(top), 0)


# A hundred deep and a thousand wide: none of the boxes is out of sight.
WIDE = """#include <stdlib.h>
typedef void fn(const unsigned char *path, int left);
static fn *functions[10];
void *kept[1000];
static int n;
volatile int calls;
%s
static fn *functions[10] = { %s };
int main(void)
{
	unsigned char path[100];
	unsigned random = 1;

	for (int i = 0; i < 1000; i++) {
		for (int k = 0; k < 100; k++) {
			random = random * 1103515245 + 12345;
			path[k] = random >> 16 & 7;
		}
		path[0] = i %% 10;
		path[1] = i / 10 %% 10;
		path[2] = i / 100;
		functions[0](path, 99);
	}
	return 0;
}
""" % ("\n".join("""__attribute__((noinline)) static void f%d(
	const unsigned char *path, int left)
{
	if (left == 0)
		kept[n++] = malloc(1000);
	else
		functions[*path](path + 1, left - 1);
	calls++;
}""" % i for i in range(10)), ", ".join("f%d" % i for i in range(10)))


class Wide(Recorded):
    """100,000 boxes in sight."""

    @classmethod
    def setUpClass(cls):
        cls.make_folder()
        source = os.path.join(cls.folder, "wide.c")
        with open(source, "w") as file:
            file.write(WIDE)
        run = finish(start((CC, "-g", "-O1", "-fno-optimize-sibling-calls",
                            "-o", os.path.join(cls.folder, "wide"), source)))
        assert run.status == 0, run.stderr.decode()
        cls.mp = cls.record(os.path.join(cls.folder, "wide"), "wide.mp")
        cls.make_page("--nodes", "0", "--no-source", cls.mp)

    def test_all_are_drawn_with_few_strokes(self):
        self.browser.go("#view=flame")
        self.browser.wait("return document.querySelector('.flamebox')"
                          ".boxes.starts !== undefined")
        boxes, rows, strokes, wrong, missed = self.browser.run("""
            const boxes = document.querySelector('.flamebox').boxes;
            const all = CanvasRenderingContext2D.prototype.fillRect;
            let strokes = 0;
            CanvasRenderingContext2D.prototype.fillRect = function (...args) {
                strokes++;
                return all.apply(this, args);
            };
            boxes.draw();
            CanvasRenderingContext2D.prototype.fillRect = all;
            const {data, width} = boxes.canvas.getContext('2d').getImageData(
                0, 0, boxes.canvas.width, boxes.canvas.height);
            let wrong = 0;
            let missed = 0;
            for (let k = 0; k < 500; k++) {
                const i = Math.floor(k / 500 * boxes.starts[30]);
                const r = boxes.starts.findIndex((s) => s > i) - 1;
                const x = (boxes.xs[i] + boxes.ws[i] / 2) * boxes.layoutWidth;
                const at = 4 * ((r * 19 + 2) * width + Math.floor(x));
                const [R, G, B] = data.slice(at, at + 3);
                const fill = boxes.colour(boxes.ats[i], boxes.theme);
                if ((R << 16 | G << 8 | B) !== fill) wrong++;
                if (boxes.at(x, r * 19 + 9) !== boxes.ats[i]) missed++;
            }
            return [boxes.ats.length, boxes.rowCount, strokes, wrong,
                missed];""")
        self.assertGreater(boxes, 90000)
        self.assertGreaterEqual(rows, 100)
        # Two for each box of 4 points or more.
        self.assertLess(strokes, 2000)
        self.assertEqual(wrong, 0)
        self.assertEqual(missed, 0)

    def test_turned_round_it_is_what_flame_says(self):
        flame = self.json("html", "--nodes", "0", "--no-source",
                          self.mp)["flame"]
        keys = [(function, flame["file"][i], flame["kind"][i])
                for i, function in enumerate(flame["function"])]
        want = {(): 0}
        for i, value in enumerate(flame["self"][2]):
            at = i if value else 0
            path = []
            want[()] += value
            while at:
                path.append(keys[at])
                want[tuple(path)] = want.get(tuple(path), 0) + value
                at = flame["parent"][at]
        self.browser.go("#view=flame&dir=up&metric=allocated")
        count, totals, isFull = self.browser.run("""
            const {tree} = document.querySelector('.flamebox').boxes;
            return [tree.count, [...tree.total[2]], tree.isFull];""")
        self.assertFalse(isFull)
        self.assertEqual(count, len(want))
        self.assertEqual(sorted(totals), sorted(want.values()))

    def test_a_zoom_makes_no_element_anew(self):
        self.browser.go("#view=flame")
        same = self.browser.run("""
            const before = [...document.querySelectorAll('canvas, select')];
            const boxes = document.querySelector('.flamebox').boxes;
            boxes.on.zoom(boxes.ats[40]);
            const after = [...document.querySelectorAll('canvas, select')];
            return [before.every((e, i) => e === after[i]), boxes.zoom,
                boxes.ats[40], location.hash];""")
        self.assertTrue(same[0])
        self.assertIn("zoom=%d" % same[1], same[3])
        self.assertGreater(same[1], 0)

    def test_paper_gets_all_rows(self):
        self.browser.go("#view=flame")
        rows, sheets, theme = self.browser.run("""
            document.documentElement.dataset.theme = 'dark';
            dispatchEvent(new Event('beforeprint'));
            const boxes = document.querySelector('.flamebox').boxes;
            const sheets = [...document.querySelectorAll('.paper canvas')];
            return [boxes.rowCount, sheets.map((e) => e.height / 19),
                document.documentElement.dataset.theme];""")
        self.assertGreater(rows, 100)
        self.assertEqual(sum(sheets), rows)
        self.assertEqual(theme, "light")
        self.assertEqual(self.browser.run("""
            dispatchEvent(new Event('afterprint'));
            const theme = document.documentElement.dataset.theme;
            document.documentElement.dataset.theme = 'light';
            return [document.querySelectorAll('.paper').length, theme];"""),
            [0, "dark"])
        pdf = self.browser.print_page()
        self.assertTrue(pdf.startswith(b"%PDF"))
        self.assertGreaterEqual(len(re.findall(rb"/Type\s*/Page\b", pdf)), 2)


PYTHON = """
def pile(n):
    return [bytes(2000) for _ in range(n)]
kept = pile(3000)
"""


class Python(Recorded):
    def test_its_code_is_told_apart(self):
        script = self.path("script.py")
        with open(script, "w") as file:
            file.write(PYTHON)
        dump = self.record(sys.executable, "python.mp", script,
                           MEMPROF_PYTHON="stack")
        page = self.path("python.html")
        self.memprof("html", "-o", page, dump)
        self.browser.open(page)
        # Not by the interpreter's allocator, nor by what is installed.
        self.assertRegex(self.browser.text("#owners a"),
                         r"^pile(\.<locals>\.<listcomp>)?$")
        for way in ("kind", "module"):
            self.browser.go("#view=flame&colour=" + way)
            texts = self.browser.texts("#colours li")
            self.assertIn("Python", texts)
            self.assertGreaterEqual(len(texts), 2)
            kinds = self.browser.run("""
                const {boxes} = document.querySelector('.flamebox');
                const found = {};
                for (const at of boxes.ats) {
                    const kind = at > 0 && boxes.tree.kind(at);
                    if (kind) found[kind] = boxes.colour(at, boxes.theme);
                }
                return [found.python, found.native];""")
            self.assertEqual(len(set(kinds)), 2, kinds)
            self.assertNotIn(None, kinds)


class Links(Recorded):
    """What one sees is in the address, all of it."""

    CHOICES = {
        "view": ("overview", "timeline", "flame", "table", "source", "leaks",
                 "sizes", "diff"),
        "metric": tuple(METRICS), "by": TABLES,
        "sort": ("self", "cumulative", "name"), "up": ("", "1"),
        "q": ("", "take", "a.*n", "("), "dir": ("down", "up"),
        "zoom": ("0", "2", "4"), "fold": ("", "1"),
        "colour": ("module", "kind", "function"),
        "group": ("function", "file", "module", "site"),
        "width": ("new", "old"),
        "order": ("change", "growth", "shrinkage", "now"),
    }
    LOOK = """
        return [document.getElementById('main').innerText,
            [...document.querySelectorAll('input, select')].map((e) => e.value),
            [...document.querySelectorAll('[aria-pressed]')].map((e) =>
                e.getAttribute('aria-pressed')),
            document.querySelectorAll('#lines tr.at').length,
            [...document.querySelectorAll('canvas')].map((e) =>
                e.toDataURL()), document.title];"""

    @classmethod
    def setUpClass(cls):
        cls.make_folder()
        cls.mp = cls.record("phases", "phases.mp")
        cls.make_page("--baseline", cls.mp + "@second", cls.mp)

    def look(self):
        # What is drawn comes with the next frame.
        self.browser.run("return new Promise((ok) => requestAnimationFrame("
                         "() => requestAnimationFrame(ok)))")
        return self.browser.run(self.LOOK)

    def test_every_part_of_an_address_has_an_effect(self):
        page = self.json("html", self.mp)
        files = [page["strings"][source["file"]] for source in page["sources"]]
        file = next(text for text in files if text.endswith("phases.c"))
        # Without information about the C library there is one file.
        others = [text for text in files if text != file][:1]
        moments = page["history"]["moments"]
        for view, part in (
                ("table", "metric=count"), ("table", "by=file"),
                ("table", "sort=name"), ("table", "up=1"), ("table", "q=take"),
                ("flame&metric=allocated", "dir=up"),
                ("flame&metric=allocated", "zoom=4"),
                ("flame&metric=allocated", "colour=kind"),
                ("flame", "fold=1"), ("flame", "q=main"),
                *(("source", "file=" + other) for other in others),
                ("source&file=" + file, "line=26"),
                ("leaks", "group=file"), ("diff&metric=leaked", "width=old"),
                ("diff&metric=allocated", "order=shrinkage"),
                ("overview", "to=%d" % moments[1]["ns"]),
                ("overview&to=%d" % moments[2]["ns"],
                 "from=%d" % moments[0]["ns"])):
            self.browser.go("#view=" + view)
            before = self.look()
            self.browser.go("#view=%s&%s" % (view, part))
            self.assertTrue(self.look() != before, (view, part))

    def test_a_link_shows_the_same_whatever_was_chosen(self):
        seed = random.randrange(1 << 32)
        chance = random.Random(seed)
        moments = [m["ns"] for m in
                   self.json("html", self.mp)["history"]["moments"]]
        for _ in range(8):
            state = {key: chance.choice(values)
                     for key, values in self.CHOICES.items()}
            state["from"], state["to"] = chance.choice((
                ("", ""), ("", str(moments[1])),
                (str(moments[0]), str(moments[2]))))
            # Step by step, in any order, as people come to it.
            keys = list(state)
            chance.shuffle(keys)
            fragment = "#"
            for key in keys[:-3:4] + keys[-1:]:
                so_far = keys[:keys.index(key) + 1]
                fragment = "#" + "&".join(
                    "%s=%s" % (k, state[k].replace("(", "%28"))
                    for k in so_far)
                self.browser.go(fragment)
            seen = self.look()
            self.browser.open(self.page, fragment)
            self.assertEqual(self.look(), seen, (seed, fragment))


class Names(Recorded):
    """What is recorded is text, wherever it comes from."""

    EVIL = "<img src=x onerror=hacked=9>\u202e\"'&"
    CODE = """#include <sys/prctl.h>
#include <stdlib.h>
#include "preload/memprof.h"
static void *kept;
int main(int argc, char **argv)
{
	prctl(PR_SET_NAME, "<b onclick=x>\\"'");
	kept = malloc(100);
	MEMPROF_MARK(argv[1]);
	MEMPROF_SNAPSHOT(argv[1]);
	return 0;
}
"""

    def test_of_threads_arguments_marks_modules_and_hosts(self):
        source = self.path("evil.c")
        with open(source, "w") as file:
            file.write(self.CODE)
        program = self.path("<b onclick=hacked=8>&\"'\u202e")
        run = finish(start((CC, "-g", "-I", TOP, "-o", program, source)))
        self.assertEqual(run.status, 0, run.stderr)
        self.record(program, "evil.mp", self.EVIL)
        dump = os.path.join(self.folder, "evil.mp")
        # A host may have any name in a dump, whatever this one is called.
        host = os.uname().nodename.encode()
        with open(dump, "rb") as file:
            data = file.read()
        evil = (b"<b>\"'&" * 100)[:len(host)]
        self.assertIn(host, data)
        with open(dump, "wb") as file:
            file.write(data.replace(host, evil))
        page = self.path("evil.html")
        self.memprof("html", "-o", page, dump)
        self.browser.open(page)
        shown = {}
        for view in VIEWS + ("table&by=thread", "table&by=module"):
            self.browser.go("#view=" + view)
            shown[view] = self.browser.text("#main")
            self.assertEqual(self.browser.run(
                "return document.querySelectorAll('b[onclick], [onerror]')"
                ".length"), 0, view)
            self.assertNotIn("\u202e", self.browser.text("body"), view)
        visible = self.EVIL.replace("\u202e", "\\u{202e}")
        self.assertIn(visible, shown["overview"])
        self.assertIn(visible, shown["timeline"])
        self.assertIn("<b onclick=x>\"'", shown["table&by=thread"])
        self.assertIn("<b onclick=hacked=8>&\"'\\u{202e}",
                      shown["table&by=module"])
        self.assertIn(evil.decode(), shown["overview"])

    def make_one(self, name):
        """The page of a program of that name with one block."""
        source = self.path("one.c")
        with open(source, "w") as file:
            file.write("#include <stdlib.h>\nvoid *kept;\n"
                       "int main(void) { kept = malloc(9); return 0; }\n")
        run = finish(start((CC, "-g", "-o", self.path(name), source)))
        self.assertEqual(run.status, 0, run.stderr)
        dump = self.record(self.path(name), "one.mp")
        page = self.path("one.html")
        self.memprof("html", "-o", page, dump)
        self.browser.open(page)

    def test_one_is_not_many(self):
        self.make_one("one")
        for view in VIEWS:
            self.browser.go("#view=" + view)
            text = self.browser.text("#main")
            self.assertNotRegex(
                text, r"(?<![\d,.])1 (\w+ )?(allocations\b(?!,)|blocks|rows|"
                r"moments|points|threads|boxes|stacks|nodes|suppressions)",
                view)
            self.assertIn({"overview": "in 1 block", "leaks": "in 1 block",
                           "table&by=site": "1 row, "}.get(view, ""), text)

    def test_a_spreadsheet_takes_no_name_for_a_formula(self):
        self.make_one("=1+1")
        self.browser.go("#view=table&by=module")
        self.browser.click("#csv")
        path = os.path.join(self.browser.folder, "memprof-module.csv")
        self.browser.wait_for_file(path)
        with open(path) as file:
            names = [row["name"] for row in csv.DictReader(file)]
        self.assertIn("'=1+1", names)
        self.assertNotIn("=1+1", names)

    def test_nothing_recorded_is_said(self):
        source = self.path("none.c")
        with open(source, "w") as file:
            file.write("int main(void) { return 0; }\n")
        run = finish(start((CC, "-o", self.path("none"), source)))
        self.assertEqual(run.status, 0, run.stderr)
        dump = self.record(self.path("none"), "none.mp")
        page = self.path("none.html")
        self.memprof("html", "-o", page, dump)
        self.browser.open(page)
        for view, text in (("flame", "Nothing of this metric"),
                           ("table", "Nothing of this metric"),
                           ("sizes", "Nothing of this metric"),
                           ("leaks", "everything was freed"),
                           ("source", "build the program with -g")):
            self.browser.go("#view=" + view)
            self.assertIn(text, self.browser.text("#main"), view)


if __name__ == "__main__":
    main()
