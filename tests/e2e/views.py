#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What two views both state, they state alike, to the byte: of dumps of real
programs, of parts of them, of sampled ones, of several together."""

import collections
import os
import re

from harness import CC, MEMPROF, Case, clean_env, finish, main, start, target
from reports import METRICS, RECURSIVE, counts_of, key_of_row

SORTS = {"live": "live_bytes", "peak": "peak_bytes", "count": "allocations",
         "frees": "frees", "temporary": "temporary",
         "allocated": "allocated_bytes"}
PLACES = ("function", "line", "file", "module")


def total(holders):
    """Metric by metric."""
    sums = [counts_of(holder) for holder in holders]
    return tuple(map(sum, zip(*sums))) if sums else (0,) * len(METRICS)


def places_of(rows, member):
    """{place: counts}, without what has no place."""
    return {key_of_row(row): counts_of(row[member]) for row in rows
            if any(key_of_row(row))}


def shown(counts_of_places):
    """Tables leave out what has nothing of the metric, the bytes allocated."""
    return {place: counts for place, counts in counts_of_places.items()
            if counts[METRICS.index("allocated_bytes")]}


class Views(Case):
    """Each check is of one dump, or several, and the options that go with
    every command."""

    def setUp(self):
        super().setUp()
        with open(self.path("recursive.c"), "w") as file:
            # Also a site with many sizes, and one that a rule suppresses.
            file.write(RECURSIVE % (
                "#include <stdio.h>",
                'for (int i = 1; i < 200; i++) leaf(i); puts("done");'))
        built = self.plain(CC, "-g", "-O1", "-fno-optimize-sibling-calls",
                           "-fno-builtin", "-o", "recursive", "recursive.c")
        self.assertEqual(built.status, 0, built.stderr)

    def record_as(self, dump, *argv, options=()):
        run = finish(start([MEMPROF, "run", "-q", "-o", dump, *options, *argv],
                           cwd=self.dir, env=clean_env()))
        self.assertEqual(run.status, 0, run.stderr)
        return dump

    def all_of(self, command, *args):
        return self.json(command, "--limit", "0", *args, *self.options,
                         *self.operands)

    # One dump.

    def check_sites(self):
        report = self.all_of("report")
        selection = report["selection"]

        self.assertEqual(total(report["sites"]), counts_of(selection))
        self.assertEqual(len(report["sites"]), selection["sites"])
        if selection["complete"] and not report["program"]["sample_bytes"]:
            self.assertEqual(counts_of(selection),
                             counts_of(report["totals"]))
            self.assertEqual(selection["sites"], report["totals"]["sites"])
        for command, metric in (("leaks", "live_bytes"),
                                ("peak", "peak_bytes")):
            page = self.all_of(command)
            self.assertEqual(sum(site[metric] for site in page["sites"]),
                             selection[metric], command)
            self.assertEqual(page["selection"], selection)
            if command == "leaks":
                self.assertEqual(
                    sum(site["live_bytes"] for site in page["sites"]
                        if site["suppressed"]),
                    page["leak_check"]["suppressed"]["bytes"])
        return report

    def check_timeline(self, report):
        """Both are of the same instant where the range has an end by name."""
        timeline = self.all_of("timeline")
        totals = report["totals"]

        self.assertEqual(timeline["totals"], totals)
        points = timeline["points"]
        if timeline["ended"] and report["selection"]["complete"]:
            self.assertEqual(points[-1]["live_bytes"], totals["live_bytes"])
            self.assertEqual(points[-1]["live_blocks"], totals["live_blocks"])
            if not report["range"]:
                self.assertEqual(points[-1]["allocations"],
                                 totals["allocations"])
        # Of several threads the peak is known to within 64 KiB of each.
        unsure = (totals["threads"] - 1) * (64 << 10)
        self.assertLessEqual(max(p["live_bytes"] for p in points),
                             totals["peak_bytes"] + unsure)

    def check_source(self, tops):
        """The source whose lines allocated most, and the tables."""
        if not tops["file"]["rows"]:
            return
        file = max(tops["file"]["rows"],
                   key=lambda row: (row["file"] is not None,
                                    row["cumulative"]["allocated_bytes"]))
        if file["file"] is None:
            return
        of = {how: self.all_of("lines", file["file"], "--charge", how)
              ["files"][0] for how in ("in-file", "self", "cumulative")}

        inside = of["in-file"]
        self.assertEqual(counts_of(inside["sum"]),
                         counts_of(file["cumulative"]))
        self.assertEqual(counts_of(of["self"]["sum"]),
                         counts_of(file["self"]))
        for part in (inside, of["self"]):
            self.assertEqual(total(part["lines"]), counts_of(part["sum"]))
            self.assertEqual(total(part["functions"]), counts_of(part["sum"]))
        for function in inside["functions"]:
            self.assertEqual(total(function["lines"]), counts_of(function))
        # A line of a template has a row for each of its functions, and these
        # may be on one stack.
        rows = collections.defaultdict(list)
        for row in tops["line"]["rows"]:
            if row["file"] == file["file"]:
                rows[row["line"]].append(row)
        for line in of["cumulative"]["lines"]:
            if len(rows[line["line"]]) == 1:
                self.assertEqual(
                    counts_of(line),
                    counts_of(rows[line["line"]][0]["cumulative"]))

    # One dump or several.

    def check_tables(self, whole):
        tops = {}
        for by in PLACES + ("site", "size"):
            tops[by] = self.all_of("top", "--by", by, "--cumulative")
            top = self.all_of("top", "--by", by)
            bytes_at = METRICS.index("allocated_bytes")
            self.assertEqual(total(r["self"] for r in top["rows"])[bytes_at],
                             whole[bytes_at], by)
        for by, sort in zip(PLACES + ("site", "size"), SORTS):
            rows = self.all_of("top", "--by", by, "--sort", sort)["rows"]
            values = [row["self"][SORTS[sort]] for row in rows]
            self.assertEqual(values, sorted(values, reverse=True))
            self.assertEqual(sum(values),
                             whole[METRICS.index(SORTS[sort])], (by, sort))
        return tops

    def check_trees(self, tops, whole):
        for by, inverted, folded in (("function", (), ()),
                                     ("line", ("--inverted",), ()),
                                     ("function", (), ("-f",)),
                                     ("module", ("--inverted",), ("-f",))):
            tree = self.all_of("tree", "--min-percent", "0", "--by", by,
                               *inverted, *folded)["nodes"]
            with self.subTest(by=by, inverted=inverted, folded=folded):
                self.assertEqual(counts_of(tree[0]["cumulative"]), whole)
                below = collections.defaultdict(list)
                for node in tree[1:]:
                    below[node["parent"]].append(node["cumulative"])
                for node in tree:
                    self.assertEqual(
                        total(below[node["id"]] +
                              [node["self"], node["below"]]),
                        counts_of(node["cumulative"]), node)
                rows = shown(places_of(tops[by]["rows"], "self"))
                nodes = collections.defaultdict(list)
                for node in tree:
                    if node["kind"] == "place" and not (
                            inverted and node["parent"]):
                        nodes[key_of_row(node)].append(node)
                member = "cumulative" if inverted else "self"
                sums = {place: total(n[member] for n in several)
                        for place, several in nodes.items()}
                self.assertEqual(shown(sums), rows)

    def check_edges(self, tops):
        rows = shown(places_of(tops["function"]["rows"], "cumulative"))
        for way in ("--callers", "--callees"):
            places = self.all_of("top", way, ".")["places"]
            self.assertEqual(shown(places_of(places, "cumulative")), rows)
            for place in places:
                self.assertEqual(
                    total(edge["cumulative"] for edge in place["edges"]),
                    counts_of(place["cumulative"]), place)

    def check_texts(self, tops):
        """The text has the numbers of the JSON, in its order."""
        text = self.memprof("top", "--limit", "0", "--cumulative", "--units",
                            "bytes", *self.options, *self.operands)
        cells = re.findall(
            rb"(?m)^ .* ([\d,]+) B(?: +\+-[\d>]+%)? +[<>]?[\d.]+% +[\d,]+  ",
            text.stdout)
        numbers = [int(cell.replace(b",", b"")) for cell in cells]
        self.assertEqual(numbers, [row["cumulative"]["allocated_bytes"]
                                   for row in tops["function"]["rows"]])

    def check(self, *operands, options=()):
        """Everything of these dumps."""
        self.options, self.operands = options, operands
        with self.subTest(dumps=operands, options=options):
            if len(operands) == 1 and "--strip-dirs" not in options:
                report = self.check_sites()
                whole = counts_of(report["selection"])
                if not options and "@" not in operands[0]:
                    self.check_timeline(report)
            else:
                bare = [o for o in options if o != "--strip-dirs"]
                whole = total(self.json("report", "--limit", "1", *bare, dump)
                              ["selection"] for dump in operands)
            tops = self.check_tables(whole)
            self.check_trees(tops, whole)
            self.check_edges(tops)
            self.check_texts(tops)
            if len(operands) == 1:
                diff = self.json("diff", "--by", "function", *options,
                                 *operands, *operands)
                same = sum(any(counts_of(row["self"]))
                           for row in tops["function"]["rows"])
                self.assertEqual((diff["rows_total"], diff["rows_same"]),
                                 (0, same))
                if "--strip-dirs" not in options:
                    self.check_source(tops)

    def test_of_a_program_with_debug_information(self):
        dump = self.record_as("recursive.mp", "./recursive", "more")
        self.check(dump)
        leaks = self.json("leaks", dump)
        self.assertEqual(
            [site["suppressed"] for site in leaks["sites"]
             if site["suppressed"]], ["libc: buffers of standard streams"])
        self.assertGreater(leaks["leak_check"]["suppressed"]["bytes"], 0)

    def test_of_inlined_frames(self):
        self.check(self.record_as("inline.mp", target("inline")))

    def test_of_a_program_without_symbols(self):
        shell = self.record_as("sh.mp", "/bin/sh", "-c", "x=$(echo y); echo")
        self.check(shell)
        self.check(shell, options=("--strip-dirs",))

    def test_of_a_program_that_does_nothing(self):
        self.check(self.record_as("true.mp", "/bin/true"))

    def test_modules_of_one_name_are_told_apart(self):
        """By their paths, but not where folders are to be left out."""
        for name, size in (("a", 1000), ("b", 500)):
            os.mkdir(self.path(name))
            self.compile(name + "/libdup.so", "#include <stdlib.h>\n"
                         "void *kept;\nvoid take(void);\n"
                         "void take(void) { kept = malloc(%d); }\n" % size,
                         "-shared", "-fPIC")
        self.compile("both", """#include <dlfcn.h>
