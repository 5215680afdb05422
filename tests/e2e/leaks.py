# SPDX-License-Identifier: MIT
"""What memprof leaks says of blocks whose fate the program states itself: lost
and lost_objects print "SIZE=VERDICT" for blocks told apart by their sizes."""

import os
import re
import resource
import shutil
import unittest

import harness

LETTERS = {"definitely_lost": "l", "indirectly_lost": "i",
           "possibly_lost": "p", "still_reachable": "r"}
CHECK = {"MEMPROF_LEAK_CHECK": "1"}
HELD = harness.target("lost_held.so")


def stated(stdout):
    """{size: verdicts} of what a target prints."""
    return {int(size): "".join(sorted(verdicts)) for size, verdicts in
            re.findall(rb"(\d+)=([lipr]+)", stdout)
            for verdicts in [verdicts.decode()]}


def names(target):
    run = harness.finish(harness.start((harness.target(target),)))
    return run.stdout.decode().split()


class Leaks(harness.Case):
    def leaks(self, run, *args, status=0):
        return harness.json.loads(self.memprof(
            "leaks", "--json", "--limit", "0", "--sort", "blocks", *args,
            self.dump(run),
            status=status).stdout)

    def judged(self, report, sizes):
        """{size: verdicts} of blocks of these sizes; a site of several blocks
        has them all of one size."""
        found = {}
        for site in report["sites"]:
            for verdict in site["verdicts"]:
                size = verdict["bytes"] // (verdict["blocks"] or 1)
                if size in sizes:
                    found[size] = found.get(size, "") + LETTERS[
                        verdict["verdict"]]
        return {size: "".join(sorted(set(v))) for size, v in found.items()}

    def record_case(self, target, case, env=None, status=0, **options):
        settings = dict(CHECK, PLUGIN=HELD, **(env or {}))
        run = self.record_target(target, case, env=settings, status=status,
                                 **options)
        self.assertEqual(run.stderr, b"", case)
        return run

    def check_case(self, target, case, env=None, status=0):
        run = self.record_case(target, case, env=env, status=status)
        want = stated(run.stdout)
        self.assertTrue(want, run.stdout)
        report = self.leaks(run)
        self.assertTrue(report["leak_check"]["judged"], case)
        self.assertEqual(self.judged(report, want), want, case)
        return report

    def test_every_case_of_c_is_judged_as_it_states(self):
        for case in names("lost"):
            if case in ("sandboxed", "many"):  # have their own below
                continue
            with self.subTest(case=case):
                self.check_case("lost", case,
                                status=7 if case == "leaves" else 0)

    def test_every_case_of_cxx_is_judged_as_it_states(self):
        for case in names("lost_objects"):
            with self.subTest(case=case):
                self.check_case("lost_objects", case)

    def test_verdicts_are_the_same_when_sampled(self):
        for case in ("chain", "global", "interior"):
            run = self.record_case("lost", case,
                                   env={"MEMPROF_SAMPLE": "1"})
            want = stated(run.stdout)
            self.assertEqual(self.judged(self.leaks(run), want), want, case)

    def test_the_root_that_holds_a_block_is_named(self):
        for case, size, held in (("global", 1001, "variable"),
                                 ("tls", 1144, "tls"),
                                 ("live_thread", 1208, "stack"),
                                 ("register", 1224, "register"),
                                 ("vector", 1416, "register"),
                                 ("vector", 1424, "register"),
                                 ("pool", 1176, "mapping"),
                                 ("region", 1288, "region"),
                                 ("ignored", 1248, "ignored")):
            report = self.check_case("lost", case)
            verdicts = [v for site in report["sites"]
                        for v in site["verdicts"] if v["bytes"] == size]
            self.assertEqual([v["held"] for v in verdicts], [held], case)
            if held == "variable":
                self.assertEqual(verdicts[0]["object"],
                                 harness.target("lost"))
                self.assertEqual(verdicts[0]["variable"], "kept")

    def test_other_threads_are_seen_while_they_stand(self):
        report = self.check_case("lost", "live_thread")
        self.assertEqual(report["leak_check"]["method"], "stopped")
        self.assertEqual(report["leak_check"]["threads"], 2)
        self.assertEqual(report["leak_check"]["unseen_threads"], 0)
        self.assertEqual(self.check_case("lost", "lost")["leak_check"]
                         ["method"], "alone")

    def test_a_thousand_threads_are_seen(self):
        for env in ({}, {"MEMPROF_SAMPLE": "1"}):
            check = self.check_case("lost", "many", env=env)["leak_check"]
            self.assertEqual((check["method"], check["threads"],
                              check["unseen_threads"]), ("stopped", 1001, 0))
            self.assertEqual(check["definitely_lost"],
                             {"blocks": 1, "bytes": 1464})

    def test_threads_that_may_not_be_stopped_are_said(self):
        self.need("strace")
        run = self.record("strace", "-f", "-qq", "-e", "trace=none", "-o",
                          "/dev/null", harness.target("lost"), "live_thread",
                          env=CHECK)
        self.assertEqual(run.status, 0, run.stderr)
        dumps = [dump for dump in self.dumps()
                 if self.info(dump)["program"]["path"].endswith("/lost")]
        report = harness.json.loads(self.memprof(
            "leaks", "--json", dumps[0]).stdout)
        self.assertEqual(report["leak_check"]["method"], "unseen")
        self.assertEqual(report["leak_check"]["unseen_threads"], 1)
        want = stated(run.stdout)
        self.assertEqual(self.judged(report, want), want)
        text = self.memprof("leaks", dumps[0]).stdout
        self.assertIn(b"Registers of 1 thread were not seen", text)

    def under_yama(self, scope, case, env):
        run = self.record(harness.target("yama"), str(scope),
                          harness.target("lost"), case, env=env)
        if run.status == 77:
            self.skipTest("the kernel has no filters that ask")
        self.assertEqual((run.status, run.stderr), (0, b""), case)
        dump, = [dump for dump in self.dumps()
                 if self.info(dump)["program"]["path"].endswith("/lost")]
        report = self.json("leaks", "--limit", "0", dump)
        for name in self.dumps():
            os.unlink(name)
        return stated(run.stdout), report

    def test_only_a_process_itself_may_allow_to_be_traced(self):
        """Yama, ptrace_scope 1: at the end it does; before, it might take
        that from a debugger, so nobody is stopped and that is said."""
        want, report = self.under_yama(1, "register", CHECK)
        self.assertEqual(report["leak_check"]["method"], "stopped")
        self.assertEqual(report["leak_check"]["unseen_threads"], 0)
        self.assertEqual(self.judged(report, want), want)

        want, report = self.under_yama(1, "asked_threads", {})
        self.assertEqual(report["leak_check"]["method"], "unseen")
        self.assertEqual(report["leak_check"]["unseen_threads"], 1)
        self.assertEqual(self.judged(report, want), want)

    def test_nobody_may_be_traced(self):
        """ptrace_scope 2: what only a register holds is not seen."""
        want, report = self.under_yama(2, "live_thread", CHECK)
        self.assertEqual(report["leak_check"]["method"], "unseen")
        self.assertEqual(report["leak_check"]["threads"], 2)
        self.assertEqual(report["leak_check"]["unseen_threads"], 1)
        self.assertEqual(self.judged(report, want), want)

        want, report = self.under_yama(2, "vector", CHECK)
        self.assertEqual(report["leak_check"]["unseen_threads"], 1)
        self.assertEqual(self.judged(report, want), {
            size: "l" for size in want})

    def test_a_program_that_sandboxed_itself_lives(self):
        run = self.record_target("lost", "sandboxed", env=CHECK, quiet=False)
        self.assertIn(b"put itself in a sandbox", run.stderr)
        report = self.leaks(run)
        self.assertFalse(report["leak_check"]["judged"])
        self.assertEqual(report["leak_check"]["failure"], "sandboxed")
        self.assertIn(b"had forbidden itself system calls",
                      self.memprof("leaks", self.dump(run)).stdout)

    def test_without_memory_the_program_lives(self):
        for mib in (100, 140, 180, 260):
            limit = mib << 20
            run = self.record(
                harness.target("lost"), "lost", env=CHECK,
                preexec_fn=lambda limit=limit: resource.setrlimit(
                    resource.RLIMIT_AS, (limit, limit)))
            self.assertEqual(run.status, 0, run.stderr)
            self.assertEqual(stated(run.stdout), {1011: "l", 1012: "l"})

    def test_a_forked_child_has_verdicts_of_its_own(self):
        run = self.record_case("lost", "forked")
        children = [dump for dump in self.dumps() if dump != self.dump(run)]
        self.assertEqual(len(children), 1)
        report = harness.json.loads(self.memprof(
            "leaks", "--json", children[0]).stdout)
        self.assertEqual(self.judged(report, (1352, 1360)),
                         {1352: "l", 1360: "l"})

    def test_asking_often_does_not_grow_the_dump(self):
        once = self.record_case("lost", "asked")
        often = self.record_case("lost", "asked_often")
        self.assertEqual(os.path.getsize(self.dump(once)),
                         os.path.getsize(self.dump(often)))

    def test_a_request_needs_no_setting(self):
        run = self.record_target("lost", "asked")
        self.assertEqual(self.judged(self.leaks(run), (1312,)), {1312: "l"})

    def test_without_a_scan_nothing_is_claimed(self):
        run = self.record_target("lost", "chain")
        report = self.leaks(run)
        self.assertFalse(report["leak_check"]["judged"])
        self.assertIsNone(report["leak_check"]["failure"])
        self.assertEqual(report["leak_check"]["definitely_lost"],
                         {"blocks": 0, "bytes": 0})
        text = self.memprof("leaks", self.dump(run)).stdout
        self.assertIn(b"was not looked at", text)
        self.assertNotIn(b"lost:", text)

    def test_text_groups_by_verdict(self):
        run = self.record_case("lost", "chain")
        text = self.memprof("leaks", self.dump(run)).stdout.decode()
        self.assertIn("Definitely lost: 1.0 KiB in 1 block from 1 site", text)
        self.assertIn("Indirectly lost: 2.0 KiB in 2 blocks from 2 sites",
                      text)
        self.assertIn("Possibly lost: nothing", text)
        self.assertIn("held by what was lost by get", text)
        self.assertRegex(text, r"Looked at .* of memory in ")
        run = self.record_case("lost", "global")
        text = self.memprof("leaks", "--reachable",
                            self.dump(run)).stdout.decode()
        self.assertRegex(text, r"through the variable kept of .*lost\n")
        self.assertRegex(text, r"through the variable table\+0x18 of .*lost")

    def test_a_process_that_is_closed_to_others(self):
        """Not dumpable, of a user without privileges."""
        check = self.check_case("lost", "closed")["leak_check"]
        self.assertEqual((check["method"], check["unseen_threads"]),
                         ("unseen", 1))

    def test_chunks_and_blocks_of_pools_are_not_judged(self):
        for env in ({}, {"MEMPROF_SAMPLE": "1"}):
            report = self.check_case("lost", "chunk", env=env)
            self.assertEqual(self.judged(report, (4096, 1472, 1496)), {})
            totals = report["leak_check"]
            self.assertEqual((totals["indirectly_lost"],
                              totals["definitely_lost"]),
                             ({"blocks": 1, "bytes": 1504},
                              {"blocks": 0, "bytes": 0}))

    def test_verdicts_are_of_the_whole_recording(self):
        """They are of what was live when it was looked, of any age: of a part
        of the time there are none, and what was live at its end counts."""
        run = self.record_case("lost", "instants")
        dump = self.dump(run)
        whole = self.leaks(run)
        self.assertEqual(self.judged(whole, (1512, 1520)),
                         {1512: "r", 1520: "l"})
        self.assertEqual(self.judged(self.leaks(run, "--to", "end"),
                                     (1512, 1520)), {1512: "r", 1520: "l"})
        for part, sizes in ((("--from", "between"), {1512, 1520}),
                            (("--to", "between"), {1512})):
            report = self.leaks(run, *part)
            self.assertFalse(report["leak_check"]["judged"], part)
            live = {site["live_bytes"] for site in report["sites"]}
            self.assertEqual(live & {1512, 1520}, sizes, part)
            text = self.memprof("leaks", *part, dump).stdout.decode()
            self.assertNotIn("lost:", text)
            self.memprof("leaks", *part, "--error-exitcode", "9", dump,
                         status=9)
        self.memprof("leaks", "--error-exitcode", "9", "--ignore", "instants",
                     dump)

    def test_exit_status_is_of_what_is_lost(self):
        for case, status in (("chain", 9), ("interior", 9), ("global", 0)):
            run = self.record_case("lost", case)
            self.memprof("leaks", "--error-exitcode", "9", self.dump(run),
                         status=status)

    def suppress(self, run, rules, *args, status=0):
        with open(self.path("rules"), "w") as file:
            file.write(rules)
        return self.leaks(run, "--suppressions", self.path("rules"),
                          "--error-exitcode", "9", *args, status=status)

    def test_suppressions_are_read_in_both_formats(self):
        run = self.record_case("lost", "chain")
        for rules, status, hidden in (
                ("# mine\nleak:chain\n", 0, 3),
                ("leak:^nothing$\nrace:x\n", 9, 0),
                ("leak:/tests/e2e/targets/lost\n", 0, 3),
                ("leak:lost.c\n", 0, 3),
                ("{\n  a\n  Memcheck:Leak\n  fun:calloc\n  fun:get\n"
                 "  fun:ch*n\n}\n", 0, 3),
                ("{\n  a\n  Memcheck:Leak\n  match-leak-kinds: definite\n"
                 "  ...\n  fun:chain\n  ...\n  obj:*/lost\n}\n", 0, 1),
                ("{\n  a\n  Memcheck:Leak\n  fun:main\n}\n", 9, 0),
                ("{\n  a\n  Memcheck:Cond\n  fun:*\n}\n", 9, 0),
                ("{\n  a\n  Memcheck:Leak\n  match-leak-kinds: possible\n"
                 "  ...\n}\n", 9, 0)):
            want = status
            if hidden == 1:
                # Two indirect ones that only the suppressed one holds go
                # with it.
                hidden = 3
            report = self.suppress(run, rules, status=want)
            self.assertEqual(report["leak_check"]["suppressed"]["blocks"],
                             hidden, rules)

    def test_rules_that_the_program_brings(self):
        """As LeakSanitizer's programs do, by a function that nobody refers
        to; whatever becomes of it, the verdicts stand."""
        name = "__lsan_default_suppressions()"
        for how, rules in (("", True), ("allocates", True), ("hangs", False),
                           ("crashes", False), ("nonsense", True)):
            run = self.record_case("lost", "rules",
                                   env={"LOST_RULES": how})
            out = self.memprof("leaks", "--json", "--limit", "0",
                               self.dump(run))
            self.assertEqual(out.stderr.count(name.encode()),
                             how == "nonsense", out.stderr)
            check = harness.json.loads(out.stdout)["leak_check"]
            self.assertEqual(check["definitely_lost"],
                             {"blocks": 2, "bytes": 1528 + 1536}, how)
            self.assertEqual([(rule["name"], rule["bytes"])
                              for rule in check["suppressions"]
                              if rule["file"] == name],
                             [("spared", 1528)] * rules, how)
            self.assertEqual(len(self.dumps()), 1, how)
            text = self.memprof("leaks", self.dump(run)).stdout
            self.assertEqual(b"in spared" not in text and
                             b"spared (" + name.encode() in text, rules)
            everything = self.leaks(run, "--no-default-suppressions")
            self.assertEqual(everything["leak_check"]["suppressions"], [])
            os.unlink(self.dump(run))

    def test_rules_that_options_of_leak_sanitizer_name(self):
        """The file as it was then, of the environment rather than of the
        program's own options, beside the program if not in its folder."""
        with open(self.path("here"), "w") as file:
            file.write("leak:rules\n")
        program = self.path("bin", "lost")
        os.mkdir(self.path("bin"))
        shutil.copy(harness.target("lost"), program)
        with open(self.path("bin", "beside"), "w") as file:
            file.write("leak:rules")
        for env, options, found in (
                ("suppressions=here", None, True),
                ("x=1:suppressions='here',y=\"2 3\" z", None, True),
                ("suppressions=beside", None, True),
                ("suppressions=here:suppressions=nowhere", None, False),
                ("suppressions=nowhere", "suppressions=here", False),
                ("suppressions", "mysuppressions=here:suppressions='", False),
                ("suppressions=/dev/zero", None, False),
                ("", "exitcode=3:suppressions=here", True),
                ("max_leaks=1", "suppressions=beside", True)):
            settings = dict(CHECK, LSAN_OPTIONS=env)
            if options is not None:
                settings["LOST_OPTIONS"] = options
            run = self.record(program, "rules", env=settings)
            self.assertEqual((run.status, run.stderr), (0, b""))
            os.rename(self.path("here"), self.path("gone"))
            check = self.leaks(run)["leak_check"]
            os.rename(self.path("gone"), self.path("here"))
            self.assertEqual(
                [(rule["file"], rule["name"], rule["bytes"])
                 for rule in check["suppressions"]
                 if rule["file"] != "__lsan_default_suppressions()"],
                # The other rule is asked first.
                [("LSAN_OPTIONS", "rules", 1536)] * found, (env, options))
            os.unlink(self.dump(run))

    def test_hits_are_counted_and_told(self):
        run = self.record_case("lost", "lost")
        report = self.suppress(run, "leak:lost\n")
        self.assertEqual([(s["name"], s["blocks"], s["bytes"])
                          for s in report["leak_check"]["suppressions"]],
                         [("lost", 2, 1011 + 1012)])
        text = self.memprof("leaks", "--suppressions", self.path("rules"),
                            self.dump(run)).stdout.decode()
        self.assertIn("2.0 KiB in 2 blocks: lost (", text)
        self.assertIn("Definitely lost: nothing", text)

    def test_bad_suppressions_are_named(self):
        run = self.record_target("lost", "lost")
        for rules, what in (("lea:x\n", "line 1: neither"),
                            ("\n{\nname\n", "without name and kind"),
                            ("{\na\nMemcheck:Leak\n", "without closing"),
                            ("{\na\nMemcheck:Leak\n}\n", "without stack"),
                            ("{\na\nMemcheck:Leak\nfoo:x\n}\n", "line 4")):
            with open(self.path("rules"), "w") as file:
                file.write(rules)
            out = self.memprof("leaks", "--suppressions", self.path("rules"),
                               self.dump(run), status=2)
            self.assertIn(what, out.stderr.decode(), rules)
        self.memprof("leaks", "--suppressions", "/nowhere", self.dump(run),
                     status=2)

    def test_generated_suppressions_cover_what_they_were_made_of(self):
        for case in ("chain", "lost", "interior"):
            run = self.record_case("lost", case)
            rules = self.memprof("leaks", "--gen-suppressions",
                                 self.dump(run)).stdout.decode()
            self.assertIn("Memcheck:Leak", rules)
            self.suppress(run, rules, status=0)

    def test_other_allocators_are_seen_through(self):
        for library in ("libjemalloc.so.2", "libtcmalloc_minimal.so.4",
                        "libmimalloc.so.2"):
            path = "/usr/lib/x86_64-linux-gnu/" + library
            self.need(path)
            for case in ("global", "chain", "live_thread", "dead_thread",
                         "large"):
                with self.subTest(library=library, case=case):
                    run = self.record_case("lost", case, preload=(path,))
                    want = stated(run.stdout)
                    self.assertEqual(self.judged(self.leaks(run), want), want)

    def test_a_program_of_leak_sanitizer_keeps_its_verdicts(self):
        program = self.path("lost")
        made = harness.subprocess.run(
            [harness.CC, "-D_GNU_SOURCE", "-fsanitize=leak", "-O1", "-g",
             "-fno-builtin", "-pthread", "-I", harness.TOP, "-o", program,
             harness.SOURCES + "/lost.c", "-ldl"], capture_output=True)
        if made.returncode:
            self.skipTest("-fsanitize=leak is missing")
        for case in ("lost", "global", "ignored", "region"):
            plain = self.plain(program, case)
            if b"LeakSanitizer has encountered a fatal" in plain.stderr:
                self.skipTest("LeakSanitizer cannot run here")
            run = self.record(program, case, env=CHECK)
            self.assertEqual(run.status, plain.status, run.stderr)
            self.assertEqual(run.stdout, plain.stdout)
            summary = [line for line in plain.stderr.splitlines()
                       if b"SUMMARY" in line]
            for line in summary:
                self.assertIn(line, run.stderr)

    def test_libraries_keep_what_they_keep(self):
        run = self.record_case("lost_objects", "vector_lost")
        report = self.leaks(run)
        self.assertEqual(report["leak_check"]["suppressed"]["bytes"], 72704)
        report = self.leaks(run, "--no-default-suppressions")
        self.assertEqual(report["leak_check"]["suppressed"]["bytes"], 0)


if __name__ == "__main__":
    harness.main()
