#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""memprof html and memprof flame: what they write, seen by a real browser.
With MEMPROF_PICTURES=DIR pictures of all views are left there."""

import csv
import os
import re
import xml.etree.ElementTree as ElementTree

from harness import MEMPROF, clean_env, finish, main, start
from pages import (EVIL, METRICS, NOT_ZOOMED, SORTS, SOURCE, TABLES, VIEWS,
                   ZOOMED, InBrowser, Recorded, Shared, rows_of)


class Files(Shared):
    def test_a_page_has_no_text_of_the_recording_and_names_no_address(self):
        with open(self.write()) as file:
            page = file.read()
        self.assertTrue(page.startswith("<!doctype html><!-- memprof -->"))
        for text in ("onerror", "recurse", "program.mp", "http:", "https:"):
            self.assertNotIn(text, page)
        self.assertIn("default-src 'none'; script-src 'sha256-", page)
        data = re.search('id="data">([A-Za-z0-9+/=]*)</script>', page)
        self.assertLessEqual(len(page) - len(data.group(1)), 150000)

    def test_only_its_own_files_are_replaced(self):
        for command, end in (("html", ".html"), ("flame", ".svg")):
            path = self.path("x" + end)
            with open(path, "w") as file:
                file.write("mine")
            run = self.memprof(command, "-o", path, self.mp, status=2)
            self.assertIn(b"--force", run.stderr)
            with open(path) as file:
                self.assertEqual(file.read(), "mine")
            self.memprof(command, "-f", "-o", path, self.mp)
            self.memprof(command, "-o", path, self.mp)
            self.assertEqual([n for n in os.listdir(self.dir) if "new" in n],
                             [])

    def test_the_name_is_that_of_the_dump_in_the_working_directory(self):
        self.memprof("html", self.mp)
        self.memprof("flame", self.mp)
        self.assertEqual(sorted(os.listdir(self.dir)),
                         ["program.html", "program.svg"])

    def test_what_cannot_be_written_is_said(self):
        for command in ("html", "flame"):
            run = self.memprof(command, "-o", "no/such/x", self.mp, status=2)
            self.assertIn(b"no/such/x: cannot be written", run.stderr)
            run = self.memprof(command, "-o", "/dev/full", self.mp, status=2)
            self.assertIn(b"/dev/full: cannot be written", run.stderr)

    def test_stdout_gets_the_same(self):
        with open(self.write(), "rb") as file:
            page = file.read()
        self.assertEqual(self.memprof("html", "-o", "-", self.mp).stdout, page)

    def test_open_starts_the_browser(self):
        self.need("mkfifo")
        os.mkdir(self.path("bin"))
        os.mkfifo(self.path("opened"))
        with open(self.path("bin", "xdg-open"), "w") as file:
            file.write("#!/bin/sh\necho \"$1\" >%s\n" % self.path("opened"))
        os.chmod(self.path("bin", "xdg-open"), 0o755)
        env = clean_env(PATH=self.path("bin") + ":" + os.environ["PATH"])
        process = start((MEMPROF, "html", "--open", self.mp), env=env,
                        cwd=self.dir)
        with open(self.path("opened")) as file:
            self.assertEqual(file.read().strip(), self.path("program.html"))
        self.assertEqual(finish(process).status, 0)

    def test_sources_can_be_left_out(self):
        with_text = self.memprof("html", "--json", self.mp).stdout
        without = self.memprof("html", "--json", "--no-source", self.mp).stdout
        self.assertIn(b"hacked=2", with_text)
        self.assertNotIn(b"hacked=2", without)

    def test_folding_keeps_every_sum(self):
        flame = self.json("html", "--nodes", "4", self.mp)["flame"]
        whole = self.json("html", self.mp)["flame"]
        self.assertEqual(len(flame["parent"]), 4)
        self.assertEqual(flame["all_nodes"], len(whole["parent"]))
        self.assertEqual(sum(flame["folded"]), len(whole["parent"]) - 4)
        self.assertIsNone(whole["share"])
        self.assertRegex(flame["share"], "^[0-9.]+%$")
        for metric in range(5):
            self.assertEqual(flame["total"][metric][0],
                             whole["total"][metric][0])
            self.assertEqual(sum(whole["self"][metric]),
                             whole["total"][metric][0])

        for args in ((), ("--inverted",)):
            folded, limited, whole = (
                self.json("flame", *how, *args, self.mp)["flame"] for how in (
                    ("--nodes", "4"), ("-n", "4"), ("--nodes", "0", "-n", "4")))
            self.assertEqual(folded, limited)
            self.assertEqual(len(folded["parent"]), 4)
            self.assertEqual(folded["all_nodes"], len(whole["parent"]))
            if not args:
                self.assertEqual(folded, flame)

    def test_a_limit_keeps_the_greatest_and_sums_the_others(self):
        page = self.json("html", "-n", "1", self.mp)
        totals = page["totals"]
        site = page["tables"]["site"]
        for i, metric in enumerate(page["metrics"]):
            self.assertEqual(sum(site["self"][i]) + site["rest"][metric],
                             totals[metric], metric)
        self.assertEqual(len(site["stacks"]) + site["rest_rows"],
                         totals["sites"])


class Picture(Shared):
    def boxes(self, *args):
        self.memprof("flame", "-f", "-o", "x.svg", *args, self.mp)
        root = ElementTree.parse(self.path("x.svg")).getroot()
        svg = "{http://www.w3.org/2000/svg}"
        return [(g.find(svg + "title").text.split("\n"),
                 float(g.find(svg + "rect").get("width")),
                 int(float(g.find(svg + "rect").get("y"))))
                for g in root.iter(svg + "g")]

    def test_widths_are_shares(self):
        boxes = self.boxes("--units", "bytes", "--metric", "live")
        named = {title[0]: (title[1], width) for title, width, _ in boxes}
        # 4 of 5 recursive ones, 5000 and 3 * 1000.
        self.assertEqual(named["program"][0], "8,400 B, 100.0%")
        self.assertEqual(named["main"][0], "8,400 B, 100.0%")
        self.assertAlmostEqual(named["main"][1], 1200, delta=0.5)
        evil = next(name for name in named if "<img" in name)
        self.assertEqual(named[evil][0], "3,000 B, 35.7%")
        self.assertAlmostEqual(named[evil][1], 1200 * 3000 / 8400, delta=0.5)
        self.assertNotIn("\u202e", evil)

    def test_every_metric(self):
        totals = self.json("report", self.mp)["totals"]
        for key, metric in (("peak", "peak_bytes"), ("live", "live_bytes"),
                            ("bytes", "allocated_bytes"),
                            ("blocks", "allocations"),
                            ("temporary", "temporary")):
            first = self.boxes("--units", "bytes", "-m", key)[0][0][1]
            self.assertEqual(int(re.sub("[^0-9]", "", first.split(", 100")[0])),
                             totals[metric], key)

    def test_inverted_begins_with_who_allocates(self):
        boxes = self.boxes("--units", "bytes", "--metric", "bytes",
                           "--inverted")
        first = {title[0].split("<")[0]: title[1].split(",")
                 for title, _, y in boxes if y == boxes[1][2]}
        rows = self.json("top", "-n", "0", self.mp)["rows"]
        self.assertEqual(
            {name: int("".join(re.findall("[0-9]+", "".join(parts[:-1]))))
             for name, parts in first.items()},
            {row["function"].split("<")[0]: row["self"]["allocated_bytes"]
             for row in rows if row["self"]["allocated_bytes"]})
        # What leaf allocates for recurse, and for main.
        y = boxes[1][2] + boxes[1][2] - boxes[0][2]
        self.assertIn((["recurse", "500 B, 0.2%"], y), [
            (title, at) for title, _, at in boxes])
        flame = self.json("flame", "--inverted", self.mp)["flame"]
        for metric in range(5):
            self.assertEqual(sum(flame["self"][metric]),
                             flame["total"][metric][0])

    def test_json_is_the_tree(self):
        flame = self.json("flame", self.mp)["flame"]
        self.assertEqual(flame, {**self.json("html", self.mp)["flame"],
                                 **{key: flame[key] for key in (
                                     "function", "file")}})


class Page(InBrowser):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.make_page(cls.mp)

    # The views against the commands.

    def test_overview_has_the_totals(self):
        totals = self.json("report", self.mp)["totals"]
        shown = self.totals()
        self.assertEqual(set(shown), {"peak_bytes", "live_bytes",
                                      "allocated_bytes", "allocations",
                                      "temporary", "sites"})
        for key, number in shown.items():
            self.assertEqual(number, totals[key], key)
        self.assertEqual(totals["live_bytes"], 8400)
        self.assertEqual(len(self.browser.texts("#tops section")), 6)
        # The program's own code is also what was not inlined or installed.
        self.assertEqual(self.browser.texts("#owners a")[0], "shortlived")
        sites = self.json("report", "-n", "0", self.mp)["sites"]
        self.assertEqual(sum(self.browser.values("#owners [data-value]")),
                         sum(site["peak_bytes"] for site in sites))
        self.assertIn("exact", self.browser.text("#main"))

    def test_a_part_of_the_recording_is_said(self):
        self.assertIn("Live at the end", self.browser.text("#tops"))
        path = self.write("--to", "start")
        totals = self.json("report", "--to", "start", self.mp)["totals"]
        self.browser.open(path)
        self.assertIn("until the start.", self.browser.text("#range"))
        self.assertIn("Live then", self.browser.text("#tops"))
        self.assertEqual(self.browser.run(
            "return document.querySelector('[data-total=allocations]').title"),
            str(totals["allocations"]))

    def test_overview_links_lead_to_what_they_name(self):
        name = self.browser.text("#tops section:nth-child(3) .top5 a")
        self.assertEqual(name, "leaf")
        self.browser.click("#tops section:nth-child(3) .top5 a")
        self.assertEqual(self.browser.run("return document.body.dataset.view"),
                         "table")
        self.assertEqual(self.browser.values("#table tbody .bar:nth-child(3)"),
                         [5400])

    def test_every_table_is_that_of_top(self):
        for by in TABLES:
            for key, metric in METRICS.items():
                rows = self.json("top", "--by", by, "-c", "--sort", SORTS[key],
                                 self.mp)["rows"]
                self.browser.go("#view=table&by=%s&metric=%s" % (by, key))
                self.assertEqual(self.tables(by), rows_of(rows, by, metric),
                                 (by, metric))

    def test_a_table_sorts_and_filters(self):
        column = "#table tbody .bar:nth-child(%d)"
        self.browser.go("#view=table&metric=allocated")
        down = self.browser.values(column % 3)
        self.assertEqual(down, sorted(down, reverse=True))
        self.browser.click("[data-sort=self]")
        self.assertEqual(self.browser.values(column % 3), sorted(down))
        self.browser.click("[data-sort=cumulative]")
        values = self.browser.values(column % 5)
        self.assertEqual(values, sorted(values, reverse=True))
        self.browser.click("[data-sort=name]")
        names = self.browser.texts("#table tbody td:first-child")
        self.assertEqual(names, sorted(names))
        self.browser.fill("#filter", "RECURS")
        self.assertEqual(self.browser.texts("#table tbody td:first-child"),
                         ["recurse"])
        self.assertEqual(self.browser.values(column % 5), [500])
        self.assertIn("1 row, ", self.browser.text("#found"))

    def test_csv_is_what_is_shown(self):
        self.browser.go("#view=table&metric=allocated&q=leaf")
        self.browser.click("#csv")
        path = os.path.join(self.browser.folder, "memprof-function.csv")
        self.browser.wait_for_file(path)
        with open(path) as file:
            rows = list(csv.DictReader(file))
        self.assertEqual(len(rows), 1)
        self.assertEqual(rows[0]["name"], "leaf")
        self.assertEqual(rows[0]["self_allocated_bytes"], "5500")
        self.assertEqual(rows[0]["self_live_bytes"], "5400")

    def test_source_is_that_of_lines(self):
        want = self.json("lines", self.mp, self.source)["files"][0]
        # It has the only text that is there, so it is shown at first.
        self.browser.go("#view=source")
        for row in want["lines"]:
            shown = self.browser.run(
                "return [...document.querySelectorAll(arguments[0])]"
                ".map((e) => Number(e.dataset.value))",
                "#L%d td[data-value]" % row["line"])
            self.assertEqual(shown, [row[m] for m in METRICS.values()])
        lines = self.browser.texts("#lines tbody pre")
        self.assertEqual(len(lines), len(SOURCE.splitlines()))
        self.assertEqual(lines[6], SOURCE.splitlines()[6])
        self.assertIn("</script><script>hacked=2</script> \\u{202e} \"",
                      lines[18])
        self.assertEqual(self.browser.run(
            "return [...document.querySelectorAll('[data-sum]')]"
            ".map((e) => e.title.replaceAll(',', ''))"),
            [str(want["sum"][m]) for m in METRICS.values()])

    def test_leaks_are_those_of_leaks(self):
        sites = self.json("leaks", "-n", "0", self.mp)["sites"]
        sites = [site for site in sites if site["live_bytes"]]
        self.browser.go("#view=leaks&group=site")
        self.assertEqual(self.browser.values("#groups summary b"),
                         [site["live_bytes"] for site in sites])
        self.browser.go("#view=leaks&group=function")
        self.assertEqual(self.browser.values("#groups summary b"),
                         [5400, 3000])
        self.browser.run("document.querySelectorAll('#groups details')"
                         ".forEach((e) => { e.open = true; })")
        self.browser.wait("return document.querySelectorAll("
                          "'#groups .stack').length === arguments[0]",
                          len(sites))
        self.assertIn("main", self.browser.text("#groups .stack"))

    def test_sizes_add_up(self):
        totals = self.json("report", self.mp)["totals"]
        for key, metric in METRICS.items():
            self.browser.go("#view=sizes&metric=" + key)
            self.assertEqual(sum(self.browser.values("#sizes .bar")),
                             totals[metric], metric)
        rows = self.browser.run(
            "return [...document.querySelectorAll('#sizes tbody tr')].map("
            "(tr) => [tr.cells[0].textContent, tr.cells[1].dataset.value])")
        self.assertEqual(rows[-1], ["32.0\u00a0KiB < size \u2264 64.0\u00a0KiB",
                                    "7"])

    # The flame graph.

    def total(self, metric):
        return int(self.browser.run(
            "return document.querySelector(arguments[0]).dataset.value",
            ".info [data-metric=%s]" % metric))

    def find(self, name):
        """The number of a box in the main graph, and selects it."""
        return self.browser.run("""
            const boxes = document.querySelector('.flamebox').boxes;
            for (const row of boxes.rows)
                for (const box of row)
                    if (box.at >= 0 && boxes.tree.name(box.at) === arguments[0])
                        return boxes.on.select(box.at), box.at;
            return -1;""", name)

    def test_flame_graph_has_every_metric(self):
        totals = self.json("report", self.mp)["totals"]
        self.browser.go("#view=flame")
        for metric in METRICS.values():
            self.assertEqual(self.total(metric), totals[metric])
        rows = self.json("top", "-c", self.mp)["rows"]
        for name in ("main", "shortlived"):
            self.assertGreater(self.find(name), 0)
            row = next(r for r in rows if r["function"] == name)
            for metric in METRICS.values():
                self.assertEqual(self.total(metric),
                                 row["cumulative"][metric], (name, metric))

    def test_search_tells_the_total_of_the_outermost(self):
        self.browser.go("#view=flame&metric=allocated")
        self.browser.fill("#search", "^recurse$")
        # Five boxes, one in another: counted once.
        self.assertIn("5 boxes match, 500 B in all",
                      self.browser.text("#matched"))
        self.assertEqual(self.browser.values("#matched"), [500])
        self.browser.fill("#search", "(")
        self.assertNotIn("Invalid", self.browser.text("#main"))

    def test_zoom_by_keys_and_back(self):
        self.browser.go("#view=flame&metric=leaked")
        self.find("main")
        self.browser.key(".flamebox", "ArrowDown")
        self.assertEqual(self.browser.text("#selected"), "leaf")
        self.browser.key(".flamebox", "ArrowRight")
        self.assertEqual(self.browser.text("#selected"), self.shown_evil())
        self.browser.key(".flamebox", "ArrowUp")
        self.assertEqual(self.browser.text("#selected"), "main")
        self.browser.key(".flamebox", "Enter")
        self.browser.wait(ZOOMED)
        self.assertEqual(self.browser.text("#selected"), "main")
        self.browser.key("#main", "Escape")
        self.browser.wait(NOT_ZOOMED)
        self.assertEqual(self.browser.text("#selected"), "all")

    def test_a_click_selects_and_a_double_click_zooms(self):
        self.browser.go("#view=flame&metric=leaked")
        # With the next frame, whenever the browser makes one.
        self.browser.wait("return document.querySelector('.flamebox')"
                          ".boxes.starts !== undefined")
        self.browser.run("""
            const boxes = document.querySelector('.flamebox').boxes;
            const box = boxes.place(boxes.rows.flat().find((b) =>
                boxes.tree.name(b.at) === 'main').at);
            const at = boxes.canvas.getBoundingClientRect();
            for (const type of ['mousemove', 'click', 'dblclick'])
                boxes.canvas.dispatchEvent(new MouseEvent(type, {bubbles: true,
                    clientX: at.left + box.x + 9, clientY: at.top + box.y + 9}));
            return new Promise((ok) => setTimeout(ok, 0));""")
        self.browser.wait(ZOOMED)
        self.assertEqual(self.browser.text("#selected"), "main")
        self.browser.click("#unzoom")
        self.browser.wait(NOT_ZOOMED)

    def test_inverted_begins_with_who_allocates(self):
        rows = self.json("top", "-n", "0", self.mp)["rows"]
        want = {r["function"]: r["self"]["allocated_bytes"] for r in rows
                if r["self"]["allocated_bytes"]}
        self.browser.go("#view=flame&metric=allocated&dir=up")
        have = self.browser.run("""
            const boxes = document.querySelector('.flamebox').boxes;
            return Object.fromEntries(boxes.rows[1].map((b) =>
                [boxes.tree.name(b.at), boxes.tree.total[2][b.at]]));""")
        self.assertEqual({name.split("<")[0]: n for name, n in have.items()},
                         {name.split("<")[0]: n for name, n in want.items()})

    def test_recursion_is_folded(self):
        # Boxes narrower than a point are not told apart.
        self.browser.go("#view=flame&metric=count")
        count = ("const boxes = document.querySelector('.flamebox').boxes;"
                 "return boxes.rows.flat().filter((b) => b.at >= 0 &&"
                 "boxes.tree.name(b.at) === 'recurse').length;")
        self.assertEqual(self.browser.run(count), 5)
        self.browser.go("#view=flame&metric=count&fold=1")
        self.assertEqual(self.browser.run(count), 1)
        self.find("recurse")
        self.assertEqual(self.total("allocated_bytes"), 500)

    def test_callers_and_callees(self):
        self.browser.go("#view=flame&metric=allocated")
        self.find("leaf")
        self.browser.click("#sandwich")
        self.browser.wait("return document.getElementById('back') !== null")
        have = self.browser.run("""
            return [...document.querySelectorAll('.flamebox')].map((e) =>
                e.boxes.rows.slice(0, 2).map((row) => row.map((b) =>
                [e.boxes.tree.name(b.at), e.boxes.tree.total[2][b.at]])));""")
        self.assertEqual(have, [[[["leaf", 5500]],
                                 [["main", 5000], ["recurse", 500]]],
                                [[["leaf", 5500]]]])
        self.browser.click("#back")
        self.browser.wait("return document.getElementById('back') === null")

    def test_there_is_a_table_behind_the_canvas(self):
        self.browser.go("#view=flame&metric=leaked")
        self.assertEqual(self.browser.run(
            "return document.querySelector('canvas').getAttribute('role')"),
            "img")
        self.browser.click("#main > details summary")
        self.browser.wait("return document.querySelector('caption') !== null")
        self.assertIn("leaf", self.browser.text("#main > details table"))

    # The page.

    @staticmethod
    def shown_evil():
        return EVIL.replace("\u202e", "\\u{202e}")

    def test_hostile_names_are_text(self):
        self.browser.go("#view=table")
        self.assertIn(self.shown_evil(),
                      self.browser.texts("#table tbody td:first-child"))
        for view in VIEWS:
            self.browser.go("#view=" + view)
            self.assertNotIn("\u202e", self.browser.text("body"), view)
        self.browser.open(self.write("--baseline", self.mp + "@start"),
                          "#view=diff&metric=leaked")
        self.assertIn(self.shown_evil(),
                      self.browser.texts("#changes td:first-child"))
        self.assertNotIn("\u202e", self.browser.text("body"))

    def test_a_link_shows_the_same_again(self):
        self.browser.go("#view=flame&metric=allocated&dir=up&colour=kind")
        self.browser.fill("#search", "leaf|main")
        self.find("leaf")
        self.browser.key(".flamebox", "Enter")
        self.browser.wait(ZOOMED)
        look = ("return [document.getElementById('main').innerText,"
                "document.getElementById('search').value,"
                "document.querySelector('canvas').toDataURL()]")
        self.browser.run("scrollTo(0, 0)")
        wanted = self.browser.run(look)
        fragment = self.browser.run("return location.hash")
        self.browser.open(self.page, fragment)
        self.browser.wait("return document.querySelector('#matched')"
                          ".textContent !== ''")
        self.assertEqual(self.browser.run(look), wanted)

    def test_strange_links_do_no_harm(self):
        for fragment in ("#view=nothing&metric=x&by=y&sort=z", "#%%%&&==",
                         "#view=flame&zoom=99999999&fn=1.2.3.4",
                         "#view=flame&zoom=-1&fn=x", "#view=source&file=x",
                         "#view=table&by=constructor", "#view=constructor",
                         "#view=leaks&group=toString"):
            self.browser.open(self.page, fragment)
            self.assertNotEqual(self.browser.text("#main"), "", fragment)

    def test_a_page_that_was_cut_says_so(self):
        with open(self.page) as file:
            page = file.read()
        broken = self.path("broken.html")
        with open(broken, "w") as file:
            file.write(page.replace('id="data">H4sI', 'id="data">AAAA'))
        self.browser.open(broken)
        self.assertIn("cannot be read", self.browser.text("#failure"))

    def test_a_script_of_others_does_not_run(self):
        with open(self.page) as file:
            page = file.read()
        path = self.path("other.html")
        with open(path, "w") as file:
            file.write(page.replace("</body>",
                                    "<script>hacked=5</script></body>"))
        self.browser.open(path)
        self.assertIsNone(self.browser.run("return window.hacked || null"))
        self.assertTrue(any("Content Security Policy" in entry["message"]
                            for entry in self.browser.log()))

    def test_it_fits_wide_and_narrow_light_and_dark(self):
        self.fits(VIEWS)


def rules_in(text):
    return sorted(re.findall(r"^\{\n.*?^\}\n", text, re.M | re.S))


class Leaks(Recorded):
    VERDICTS = ("definitely_lost", "indirectly_lost", "possibly_lost",
                "still_reachable")

    def compare(self, dump, *options):
        """The view against the command with the same options."""
        page = self.path("leaks.html")
        self.memprof("html", "-f", "-o", page, *options, dump)
        self.browser.open(page, "#view=leaks&group=site")
        report = self.json("leaks", "-n", "0", *options, dump)
        self.assertTrue(report["leak_check"]["judged"])
        for number, verdict in enumerate(self.VERDICTS, 1):
            want = [v["bytes"] for site in report["sites"]
                    for v in site["verdicts"]
                    if v["verdict"] == verdict and v["blocks"]]
            self.assertEqual(sorted(self.browser.values(
                "#groups%d summary b" % number)), sorted(want), verdict)
            self.assertEqual(int(self.browser.run(
                "return document.querySelector(arguments[0]).dataset.bytes",
                "[data-verdict='%d']" % number)), sum(want), verdict)
        self.browser.run("for (const e of document.querySelectorAll("
                         "'.group')) e.open = true;"
                         "return new Promise((ok) => setTimeout(ok, 0))")
        self.browser.wait(
            "return document.querySelectorAll('.group .stack').length >="
            "document.querySelectorAll('.group').length")
        rules = self.memprof("leaks", "--gen-suppressions", "--reachable",
                             *options, dump).stdout.decode()
        self.assertEqual(rules_in("".join(
            text + "\n" for text in self.browser.texts(".rule"))),
            rules_in(rules))
        return report

    def test_verdicts_and_rules_are_those_of_leaks(self):
        for case in ("chain", "global", "interior"):
            dump = self.record("lost", case + ".mp", case,
                               MEMPROF_LEAK_CHECK="1")
            report = self.compare(dump)
            self.assertTrue(report["sites"], case)
            if case == "global":
                self.assertIn("through the variable kept",
                              self.browser.text("#groups4"))

    def test_what_is_suppressed_is_told_apart(self):
        dump = self.record("lost", "chain.mp", "chain",
                           MEMPROF_LEAK_CHECK="1")
        rules = self.path("rules.supp")
        with open(rules, "wb") as file:
            file.write(self.memprof("leaks", "--gen-suppressions",
                                    dump).stdout)
        report = self.compare(dump, "--suppressions", rules)
        hits = report["leak_check"]["suppressions"]
        self.assertTrue(hits)
        self.assertEqual(self.browser.values("#rules [data-value]"),
                         [rule["bytes"] for rule in hits])
        self.memprof("html", "--suppressions", self.path("none"), dump,
                     status=2)


class Diff(Recorded):
    """Two instants of one program are as good as two programs."""

    @classmethod
    def setUpClass(cls):
        cls.make_folder()
        cls.mp = cls.record("phases", "phases.mp")
        cls.old, cls.new = cls.mp + "@second", cls.mp + "@third"
        cls.make_page("--baseline", cls.old, cls.new)

    def test_it_fits(self):
        self.fits(("diff&metric=leaked&width=old",))

    def test_changes_are_those_of_diff(self):
        cases = [(by, key) for by in TABLES[:-1] for key in ("leaked", "peak")]
        shown = self.browser.seen("#changes tbody tr", ".diverge", [
            "#view=diff&by=%s&metric=%s" % case for case in cases])
        found = 0
        for (by, key), rows in zip(cases, shown):
            want = [row["change"][METRICS[key]] for row in self.json(
                "diff", "--by", by, "--sort", SORTS[key], self.old,
                self.new)["rows"]]
            self.assertEqual([n for row in rows for n in row],
                             [n for n in want if n], (by, key))
            found += len(rows)
        self.assertGreater(found, 0)
        self.browser.go("#view=diff&metric=leaked")
        self.assertEqual(self.browser.texts("#changes td:first-child"),
                         ["take_other"])
        self.assertIn("\u221248.8 KiB", self.browser.text("#changes"))
        self.browser.fill("#filter", "nothing of that name")
        self.assertEqual(self.browser.texts("#changes td:first-child"), [])

    def test_both_trees_are_one(self):
        find = """
            const boxes = document.querySelector('.flamebox').boxes;
            for (const row of boxes.rows)
                for (const box of row)
                    if (box.at >= 0 && boxes.tree.name(box.at) === arguments[0])
                        return boxes.on.select(box.at), boxes.label(box.at);
            return null;"""
        self.browser.go("#view=diff&metric=leaked")
        self.assertEqual(self.browser.run(find, "main"),
                         "\u221248.8 KiB main")
        self.assertEqual(self.browser.values("#change"), [-50000])
        # What is gone has no width any more, but had one.
        self.assertIsNone(self.browser.run(find, "take_other"))
        for fragment in ("&width=old", "&width=old&dir=up"):
            self.browser.go("#view=diff&metric=leaked" + fragment)
            self.assertEqual(self.browser.run(find, "take_other"),
                             "\u221248.8 KiB take_other")
            self.assertEqual(self.browser.run(find, "take_kept"),
                             "0 B take_kept")
        flame = self.json("html", "--baseline", self.old,
                          self.new)["diff"]["flame"]
        for metric in range(5):
            for part in ("", "older_"):
                self.assertEqual(sum(flame[part + "self"][metric]),
                                 flame[part + "total"][metric][0])

    def test_there_is_no_diff_without_a_baseline(self):
        self.browser.open(self.write(), "#view=diff")
        self.assertEqual(self.browser.run("return document.body.dataset.view"),
                         "overview")


class Sampled(Recorded):
    """Numbers with their standard errors, of all and of parts."""

    ERRORS = """return [...document.querySelectorAll(arguments[0])].map(
        (e) => [Number(e.dataset.value), Number(e.dataset.error)])"""

    def near(self, shown, want, is_exact, what):
        """Between two instants values are differences of rounded ones, and
        then squares of errors may be of the same rows, but errors are right."""
        self.assertEqual(len(shown), len(want), what)
        for have, wanted in zip(sorted(shown), sorted(want)):
            self.assertEqual(have[1], wanted[1], what)
            self.assertLessEqual(abs(have[0] - wanted[0]),
                                 0 if is_exact else 2, what)

    def compare(self, dump, key, options=(), fragment="", is_exact=True):
        metric = METRICS[key]
        at = "&metric=%s%s" % (key, fragment)

        def pair(counts):
            return [counts[metric], counts[metric + "_stderr"]]

        def compare(view, selector, want):
            self.browser.go("#view=" + view + at)
            shown = self.browser.run(self.ERRORS, selector)
            self.near([row for row in shown if row != [0, 0]],
                      [row for row in want if row != [0, 0]], is_exact,
                      (view, key, options))

        found = 0
        for by in TABLES[:-1]:
            rows = self.json("top", "-c", "-n", "0", "--by", by, "--sort",
                             SORTS[key], *options, dump)["rows"]
            want = [pair(row[part]) for row in rows
                    for part in (("self",) if by == "site" else
                                 ("self", "cumulative"))]
            compare("table&by=" + by, "#table .bar", want)
            found = max([found] + [error for _, error in want])
        want = pair(self.json("report", *options, dump)["selection"])
        for way in ("", "&dir=up", "&fold=1"):
            compare("flame" + way, ".info [data-metric=%s]" % metric, [want])
        compare("sizes", "#sizes .bar",
                [pair(row["self"]) for row in
                 self.json("top", "-n", "0", "--by", "size", "--sort",
                           SORTS[key], *options, dump)["rows"]])
        lines = self.json("lines", *options, dump, "phases.c")["files"][0]
        self.browser.go("#view=source&file=%s%s" % (lines["file"], at))
        for row in lines["lines"]:
            shown = self.browser.run(self.ERRORS,
                                     "#L%d td[data-value]" % row["line"])
            self.near([shown[list(METRICS).index(key)]], [pair(row)], is_exact,
                      (row["line"], key, options))
        return found

    def test_estimates_have_their_standard_errors(self):
        dump = self.record("phases", "sampled.mp", MEMPROF_SAMPLE="300")
        page = self.path("sampled.html")
        self.memprof("html", "-o", page, dump)
        self.browser.open(page)
        self.assertGreater(self.compare(dump, "allocated"), 0)
        self.browser.go("#view=table&metric=allocated")
        self.assertIn(" \u00b1 ", self.browser.text("#table"))
        self.browser.go("#view=overview")
        self.assertIn(" \u00b1 ", self.browser.text("#tops"))
        self.browser.go("#view=leaks&group=site")
        sites = self.json("leaks", dump)["sites"]
        self.assertEqual(self.browser.values("#groups summary b"),
                         [s["live_bytes"] for s in sites if s["live_bytes"]])
        self.assertIn(" \u00b1 ", self.browser.text("#groups"))

    def test_parts_have_them_too(self):
        dump = self.record("phases", "parts.mp", MEMPROF_SAMPLE="300")
        page = self.path("parts.html")
        self.memprof("html", "-o", page, dump)
        moments = {m["name"]: str(m["ns"]) for m in
                   self.json("html", dump)["history"]["moments"]}
        self.browser.open(page)
        # The peak of what comes after the third is that of no report before.
        for first, last, key in (("", "second", "leaked"),
                                 ("first", "third", "allocated"),
                                 ("third", "", "peak")):
            options, fragment = [], ""
            for edge, name in (("from", first), ("to", last)):
                if name:
                    options += ["--" + edge, moments[name] + "ns"]
                    fragment += "&%s=%s" % (edge, moments[name])
            self.assertGreater(self.compare(dump, key, options, fragment,
                                            not first), 0, (key, first))


class Lifetimes(Recorded):
    def test_histograms_are_those_of_top(self):
        dump = self.record("ages", "ages.mp", "one", MEMPROF_LIFETIMES="1")
        page = self.path("ages.html")
        self.memprof("html", "-o", page, dump)
        self.browser.open(page, "#view=lifetimes")
        for by, metric in (("lifetime", "frees"),
                           ("lifetime-allocations", "frees"),
                           ("age", "live_bytes")):
            rows = self.json("top", "-n", "0", "--by", by, dump)["rows"]
            self.assertEqual(self.browser.values("#%s .bar" % by),
                             [row["self"][metric] for row in rows], by)
            self.assertTrue(rows)
        self.assertEqual(self.browser.texts("#lifetime-allocations td")[0],
                         "0")


class Timeline(Recorded):
    """Of a program with marks and snapshots whose live bytes are known."""

    @classmethod
    def setUpClass(cls):
        cls.make_folder()
        cls.mp = cls.record("phases", "phases.mp")
        cls.make_page(cls.mp)

    def test_it_fits(self):
        to = "&to=" + self.instants(self.mp)["second"]
        self.fits(("timeline" + to, "overview" + to))

    def instants(self, dump):
        """When moments are known, by name."""
        return {m["name"]: str(m["ns"]) for m in
                self.json("html", dump)["history"]["moments"]}

    def compare(self, dump, start_ns, end_ns):
        """All views against the commands with the same range."""
        options = [part for part in ("--from", start_ns + "ns", "--to",
                                     end_ns + "ns")]
        options = options if start_ns else options[2:]
        options = options if end_ns else options[:-2]
        fragment = "&from=%s&to=%s" % (start_ns, end_ns)
        totals = self.json("report", *options, dump)["totals"]
        self.browser.go("#view=overview" + fragment)
        for key, number in self.totals().items():
            self.assertEqual(number, totals[key], (key, options))
        self.assertEqual(self.browser.text("#rangebar code"),
                         " ".join(["memprof report"] + options))
        # Its tables are those of top, see below.
        page = self.json("html", "--no-source", *options, dump)
        cases = [(by, key) for by in TABLES for key in METRICS]
        shown = self.browser.seen("#table tbody tr", ".bar", [
            "#view=table&by=%s&metric=%s%s" % (by, key, fragment)
            for by, key in cases])
        for (by, key), rows in zip(cases, shown):
            metric = page["metrics"].index(METRICS[key])
            table = page["tables"][by]
            columns = [table[part][metric] for part in ("self", "cumulative")
                       if part in table]
            self.assertEqual(sorted(map(tuple, rows)),
                             sorted(row for row in zip(*columns) if any(row)),
                             (by, key, options))
        for view, where, what in (("flame", ".info", "[data-metric=%s]"),
                                  ("sizes", "#sizes tbody tr", ".bar")):
            for key, metric in METRICS.items():
                rows, = self.browser.seen(
                    where, what.replace("%s", metric),
                    ["#view=%s&metric=%s%s" % (view, key, fragment)])
                self.assertEqual(sum(map(sum, rows)), totals[metric],
                                 (view, metric, options))
        sites = self.json("leaks", "-n", "0", *options, dump)["sites"]
        self.browser.go("#view=leaks&group=site" + fragment)
        self.assertEqual(self.browser.values("#groups summary b"),
                         [s["live_bytes"] for s in sites if s["live_bytes"]])
        want = self.json("lines", *options, dump, "phases.c")["files"][0]
        self.browser.go("#view=source&file=%s%s" % (want["file"], fragment))
        shown = self.browser.run(
            "return Object.fromEntries([...document.querySelectorAll("
            "'#lines tbody tr[id]')].map((tr) => [tr.id.slice(1),"
            "[...tr.querySelectorAll('[data-value]')].map((e) =>"
            "Number(e.dataset.value))]).filter(([, v]) => v.some((n) => n)))")
        self.assertEqual(shown, {
            str(row["line"]): values for row in want["lines"]
            for values in [[row[m] for m in METRICS.values()]] if any(values)})

    def test_ranges_are_those_of_the_commands(self):
        at = self.instants(self.mp)
        for first, last in (("", at["second"]), ("", at["third"]),
                            (at["first"], at["second"]), (at["second"], "")):
            self.compare(self.mp, first, last)

    def test_the_plot_has_what_timeline_says(self):
        want = self.json("timeline", self.mp)
        have = self.json("html", self.mp)["timelines"][0]
        for key in ("ns", "live_bytes", "live_blocks", "rss_bytes",
                    "allocated_bytes"):
            self.assertEqual(have["points"][key],
                             [p[key] or 0 for p in want["points"]])
        self.assertEqual(have["layers"], [
            [layer["ns"], layer["live_bytes"]] + layer["live_of_sites"]
            for layer in want["layers"]])
        self.browser.go("#view=timeline")
        self.assertEqual(
            self.browser.texts("#events tbody td:first-child"),
            [event["name"] for event in want["events"]])
        self.assertEqual(self.browser.values("#events [data-value]"),
                         [event["live_bytes"] for event in want["events"]])
        self.assertEqual(self.browser.values("#legend [data-value]"),
                         [100000, 50000])
        self.browser.click("#main details summary")
        self.browser.wait("return document.querySelector('#points') !== null")
        self.assertIn("97.7 KiB", self.browser.text("#points tbody"))

    def drag(self, *names):
        """From one instant of the plot to another, with a pointer; once it has
        been laid out."""
        self.browser.wait("return Number.isFinite("
                          "document.querySelector('.plot').plot.x(0))")
        self.browser.run("""
            const plot = document.querySelector('.plot').plot;
            const [from, to] = arguments[0].map((ns) => plot.x(Number(ns)));
            const box = plot.canvas.getBoundingClientRect();
            const send = (type, x) => plot.canvas.dispatchEvent(
                new PointerEvent(type, {clientX: box.left + x, button: 0,
                    clientY: box.top + 90, pointerId: 1, bubbles: true}));
            plot.canvas.setPointerCapture = () => 0;
            send('pointerdown', from);
            if (to !== from) send('pointermove', to);
            send('pointerup', to);
            return new Promise((ok) => setTimeout(ok, 0));""", names)

    def test_a_range_is_chosen_by_pointer_keys_and_names(self):
        at = self.instants(self.mp)
        self.browser.go("#view=timeline")
        self.drag(at["second"], at["first"])
        self.browser.wait("return document.querySelector('#rangebar') !== null")
        where = "return location.hash"
        self.assertEqual(self.browser.run(where), "#view=timeline&from=%s&to=%s"
                         % (at["first"], at["second"]))
        self.drag(at["third"], at["third"])
        self.browser.wait("return !location.hash.includes('from=')")
        self.assertEqual(self.browser.run(where),
                         "#view=timeline&to=" + at["third"])
        # A slider is what keys move.
        self.browser.run("""
            const slider = document.getElementById('from');
            slider.value = 1;
            slider.dispatchEvent(new Event('change'));""")
        self.browser.wait("return location.hash.includes('from=')")
        self.assertEqual(self.browser.run(where), "#view=timeline&from=%s&to=%s"
                         % (at["first"], at["third"]))
        self.browser.click("#all")
        self.browser.wait("return document.querySelector('#rangebar') === null")
        self.browser.click("#events tr:nth-child(2) button:last-child")
        self.browser.wait("return location.hash.includes('to=')")
        self.assertEqual(self.browser.run(where),
                         "#view=timeline&to=" + at["first"])

    def test_children_are_on_the_same_axis(self):
        mp = self.record("phases", "fork.%p.mp", "fork")
        dumps = sorted((os.path.join(self.folder, name) for name in
                        os.listdir(self.folder) if name.startswith("fork.")),
                       key=lambda p: self.json("info", p)["program"]
                       ["forked_by"] or 0)
        page = self.path("fork.html")
        self.assertEqual(mp, os.path.join(self.folder, "fork.%p.mp"))
        self.memprof("html", "-o", page, *dumps)
        self.browser.open(page, "#view=timeline")
        self.assertEqual(self.browser.run(
            "return document.querySelector('.plot').plot.panels()"
            ".map((p) => p.kind)"), ["heap", "rss", "rate", "child"])
        # The child's own page begins with what it inherited.
        at = self.instants(dumps[1])
        self.memprof("html", "-f", "-o", page, dumps[1])
        self.browser.open(page)
        self.compare(dumps[1], "", at["child"])

    def test_a_range_that_is_no_range_is_everything(self):
        for fragment in ("&from=x&to=y", "&from=-1&to=-5", "&from=1e9&to=0x7",
                         "&from=99999999999999999999"):
            self.browser.open(self.page, "#view=overview" + fragment)
            self.assertEqual(self.totals()["allocations"], 2000, fragment)
        path = self.write("--to", "second", name="part.html")
        self.browser.open(path, "#view=timeline&to=5")
        self.assertIn("cannot be chosen", self.browser.text("#main"))


if __name__ == "__main__":
    main()
