# SPDX-License-Identifier: MIT
"""Stacks are the real ones, to the outermost frame, and have the right names
and lines."""

import os
import re
import shutil

from harness import (BUILD, Case, functions, main, marked_lines, sites_with,
                     sum_of, target)


def short(name):
    """The last part of a name without parameters: derived::act() is act."""
    return (name or "?").split("(")[0].split("::")[-1].split(".")[0]


def named(function, *names):
    """The one of the names that a demangled function has; compilers differ in
    what stands around it."""
    for name in names:
        if re.search(r"\b%s\b" % name, function):
            return name
    return function


class Walks(Case):
    def own_names(self, site, source):
        return [short(frame["function"]) for frame in site["stack"]
                if os.path.basename(frame.get("file") or "") == source]

    def test_every_kind_of_frame(self):
        run = self.record_target("walk", env={"MEMPROF_CHECK": "1"})
        report = self.report(run)
        stated = {}
        for line in run.stdout.decode().splitlines():
            size, names = line.removeprefix("stack.").split("=")
            stated[int(size)] = names.split(",")

        self.assertGreater(len(stated), 15)
        for size, names in stated.items():
            with self.subTest(size):
                sites = [site for site in report["sites"]
                         if site["live_bytes"] == size]
                self.assertEqual(len(sites), 1)
                self.assertEqual(self.own_names(sites[0], "walk.cc"), names)
        self.assertEqual(report["totals"]["truncated_stacks"], 0)

    def test_every_kind_of_frame_equals_the_reference(self):
        run = self.record_target("walk", env={"MEMPROF_CHECK": "1"})

        self.assert_checked(run)

    def deep(self, depth, **env):
        run = self.record_target("deep", str(depth), env=env)
        report = self.report(run)

        self.assert_totals(report, run.stated())
        (site,) = report["sites"]
        return report, functions(site)

    def test_600_frames(self):
        report, names = self.deep(600)

        self.assertEqual(names[:600], ["descend"] * 600)
        self.assertEqual(names[600], "main")
        self.assertEqual(report["totals"]["truncated_stacks"], 0)

    def test_600_frames_equal_the_reference(self):
        run = self.record_target("deep", "600", env={"MEMPROF_CHECK": "1"})

        self.assert_checked(run)

    def test_frames_beyond_the_limit_are_cut_and_counted(self):
        report, names = self.deep(600, MEMPROF_MAX_DEPTH="64")

        self.assertEqual(names[:60], ["descend"] * 60)
        self.assertNotIn("main", names)
        self.assertEqual(report["totals"]["truncated_stacks"], 1)

    def test_stack_of_a_million_bytes(self):
        report, names = self.deep(20000)

        self.assertEqual(report["totals"]["truncated_stacks"], 1)
        self.assertGreaterEqual(len(names), 512)

    def test_leak_in_inlined_templates_of_three_threads(self):
        run = self.record_target("inline")
        report = self.report(run)
        lines = marked_lines("inline.cc")
        leaks = [site for site in sites_with(report, "worker")
                 if site["live_blocks"]]

        self.assertEqual(
            sum_of(leaks, "live_blocks", "live_bytes"),
            (run.stated("lost")["blocks"], run.stated("lost")["bytes"]))
        for leak in leaks:  # more than one where the loop was unrolled
            self.assertEqual(
                [(named(frame["function"], "make_node", "list", "worker"),
                  frame["line"],
                  frame["inlined"], os.path.basename(frame["file"]))
                 for frame in leak["stack"][:3]],
                [("make_node", lines["make_node"], True, "inline.cc"),
                 ("list", lines["push"], True, "inline.cc"),
                 ("worker", lines["worker"], False, "inline.cc")])
        kept = sites_with(report, "keeper")
        self.assertEqual(sum_of(kept, "allocations", "live_blocks"),
                         (run.stated("lost")["blocks"], 0))

    def test_lines_of_inlined_code_are_its_own(self):
        run = self.record_target("inline")
        lines = marked_lines("inline.cc")
        view = self.memprof("lines", "--no-pager", self.dump(run),
                            "inline.cc").stdout.decode()
        charged = [line for line in view.splitlines()
                   if "line: make_node" in line]

        self.assertEqual(len(charged), 1, view)
        self.assertIn(str(lines["make_node"]), charged[0])
        self.assertIn("4.7 KiB", charged[0])  # live: 300 of 16 bytes

    def test_objects_that_are_loaded_and_unloaded(self):
        a, b = target("plugin_a.so"), target("plugin_b.so")
        run = self.record_target("load", "20", a, "plugin_a", b, "plugin_b",
                                 env={"MEMPROF_CHECK": "1"})
        report = self.report(run)

        self.assertGreater(run.stated()["reused"], 0,
                           "no address was used twice: this tests nothing")
        for name, other, size in (("plugin_a", "plugin_b", 71),
                                  ("plugin_b", "plugin_a", 72)):
            sites = [site for site in report["sites"]
                     if site["live_bytes"] and
                     site["live_bytes"] == site["live_blocks"] * size]
            self.assertEqual(sum_of(sites, "live_blocks"), (20,), name)
            for site in sites:
                self.assertIn(name, functions(site))
                self.assertNotIn(other, functions(site))
                self.assertIn("main", functions(site))
        self.assert_checked(run)

    def test_stripped_program_has_module_and_offset(self):
        self.need("strip")
        program = self.path("stripped")
        shutil.copy(target("peak"), program)
        self.assertEqual(self.plain("strip", program).status, 0)
        run = self.record(program, "middle")
        report = self.report(run)

        self.assert_totals(report, run.stated())
        for site in report["sites"]:
            frame = site["stack"][0]
            self.assertEqual(os.path.basename(frame["module"]), "stripped")
            self.assertTrue(frame["offset"])

    def test_separate_debug_file(self):
        self.need("objcopy")
        program = self.path("split")
        shutil.copy(target("peak"), program)
        for argv in (["--only-keep-debug", program, program + ".debug"],
                     ["--strip-all", program],
                     ["--add-gnu-debuglink=" + program + ".debug", program]):
            self.assertEqual(self.plain("objcopy", *argv).status, 0)
        run = self.record(program, "middle")
        report = self.report(run)

        self.assertTrue(sites_with(report, "hill"))
        for site in sites_with(report, "hill"):
            self.assertEqual(os.path.basename(site["stack"][0]["file"]),
                             "peak.c")

    def test_frame_pointers_agree_where_code_has_them(self):
        self.need("gcc")
        program = self.path("deep-fp")
        built = self.plain(
            "gcc", "-O1", "-g", "-fno-omit-frame-pointer", "-fno-builtin",
            "-D_GNU_SOURCE", "-I", os.environ.get("top_srcdir", "."),
            "-o", program, os.path.join(
                os.environ.get("top_srcdir", "."),
                "tests/e2e/targets/deep.c"))
        self.assertEqual(built.status, 0, built.stderr)
        run = self.record(program, "300", env={"MEMPROF_UNWIND": "fp"})
        names = functions(self.report(run)["sites"][0])

        self.assertEqual(names[:301], ["descend"] * 300 + ["main"])

    def test_recording_the_analyzer_itself(self):
        """Every view of it, in a program that has malloc from the C library:
        memprof has an allocator of its own linked in."""
        dump = self.dump(self.record_target("inline"))
        program = os.path.join(BUILD, "tests", "fuzz", "fuzz_dump")
        run = self.record(program, dump, env={"MEMPROF_CHECK": "10"})
        plain = self.plain(program, dump)

        self.assertEqual((run.status, run.stdout, run.stderr),
                         (plain.status, plain.stdout, plain.stderr))
        self.assertEqual(plain.status, 0)
        self.assert_checked(run)
        self.assertGreater(self.report(run)["totals"]["allocations"], 1000)


main()