int main(void)
{
	void *a = dlopen("a/libdup.so", RTLD_NOW | RTLD_LOCAL);
	void *b = dlopen("b/libdup.so", RTLD_NOW | RTLD_LOCAL);

	((void (*)(void))dlsym(a, "take"))();
	((void (*)(void))dlsym(b, "take"))();
	return 0;
}
""", "-ldl")
        self.record_as("dup.mp", "./both")
        for command in (("top", "--by", "module"), ("tree", "--by", "module"),
                        ("diff", "--by", "module", self.record_as(
                            "none.mp", "/bin/true"))):
            with self.subTest(command):
                text = self.memprof(*command, "dup.mp").stdout.decode()
                self.assertRegex(text, r"(?m)\b1,000 B .*\ba/libdup\.so$")
                self.assertRegex(text, r"(?m)\b500 B .*\bb/libdup\.so$")
        text = self.memprof("top", "--by", "module", "--strip-dirs",
                            "dup.mp").stdout.decode()
        self.assertRegex(text, r"(?m)^ +1\.5 KiB .* libdup\.so$")
        self.check("dup.mp")

    def test_of_parts(self):
        dump = self.record_as("phases.mp", target("phases"))
        self.check(dump + "@second")
        self.check(dump, options=("--from", "first", "--to", "third"))
        self.check(dump, options=("--focus", "take_other"))

    def test_of_samples(self):
        """Rounded by site: whatever else parts are told apart by, they have
        the sums of their sites."""
        dump = self.record_as("sampled.mp", "./recursive", *"abcdefgh",
                              options=("--sample", "32"))
        self.check(dump)
        self.check(dump, options=("--ignore", "pong"))
        self.options, self.operands = ("--ignore", "pong"), (dump,)
        self.assertEqual(
            total(row["self"] for row in
                  self.all_of("top", "--by", "thread", "--sort",
                              "name")["rows"]),
            total(row["self"] for row in
                  self.all_of("top", "--by", "size", "--sort",
                              "name")["rows"]))

    def test_of_several(self):
        dumps = [self.record_as("a.mp", "./recursive"),
                 self.record_as("b.mp", "./recursive", "1", "2"),
                 self.record_as("c.mp", target("inline"))]
        self.check(*dumps)
        self.check(*dumps, options=("--strip-dirs", "--ignore", "leaf"))


if __name__ == "__main__":
    main()
