# SPDX-License-Identifier: MIT
"""Totals equal what the target programs state themselves, to the byte."""

from harness import Case, functions, main, sites_with, sum_of

# libstdc++ allocates its emergency pool before main(), once.
LIBSTDCXX_POOL = 72704


class Totals(Case):
    def test_every_call_of_c(self):
        run = self.record_target("api")
        self.assert_totals(self.report(run), run.stated())

    def test_names_that_only_some_libraries_have(self):
        run = self.record_target("api", "new")
        self.assert_totals(self.report(run), run.stated())

    def test_every_new_and_delete(self):
        """libstdc++ itself allocates: its pool, and an exception for each
        failure, which the nothrow forms catch."""
        run = self.record_target("news")
        report = self.report(run)
        pool, exceptions = (
            [site for site in report["sites"] if condition(site)]
            for condition in (
                lambda site: site["allocated_bytes"] == LIBSTDCXX_POOL,
                lambda site: "__cxa_allocate_exception" in functions(site)))
        self.assertEqual(sum_of(pool, "allocations", "live_blocks"), (1, 1))
        self.assertEqual(sum_of(exceptions, "allocations", "live_blocks"),
                         (run.stated()["failed"], 0))
        for site in pool + exceptions:
            self.assertIn("libstdc++", site["stack"][0]["module"])
        (thrown, thrown_bytes) = sum_of(exceptions, "allocations",
                                        "allocated_bytes")
        self.assert_totals(report, run.stated(), {
            "allocations": 1 + thrown, "frees": thrown,
            "allocated_bytes": LIBSTDCXX_POOL + thrown_bytes,
            "freed_bytes": thrown_bytes,
            "live_blocks": 1, "live_bytes": LIBSTDCXX_POOL,
            "peak_blocks": 1, "peak_bytes": LIBSTDCXX_POOL})

    def test_operator_new_is_not_a_frame(self):
        report = self.report(self.record_target("news"))

        for site in report["sites"]:
            self.assertNotRegex(str(functions(site)[0]),
                                r"operator new|^malloc$|aligned_alloc")

    def threads(self, *args):
        """What ld.so allocates for threads is not the program's."""
        run = self.record_target("threads", *args)
        stated = run.stated()
        report = self.report(run)
        ours = [site for name in ("swapper", "visitor")
                for site in sites_with(report, name)]
        have = dict(zip(
            ("allocations", "allocated_bytes", "live_blocks", "live_bytes"),
            sum_of(ours, "allocations", "allocated_bytes", "live_blocks",
                   "live_bytes")))
        self.assertEqual(have, {key: stated[key] for key in have})
        self.assertEqual(report["totals"]["reallocs"], stated["reallocs"])
        self.assertEqual(report["totals"]["failed"], 0)
        # One block for each thread's thread-local storage.
        others = [site for site in report["sites"] if site not in ours]
        for site in others:
            self.assertIn("pthread_create", " ".join(map(str,
                                                         functions(site))))
        lost = [site for site in sites_with(report, "visitor")
                if site["live_blocks"]]
        self.assertEqual(sum_of(lost, "live_blocks", "live_bytes"),
                         (stated["lost_blocks"], stated["lost_bytes"]))

    def test_threads_that_free_each_others_blocks(self):
        self.threads()

    def test_many_threads(self):
        self.threads("100", "200")

    def test_peak_is_composed_of_what_was_live_at_it(self):
        for how in ("middle", "end", "twice", "random"):
            with self.subTest(how):
                run = self.record_target("peak", how)
                report = self.report(run)
                self.assert_totals(report, run.stated())
                for part in ("base", "hill", "late"):
                    stated = run.stated(part)
                    sites = sites_with(report, part)
                    self.assertEqual(
                        sum_of(sites, "peak_bytes", "peak_blocks",
                               "live_bytes"),
                        (stated["peak_bytes"], stated["peak_blocks"],
                         stated["live_bytes"]), part)

    def test_temporary_blocks(self):
        run = self.record_target("temporary")
        report = self.report(run)
        self.assert_totals(report, run.stated())
        self.assertEqual(
            [sum_of(sites_with(report, name), "temporary")[0]
             for name in ("waste", "nest", "pipeline")], [1000, 100, 1])

    def test_growing_by_many_stacks(self):
        run = self.record_target("grow", "14")
        report = self.report(run)
        self.assert_totals(report, run.stated())
        self.assertEqual(report["totals"]["sites"], run.stated()["stacks"])

    def test_totals_do_not_depend_on_the_way_of_walking(self):
        for unwind in ("cfi", "fp"):
            with self.subTest(unwind):
                run = self.record_target("api",
                                         env={"MEMPROF_UNWIND": unwind})
                self.assert_totals(self.report(run), run.stated())


main()
