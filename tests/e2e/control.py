# SPDX-License-Identifier: MIT
"""Control that does not only call and return: stacks are the real ones, and
the program does not notice."""

from harness import (MODES, Case, functions, main, sites_with, sum_of,
                     target)

# Every block of more than 40 bytes is a sample, so sites are exact too.
EVERY_BLOCK = ({}, {"MEMPROF_SAMPLE": "1"})
KEYS = ("allocations", "allocated_bytes", "live_blocks", "live_bytes")


class Control(Case):
    def both(self, name, *args, within=("get",), check="1"):
        """Exact, where what the program did itself is compared; sampled; and
        with every walk compared. Returns the exact run and its report."""
        run = self.record_target(name, *args)
        report = self.report(run)
        self.assertEqual(run.stderr, b"")
        sites = [site for name in within for site in sites_with(report, name)]
        self.assertEqual(sum_of(sites, *KEYS),
                         tuple(run.stated()[key] for key in KEYS))
        sampled = self.record_target(name, *args, env=MODES[1])
        self.assertEqual(sampled.stderr, b"")
        self.assertGreaterEqual(self.totals(sampled)["allocations"],
                                sampled.stated()["allocations"])
        if check:
            self.assert_checked(self.record_target(
                name, *args, env={"MEMPROF_CHECK": check}))
        return run, report

    def test_longjmp_out_of_any_depth(self):
        _, report = self.both("control", "longjmp")
        sites = sites_with(report, "surface")

        self.assertEqual(sum_of(sites, "live_blocks"), (1000,))
        for site in sites:
            self.assertEqual(functions(site)[:4],
                             ["get", "surface", "test_longjmp", "main"])
        deepest = max(functions(site).count("dive")
                      for site in report["sites"])
        self.assertEqual(deepest, 40)

    def test_coroutines_that_take_turns(self):
        _, report = self.both("control", "coroutines")
        sites = sites_with(report, "work")

        self.assertEqual(sum_of(sites, "allocations"), (1000,))
        for site in sites:
            self.assertEqual(functions(site)[:3],
                             ["get", "work", "coroutine"])
            self.assertNotIn("main", functions(site))
        self.assertEqual(report["totals"]["truncated_stacks"], 0)

    def test_exceptions_through_allocators(self):
        _, report = self.both("throws")
        sites = sites_with(report, "afterwards")

        self.assertEqual(sum_of(sites, "live_blocks"), (110,))
        for site in sites:
            self.assertEqual(functions(site)[:2],
                             ["get(unsigned long)", "afterwards()"])
        # The handler of new is asked before the call gives up.
        self.assertGreaterEqual(report["totals"]["failed"], 210)
        # Allocators whose operators do not come to malloc. (mimalloc's, as
        # packaged, throws nothing and aborts, recorded or not.)
        for name in ("libjemalloc.so.2", "libtcmalloc_minimal.so.4"):
            library = "/usr/lib/x86_64-linux-gnu/" + name
            self.need(library)
            run = self.record_target("throws", preload=(library,))
            sites = sites_with(self.report(run), "afterwards")
            self.assertEqual(sum_of(sites, "live_blocks"), (110,))

    def test_stack_overflow_that_the_program_survives(self):
        run, _ = self.both("control", "overflow", check=None)
        self.assertEqual(run.stated()["overflows"], 20)

    def test_handlers_at_any_instant(self):
        """Between calls, in a computation, and in malloc and the recorder
        themselves, in front of an allocator that allows it."""
        for how, preload in (("raise", ()), ("timer", ()),
                             ("storm", (target("bump.so"),))):
            for env in MODES:
                with self.subTest(how, **env):
                    run = self.record_target("signals", how, env=env,
                                             preload=preload)
                    self.assert_exact_totals(run, run.stated())

    def test_timer_of_a_profiler(self):
        run, report = self.both("control", "profiled", check="100")
        self.assert_totals(report, {
            key: run.stated()[key] for key in ("live_blocks", "live_bytes")})

    def test_program_that_takes_every_interruption_for_an_error(self):
        run, _ = self.both("control", "waits")
        self.assertEqual((run.stated()["handlers"],
                          run.stated()["blocked"]), (0, 0))

    def test_compiled_code_with_frame_pointers(self):
        """No unwind data: found by frame pointer, and marked."""
        _, report = self.both("control", "jit", check=None)
        (site,) = [site for site in report["sites"]
                   if site["live_bytes"] == 55500]
        guessed = [frame["guessed"] for frame in site["stack"]]

        self.assertEqual(functions(site)[0], "get")
        self.assertIsNone(functions(site)[1])
        self.assertIn("main", functions(site))
        self.assertIn(True, guessed)
        self.assertEqual(report["losses"]["guessed_walks"], 100)
        (after,) = [site for site in report["sites"]
                    if site["live_bytes"] == 600]
        self.assertNotIn(None, functions(after))

    def test_compiled_code_without_frame_pointers(self):
        """Nothing to go by: what is shown is marked as a guess or as cut."""
        _, report = self.both("control", "jit-bare", check=None)
        (site,) = [site for site in report["sites"]
                   if site["live_bytes"] == 55600]

        self.assertEqual(functions(site)[0], "get")
        self.assertTrue(site["truncated"] or
                        any(frame["guessed"] for frame in site["stack"]))

    def test_object_where_compiled_code_was(self):
        """What was guessed for an address holds for the code that was there:
        an object that comes to lie there has rules of its own."""
        plugin = self.build("plugin.so", "replaced.c", "-DPLUGIN", "-shared",
                            "-fPIC", "-fomit-frame-pointer")
        program = self.build("replaced", "replaced.c")
        for env in EVERY_BLOCK:
            run = self.record(program, plugin, env=env)
            self.assertEqual((run.status, run.stderr), (0, b""), run.stdout)
            self.assertGreater(run.stated()["same"], 0,
                               "no address was used twice")
            report = self.report(run)
            for size, is_compiled in ((1000, False), (1001, True),
                                      (1002, False)):
                sites = [site for site in report["sites"] if
                         site["live_bytes"] == size * site["live_blocks"] > 0]
                for site in sites:
                    names = functions(site)
                    self.assertEqual(names[0], "callback", size)
                    self.assertEqual(names[1],
                                     None if is_compiled else "plugin", size)
                    self.assertIn("main", names, size)
                    self.assertEqual(
                        any(frame["guessed"] for frame in site["stack"]),
                        is_compiled, size)
                self.assertEqual(sum_of(sites, "live_blocks"),
                                 (run.stated()["rounds"],), size)


main()
