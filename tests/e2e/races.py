# SPDX-License-Identifier: MIT
"""Threads that get in each other's way, and readers that look on: counts are
those of the program's own books. MEMPROF_BOOKS_SECONDS: how long all of it
runs at once; MEMPROF_READINGS: how often a running program is read."""

import os

from harness import MODES, Case, finish, main, sites_with, start, sum_of, target

SECONDS = int(os.environ.get("MEMPROF_BOOKS_SECONDS", "1"))
READINGS = int(os.environ.get("MEMPROF_READINGS", "15"))
KEYS = ("allocations", "allocated_bytes", "live_blocks", "live_bytes")
OURS = ("take", "move", "everything")


class Races(Case):
    def assert_books(self, run):
        stated = run.stated()
        report = self.report(run)
        ours = [site for name in OURS for site in sites_with(report, name)]
        ours = list({id(site): site for site in ours}.values())
        self.assertEqual(sum_of(ours, *KEYS),
                         tuple(stated[key] for key in KEYS))
        self.assertEqual(report["totals"]["reallocs"], stated["reallocs"])
        self.assertEqual(report["losses"]["foreign_frees"], 0)
        self.assertEqual(report["losses"]["overflow_allocations"], 0)
        return report

    def exact(self, *args, preload=(), seconds=120):
        run = self.record_target("races", *args, preload=preload,
                                 seconds=seconds)
        return self.assert_books(run)

    def sampled(self, *args, preload=(), seconds=120):
        """Totals are exact: the program's and a little of libc's."""
        run = self.record_target("races", *args, preload=preload,
                                 env=MODES[1], seconds=seconds)
        totals, stated = self.totals(run), run.stated()
        for key in ("allocations", "frees", "live_blocks"):
            self.assertIn(totals[key] - stated[key], range(0, 64), key)

    def test_addresses_that_other_threads_take_over_at_once(self):
        """realloc moves blocks whose old address is taken meanwhile."""
        for preload in ((), (target("lifo.so"),)):
            with self.subTest(preload):
                report = self.exact("reuse", preload=preload)
                self.assertEqual(sum_of(sites_with(report, "reuse"),
                                        "live_blocks"), (0,))
                self.sampled("reuse", preload=preload)

    def test_address_that_another_thread_has_before_realloc_returns(self):
        preload = (target("lifo.so"),)
        run = self.record_target("races", "passed", preload=preload)
        self.assertEqual(run.stated()["same"], 100)
        self.assert_books(run)
        self.sampled("passed", preload=preload)

    def test_new_sites_of_all_threads_at_once(self):
        report = self.exact("sites")
        sites = sites_with(report, "new_sites")

        self.assertEqual(len(sites), 1024)
        self.assertEqual({site["allocations"] for site in sites}, {16})
        self.sampled("sites")

    def test_books_of_sixteen_threads(self):
        for preload in ((), (target("lifo.so"),)):
            with self.subTest(preload):
                self.exact("books", str(SECONDS), preload=preload,
                           seconds=SECONDS * 5 + 120)
        self.sampled("books", "1")

    def reading(self, pid):
        """A block may go from one thread to another while they are read one
        after the other: such sites are adjusted, and counted."""
        report = self.json("report", "--limit", "0", self.dump(pid))
        totals = report["totals"]
        self.check_report(report)
        self.assertGreaterEqual(totals["live_blocks"],
                                totals["allocations"] - totals["frees"])
        for site in report["sites"]:
            for key in ("live_blocks", "live_bytes", "peak_blocks",
                        "peak_bytes"):
                self.assertGreaterEqual(site[key], 0, site)
        return report

    def test_reading_while_sixteen_threads_run(self):
        """Every reading is whole and no count ever goes back."""
        process = start([target("races"), "run"], cwd=self.dir, stdin=-1,
                        env=self.shim_env())
        self.assertEqual(process.stdout.readline(), b"ready\n")
        last = {"allocations": 0, "frees": 0, "allocated_bytes": 0}
        for _ in range(READINGS):
            report = self.reading(process.pid)
            self.assertEqual(report["program"]["state"], "running")
            self.assertIsNone(report["losses"]["failure"])
            totals = report["totals"]
            for key in last:
                self.assertGreaterEqual(totals[key], last[key], key)
            last = {key: totals[key] for key in last}
        run = finish(process, input=b"")
        self.assertEqual(run.status, 0)
        self.assert_books(run)
        self.assertGreater(last["allocations"], 10000)


main()
