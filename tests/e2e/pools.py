# SPDX-License-Identifier: MIT
"""Custom pools that a program tells of through memprof.h."""

from harness import MODES, Case, functions, main, sites_with, sum_of, target


class Pools(Case):
    def test_program_is_the_same_without_a_recorder(self):
        for mode in ("plain", "packed", "threads"):
            plain = self.plain(target("pools"), mode)
            run = self.record_target("pools", mode)
            self.assertEqual((run.stdout, run.stderr),
                             (plain.stdout, plain.stderr))

    def test_totals_are_the_programs(self):
        for env in MODES:
            for mode in ("plain", "packed", "fork", "paused"):
                with self.subTest(mode, **env):
                    run = self.record_target("pools", mode, env=env)
                    self.assert_exact_totals(run, run.stated())

    def test_blocks_in_place_of_the_chunk_they_lie_in(self):
        report = self.report(self.record_target("pools", "plain"))
        left = sites_with(report, "left_side")
        right = sites_with(report, "right_side")
        chunks = [site for site in sites_with(report, "pool_open")]

        self.assertEqual(sum_of(left, "allocations", "live_blocks",
                                "live_bytes"), (100, 100, 2400))
        self.assertEqual(sum_of(right, "allocations", "live_blocks",
                                "live_bytes"), (257, 7, 280))
        for site in left + right:
            self.assertEqual(functions(site)[0], "pool_get")
        self.assertEqual(sum_of(chunks, "allocations", "allocated_bytes",
                                "live_blocks", "temporary"),
                         (2, 131072, 0, 0))

    def test_blocks_of_a_byte_side_by_side(self):
        report = self.report(self.record_target("pools", "packed"))

        self.assertEqual(report["totals"]["live_blocks"], 16384)
        self.assertEqual(report["losses"]["foreign_frees"], 0)

    def test_threads_that_share_the_pools(self):
        report = self.report(self.record_target("pools", "threads"))
        have = sum_of(sites_with(report, "visitor"), "allocations",
                      "allocated_bytes", "live_blocks", "live_bytes")

        self.assertEqual(have, (8 * (2 * 20000 + 100),
                                8 * (64 * 20000 + 4800), 800, 38400))

    def test_forked_child_inherits_pools(self):
        run = self.record_target("pools", "fork")
        child = self.report(run.stated("child")["pid"])

        self.assertEqual(
            sum_of(sites_with(child, "left_side"), "live_blocks"), (40,))
        self.assertEqual(
            sum_of(sites_with(child, "right_side"), "live_blocks"), (1,))
        self.assertEqual(child["losses"]["foreign_frees"], 0)

    def test_handlers_that_tell_of_blocks(self):
        """What a handler could not leave in a table that it interrupted is
        counted apart."""
        run = self.record_target("pools", "storm")
        report = self.report(run)
        stated = run.stated()
        apart = report["losses"]["untracked_allocations"]

        self.assertEqual(report["totals"]["allocations"],
                         stated["allocations"])
        self.assertEqual(report["totals"]["live_blocks"] + apart,
                         stated["live_blocks"])
        self.assertEqual(report["losses"]["foreign_frees"], 0)

    def test_children_of_busy_threads(self):
        run = self.record_target("pools", "forks")
        children = [int(line.split(b"=")[1]) for line in
                    run.stdout.splitlines() if line.startswith(b"child=")]

        self.assertEqual(len(children), 8)
        for pid in children:
            sites = sites_with(self.report(pid), "child_work")
            self.assertEqual(sum_of(sites, "allocations", "live_blocks"),
                             (101, 10))

    def test_paused_recording_still_takes_blocks_back(self):
        run = self.record_target("pools", "paused")
        report = self.report(run)

        self.assertEqual((run.stated()["was_on"],
                          run.stated()["was_paused"]), (1, 1))
        self.assertEqual(report["losses"]["foreign_frees"], 0)


main()
