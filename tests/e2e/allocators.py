# SPDX-License-Identifier: MIT
"""In front of other allocators, preloaded or linked: what they serve is
recorded, exactly as what libc serves."""

import os

from harness import (CC, MODES, SHIM, Case, in_both_modes, main, sites_with,
                     sum_of, target)

LIB = "/usr/lib/x86_64-linux-gnu/"
ALLOCATORS = {
    "jemalloc": LIB + "libjemalloc.so.2",
    "tcmalloc": LIB + "libtcmalloc_minimal.so.4",
    "mimalloc": LIB + "libmimalloc.so.2",
}


class Allocators(Case):
    def behind(self, name):
        """The allocator's own start may allocate through us: only what the
        program itself did is compared."""
        library = ALLOCATORS[name]
        self.need(library)
        for argv, function in ((("peak", "middle"), "main"),
                               (("temporary",), "main"),
                               (("grow", "12"), "main")):
            run = self.record_target(*argv, preload=(library,))
            report = self.report(run)
            have = sum_of(sites_with(report, function), "allocations",
                          "allocated_bytes", "live_blocks", "live_bytes")
            stated = run.stated()
            self.assertEqual(have, (
                stated["allocations"], stated["allocated_bytes"],
                stated["live_blocks"], stated["live_bytes"]), argv)
            self.assertIn(name, report["program"]["allocator"])
        # Comparing loads libgcc, which allocates: apart from the totals.
        self.assert_checked(self.record_target(
            "walk", preload=(library,), env={"MEMPROF_CHECK": "1"}))
        run = self.record_target("threads", preload=(library,))
        report = self.report(run)
        have = sum_of([site for function in ("swapper", "visitor")
                       for site in sites_with(report, function)],
                      "allocations", "live_blocks", "live_bytes")
        stated = run.stated()
        self.assertEqual(have, (stated["allocations"],
                                stated["live_blocks"],
                                stated["live_bytes"]))

    def test_sampled_totals_are_the_exact_ones(self):
        for name, library in ALLOCATORS.items():
            for argv in (("peak", "middle"), ("temporary",), ("grow", "12")):
                with self.subTest(name, argv=argv):
                    self.need(library)
                    exact, sampled = [
                        self.totals(self.record_target(
                            *argv, preload=(library,), env=env))
                        for env in MODES]
                    for key in ("allocations", "allocated_bytes", "frees",
                                "freed_bytes", "failed"):
                        self.assertEqual(sampled[key], exact[key], key)

    def test_allocator_linked_statically(self):
        """Its malloc is the program's own, and comes before ours."""
        self.need(LIB + "libjemalloc.a")
        program = self.build("static", "peak.c", "-l:libjemalloc.a", "-lm",
                             "-lstdc++", "-ldl")
        plain = self.plain(program, "middle")
        run = self.record(program, "middle")
        loud = self.record(program, "middle", quiet=False)

        self.assertEqual((run.status, run.stdout, run.stderr),
                         (plain.status, plain.stdout, plain.stderr))
        self.assertIn(b"comes before memprof's", loud.stderr)
        report = self.json("report", self.dump(run))
        self.assertIs(report["losses"]["bypassed"], True)

    def test_jemalloc(self):
        self.behind("jemalloc")

    def test_tcmalloc(self):
        self.behind("tcmalloc")

    def test_mimalloc(self):
        self.behind("mimalloc")

    def memory(self, run):
        """What info and report say of the memory at the end, in both."""
        have = self.json("info", self.dump(run))["memory_at_end"]
        self.assertEqual(
            self.json("report", self.dump(run))["memory_at_end"], have)
        return have

    def test_what_the_allocator_says_of_itself(self):
        """To the byte what it tells the program at its very end."""
        for name, library in {"glibc": None, **ALLOCATORS}.items():
            with self.subTest(name):
                if library:
                    self.need(library)
                run = self.record_target(
                    "heap", preload=(library,) if library else ())
                have = self.memory(run)
                self.assertIsNone(have["unknown"])
                self.assertEqual(have["allocator"], name)
                self.assertGreaterEqual(have["rss_bytes"],
                                        have["recorder_bytes"] + (1 << 20))
                self.assertGreater(have["recorder_bytes"], 0)
                self.assertEqual(have["dump_bytes"],
                                 os.path.getsize(self.dump(run)))
                if name == "mimalloc":
                    # It has no number that a program could compare.
                    self.assertGreater(have["held_bytes"], 1 << 20)
                    self.assertIsNone(have["allocated_bytes"])
                    continue
                stated = run.stated()
                self.assertGreater(stated["allocated_bytes"], 1 << 20)
                self.assertEqual({key: have[key] for key in stated}, stated)
                self.assertEqual(
                    have["free_bytes"], have["held_bytes"] -
                    have["allocated_bytes"] - (have["metadata_bytes"] or 0))
                if name == "glibc":
                    self.assertEqual(have["arenas"], 2)
                text = self.memprof("info", "--units", "bytes", "--no-pager",
                                    self.dump(run)).stdout.decode()
                self.assertRegex(text, r"held but free +%s" %
                                 "{:,}".format(have["free_bytes"]))

    def test_what_the_allocator_cannot_say(self):
        """Its lists are spoilt, its lock is held for ever, or it never comes
        to an end: the program ends as it would, and it is said."""
        run = self.record_target("heap", "spoilt", status=5)
        self.assertEqual(self.memory(run)["unknown"], "unsteady")
        self.assertGreater(self.memory(run)["rss_bytes"], 1 << 20)
        run = self.record_target("heap", "killed", status=-9)
        self.assertEqual(self.memory(run)["unknown"], "no end")
        self.record_target("heap", "locked", status=6)
        run = self.record_target("peak", "middle",
                                 preload=(target("bump.so"),))
        have = self.memory(run)
        self.assertEqual((have["unknown"], have["allocator"]),
                         ("no numbers", None))
        self.assertIsNone(have["held_bytes"])
        text = self.memprof("info", "--no-pager", self.dump(run))
        self.assertIn("not known: the allocator gives no numbers",
                      text.stdout.decode())

    def test_every_new_and_delete_with_allocators_that_have_their_own(self):
        for name, library in ALLOCATORS.items():
            with self.subTest(name):
                self.need(library)
                run = self.record_target("news", preload=(library,))
                stated = run.stated()
                report = self.report(run)
                have = sum_of(sites_with(report, "main"), "allocations",
                              "allocated_bytes", "live_blocks",
                              "live_bytes")
                self.assertEqual(have, (
                    stated["allocations"], stated["allocated_bytes"],
                    stated["live_blocks"], stated["live_bytes"]))
                self.assertEqual(report["losses"]["foreign_frees"], 0)

    def test_address_sanitizer(self):
        """It ends programs in which anything is loaded before it."""
        probe = self.plain(*CC.split(), "-fsanitize=address", "-x", "c",
                           "-o", "probe", "-", input=b"int main(void) "
                           b"{ return 0; }")
        if probe.status or self.plain("./probe").status:
            self.skipTest("no AddressSanitizer here")
        program = self.build("sanitized", "peak.c", "-fsanitize=address")
        options = {"ASAN_OPTIONS": "detect_leaks=0"}
        plain = self.plain(program, "middle", env=options)
        for env in ({}, {"MEMPROF_SAMPLE": "1"}):
            run = self.launch(program, "middle", env=dict(options, **env),
                              options=("-q",))
            self.assertEqual((run.status, run.stdout, run.stderr),
                             (plain.status, plain.stdout, plain.stderr))
            (dump,) = self.dumps()
            stated = run.stated()
            # Its own start allocates too.
            keys = ("allocations", "allocated_bytes", "live_blocks",
                    "live_bytes")
            self.assertEqual(sum_of(sites_with(self.report(dump), "main"),
                                    *keys),
                             tuple(stated[key] for key in keys))
            os.unlink(dump)

    def test_fork_with_another_allocator(self):
        for name, library in ALLOCATORS.items():
            for env in MODES:
                with self.subTest(name, **env):
                    self.need(library)
                    run = self.record_target("fork", "busy", env=env,
                                             preload=(library,))
                    children = [int(line.split(b"=")[1])
                                for line in run.stdout.splitlines()
                                if line.startswith(b"child=")]
                    self.assertEqual(len(children), 30)
                    if env:
                        continue
                    for pid in children[::10]:
                        sites = sites_with(self.report(pid), "child_work")
                        self.assertEqual(
                            sum_of(sites, "allocations", "allocated_bytes",
                                   "live_blocks"), (100, 7700, 10))

    @in_both_modes
    def test_toy_allocator(self):
        run = self.record_target("peak", "middle",
                                 preload=(target("bump.so"),))
        self.assert_totals(self.report(run), run.stated())

    @in_both_modes
    def test_program_with_a_malloc_of_its_own(self):
        """It does not come to us; it must not break either."""
        run = self.record_target("ownmalloc", status=6)
        self.assertIs(self.report(run)["losses"]["bypassed"], True)
        plain = self.plain(target("ownmalloc"))

        self.assertEqual((run.status, run.stdout),
                         (plain.status, plain.stdout))
        for command in ("report", "leaks", "peak", "top", "info"):
            text = self.memprof(command, "--no-pager", self.dump(run))
            self.assertIn("comes before memprof's", text.stdout.decode(),
                          command)

    def test_malloc_of_its_own_is_bounded_by_a_number(self):
        """By all memory that the process has for itself: never less than
        what it took, and here little more."""
        mib = 1 << 20
        for env in MODES:
            run = self.record_target("ownmalloc", "64", status=6, env=env)
            losses = self.report(run)["losses"]

            self.assertGreaterEqual(losses["unseen_bytes"], 64 * mib)
            self.assertLess(losses["unseen_bytes"], 72 * mib)
            self.assertEqual(losses["unseen_bytes"],
                             losses["private_bytes"]
                             - losses["private_live_bytes"])
            self.assertGreaterEqual(losses["unseen_peak_bytes"],
                                    losses["unseen_bytes"])
            self.assertGreaterEqual(losses["resident_peak_bytes"], 64 * mib)
            said = "Unseen   up to %.1f MiB at the end" % (
                losses["unseen_bytes"] / mib)
            for command in ("report", "leaks", "peak", "top", "tree", "info",
                            "timeline", "diff"):
                paths = [self.dump(run)] * (2 if command == "diff" else 1)
                text = self.memprof(command, "--no-pager", *paths)
                self.assertIn(said, text.stdout.decode(), command)

    @in_both_modes
    def test_allocator_in_front_of_ours_is_bounded_by_a_number(self):
        library = target("bump.so")
        run = self.record(target("peak"), "middle", env={
            "LD_PRELOAD": library + ":" + SHIM})
        losses = self.report(run)["losses"]

        self.assertIs(losses["bypassed"], True)
        self.assertGreaterEqual(losses["unseen_bytes"],
                                run.stated()["live_bytes"])

    @in_both_modes
    def test_malloc_of_its_own_in_a_program_that_is_killed(self):
        """Nobody looked at the end, and what was seen before is not it."""
        run = self.record_target("ownmalloc", "64", "kill", status=-9)
        losses = self.report(run)["losses"]
        text = self.memprof("report", "--no-pager", self.dump(run))

        self.assertLess(losses["unseen_bytes"], 64 << 20)
        self.assertIsNone(losses["resident_peak_bytes"])
        self.assertIn(" after the start: the malloc of", text.stdout.decode())


main()
