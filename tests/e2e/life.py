# SPDX-License-Identifier: MIT
"""How processes come and go. Each leaves one dump with all of its own numbers
and none of another's, and memprof run ends when its program does, as it does."""

import os
import signal
import subprocess

from harness import (MEMPROF, SAMPLE, Case, clean_env, finish, in_both_modes,
                     main, sites_with, start, sum_of, target)

CGROUPS = ("/sys/fs/cgroup/memory", "/sys/fs/cgroup")
CGROUP_FILES = ("memory.limit_in_bytes", "memory.max")


class Life(Case):
    def stating(self, run):
        """The pids of the processes that stated their numbers."""
        return {int(line.split(b".")[0]) for line in run.stdout.splitlines()
                if b".allocations=" in line}

    def assert_one_dump_each(self, run, silent=()):
        """One for each process that stated something, its own, and one for
        each of the silent ones."""
        pids = self.stating(run)
        self.assertEqual(
            sorted(self.dumps()),
            sorted(self.path("dump.%d.mp" % pid) for pid in
                   pids | set(silent)))
        for pid in pids:
            report = self.report(pid)
            self.assertEqual(report["program"]["pid"], pid)
            self.assert_totals(report, run.stated(str(pid)))

    def assert_ends(self, run, status):
        """Each process said how it ended, as run does or with 11 and so on;
        status None: the first was killed, and nobody said anything."""
        for pid in self.stating(run):
            program = self.report(pid, limit=1)["program"]
            have = program["state"], program["exit_status"]
            if status is None:
                self.assertEqual(have, ("vanished", None))
            elif pid == run.pid:
                self.assertEqual(have, ("exited", status))
            elif have[0] != "vanished":  # by a bare system call
                self.assertEqual(have[0], "exited")
                self.assertIn(have[1], (11, 13, 14, 19))

    def both_ways(self, *args, status, signaled=0):
        """Preloaded, then by memprof run, into memory and into files: the
        same, and the same status."""
        run = self.record_target("life", *args, status=-signaled or status)
        self.assert_one_dump_each(run)
        self.assertIn(run.pid, self.stating(run))
        self.assert_ends(run, status)

        for options in ((), ("--no-sealed",)):
            self.new_folder()
            run = self.launch(target("life"), *args, options=options)
            self.assertEqual(run.status,
                             128 + signaled if signaled else status)
            self.assert_one_dump_each(run)
            self.assertNotIn(run.pid, self.stating(run))

    @in_both_modes
    def test_exit_by_its_other_name(self):
        self.both_ways("_Exit", status=17)

    @in_both_modes
    def test_fault_that_the_program_recovers_from(self):
        self.both_ways("recover", status=3)

    @in_both_modes
    def test_fault_that_the_program_reports_and_exits_by(self):
        self.both_ways("report", status=20 + signal.SIGSEGV)

    @in_both_modes
    def test_fault_that_kills_after_the_programs_own_handler(self):
        self.both_ways("die", status=None, signaled=signal.SIGSEGV)

    @in_both_modes
    def test_abort_with_a_handler(self):
        self.both_ways("abort", status=None, signaled=signal.SIGABRT)

    @in_both_modes
    def test_quick_exit_with_handlers_that_allocate(self):
        self.both_ways("quick", status=41)

    @in_both_modes
    def test_fork_by_an_exit_handler(self):
        """The child goes on with the handlers that are left."""
        self.both_ways("fork-at-exit", status=19)

    @in_both_modes
    def test_exec_by_another_thread(self):
        run = self.record_target("life", "exec-thread", status=11)
        reports = {report["program"]["state"]: report for report in
                   map(self.report, self.dumps())}
        self.assertEqual(set(reports), {"exited", "replaced"})
        self.assertEqual({report["program"]["pid"] for report in
                          reports.values()}, {run.pid})
        # Both stated the same of themselves, under the one number they had.
        stated = run.stated(str(run.pid))
        self.assert_totals(reports["exited"], stated)
        self.assertEqual(
            sum_of(sites_with(reports["replaced"], "exec_leaf"),
                   "allocations", "live_blocks", "live_bytes"),
            tuple(stated[key] for key in
                  ("allocations", "live_blocks", "live_bytes")))

    @in_both_modes
    def test_programs_that_are_spawned(self):
        self.both_ways("spawn", status=0)

    @in_both_modes
    def test_program_that_is_spawned_without_descriptors(self):
        for launched in (False, True):
            self.new_folder()
            argv = target("life"), "spawn-closed"
            run = self.launch(*argv) if launched else self.record(*argv)
            self.assertEqual(run.status, 0, run.stdout)
            report = self.report(run.stated()["child"])
            self.assertEqual(report["program"]["exit_status"], 18)
            totals = report["totals"]
            self.assertEqual((totals["allocations"], totals["live_blocks"]),
                             (50, 25))

    @in_both_modes
    def test_children_that_fail_to_exec(self):
        """Their end is not the parent's, as is seen when nobody ends it."""
        self.both_ways("vfork", status=18)
        self.new_folder()
        self.both_ways("vfork", "killed", status=None,
                       signaled=signal.SIGKILL)

    @in_both_modes
    def test_processes_that_share_the_memory_and_run_on(self):
        run = self.record(target("life"), "shared")
        if run.status == 77:
            self.skipTest("this C library gives no thread-local storage")
        self.assertEqual(run.status, 20, run.stdout)
        report = self.report(run)
        self.assertEqual(report["program"]["exit_status"], 20)
        self.assertEqual(report["losses"]["nested"], 0)
        if not self.sample:
            stated = run.stated()
            keys = ("allocations", "allocated_bytes", "live_blocks",
                    "live_bytes")
            self.assertEqual(sum_of(sites_with(report, "take"), *keys),
                             tuple(stated[key] for key in keys))

    @in_both_modes
    def test_forks_by_a_bare_system_call(self):
        self.both_ways("clone", status=0)

    @in_both_modes
    def test_child_that_borrows_the_memory_and_returns(self):
        self.both_ways("borrow", status=0)

    @in_both_modes
    def test_children_of_children_of_children(self):
        run = self.record_target("life", "tree", "3", "3", status=14)

        self.assertEqual(len(self.stating(run)), 1 + 3 + 9 + 27)
        self.assert_one_dump_each(run)

    @in_both_modes
    def test_child_of_a_threaded_program_that_starts_threads(self):
        run = self.record_target("life", "threads")
        children = [int(line.split(b"=")[1])
                    for line in run.stdout.splitlines()]

        self.assertEqual(len(children), 5)
        self.assert_one_dump_each(run, children + [run.pid])
        for pid in children:
            sites = sites_with(self.report(pid), "child_thread")
            self.assertEqual(
                sum_of(sites, "allocations", "allocated_bytes", "live_blocks"),
                (200, 200 * 1000 + 50 * (0 + 1 + 2 + 3), 200))

    @in_both_modes
    def test_memory_that_the_program_may_not_have(self):
        """RLIMIT_AS: blocks for which the recorder has no memory either are
        counted apart."""
        run = self.record_target("life", "hunger", str(400 << 20), status=15)
        stated = run.stated(str(run.pid))
        report = self.report(run)
        totals, losses = report["totals"], report["losses"]

        self.assertGreater(stated["allocations"], 100)
        self.assertEqual(totals["failed"], 1)
        for key in ("allocations", "allocated_bytes"):
            untracked = losses["untracked_" + key.removeprefix("allocated_")]
            self.assertEqual(totals[key] + untracked, stated[key])
        child = self.report(run.stated()["child"])
        self.assertEqual(child["losses"]["untracked_allocations"], 0)
        self.assertEqual(child["totals"]["allocations"],
                         totals["live_blocks"] + 50)

    def cgroup(self, limit):
        """A group of processes with so much memory; the way into it."""
        for base, file in zip(CGROUPS, CGROUP_FILES):
            path = os.path.join(base, "memprof-e2e-%d" % os.getpid())
            try:
                os.mkdir(path)
            except OSError:
                continue
            self.addCleanup(os.rmdir, path)
            if not os.path.exists(os.path.join(path, file)):
                continue
            with open(os.path.join(path, file), "w") as out:
                out.write(str(limit))
            return os.path.join(path, "cgroup.procs")
        self.skipTest("no group of processes can be made here")

    def test_kill_by_the_kernel_for_want_of_memory(self):
        for self.sample in (None, SAMPLE):
            self.new_folder()
            procs = self.cgroup(48 << 20)
            run = self.record("/bin/sh", "-c", 'echo $$ >"$0" && exec "$@"',
                              procs, target("life"), "devour",
                              out="%e.%p.mp")
            self.assertEqual(run.status, -signal.SIGKILL)
            report = self.report(self.path("life.%d.mp" % run.pid))
            stated = run.stated(str(run.pid))
            mebibytes = sum_of([site for site in report["sites"] if
                                site["allocated_bytes"] >= 1 << 20],
                               "allocations", "live_bytes")
            self.assertGreaterEqual(mebibytes[0], 10)
            self.assertEqual(mebibytes[1], mebibytes[0] << 20)
            self.assertEqual(report["totals"]["allocations"],
                             stated["allocations"] + mebibytes[0])
            self.doCleanups()

    @in_both_modes
    def test_new_root_directory_and_privileges_dropped(self):
        if os.geteuid() != 0:
            self.skipTest("only root can chroot")
        os.mkdir(self.path("root"))
        run = self.record_target("life", "jail", self.path("root"), status=16)

        self.assert_one_dump_each(run)
        self.assertEqual(os.listdir(self.path("root")), [])

    @in_both_modes
    def test_processes_of_one_number_in_many_namespaces(self):
        """Of containers that share a folder: with a /proc of their own, and
        with one that knows them by other numbers."""
        kinds = [proc for proc in ((), ("--mount-proc",)) if
                 self.plain("unshare", "-pf", *proc, "true").status == 0]
        for proc in kinds:
            self.new_folder()
            processes = []
            for _ in range(3):
                processes.append(start(
                    ("unshare", "-pf", *proc, target("grow"), "10", "ready"),
                    cwd=self.dir, stdin=-1, env=self.shim_env(
                        out="%e.%p.mp")))
                self.assertEqual(processes[-1].stdout.readline(), b"ready\n")
            runs = [finish(process, input=b"go\n") for process in processes]
            dumps = [path for path in self.dumps() if "/grow.1.mp" in path]
            self.assertEqual(len(dumps), 3)
            for run, path in zip(runs, dumps):
                self.assertEqual((run.status, run.stderr), (0, b""))
                report = self.report(path)
                self.assertEqual(report["program"]["state"], "exited")
                self.assert_totals(report, run.stated())
        if len(kinds) < 2:
            self.skipTest("no process namespace with a /proc can be had here")

    @in_both_modes
    def test_launcher_does_not_wait_for_daemons(self):
        """Not for the daemon, and not for what holds its descriptors; which
        goes on when the launcher has gone."""
        fifo = self.path("fifo")
        os.mkfifo(fifo)
        run = self.launch(target("fds"), "daemon", fifo,
                          stdout=subprocess.DEVNULL)
        self.assertEqual(run.status, 0)
        with open(fifo) as file:  # ends when the daemon has
            stated = {key: int(value) for key, value in
                      (line.split("=") for line in file.read().splitlines())}

        # The parent, the child that forked the daemon, and the daemon.
        self.assertIn(self.path("dump.%d.mp" % stated["pid"]), self.dumps())
        self.assertLessEqual(len(self.dumps()), 3)
        totals = self.report(stated["pid"])["totals"]
        for key in ("allocations", "allocated_bytes", "live_bytes"):
            self.assertEqual(totals[key], stated[key])

    @in_both_modes
    def test_killed_launcher_leaves_the_program_alone(self):
        process = start([MEMPROF, "run", "-o", "dump.%p.mp", target("grow"),
                         "10", "ready"], cwd=self.dir, stdin=-1,
                        env=clean_env(MEMPROF_SAMPLE=self.sample or ""))
        self.assertEqual(process.stdout.readline(), b"ready\n")
        process.send_signal(signal.SIGKILL)
        process.wait()
        run = finish(process, input=b"go\n")  # ends when the program has

        self.assertEqual(run.status, -signal.SIGKILL)
        self.assertEqual(len(self.dumps()), 1)
        self.assert_totals(self.report(self.dumps()[0]), run.stated())


main()
