# SPDX-License-Identifier: MIT
"""Surroundings that take away what a recorder needs. Recording may suffer and
says so; the program is as without us. (Disks and names: files.py. Odd settings
of the dynamic linker: oddities.py.)"""

import os
import resource
import subprocess

from harness import (SHIM, Case, finish, in_both_modes, main, sites_with,
                     start, sum_of, target)

MIB = 1 << 20


def limit(*limits):
    """What a child does first: lower these (resource, soft and hard)."""
    def lower():
        for what, number in limits:
            resource.setrlimit(what, (number, number))
    return lower


class Environment(Case):
    def assert_as_plain(self, run, *argv, **popen):
        plain = self.plain(*argv, **popen)
        self.assertEqual((run.status, run.stdout),
                         (plain.status, plain.stdout), run.stderr)

    def said(self, run):
        lines = run.stderr.decode(errors="replace").splitlines()
        for line in lines:
            self.assertTrue(line.startswith("memprof: "), run.stderr)
            self.assertLess(len(line), 1024)
        return lines

    def assert_exact(self, path, run):
        """Totals, that is: stacks may be lost."""
        stated = run.stated()
        report = self.report(path)
        for key in ("allocations", "allocated_bytes", "frees",
                    "freed_bytes"):
            self.assertEqual(report["totals"][key], stated[key], key)

    # Descriptors.

    @in_both_modes
    def test_no_more_descriptors_than_the_loader_needs(self):
        """With three alone no dynamic program starts."""
        run = self.record(target("grow"), "12", quiet=False,
                          preexec_fn=limit((resource.RLIMIT_NOFILE, 4)))

        self.assertEqual((run.status, len(self.said(run))), (0, 1))
        self.assert_totals(self.report(run), run.stated())

    @in_both_modes
    def test_no_descriptor_can_be_opened_any_more(self):
        """The limit comes after the start: growth needs a descriptor."""
        process = start([target("grow"), "15", "ready"], cwd=self.dir,
                        env=self.shim_env(quiet=False), stdin=-1)
        self.assertEqual(process.stdout.readline(), b"ready\n")
        resource.prlimit(process.pid, resource.RLIMIT_NOFILE, (3, 3))
        run = finish(process, input=b"go\n")

        self.assertEqual(run.status, 0)
        self.assert_exact(self.dump(run), run)

    @in_both_modes
    def test_no_descriptor_is_open_at_the_start(self):
        """Ours must not be taken for one of the three."""
        own = self.path("own.txt")
        run = self.record("/bin/sh", "-c", 'exec "$@" <&- >&- 2>&-', "sh",
                          target("fds"), "stderr", own, out="%e.%p.mp",
                          quiet=False)
        plain = self.plain("/bin/sh", "-c", 'exec "$@" <&- >&- 2>&-', "sh",
                           target("fds"), "stderr", own)

        # Its own file becomes 0, and it says by its status that it is not 2.
        self.assertEqual((run.status, run.stdout), (99, b""))
        self.assertEqual(plain.status, 99)
        self.assertEqual(os.path.getsize(own), 0)
        self.report(self.path("fds.%d.mp" % run.pid))

    # Memory.

    @in_both_modes
    def test_address_space_that_is_limited_while_it_runs(self):
        for megabytes in (1, 32, 64):
            with self.subTest(megabytes):
                process = start([target("grow"), "12", "ready"], stdin=-1,
                                cwd=self.dir, env=self.shim_env())
                self.assertEqual(process.stdout.readline(), b"ready\n")
                with open("/proc/%d/statm" % process.pid) as file:
                    pages = int(file.read().split()[0])
                most = pages * resource.getpagesize() + megabytes * MIB
                resource.prlimit(process.pid, resource.RLIMIT_AS,
                                 (most, most))
                run = finish(process, input=b"go\n")
                self.assertEqual(run.status, 0)

                report = self.report(run)
                stated = run.stated()
                untracked = report["losses"]["untracked_allocations"]
                self.assertEqual(report["totals"]["allocations"] + untracked,
                                 stated["allocations"])
                if megabytes == 64:
                    self.assertEqual(untracked, 0)

    @in_both_modes
    def test_memory_that_counts_before_it_is_touched(self):
        """RLIMIT_DATA refuses what overcommit_memory=2 would: it counts
        private memory when it is mapped."""
        for megabytes in (8, 24, 48, 256):
            with self.subTest(megabytes):
                lower = limit((resource.RLIMIT_DATA, megabytes * MIB))
                run = self.record(target("grow"), "12", quiet=False,
                                  preexec_fn=lower)
                self.assert_as_plain(run, target("grow"), "12",
                                     preexec_fn=lower)
                self.assertEqual(len(self.said(run)), 1)
                recorded = os.path.exists(self.dump(run))
                self.assertEqual(b"unrecorded" in run.stderr, not recorded)
                if megabytes == 256:
                    self.assert_totals(self.report(run), run.stated())

    # Sandboxes.

    @in_both_modes
    def test_sandbox_that_kills_for_opening_a_file(self):
        for how in ("prctl", "syscall"):
            run = self.record_target("confined", how, "12", status=4,
                                     quiet=False)

            self.assertEqual(run.stderr, b"")
            self.assertEqual(self.dumps(), [self.dump(run)])
            report = self.report(run)
            self.assert_totals(report, run.stated())
            if not self.sample:
                self.assertGreater(report["totals"]["sites"], 1 << 12)
            self.assertIsNone(self.info(run)["failure"])
            self.new_folder()

    @in_both_modes
    def test_sandbox_for_threads_that_are_recorded_meanwhile(self):
        for _ in range(3):
            run = self.record_target("confined", "threads", "6", status=4)
            sites = sites_with(self.report(run), "spread")
            stated = run.stated()
            self.assertEqual(
                sum_of(sites, "allocations", "allocated_bytes"),
                (stated["allocations"], stated["allocated_bytes"]))
            self.new_folder()

    @in_both_modes
    def test_sandbox_that_the_recorder_outgrows(self):
        """There is room for 64 MiB, or as much as may be: then stacks are
        lost, and counted."""
        run = self.record_target(
            "confined", "prctl", "14", status=4,
            preexec_fn=limit((resource.RLIMIT_FSIZE, MIB)))

        self.assert_exact(self.dump(run), run)
        self.assertIsNotNone(self.info(run)["failure"])

    @in_both_modes
    def test_sandbox_that_the_kernel_refuses(self):
        """Then nothing changes: the child has its dump, the end is said."""
        run = self.record_target("confined", "refused", status=4, quiet=False)

        self.assertEqual(len(self.said(run)), 1)
        self.assertEqual(sorted(self.dumps()), sorted(
            self.dump(pid) for pid in (run.pid, run.stated()["child"])))
        self.assert_totals(self.report(run), {
            key: value for key, value in run.stated().items()
            if key != "child"})

    @in_both_modes
    def test_launcher_names_the_dump_of_a_sandboxed_program(self):
        run = self.launch(target("confined"), "prctl")

        self.assertEqual(run.status, 4)
        self.assertIn(os.path.basename(self.dumps()[0]), run.stderr.decode())

    # The kernel's other services.

    def isolated(self, script, *argv, **options):
        """Records argv in a mount namespace after the script has run in it."""
        done = subprocess.run(["unshare", "-m", "true"],
                              stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT)
        if done.returncode:
            self.skipTest("no namespaces: %s" % done.stdout.decode().strip())
        env = self.shim_env(**options)
        settings = ["%s=%s" % (name, env[name]) for name in env
                    if name.startswith("MEMPROF_") or name == "LD_PRELOAD"]
        plain = {name: value for name, value in env.items()
                 if name != "LD_PRELOAD" and not name.startswith("MEMPROF_")}
        return finish(start(
            ["unshare", "-m", "sh", "-c", script + '; exec "$@"', "sh",
             "env", *settings, *argv], env=plain, cwd=self.dir))

    @in_both_modes
    def test_no_proc(self):
        for argv in (("grow", "10"), ("fork", "plain"), ("threads", "4",
                                                         "500")):
            with self.subTest(argv[0]):
                self.new_folder()
                run = self.isolated("umount -l /proc", target(argv[0]),
                                    *argv[1:])
                self.assertEqual((run.status, run.stderr), (0, b""))
                if argv[0] == "grow":
                    self.assert_totals(self.report(run), run.stated())
                if argv[0] == "fork":
                    self.assertEqual(len(self.dumps()), 3)
                    for path in self.dumps():
                        self.assert_totals(self.report(path), run.stated(
                            path.split(".")[-2]))

    @in_both_modes
    def test_no_temporary_directory(self):
        for folder in ("/nonexistent", "relative", "", "/dev/null",
                       "/proc", "x" * 5000):
            with self.subTest(folder[:20]):
                run = self.record(target("peak"), "middle", out=None,
                                  cwd="/proc", quiet=False,
                                  env={"TMPDIR": folder or self.dir})
                self.assert_as_plain(run, target("peak"), "middle")
                self.assertLessEqual(len(self.said(run)), 2)

    @in_both_modes
    def test_patterns_that_make_no_sense(self):
        long = "x" * 250
        for pattern in ("%", "%%", "%q%", "%e%e%e%e", "/", ".", "..", "//",
                        "a/b/c.mp", "\n.mp", "\x1b[31m%p.mp", "%p" * 3000,
                        long + ".mp", long + "/" + long, "%" * 999, "\xff\xfe",
                        "../%e.mp/", self.dir, " ", "-o", "%p/%e", "%\x01"):
            with self.subTest(pattern[:20]):
                self.new_folder()
                os.mkdir(self.path("tmp"))
                run = self.record(target("peak"), "middle", quiet=False,
                                  env={"MEMPROF_OUT": pattern,
                                       "TMPDIR": self.path("tmp")})
                self.assert_as_plain(run, target("peak"), "middle")
                self.assertLessEqual(len(self.said(run)), 3)
                self.assertNotRegex(run.stderr, rb"[\x00-\x09\x0b-\x1f]")

    @in_both_modes
    def test_environment_with_nothing_in_it(self):
        """env -i takes LD_PRELOAD away: what it starts runs unrecorded, and
        the launcher ends as it does."""
        run = self.launch("env", "-i", target("peak"), "middle",
                          out="%e.%p.mp")

        self.assert_as_plain(run, target("peak"), "middle")
        self.assertEqual([os.path.basename(path).split(".")[0]
                          for path in self.dumps()], ["env"])

    @in_both_modes
    def test_environment_with_nothing_but_the_recorder(self):
        run = self.record("env", "-i", "LD_PRELOAD=" + SHIM, target("peak"),
                          "middle", out=None, quiet=False)
        self.sample = None  # which is gone too

        self.assertEqual(run.status, 0)
        self.assert_totals(self.report(
            self.path("peak.%d.mp" % run.pid)), run.stated())

    # Clocks.

    @in_both_modes
    def test_clocks_that_jump(self):
        """A tracer gives the program another time at each call."""
        for program in (("grow", "6"), ("fork", "plain"), ("peak", "random")):
            run = self.record_target("jumps", target(program[0]),
                                     *program[1:], out="%e.%p.mp")
            self.assertGreater(len(self.dumps()), 1)
            for path in self.dumps():
                name, pid = os.path.basename(path).split(".")[:2]
                report = self.report(path)
                # Unknown when it ended before it began.
                self.assertLess(report["program"]["duration_ns"] or 0, 1 << 63)
                if name == program[0]:
                    self.assert_totals(report, run.stated(
                        pid if name == "fork" else None))
                for command in ("report", "info", "leaks"):
                    self.memprof(command, path)


main()
