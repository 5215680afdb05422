# SPDX-License-Identifier: MIT
"""memprof check: budgets are kept to the byte, and what breaks them is said in
every format as its readers want it."""

import json
import os
import re
import xml.etree.ElementTree as xml

import readers
from harness import Case, main, target


class Check(Case):
    def setUp(self):
        super().setUp()
        self.run_ = self.record_target("peak", "middle")
        self.mp = self.dump(self.run_)
        self.stated = self.run_.stated()

    def check(self, *args, status, dump=None):
        return self.memprof("check", *args, dump or self.mp, status=status)

    def json_check(self, *args, status):
        return json.loads(self.check("--json", *args, status=status).stdout)

    def test_limits_are_exact(self):
        totals = self.report(self.mp)["totals"]
        for option, key in (("--max-peak", "peak_bytes"),
                            ("--max-leaked", "live_bytes"),
                            ("--max-allocations", "allocations"),
                            ("--max-temporary", "temporary")):
            with self.subTest(option):
                value = totals[key]
                self.check(option, str(value), status=0)
                self.check(option, str(value - 1), status=1)

    def test_a_function_has_its_own(self):
        for name in ("base", "hill", "late"):
            part = self.run_.stated(name)
            for option, key in (("--max-peak", "peak_bytes"),
                                ("--max-leaked", "live_bytes")):
                value = part[key]
                self.check(option, "%s=%d" % (name, value), status=0)
                if value:
                    self.check(option, "%s=%d" % (name, value - 1), status=1)

    def test_names_may_hold_the_sign_before_limits(self):
        run = self.check("--max-leaked", "operator===0", "--max-peak",
                         "f(a=b)=1", status=0)
        self.assertIn(b"operator==:", run.stderr)
        self.assertIn(b"f(a=b):", run.stderr)

    def test_a_file_has_its_own(self):
        leaked = self.stated["live_bytes"]
        for name in ("peak.c", "targets/peak.c", "e2e/targets/peak.c"):
            self.check("--max-leaked", "%s=%d" % (name, leaked), status=0)
            self.check("--max-leaked", "%s=%d" % (name, leaked - 1), status=1)
        run = self.check("--max-leaked", "eak.c=0", status=0)
        self.assertIn(b"no stack has", run.stderr)

    def test_sites_that_broke_it_are_shown(self):
        text = self.check("--max-peak", "100", "--max-leaked", "1GiB",
                          status=1).stdout.decode()
        self.assertRegex(text, r"BROKEN  max-peak: .* at most 100 B")
        self.assertRegex(text, r"kept    max-leaked: ")
        self.assertLess(text.index("hill"), text.index("base"))
        self.assertIn("1 of 2 budgets broken", text)

    def test_leaks_are_those_that_leaks_lists(self):
        """To the byte, with the same rules, judged or not, sampled or not."""
        with open(self.path("rules"), "w") as file:
            file.write("leak:chain\n")
        rules = ("--suppressions", self.path("rules"))
        judge = {"MEMPROF_LEAK_CHECK": "1"}
        for name, case, env, args in (
                ("lost_objects", "vector_lost", {}, ()),
                ("lost_objects", "vector_lost", judge, ()),
                ("lost_objects", "vector_lost", judge,
                 ("--no-default-suppressions",)),
                ("lost_objects", "vector_lost", {"MEMPROF_SAMPLE": "100"}, ()),
                ("lost", "chain", {}, rules),
                ("lost", "chain", judge, rules),
                ("lost", "chain", judge, ()),
                ("lost", "global", judge, ())):
            with self.subTest(name, case=case, env=env, args=args):
                self.same_leaks(self.dump(self.record_target(
                    name, case, env=env)), args)

    def same_leaks(self, dump, args):
        def add(pattern):
            return sum(int(number.replace(",", ""))
                       for number in re.findall("(?m)^" + pattern, text))

        leaks = self.memprof("leaks", "--units", "bytes", "--error-exitcode",
                             "1", *args, dump, status=None)
        text = leaks.stdout.decode()
        value = add(r"(?:\w+ lost|Leaked): ~?([\d,]+) B")
        hidden = add(r"  ([\d,]+) B in [\d,]+ blocks?: ")
        self.assertEqual(leaks.status, int(value > 0))
        leaks = self.json("leaks", "--limit", "0", *args, dump)
        sums = leaks["leak_check"]
        lost = (sum(sums[kind + "_lost"]["bytes"] for kind in (
            "definitely", "indirectly", "possibly")) if sums["judged"]
            else leaks["totals"]["live_bytes"])
        self.assertEqual(value + hidden, lost)

        page = self.check("--units", "bytes", "--max-leaked", str(value),
                          *args, status=0, dump=dump).stdout.decode()
        self.assertIn("max-leaked: {0:,} B, at most {0:,} B{1}\n".format(
            value, " ({:,} B suppressed)".format(hidden) if hidden else ""),
            page)
        self.assertEqual("\nSuppressed\n" in page, hidden > 0)
        found = json.loads(self.check(
            "--json", "--limit", "0", "--max-leaked", str(max(value - 1, 0)),
            "--max-leaked", "main=0", *args, status=int(value > 0),
            dump=dump).stdout)
        self.assertEqual(found["leak_check"], sums)
        whole, scope = found["budgets"]
        self.assertEqual((whole["value"], whole["suppressed"]),
                         (value, hidden))
        for budget in whole, scope:
            self.assertEqual(budget["broken"], value > 0)
            if budget is scope or not leaks["program"]["sample_bytes"]:
                self.assertEqual(sum(site["value"] for site in
                                     budget["sites"]), budget["value"])

    def test_growth(self):
        for old, new in (("10", "11"), ("10", "10")):
            for name in (old, new):
                self.assertEqual(self.record(
                    target("grow"), name, out=name + ".mp").status, 0)
            a, b = (self.report(self.path(name + ".mp"))["totals"]
                    for name in (old, new))
            wants, limits = [], []
            for what, key in (("peak", "peak_bytes"),
                              ("leaked", "live_bytes"),
                              ("allocations", "allocations"),
                              ("temporary", "temporary")):
                for percent in (0, 1, 5, 10, 10.5, 50):
                    wants.append(b[key] >
                                 a[key] * (1000 + int(percent * 10)) // 1000)
                    limits += ["--max-growth", "%s=%s%%" % (what, percent)]
            found = json.loads(self.check(
                "--json", "--baseline", self.path(old + ".mp"), *limits,
                status=int(any(wants)), dump=self.path(new + ".mp")).stdout)
            self.assertEqual([budget["broken"] for budget in found["budgets"]],
                             wants)
            self.assertEqual(len(set(wants)), 1 if old == new else 2)
        self.check("--baseline", self.path("10.mp"), "--max-growth", "0",
                   status=0, dump=self.path("10.mp"))
        self.check("--max-growth", "0", status=2)

    def test_growth_is_what_diff_says(self):
        """The totals, and the sites that grew, by how much each."""
        old, new = self.path("old.mp"), self.path("new.mp")
        for path, argument in ((old, "7"), (new, "8")):
            self.record(target("grow"), argument, out=path)

        def stack(row):
            return tuple((frame["function"], frame["line"])
                         for frame in row["stack"])

        for what, key in (("peak", "peak_bytes"), ("leaked", "live_bytes"),
                          ("allocations", "allocations")):
            budget, = json.loads(self.check(
                "--json", "--limit", "0", "--baseline", old, "--max-growth",
                what + "=0", status=1, dump=new).stdout)["budgets"]
            sort = {"leaked": "live", "allocations": "count"}.get(what, what)
            diff = self.json("diff", "--by", "site", "--sort", sort,
                             "--limit", "0", old, new)
            self.assertEqual((budget["old"], budget["value"]), tuple(
                dump["totals"][key] for dump in diff["dumps"]))
            grew = {stack(row): row["change"][key] for row in diff["rows"]
                    if row["change"][key] > 0}
            self.assertGreater(len(grew), 30)
            self.assertEqual({stack(site): site["growth"]
                              for site in budget["sites"]}, grew)
            sizes = [site["growth"] for site in budget["sites"]]
            self.assertEqual(sizes, sorted(sizes, reverse=True))

    def test_growth_in_every_format(self):
        """What grew by how much, at the site that did."""
        old, new = self.path("old.mp"), self.path("new.mp")
        for path, argument in ((old, "7"), (new, "8")):
            self.record(target("grow"), argument, out=path)
        a, b = (self.report(path)["totals"]["peak_bytes"]
                for path in (old, new))
        args = ("--baseline", old, "--max-growth", "peak=0", "--max-peak",
                "1GiB", "--limit", "1", "--units", "bytes")
        text = self.check(*args, status=1, dump=new).stdout.decode()
        numbers = "{:,} B, was {:,} B, at most {:,} B (+0.00%)".format(b, a, a)
        self.assertIn("BROKEN  max-growth of peak: %s\n" % numbers, text)
        self.assertIn("kept    max-peak: ", text)
        site = re.search(r"(?m)^  #1  ([\d,]+ B, \+[\d,]+ B)$", text).group(1)
        self.assertRegex(text, r"(?m)^  and \d+ more sites \(--limit 0 ")
        path = self.path("out")
        self.check("-f", "junit", "-o", path, *args, status=1, dump=new)
        if os.path.exists(readers.JUNIT_PARSER):
            (message, text, kind), = readers.junit_cases(path)[
                "max-growth of peak"]
            self.assertEqual(message, numbers)
            self.assertTrue(text.startswith(site + "\n    "), text)
        text = self.check("-f", "github", *args, status=1,
                          dump=new).stdout.decode()
        self.assertRegex(text.splitlines()[0], re.escape(
            ",title=max-growth of peak::%s here; in all %s" % (
                site, numbers.replace("%", "%25"))) + "$")
        self.check("-f", "sarif", "-o", path, *args, status=1, dump=new)
        with open(path) as file:
            result, = json.load(file)["runs"][0]["results"]
        self.assertEqual(result["ruleId"], "memprof/peak")
        self.assertRegex(result["message"]["text"],
                         r"^[\d.]+ \w+, \+[\d.]+ \w+ here; max-growth of peak: ")

    def budgets(self, text):
        with open(self.path("budgets"), "wb") as file:
            file.write(text)
        return self.path("budgets")

    def test_a_file_of_budgets(self):
        path = self.budgets(
            b"# a comment\n\n  max-peak\t64MiB  \r\nmax-leaked hill=%d\n"
            b"max-allocations %d" % (self.run_.stated("hill")["live_bytes"],
                                     self.stated["allocations"] - 1))
        found = self.json_check("--budgets", path, status=1)["budgets"]

        self.assertEqual([b["broken"] for b in found], [False, False, True])
        self.assertEqual([b["scope"] for b in found], [None, "hill", None])

    def test_hostile_files_of_budgets(self):
        for text in (b"max-peak", b"max-peak \n", b"max-peak 1 2", b"peak 3",
                     b"max-peak 1\0\n", b"max-peak -1", b"max-peak =1",
                     b"max-peak 99999999999999999999", b"max-peak 7EiB",
                     b"max-growth 5%%", b"max-growth what=5%",
                     b"max-growth 9999999999%", b"max-growth -5%",
                     b"max-allocations 5KiB", b"x" * 5000,
                     b"max-peak 1\n" * 1025, b"#" * 65537,
                     b"max-\x1b[31m 1", b"\xff\xfe"):
            run = self.check("--budgets", self.budgets(text), "--baseline",
                             self.mp, status=2)
            self.assertEqual(len(run.stderr.splitlines()), 1, text[:50])
            self.assertNotIn(b"\x1b", run.stderr)
        os.mkfifo(self.path("fifo"))
        for name in ("fifo", "missing", "."):
            self.check("--budgets", self.path(name), status=2)
        self.check("--budgets", self.budgets(b"max-peak 1GiB\n" * 1024),
                   status=0)

    def test_what_is_wrong_in_a_file_of_budgets_is_said(self):
        """With the file's name, the line's number and the line."""
        for text, message in (
                (b"# one\n\nmax-peak 1\n\tmax-peek 2 \r\nmax-peak x\n",
                 "4: 'max-peek 2 ' is no budget; "),
                (b"max-peak 1\nmax-leaked what=ever", "2: 'max-leaked "
                 "what=ever' has no limit that is accepted; "),
                (b"max-growth 1%\nmax-growth 5.123%\n", "2: 'max-growth "
                 "5.123%' has no limit that is accepted; "),
                (b"\n\n\nmax-peak f=99999999999999999999\n", "4: 'max-peak "
                 "f=99999999999999999999' has too large a number"),
                (b"max-peak 1\n" * 1025, "1025: more than 1024 budgets"),
                (b"# fine\n" + b"x" * 5000, "2: '" + "x" * 79 + "' has no ")):
            path = self.budgets(text)
            run = self.check("--budgets", path, "--baseline", self.mp,
                             status=2)
            self.assertTrue(run.stderr.decode().startswith(
                "memprof: %s:%s" % (path, message)), run.stderr)

    def test_no_budget_is_an_error(self):
        self.assertIn(b"no budget", self.check(status=2).stderr)
        self.check("--budgets", self.budgets(b"# nothing\n"), status=2)

    def test_wrong_limits_are_named(self):
        for option, text in (("--max-peak", "much"), ("--max-peak", "f="),
                             ("--max-allocations", "1KiB"),
                             ("--max-growth", "f=1"), ("--max-growth", "")):
            run = self.check(option, text, status=2)
            self.assertIn(option.encode(), run.stderr)

    def test_junit(self):
        self.need(readers.JUNIT_PARSER)
        path = self.path("out.xml")
        run = self.check("-f", "junit", "-o", path, "--max-peak", "1",
                         "--max-leaked", "a<\"&b>=0", "--max-growth", "peak=0",
                         "--baseline", self.mp, status=1)
        suite = xml.parse(path).getroot()
        cases = readers.junit_cases(path)
        (message, text, kind), = cases.pop("max-peak")
        peak = "{:,} B".format(self.stated["peak_bytes"])

        self.assertEqual(run.stdout, b"")
        self.assertEqual((suite.tag, suite.get("tests"),
                          suite.get("failures")), ("testsuite", "3", "1"))
        self.assertEqual(cases, {'max-leaked of a<"&b>': [],
                                 "max-growth of peak": []})
        self.assertEqual((message, kind), (peak + ", at most 1 B", "budget"))
        self.assertRegex(text, r"^[\d,]+ B\n    hill \(\S*peak\.c:\d+\)\n"
                         r"    \w+ \(")
        sizes = [int(n.replace(",", "")) for n in
                 re.findall(r"(?m)^([\d,]+) B$", text)]
        self.assertEqual(sum(sizes), self.stated["peak_bytes"])

    def test_github(self):
        text = self.check("-f", "github", "--limit", "0", "--max-leaked", "0",
                          status=1).stdout.decode()
        lines = text.splitlines()

        self.assertEqual(len(lines), 3)
        for line in lines:
            self.assertRegex(line, r"^::error file=[^,:]*targets/peak\.c,"
                             r"line=\d+,title=max-leaked::.* here; in all ")

    def test_github_shows_the_worst_ten(self):
        self.record(target("grow"), "10", out="grow.mp")
        text = self.check("-f", "github", "--max-allocations", "0",
                          "--max-peak", "0", status=1,
                          dump=self.path("grow.mp")).stdout.decode()
        errors = re.findall("^::error .*", text, re.M)
        sites = self.report(self.path("grow.mp"))["sites"]
        broken = sum(bool(s["peak_bytes"]) for s in sites) + len(sites)

        self.assertGreater(broken, 10)
        self.assertEqual(len(errors), 10)
        self.assertIn("%d more sites" % (broken - 10), text)

    def test_sarif(self):
        self.need(readers.SCHEMAS + "/sarif.json", "/usr/bin/python3")
        path = self.path("out.sarif")
        self.check("-f", "sarif", "-o", path, "--limit", "0", "--max-leaked",
                   "0", status=1)
        readers.validate(path, readers.SCHEMAS + "/sarif.json")
        with open(path) as file:
            results = json.load(file)["runs"][0]["results"]

        self.assertEqual({r["ruleId"] for r in results}, {"memprof/leak"})
        self.assertEqual(len(results), 3)
        prints = {r["partialFingerprints"]["memprofStack/v1"]
                  for r in results}
        self.assertEqual(len(prints), 3)
        again = self.record_target("peak", "middle")
        self.check("-f", "sarif", "-o", path, "--limit", "0", "--max-leaked",
                   "0", status=1, dump=self.dump(again))
        with open(path) as file:
            self.assertEqual(prints, {
                r["partialFingerprints"]["memprofStack/v1"]
                for r in json.load(file)["runs"][0]["results"]})
        self.check("-f", "sarif", "-o", path, "--max-leaked", "1GiB", status=0)
        readers.validate(path, readers.SCHEMAS + "/sarif.json")

    def test_json(self):
        found = self.json_check("--max-peak", "hill=1", status=1)
        budget, = found["budgets"]

        self.assertEqual(found["schema"], "memprof-check/1")
        self.assertEqual(found["broken"], 1)
        self.assertEqual(budget["value"],
                         self.run_.stated("hill")["peak_bytes"])
        self.assertEqual(budget["limit"], 1)
        self.assertEqual(sum(s["peak_bytes"] for s in budget["sites"]),
                         budget["value"])
        self.assertEqual(budget["sites"][0]["stack"][0]["function"], "hill")

    def test_a_damaged_dump_is_no_success(self):
        with open(self.mp, "rb") as whole:
            data = whole.read(50000)
        with open(self.path("cut.mp"), "wb") as cut:
            cut.write(data)
        self.check("--max-peak", "1GiB", status=3, dump=self.path("cut.mp"))
        self.check("--salvage", "--max-peak", "1GiB", status=3,
                   dump=self.path("cut.mp"))
        self.check("--max-growth", "1", "--baseline", self.path("cut.mp"),
                   status=3)


main()
