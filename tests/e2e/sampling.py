# SPDX-License-Identifier: MIT
"""Sampled dumps: totals are exact, estimates are without bias, and the errors
that are stated with them are honest."""

import math
import os
import re

from harness import (MEMPROF, TOP, Case, clean_env, finish, main, sites_with,
                     start, sum_of, target)

RUNS = 100
REPLICAS = 10  # stacks of each function that do the same: see the target
METRICS = ("allocations", "allocated_bytes", "peak_blocks", "peak_bytes",
           "live_blocks", "live_bytes")


class Trials:
    """What was estimated of one number, again and again."""

    def __init__(self, truth):
        self.truth = truth
        self.values = []
        self.errors = []

    def add(self, site, metric):
        self.values.append(site[metric])
        self.errors.append(site[metric + "_stderr"])

    def bias(self):
        """Of the mean, in standard errors of the mean."""
        n = len(self.values)
        mean = sum(self.values) / n
        spread = sum((v - mean) ** 2 for v in self.values) / (n - 1)
        return (mean - self.truth) / math.sqrt(spread / n)

    def honesty(self):
        """The stated variance as a part of the real one."""
        real = sum((v - self.truth) ** 2 for v in self.values)
        return sum(e * e for e in self.errors) / real

    def coverage(self):
        """How many of the 95 % intervals hold the truth."""
        held = sum(abs(v - self.truth) <= 1.96 * e
                   for v, e in zip(self.values, self.errors))
        return held / len(self.values)


