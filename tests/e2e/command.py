# SPDX-License-Identifier: MIT
"""memprof run, and the way from it to a report, as a user types it."""

import os
import pty
import select
import shutil
import signal
import subprocess

from harness import (BUILD, MEMPROF, TOP, Case, clean_env, finish, main, start,
                     target)


class Command(Case):
    def memprof_run(self, *args, status=0, env=None, **popen):
        popen.setdefault("cwd", self.dir)
        run = finish(start((MEMPROF, "run") + args,
                           env=clean_env(**(env or {})), **popen))
        self.assertEqual(run.status, status, (run.stderr or b"").decode())
        return run

    def test_run_records(self):
        run = self.memprof_run("--", target("peak"), "middle")

        self.assertEqual(len(self.dumps()), 1)
        self.assert_totals(self.report(self.dumps()[0]), run.stated())
        self.assertIn(os.path.basename(self.dumps()[0]),
                      run.stderr.decode())

    def test_run_without_dashes(self):
        run = self.memprof_run("-q", target("peak"), "middle")

        self.assertEqual(run.stderr, b"")
        self.assert_totals(self.report(self.dumps()[0]), run.stated())

    def test_name_of_the_dump(self):
        self.memprof_run("-o", "a b.mp", target("peak"), "middle")

        self.assertEqual(self.dumps(), [self.path("a b.mp")])

    def test_newest_dump_is_the_default(self):
        self.memprof_run("-o", "old.mp", target("peak"), "middle")
        self.memprof_run("-o", "new.mp", target("temporary"))
        os.utime(self.path("old.mp"), (1, 1))
        run = self.memprof("report", "--no-pager")

        self.assertIn("new.mp", run.stderr.decode())
        self.assertIn("temporary", run.stdout.decode())

    def test_status_of_the_program_is_ours(self):
        self.memprof_run(target("exits"), "_exit", status=5)
        self.memprof_run(target("exits"), "kill", status=128 + 9)
        self.memprof_run(target("exits"), "segv", status=128 + 11)

    def test_nobody_reads_what_we_say(self):
        out, to = os.pipe()
        os.close(out)
        self.memprof_run(target("exits"), "_exit", status=5, stderr=to)
        self.memprof_run(target("exits"), "kill", status=128 + 9, stderr=to)
        os.close(to)

    def test_dump_of_a_killed_program_is_named(self):
        run = self.memprof_run(target("exits"), "kill", status=128 + 9)

        self.assertIn(os.path.basename(self.dumps()[0]),
                      run.stderr.decode())

    def test_dump_of_a_program_that_closed_stderr_is_named_once(self):
        """coreutils close stderr before the recorder's exit handler runs."""
        run = self.memprof_run("-o", "ls.mp", "ls", "-d", "/")
        quiet = self.memprof_run("-q", "-o", "ls.mp", "ls", "-d", "/")

        self.assertEqual(run.stderr.decode().count("recorded into"), 1)
        self.assertIn("ls.mp", run.stderr.decode())
        self.assertEqual(quiet.stderr, b"")

    def test_own_malloc_is_said_and_others_are_not(self):
        own = self.memprof_run("-o", "own.mp", target("ownmalloc"), status=6)
        plain = self.memprof_run("-o", "plain.mp", target("peak"), "middle")

        self.assertIn("comes before memprof's", own.stderr.decode())
        self.assertNotIn("comes before", plain.stderr.decode())
        for name, bypassed in (("own.mp", True), ("plain.mp", False)):
            report = self.json("report", self.path(name))
            self.assertIs(report["losses"]["bypassed"], bypassed)

    def test_salvage_of_a_cut_dump_is_no_success(self):
        self.memprof_run("-q", "-o", "whole.mp", target("peak"), "middle")
        with open(self.path("whole.mp"), "rb") as whole:
            start_of_it = whole.read(50000)
        with open(self.path("cut.mp"), "wb") as cut:
            cut.write(start_of_it)

        self.memprof("leaks", "--salvage", self.path("whole.mp"))
        self.memprof("leaks", "--salvage", self.path("cut.mp"), status=3)

    def test_lines_say_why_they_find_nothing(self):
        self.need("strip")
        shutil.copy(target("peak"), self.path("bare"))
        shutil.copy(target("peak"), self.path("other"))
        subprocess.run(["strip", self.path("bare")], check=True)
        self.memprof_run("-q", "-o", "bare.mp", self.path("bare"), "middle")
        self.memprof_run("-q", "-o", "other.mp", self.path("other"), "middle")
        shutil.copy(target("temporary"), self.path("other"))
        bare = self.memprof("lines", self.path("bare.mp"), "peak.c", status=2)
        other = self.memprof("lines", self.path("other.mp"), "peak.c",
                             status=2)

        self.assertIn("has no debug information", bare.stderr.decode())
        self.assertIn("is another file now", other.stderr.decode())

    def test_program_that_is_not_there(self):
        self.memprof_run("/nonexistent/program", status=127)
        self.memprof_run("no-such-program-anywhere", status=127)
        self.memprof_run(self.dir, status=126)
        open(self.path("plain-file"), "w").close()
        self.memprof_run(self.path("plain-file"), status=126)

    def test_preloaded_libraries_are_kept(self):
        self.memprof_run(target("peak"), "middle",
                         env={"LD_PRELOAD": target("bump.so")})
        report = self.report(self.dumps()[0])

        self.assertIn("bump.so", report["program"]["allocator"])

    def test_program_with_spaces_in_its_path(self):
        os.mkdir(self.path("with space"))
        program = self.path("with space", "my binary")
        shutil.copy(target("peak"), program)
        run = self.memprof_run(program, "middle")

        self.assert_totals(self.report(self.dumps()[0]), run.stated())

    def test_script(self):
        script = self.path("script")
        with open(script, "w") as file:
            file.write("#!/bin/bash\necho hello $1\nexit 3\n")
        os.chmod(script, 0o755)
        run = self.memprof_run(script, "you", status=3)

        self.assertEqual(run.stdout, b"hello you\n")
        self.assertEqual(len(self.dumps()), 1)

    def refused(self, program, word, **popen):
        run = self.memprof_run(program, "middle", status=125, **popen)
        lines = run.stderr.decode().splitlines()

        self.assertEqual(len(lines), 1, lines)
        self.assertIn(word, lines[0])
        self.assertEqual(run.stdout, b"")

    def test_static_program_is_refused(self):
        self.need("gcc")
        program = self.path("static")
        with open(self.path("x.c"), "w") as file:
            file.write("int main(void) { return 0; }\n")
        built = self.plain("gcc", "-static", "-o", program, "x.c")
        if built.status:
            self.skipTest("no static C library")
        self.refused(program, "static")

    def test_setuid_program_is_refused(self):
        """For who does not run it as oneself: for root it is as any other."""
        if os.geteuid() != 0:
            self.skipTest("only root can give programs away")
        program = self.path("program")
        shutil.copy(target("peak"), program)
        os.chmod(program, 0o4755)
        os.chmod(self.dir, 0o777)
        self.refused(program, "setuid",
                     preexec_fn=lambda: os.setuid(65534))
        self.memprof_run("-q", program, "middle")

    def test_signals_are_passed_on(self):
        process = start([MEMPROF, "run", "-q", "-o", "x.mp", "/bin/bash",
                         "-c", "trap 'exit 9' TERM; echo ready; "
                         "while :; do read -t 100; done"], cwd=self.dir,
                        env=clean_env(), stdin=-1)
        self.assertEqual(process.stdout.readline(), b"ready\n")
        process.send_signal(signal.SIGTERM)
        run = finish(process)

        self.assertEqual(run.status, 9)
        self.report(self.path("x.mp"))

    def test_terminal_that_is_gone(self):
        """Its end is told to the leader of the session alone, which memprof
        run is as a terminal's first program; the program ends by it."""
        pid, terminal = pty.fork()
        if pid == 0:
            signal.signal(signal.SIGHUP, signal.SIG_DFL)  # as without nohup
            os.execve(MEMPROF, (MEMPROF, "run", "-o", self.path("dump.mp"),
                                target("busy")), clean_env())
        output = b""
        while b"ready" not in output:
            output += os.read(terminal, 1000)
        with open("/proc/%d/task/%d/children" % (pid, pid)) as file:
            children = [int(word) for word in file.read().split()]
        process = os.pidfd_open(pid)
        os.close(terminal)
        if not select.select([process], [], [], 60)[0]:
            for child in children:
                os.kill(child, signal.SIGKILL)
            self.fail("it stays")
        os.close(process)

        self.assertEqual(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]),
                         128 + signal.SIGHUP)
        self.report(self.path("dump.mp"))

    def test_reports_of_a_recording(self):
        self.memprof_run("-q", "-o", "x.mp", target("peak"), "middle")
        for command in ("report", "leaks", "peak", "top", "info"):
            with self.subTest(command):
                text = self.memprof(command, "--no-pager", "x.mp")
                self.assertTrue(text.stdout)
                self.assertNotIn(b"\x1b", text.stdout)
                self.assertTrue(self.json(command, "x.mp"))
        text = self.memprof("lines", "--no-pager", "x.mp", "peak.c")
        self.assertIn(b"malloc(bytes)", text.stdout)
        self.assertTrue(self.json("lines", "x.mp", "peak.c"))
        short = self.memprof("x.mp", "--no-pager")
        self.assertTrue(short.stdout)

    def test_leaks_of_the_demo_program(self):
        program = os.path.join(BUILD, "demo-program")
        source = os.path.join(TOP, "scripts", "demo-program.c")
        self.memprof_run("-q", "-o", "x.mp", program, source, source)
        with open(source) as file:
            lines = [number for number, text in enumerate(file, 1)
                     if "= strdup(" in text or "while (getline(" in text]
        report = self.json("leaks", "--limit", "0", "x.mp")
        leaked = {}
        for site in report["sites"]:
            own = [frame["line"] for frame in site["stack"] if
                   os.path.basename(frame["file"] or "") == "demo-program.c"]
            leaked[own[0]] = leaked.get(own[0], 0) + site["live_blocks"]

        self.assertGreater(leaked.get(lines[0], 0), 100)
        self.assertEqual(leaked.get(lines[1]), 2)

    def test_leaks_can_fail_a_build(self):
        self.memprof_run("-q", "-o", "leaky.mp", target("peak"), "middle")
        self.memprof_run("-q", "-o", "clean.mp", target("temporary"))

        self.memprof("leaks", "--no-pager", "--error-exitcode", "7",
                     "leaky.mp", status=7)
        self.memprof("leaks", "--no-pager", "--error-exitcode", "7",
                     "clean.mp", status=0)

    def test_installed_program_finds_its_library(self):
        os.makedirs(self.path("usr/bin"))
        os.makedirs(self.path("usr/lib"))
        shutil.copy(MEMPROF, self.path("usr/bin/memprof"))
        shutil.copy(os.path.join(BUILD, "libmemprof.so"),
                    self.path("usr/lib/libmemprof.so"))
        run = finish(start([self.path("usr/bin/memprof"), "run", "-q",
                            target("peak"), "middle"], cwd=self.dir,
                           env=clean_env()))

        self.assertEqual(run.status, 0, run.stderr)
        self.assertEqual(len(self.dumps()), 1)


main()
