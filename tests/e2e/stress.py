# SPDX-License-Identifier: MIT
"""What goes wrong once in many times: the races of processes.py, again and
again."""

from harness import Case, main, sites_with, sum_of, target


class Stress(Case):
    def test_forks_while_other_threads_allocate(self):
        for _ in range(30):
            run = self.record_target("fork", "busy", seconds=30,
                                     out="dump.%p.mp")
            for line in run.stdout.splitlines():
                if line.startswith(b"child="):
                    report = self.report(int(line.split(b"=")[1]))
                    sites = sites_with(report, "child_work")
                    self.assertEqual(
                        sum_of(sites, "allocations", "allocated_bytes",
                               "live_blocks"), (100, 7700, 10))

    def test_handlers_that_interrupt_the_recorder(self):
        for _ in range(50):
            run = self.record_target("signals", "storm", seconds=30,
                                     preload=(target("bump.so"),))
            self.assert_totals(self.report(run), run.stated())

    def test_threads_that_free_each_others_blocks(self):
        for _ in range(20):
            run = self.record_target("threads", "8", "5000", seconds=30)
            report = self.report(run)
            stated = run.stated()
            self.assertEqual(
                sum_of([site for name in ("swapper", "visitor")
                        for site in sites_with(report, name)],
                       "allocations", "allocated_bytes", "live_bytes"),
                tuple(stated[key] for key in
                      ("allocations", "allocated_bytes", "live_bytes")))


main()
