# SPDX-License-Identifier: MIT
"""Threads: many, short-lived, ending in every way."""

from harness import MODES, Case, functions, main, sites_with, sum_of

KEYS = ("allocations", "allocated_bytes", "live_blocks", "live_bytes")


class Threads(Case):
    def lives(self, *args, name="lives", within=("guest_block",), env=None):
        """What the threads did is exact. Returns the run."""
        run = self.record_target(name, *args, env=env)
        stated = run.stated()
        self.assertEqual(run.stderr, b"")
        if env:
            self.assertLess(0, stated["allocations"])
            return run
        report = self.report(run)
        sites = [site for name in within for site in sites_with(report, name)]
        self.assertEqual(sum_of(sites, *KEYS),
                         tuple(stated[key] for key in KEYS))
        self.assertEqual(report["losses"]["foreign_frees"], 0)
        self.assertEqual(report["losses"]["overflow_allocations"], 0)
        return run

    def both(self, *args, **options):
        """The same; and sampled, where totals have libc's own besides: what
        was counted then is what was counted exactly."""
        run = self.lives(*args, **options)
        sampled = self.lives(*args, env=MODES[1], **options)
        exact = self.totals(run)
        have = self.totals(sampled)
        keys = ("allocations", "allocated_bytes", "frees", "freed_bytes")
        self.assertEqual([have[key] for key in keys],
                         [exact[key] for key in keys])
        return run, sampled

    def test_a_thousand_at_once(self):
        for run in self.both("together", "1000"):
            info = self.info(run)
            # Threads that start late may take over from none: all live.
            self.assertEqual(info["totals"]["threads"], 1001)
            self.assertEqual(len(info["threads"]), 1001)

    def test_twenty_thousand_one_after_another_share_their_memory(self):
        for run in self.both("successive", "20000"):
            info = self.info(run)
            self.assertEqual(info["totals"]["threads"], 20001)
            self.assertLessEqual(len(info["threads"]), 4)
            self.assertLess(info["dump"]["bytes"], 1 << 20)

    def test_destructors_of_thread_values_that_allocate(self):
        run, _ = self.both("destructors")
        ends = sites_with(self.report(run), "on_end")
        self.assertEqual(sum_of(ends, "allocations", "live_blocks"),
                         (300, 0))

    def test_thread_local_objects_that_allocate(self):
        run, _ = self.both(name="locals",
                           within=("holder::holder", "holder::grow"))
        report = self.report(run)
        late = [site for site in sites_with(report, "holder::grow")
                if "holder::~holder()" in functions(site)]
        self.assertEqual(sum_of(late, "allocations", "live_blocks"), (50, 0))

    def test_blocks_of_threads_that_are_gone(self):
        run, _ = self.both("left", within=("guest_block", "heir"))
        heirs = sites_with(self.report(run), "heir")
        self.assertEqual(sum_of(heirs, "allocations", "live_blocks"),
                         (200, 100))

    def test_detached_threads_that_run_at_exit(self):
        for env in MODES:
            with self.subTest(**env):
                run = self.lives("detached", env=env)
                self.assertEqual(self.info(run)["state"], "exited")
                totals = self.totals(run)
                self.assertGreater(totals["allocations"], 8100)
                self.assertLessEqual(totals["live_bytes"],
                                     totals["peak_bytes"])

    def test_cancelled_threads(self):
        for run in self.both("cancelled"):
            self.assertEqual(run.stated()["live_blocks"], 0)

    def test_threads_cancelled_at_any_instruction(self):
        for run in self.both("cancelled-anywhere"):
            self.assertEqual(run.stated()["live_blocks"], 0)


main()