class Sampling(Case):
    def record(self, size, *command):
        run = finish(start((MEMPROF, "run", "-q", "-o", self.path("s.mp"),
                            "--sample", size, *command),
                           env=clean_env(), cwd=self.dir))
        self.assertEqual((run.status, run.stderr), (0, b""))
        return run

    def reading(self):
        return self.json("report", "--limit", "0", self.path("s.mp"))

    def assert_exact(self, report, stated):
        self.assert_totals(report, {key: value for key, value
                                    in stated.items() if key != "reallocs"})
        self.assertEqual(report["losses"]["foreign_frees"], 0)

    def test_estimates_and_their_errors(self):
        """By chance one in some 2,000 runs of this fails: a mean of 1000
        trials may be off by 4 of its standard errors."""
        trials = {}
        for _ in range(RUNS):
            run = self.record("16KiB", target("sampled"))
            report = self.reading()
            self.assert_exact(report, run.stated())
            self.assertEqual(report["program"]["sample_bytes"], 16384)
            for name in ("small", "large"):
                stated = run.stated(name)
                sites = [site for site in report["sites"]
                         if site["stack"][0]["function"] == name]
                self.assertEqual(len(sites), REPLICAS)
                for metric in METRICS:
                    of = trials.setdefault((name, metric),
                                           Trials(stated[metric]))
                    for site in sites:
                        of.add(site, metric)
        for key, of in trials.items():
            print("%-24s bias %+.2f of its error, stated/real variance %.3f, "
                  "95 %% intervals hold %.1f %% of %d" % (
                      "%s.%s" % key, of.bias(), of.honesty(),
                      100 * of.coverage(), len(of.values)))
        for key, of in trials.items():
            with self.subTest("%s.%s" % key):
                self.assertEqual(len(of.values), RUNS * REPLICAS)
                self.assertLess(abs(of.bias()), 4)
                self.assertGreater(of.coverage(), 0.90)
                self.assertLess(of.coverage(), 0.99)

    def test_totals_of_everything_are_exact(self):
        for size in ("1", "100", "4KiB", "512KiB", "1GiB"):
            for program in ("api", "peak", "temporary"):
                with self.subTest(program + " " + size):
                    args = ("random",) if program == "peak" else ()
                    run = self.record(size, target(program), *args)
                    self.assert_exact(self.reading(), run.stated())

    def test_certain_samples_are_exact(self):
        """With a rate of a byte, blocks of 100 bytes are never missed."""
        run = self.record("1", target("peak"), "middle")
        report = self.reading()
        for part in ("base", "hill"):
            stated = run.stated(part)
            sites = sites_with(report, part)
            self.assertEqual(
                sum_of(sites, "peak_bytes", "peak_blocks", "live_bytes"),
                (stated["peak_bytes"], stated["peak_blocks"],
                 stated["live_bytes"]))
            self.assertEqual(
                sum_of(sites, "peak_bytes_stderr", "live_bytes_stderr"),
                (0, 0))

    def test_threads_add_up_to_the_totals(self):
        run = self.record("4KiB", target("threads"))
        totals = self.reading()["totals"]
        self.assertEqual(totals["failed"], 0)
        top = self.json("top", "--by", "thread", "--limit", "0", "s.mp")
        # One row a writer; threads that run one after another share one.
        self.assertGreater(len(top["rows"]), 1)
        for key in METRICS + ("frees", "freed_bytes", "temporary"):
            self.assertEqual(sum(row["self"][key] for row in top["rows"]),
                             totals[key], key)
            self.assertNotIn(key + "_stderr", top["rows"][0]["self"])
        # ld.so has a block for each thread besides.
        for key in ("allocations", "live_blocks", "live_bytes"):
            self.assertGreaterEqual(totals[key], run.stated()[key], key)

    def test_forked_children_inherit_exactly(self):
        run = finish(start((MEMPROF, "run", "-q", "-o", self.path("%p.mp"),
                            "--sample", "4KiB", target("fork"), "plain"),
                           env=clean_env(), cwd=self.dir))
        self.assertEqual(len(self.dumps()), 3)
        for path in self.dumps():
            stated = run.stated(os.path.basename(path).removesuffix(".mp"))
            self.assert_exact(self.json("report", path), stated)

    def test_nothing_sampled(self):
        """Every command says the totals, and that there is no site."""
        run = self.record("1TiB", target("temporary"))
        self.assert_exact(self.reading(), run.stated())
        self.assertEqual(self.reading()["sites"], [])
        for command in ("report", "leaks", "peak", "top", "info"):
            text = self.memprof(command, "s.mp").stdout.decode()
            self.assertIn("one in about 1.0 TiB; totals are exact, sites are "
                          "estimates\n", text)

    def test_leaks_fail_by_what_is_exact(self):
        run = self.record("1TiB", target("peak"), "end")
        self.assertGreater(run.stated()["live_blocks"], 0)
        self.memprof("leaks", "--error-exitcode", "7", "s.mp", status=7)

    def test_text_of_estimates(self):
        self.record("16KiB", target("sampled"))
        leaks = self.memprof("leaks", "s.mp").stdout.decode()
        self.assertRegex(leaks, r"\n#1  ~[\d,.]+ MiB \+-[\d,.]+ in ~\d+ "
                                r"\+-\d+ blocks, ")
        top = self.memprof("top", "s.mp").stdout.decode()
        self.assertRegex(top, r"(?m)^ +[\d.]+ MiB +\+-\d+% .* large")
        lines = self.memprof("lines", "-c", "s.mp",
                             "targets/sampled.c").stdout.decode()
        self.assertRegex(lines, r"(?m)^ +\d+( +[\d.]+ MiB +\+-\d+%){3} .*"
                                r"malloc\(bytes\)")

    def test_few_samples_are_marked(self):
        """Each stack has some 1 MiB of small blocks at the peak: with a rate
        of 1 MiB, hardly a sample."""
        self.record("1MiB", target("sampled"))
        sites = self.json("peak", "--limit", "0", "s.mp")["sites"]
        few = [site for site in sites if 0 < site["peak_samples"] < 10 and
               site["peak_bytes_stderr"] > site["peak_bytes"] / 10]
        text = self.memprof("peak", "--limit", "0", "s.mp").stdout.decode()
        self.assertEqual(len(re.findall(r"\(few samples: \d\)", text)),
                         len(few))
        self.assertGreater(len(few), 0)

    def test_every_member_is_on_the_page(self):
        self.record("16KiB", target("sampled"))
        with open(os.path.join(TOP, "man", "memprof-report.1")) as page:
            text = page.read()
        exact = self.path("exact.mp")
        finish(start((MEMPROF, "run", "-q", "-o", exact, target("sampled")),
                     env=clean_env(), cwd=self.dir))
        known = set().union(*(self.json(command, exact)["sites"][0]
                              for command in ("report", "leaks", "peak")))
        for command in ("report", "leaks", "peak"):
            site = self.json(command, "s.mp")["sites"][0]
            for name in set(site) - known:
                self.assertRegex(text, r"\b%s\b" % name)
        self.assertEqual(
            set(site) - known,
            {"samples", "live_samples", "peak_samples"} |
            {name + "_stderr" for name in METRICS} |
            {"frees_stderr", "freed_bytes_stderr", "reallocs_stderr",
             "temporary_stderr"})

    def test_sizes_that_are_none(self):
        for size in ("0", "-1", "much", "2TiB", ""):
            run = finish(start((MEMPROF, "run", "--sample", size, "true"),
                               env=clean_env(), cwd=self.dir))
            self.assertEqual(run.status, 2, size)
            self.assertIn(b"--sample", run.stderr)


main()
