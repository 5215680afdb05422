# SPDX-License-Identifier: MIT
"""Threads, children, exec, every way to end, signal handlers, descriptors that
the program closes."""

import os
import signal

from harness import (Case, finish, functions, in_both_modes, main, sites_with,
                     start, sum_of, target)


class Processes(Case):
    @in_both_modes
    def test_fork_follows_children_with_inherited_blocks(self):
        run = self.record_target("fork", "plain")
        pids = sorted({int(line.split(b".")[0])
                       for line in run.stdout.splitlines()})

        self.assertEqual(len(pids), 3)
        self.assertEqual(len(self.dumps()), 3)
        for pid in pids:
            with self.subTest(pid):
                self.assert_totals(self.report(pid), run.stated(str(pid)))

    @in_both_modes
    def test_fork_while_other_threads_allocate(self):
        run = self.record_target("fork", "busy")
        children = [int(line.split(b"=")[1])
                    for line in run.stdout.splitlines()
                    if line.startswith(b"child=")]

        self.assertEqual(len(children), run.stated()["children"])
        self.assertEqual(len(self.dumps()), len(children) + 1)
        for pid in children:
            report = self.report(pid)
            self.assertEqual(report["program"]["pid"], pid)
            self.assertEqual(report["program"]["forked_by"], run.pid)
            if self.sample:  # 77 bytes are a sample or not
                self.assertGreaterEqual(report["totals"]["allocations"], 100)
                continue
            self.assertEqual(
                sum_of(sites_with(report, "child_work"), "allocations",
                       "allocated_bytes", "live_blocks"), (100, 7700, 10))

    @in_both_modes
    def test_vfork_leaves_the_parents_dump_alone(self):
        run = self.record_target("fork", "vfork")

        self.assert_totals(self.report(run), run.stated())

    @in_both_modes
    def test_exec_records_into_a_dump_of_its_own(self):
        run = self.record_target("exec", "3", status=5)
        dumps = self.dumps()
        reports = [self.report(path) for path in dumps]
        live = sorted(report["totals"]["live_blocks"] for report in reports)

        # One process, one pid: the dumps are told apart all the same.
        self.assertEqual(live, [0, 1, 2, 3])
        for report in reports:
            stated = run.stated("gen%d" % report["totals"]["live_blocks"])
            self.assert_totals(report, stated)
        # Each says by itself what became of it, the others being gone.
        ends = {path: report["program"]["state"]
                for path, report in zip(dumps, reports)}
        self.assertEqual(sorted(ends.values()),
                         ["exited"] + 3 * ["replaced"])
        for path in dumps[1:]:
            os.unlink(path)
        self.assertEqual(self.info(dumps[0])["state"], ends[dumps[0]])

    @in_both_modes
    def test_exec_of_another_program_is_said(self):
        """By the default pattern their dumps have different names, so the
        second does not meet the first."""
        run = self.record("/bin/bash", "-c", "exec %s middle" % target("peak"),
                          out=None)
        former = self.path("bash.%d.mp" % run.pid)
        latter = self.path("peak.%d.mp" % run.pid)

        self.assertEqual(self.info(former)["state"], "replaced")
        self.assertIn(b"replaced by another program",
                      self.memprof("report", former).stdout)
        self.assertEqual(self.info(latter)["state"], "exited")
        os.unlink(latter)
        self.assertEqual(self.info(former)["state"], "vanished")

    @in_both_modes
    def test_exec_that_fails_goes_on_recording(self):
        """The same allocations, and those that complain, and the end."""
        plain = self.plain("/bin/bash", "-c",
                           "exec /nonexistent/program; exit 3")
        run = self.record("/bin/bash", "-c",
                          "exec /nonexistent/program; exit 3")

        self.assertEqual((run.status, run.stdout, run.stderr),
                         (127, plain.stdout, plain.stderr))
        program = self.report(run)["program"]
        self.assertEqual((program["state"], program["exit_status"]),
                         ("exited", 127))

    def ending(self, how, status, stated_extra=None):
        run = self.record_target("exits", how, status=status)
        report = self.report(run)
        program = report["program"]

        self.assert_totals(report, run.stated(), stated_extra)
        self.assertEqual((program["state"], program["exit_status"]),
                         ("vanished", None) if status < 0 else
                         ("exited", status))
        return run

    # A destructor of the program allocates after main and atexit handlers.
    late = {"allocations": 1, "allocated_bytes": 10000, "live_blocks": 1,
            "live_bytes": 10000, "peak_blocks": 1, "peak_bytes": 10000}

    @in_both_modes
    def test_return_from_main(self):
        self.ending("return", 3, self.late)

    @in_both_modes
    def test_exit(self):
        self.ending("exit", 4, self.late)

    @in_both_modes
    def test_exit_with_handlers_that_allocate(self):
        self.ending("atexit", 8, self.late)

    @in_both_modes
    def test_exit_at_once(self):
        self.ending("_exit", 5)

    @in_both_modes
    def test_quick_exit(self):
        self.ending("quick", 6)

    @in_both_modes
    def test_abort(self):
        self.ending("abort", -signal.SIGABRT)

    @in_both_modes
    def test_segmentation_fault(self):
        self.ending("segv", -signal.SIGSEGV)

    @in_both_modes
    def test_kill(self):
        self.ending("kill", -signal.SIGKILL)

    @in_both_modes
    def test_main_thread_ends_first(self):
        run = self.record_target("exits", "main-thread", status=9)
        report = self.report(run)
        ours = sites_with(report, "take")

        if self.sample:
            self.assertGreaterEqual(report["totals"]["live_blocks"], 3)
        else:
            self.assertEqual(sum_of(ours, "live_blocks", "live_bytes"),
                             (3, 330))

    def test_line_at_the_end_names_the_dump(self):
        run = self.record_target("peak", "middle", quiet=False)
        lines = run.stderr.decode().splitlines()

        self.assertEqual(len(lines), 1, lines)
        self.assertIn(self.dump(run), lines[0])

    def test_quiet_says_nothing(self):
        run = self.record_target("peak", "middle")

        self.assertEqual(run.stderr, b"")

    @in_both_modes
    def test_handler_that_allocates(self):
        run = self.record_target("signals", "raise")
        report = self.report(run)

        self.assert_totals(report, run.stated())
        raised = sites_with(report, "on_raise")
        if not self.sample:
            self.assertEqual(sum_of(raised, "live_blocks"), (20,))
        for site in raised:
            names = functions(site)
            self.assertLess(names.index("on_raise"),
                            names.index("main"))

    def test_handler_that_allocates_equals_the_reference(self):
        run = self.record_target("signals", "raise",
                                 env={"MEMPROF_CHECK": "1"})

        self.assert_checked(run)

    @in_both_modes
    def test_handler_interrupts_a_computation(self):
        run = self.record_target("signals", "timer")

        self.assert_totals(self.report(run), run.stated())

    @in_both_modes
    def test_handler_interrupts_the_recorder_itself(self):
        run = self.record_target("signals", "storm", seconds=30,
                                 preload=(target("bump.so"),))
        report = self.report(run)

        self.assert_totals(report, run.stated())
        self.assertGreater(run.stated()["ticks"], 100)
        # Those have sites too, but for a few that met a lock.
        losses = report["losses"]
        self.assertGreater(losses["nested"], 0)
        self.assertLess(losses["overflow_allocations"], losses["nested"])

    @in_both_modes
    def test_program_that_closes_every_descriptor(self):
        own = self.path("own.txt")
        run = self.record_target("fds", "close", own)

        self.assert_totals(self.report(run), run.stated())
        self.assert_lines(own)

    @in_both_modes
    def test_program_that_reuses_descriptor_2(self):
        own = self.path("own.txt")
        run = self.record_target("fds", "stderr", own, quiet=False)

        self.assert_totals(self.report(run), run.stated())
        self.assert_lines(own)
        self.assertEqual(run.stderr, b"")

    def assert_lines(self, path):
        with open(path) as file:
            self.assertEqual(file.read().splitlines(),
                             ["line %d" % i for i in range(2000)])

    @in_both_modes
    def test_program_started_without_descriptor_2(self):
        own = self.path("own.txt")
        run = self.record("/bin/sh", "-c",
                            'exec "$0" stderr "$1" 2>&-',
                            target("fds"), own, quiet=False, out="%e.%p.mp")

        self.assertEqual(run.status, 0)
        self.assert_lines(own)
        self.assert_totals(self.report(self.path("fds.%d.mp" % run.pid)),
                           run.stated())

    @in_both_modes
    def test_daemon(self):
        fifo = self.path("fifo")
        os.mkfifo(fifo)
        self.record_target("fds", "daemon", fifo, quiet=False)
        with open(fifo) as file:  # ends when the daemon has
            stated = dict(line.split("=") for line in
                          file.read().splitlines())
        stated = {key: int(value) for key, value in stated.items()}
        report = self.report(stated["pid"])
        sites = sites_with(report, "spread")

        self.assertGreaterEqual(report["totals"]["allocations"],
                                stated["allocations"])
        if not self.sample:
            self.assertEqual(
                sum_of(sites, "allocations", "live_bytes"),
                (stated["allocations"], stated["live_bytes"]))

    @in_both_modes
    def test_dump_is_readable_while_the_program_runs(self):
        process = start([target("grow"), "10", "ready"], cwd=self.dir,
                        env=self.shim_env(), stdin=-1)
        self.assertEqual(process.stdout.readline(), b"ready\n")
        before = self.report(process.pid)

        run = finish(process, input=b"go\n")
        self.assertEqual(run.status, 0)
        self.assertEqual(before["totals"]["allocations"], 0)
        self.assertEqual(before["program"]["state"], "running")
        self.assert_totals(self.report(run), run.stated())


main()
