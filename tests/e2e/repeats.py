# SPDX-License-Identifier: MIT
"""memprof stat, and run --allocator."""

import json
import os

from harness import (MEMPROF, Case, clean_env, finish, main, start, target)

LIBRARIES = {"jemalloc": "libjemalloc.so.2",
             "tcmalloc": "libtcmalloc_minimal.so.4",
             "mimalloc": "libmimalloc.so.2"}


class Stat(Case):
    def stat(self, *args, status=0, env=None):
        os.makedirs(self.path("tmp"), exist_ok=True)
        run = finish(start((MEMPROF, "stat") + args, cwd=self.dir,
                           env=clean_env(TMPDIR=self.path("tmp"),
                                         **(env or {}))))
        self.assertEqual(run.status, status, run.stderr.decode())
        self.assertEqual(os.listdir(self.path("tmp")), [])
        self.assertEqual(self.dumps(), [])
        return run

    def columns(self, *args, **options):
        run = self.stat("--json", *args, **options)
        data = json.loads(run.stdout)
        self.assertEqual(data["schema"], "memprof-stat/1")
        for column in data["columns"]:
            for value in column.values():
                if isinstance(value, dict) and value["median"] is not None:
                    self.assertLessEqual(value["least"], value["median"])
                    self.assertLessEqual(value["median"], value["greatest"])
        return data["columns"]

    def want(self, *argv):
        run = self.record_target(*argv)
        os.unlink(self.dump(run))
        return run.stated()

    def test_the_heap_is_what_the_program_states(self):
        column, = self.columns("-r", "3", "--", target("peak"), "middle")
        want = self.want("peak", "middle")

        for key, stated in (("peak_bytes", "peak_bytes"),
                            ("allocations", "allocations"),
                            ("allocated_bytes", "allocated_bytes"),
                            ("leaked_bytes", "live_bytes")):
            self.assertEqual(column[key], {
                "median": want[stated], "least": want[stated],
                "greatest": want[stated]}, key)
        for key in ("time_ns", "rss_bytes", "faults"):
            self.assertGreater(column[key]["least"], 0)

    def test_two_commands(self):
        first, second = self.columns("-r", "1", "--", target("peak"), "middle",
                                     "---", target("peak"), "end")
        self.assertEqual(first["peak_bytes"]["median"],
                         self.want("peak", "middle")["peak_bytes"])
        self.assertEqual(second["peak_bytes"]["median"],
                         self.want("peak", "end")["peak_bytes"])
        text = self.stat("-r", "2", target("peak"), "middle", "---",
                         target("peak"), "middle").stdout.decode()
        self.assertRegex(text, r"(?m)^peak heap .* same$")

    def counting(self):
        """A script that turns into a program, which allocates more each
        time."""
        with open(self.path("count"), "w") as file:
            file.write("0")
        with open(self.path("more"), "w") as file:
            file.write("#!/bin/sh\nread n <count\necho $((n + 1)) >count\n"
                       "exec %s $n\n" % target("grow"))
        os.chmod(self.path("more"), 0o755)
        return "./more"

    def allocations(self, n):
        run = self.record_target("grow", str(n))
        count = self.report(run)["totals"]["allocations"]
        os.unlink(self.dump(run))
        return count

    def test_median_and_spread(self):
        """Of those with the recorder, each second of them."""
        for runs, median in ((5, 5), (4, 3), (1, 1)):
            column, = self.columns("-r", str(runs), self.counting())
            self.assertEqual(column["allocations"], {
                "least": self.allocations(1),
                "median": self.allocations(median),
                "greatest": self.allocations(2 * runs - 1)})
        text = self.stat("-r", "5", self.counting()).stdout.decode()
        self.assertRegex(text, r"(?m)^ +median +least +greatest$")
        self.assertRegex(text, r"(?m)^allocations +%s$" % " +".join(
            "{:,}".format(self.allocations(n)) for n in (5, 1, 9)))

    def test_a_change_that_may_be_chance(self):
        a, b = (self.allocations(n) for n in (5, 7))
        text = self.stat("-r", "3", self.counting(), "---",
                         "./more").stdout.decode()
        self.assertRegex(text, r"(?m)^ +first +against +change$")
        self.assertRegex(text, r"(?m)^allocations +{:,} +{:,} +\{:+.1f}%  "
                         "overlap$".format(a, b, 100 * (b - a) / a))
        text = self.stat("-r", "1", self.counting(), "---",
                         "./more").stdout.decode()
        self.assertRegex(text, r"(?m)^allocations .*%$")
        self.assertRegex(text, r"(?m)^temporary .* same$")

    def test_runs_are_as_many_as_asked_for(self):
        """One as it is and one with the recorder, four times."""
        self.counting()
        column, = self.columns("-r", "4", "./more")
        with open(self.path("count")) as file:
            self.assertEqual(file.read(), "8\n")  # each run is two

    def test_the_program_is_quiet(self):
        run = self.stat("-r", "1", "--", "/bin/echo", "loud")
        self.assertNotIn(b"\nloud", run.stdout)
        run = self.stat("-r", "2", "--show-output", "--", "/bin/echo", "loud")
        self.assertEqual(run.stdout.count(b"loud\n"), 3)  # and the heading

    def test_a_failing_program_is_said_once(self):
        run = self.stat("-r", "3", "--", target("exits"), "_exit")
        self.assertEqual(run.stderr.count(b"ended with status 5"), 1)

    def test_a_killed_program_has_a_heap_too(self):
        column, = self.columns("-r", "1", "--", target("exits"), "kill")
        self.assertGreaterEqual(column["allocations"]["median"], 1)

    def test_what_cannot_be_run(self):
        self.stat("no-such-program-anywhere", status=127)
        self.stat("/nonexistent/program", status=127)
        self.stat("--", self.dir, status=126)
        self.stat("-r", "0", "--", "/bin/true", status=2)
        self.stat("--", "/bin/true", "---", status=2)
        self.stat("--", "---", "/bin/true", status=2)
        self.stat("--allocators", "glibc,other", "--", "/bin/true", status=2)
        self.stat("--allocators", "glibc", "--", "/bin/true", "---",
                  "/bin/true", status=2)
        self.stat("--allocators", ",".join(["glibc"] * 9), "--", "/bin/true",
                  status=2)

    def installed(self):
        folder = "/usr/lib/x86_64-linux-gnu/"
        self.need(*(folder + name for name in LIBRARIES.values()))
        return tuple(LIBRARIES)

    def test_allocators(self):
        names = ("glibc",) + self.installed()
        columns = self.columns("-r", "1", "--allocators", ",".join(names),
                               "--", target("peak"), "middle")
        want = self.want("peak", "middle")

        self.assertEqual(tuple(c["title"] for c in columns), names)
        for column in columns:
            # Their C++ runtime has a pool of its own, of 72,704 bytes.
            extra = column["allocated_bytes"]["median"] - \
                want["allocated_bytes"]
            self.assertIn(extra // 72704, (0, 1), column["title"])
            self.assertGreaterEqual(column["rss_bytes"]["median"],
                                    column["peak_bytes"]["median"])
        text = self.stat("-r", "1", "--allocators", ",".join(names), "--",
                         target("peak"), "middle").stdout.decode()
        self.assertRegex(text, r"(?m)^ +%s$" % " +".join(names))
        for row in ("time", "peak RSS", "peak heap", "RSS beyond heap",
                    "page faults", "held but free"):
            self.assertRegex(text, r"(?m)^%s( +\S.*){4}$" % row)

    def test_what_an_allocator_held_but_free(self):
        """Two runs of one program, which are as much alike."""
        for name in ("glibc",) + self.installed():
            run = finish(start(
                (MEMPROF, "run", "-q", "-o", name + ".mp", "--allocator",
                 name, target("heap")), cwd=self.dir, env=clean_env()))
            self.assertEqual(run.status, 0, run.stderr)
            report = self.report(self.path(name + ".mp"))
            os.remove(self.path(name + ".mp"))
            column, = self.columns("-r", "1", "--allocators", name, "--",
                                   target("heap"))
            idle = report["memory_at_end"]["held_bytes"] - \
                report["totals"]["live_bytes"]
            self.assertGreater(idle, 1 << 20)
            if name == "glibc":
                # But for the end of the heap, which is at a page's.
                self.assertLessEqual(
                    abs(column["idle_bytes"]["median"] - idle), 1 << 16)
            else:  # they keep what they keep in units of pages
                self.assertGreater(column["idle_bytes"]["median"], 1 << 20)
        column, = self.columns("-r", "1", "--", target("exits"), "kill")
        self.assertIsNone(column["idle_bytes"]["median"])
        text = self.stat("-r", "1", "--", target("exits"), "kill")
        self.assertRegex(text.stdout.decode(),
                         r"(?m)^held but free( +-){3}$")

    def test_run_with_an_allocator(self):
        for name in self.installed():
            run = finish(start(
                (MEMPROF, "run", "-q", "-o", name + ".mp", "--allocator", name,
                 target("peak"), "middle"), cwd=self.dir,
                env=clean_env(LD_PRELOAD=target("bump.so"))))
            self.assertEqual(run.status, 0, run.stderr)
            program = self.info(self.path(name + ".mp"))["program"]
            self.assertIn(LIBRARIES[name].split(".")[0], program["allocator"])
            self.assert_totals(self.report(self.path(name + ".mp")), {
                "frees": run.stated()["frees"]})


main()
