# SPDX-License-Identifier: MIT
"""Threads: many, short-lived, ending in every way."""

import os

from harness import (MODES, Case, functions, main, marked_lines,
                     sites_with, sum_of)

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

    def test_where_they_were_started(self):
        lines = marked_lines("starts.c")
        self.build("starts", "starts.c")

        def place(frame):
            return frame and (os.path.basename(frame["file"]), frame["line"],
                              frame["function"])
        for i, env in enumerate(({}, {"MEMPROF_CHECK": "1"},
                                 {"MEMPROF_LEAK_CHECK": "1"})):
            run = self.record(self.path("starts"), env=env)
            self.assertEqual((run.status, run.stdout, run.stderr),
                             (0, b"1 7\n", b""))
            report = self.report(run)
            # Those of run() are one place, whoever called it. Two sites have
            # several: of main() and threads, and of threads of two places.
            starts = {site["allocated_bytes"]:
                      {place(frame) for frame in site["threads_started_at"]}
                      for site in sites_with(report, "allocate")}
            ran = ("starts.c", lines["run"], "run")
            self.assertEqual(starts, {
                30003: {ran},
                10003: {("starts.c", lines["c11"], "main")},
                10004: {("starts.c", lines["nested"], "nest")},
                10005: set(),
                20013: {ran, ("starts.c", lines["often"], "main")}})
            # Nothing of ours is on any stack.
            self.assertFalse([
                site for site in report["sites"] for frame in site["stack"]
                if "libmemprof" in (frame["module"] or "") and
                frame["function"] in ("pthread_create", "thrd_create",
                                      "mp_starts_run")])
            if not i:
                continue
            if "MEMPROF_CHECK" in env:
                self.assert_checked(run)
                continue
            # What a thread that has not begun was given is not lost.
            leaks = self.json("leaks", "--limit", "0", self.dump(run))
            verdicts = [part["verdict"] for site in leaks["sites"]
                        if "fail" in functions(site)
                        for part in site["verdicts"]]
            self.assertEqual(verdicts, ["still_reachable"])
        text = self.memprof("leaks", "--reachable", "--limit", "0",
                            self.dump(run)).stdout
        self.assertRegex(text.decode(),
                         r"\(thread started at \S*starts\.c:%d in nest\)\n" %
                         lines["nested"])

    def test_memory_of_threads_that_were_started_elsewhere(self):
        """Threads of many places have it one after another: then it says
        nothing of where, and otherwise where."""
        text = """
            #include <pthread.h>
            #include <stdlib.h>
            static void *work(void *arg)
            {
                free(malloc(100));
                return arg;
            }
            #define START pthread_create(&thread, 0, work, 0); \\
                          pthread_join(thread, 0);
            #define TEN START START START START START START START START \\
                        START START
            int main(int argc, char **argv)
            {
                pthread_t thread;
                (void)argv;
                for (int i = 0; i < 400; i++) { START }
                if (argc > 1) { TEN TEN TEN TEN TEN TEN }
                return 0;
            }
            """
        program = self.compile("shared", text, "-g", "-pthread")
        for args, threads in ((), 401), (("many",), 461):
            run = self.record(program, *args)
            self.assertEqual(run.status, 0, run.stderr)
            rows = [row["thread"] for row in self.json(
                "top", "--by", "thread", self.dump(run))["rows"]]
            self.assertEqual(sum(row["threads"] for row in rows), threads)
            self.assertLessEqual(len(rows), 32)
            known = [row for row in rows if row["started_at"]]
            for row in known:
                self.assertEqual(row["started_at"]["function"], "main")
            if args:
                self.assertGreater(len(known), 0)
                self.assertLess(len(known), len(rows) - 1)
            else:
                self.assertEqual(len(known), len(rows) - 1)


main()
