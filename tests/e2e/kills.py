# SPDX-License-Identifier: MIT
"""SIGKILL at any instant leaves a dump that can be read, with totals that are
consistent, and all that was done until then. Nor do SIGSTOP and SIGCONT, or
forks in the middle of it all, lose anything. MEMPROF_KILLS says how often."""

import os
import random
import signal
import struct
import time

from harness import (MEMPROF, Case, clean_env, finish, in_both_modes, main,
                     sites_with, start, sum_of, target)

KILLS = int(os.environ.get("MEMPROF_KILLS", "12")) // 2  # in each mode
WARM = 1200  # allocations before it says that it is ready
COUNTS = ("allocations", "allocated_bytes", "frees")


class Kills(Case):
    def instants(self):
        seed = random.randrange(1 << 32)
        print("seed %d, %d times" % (seed, KILLS), flush=True)
        return random.Random(seed)

    def start_busy(self):
        process = start([target("busy"), self.path("books")], cwd=self.dir,
                        env=self.shim_env())
        self.assertEqual(process.stdout.readline(), b"ready\n")
        return process

    def books(self):
        """What the threads together have begun, and what they have done."""
        with open(self.path("books"), "rb") as file:
            threads = list(struct.iter_unpack("<6Q16x", file.read()))
        self.assertEqual(len(threads), 3)
        sums = [sum(column) for column in zip(*threads)]
        return sums[:3], sums[3:]

    def assert_nothing_lost(self, run):
        """All that was done is there, and nothing that was not begun, but for
        what the C library takes to start threads."""
        report = self.report(run)  # also: the sites add up to the totals
        begun, done = self.books()
        totals = report["totals"]
        if self.sample:
            have = [totals[key] for key in COUNTS]
        else:
            have = [sum_of(sites_with(report, "take"), key)[0] for key in
                    COUNTS[:2]] + [totals["frees"]]
        for key, least, is_, most in zip(COUNTS, done, have, begun):
            slack = {"allocations": 10, "allocated_bytes": 10000}.get(key, 0)
            self.assertLessEqual(least, is_, key)
            self.assertLessEqual(is_, most + (slack if self.sample else 0),
                                 key)
        self.assertGreaterEqual(done[0], WARM)

    @in_both_modes
    def test_kills_of_a_busy_program(self):
        instants = self.instants()
        for i in range(KILLS):
            process = self.start_busy()
            # Not to wait for anything: the instant is to be random.
            time.sleep(instants.random() * 0.02)
            process.send_signal(signal.SIGKILL)
            run = finish(process)
            self.assertEqual(run.status, -signal.SIGKILL)
            self.assert_nothing_lost(run.pid)
            os.unlink(self.dump(run))

    def test_kills_while_a_program_starts(self):
        """Before there is a whole dump: nothing, or a reader that says so."""
        instants = self.instants()
        for i in range(KILLS):
            process = start([target("busy")], cwd=self.dir,
                            env=self.shim_env())
            time.sleep(instants.random() * 0.004)
            process.send_signal(signal.SIGKILL)
            run = finish(process)
            self.assertEqual(run.status, -signal.SIGKILL)
            if os.path.exists(self.dump(run)):
                read = self.memprof("report", "--json", self.dump(run),
                                    status=None)
                self.assertIn(read.status, (0, 3), read.stderr)
                os.unlink(self.dump(run))

    @in_both_modes
    def test_kill_of_a_whole_container(self):
        """Everything in a PID namespace at once: the file is what is left."""
        plain = self.plain("unshare", "-pf", "--mount-proc", "true")
        if plain.status:
            self.skipTest("no namespaces: %s" % plain.stderr.decode().strip())
        process = start(["unshare", "-pf", "--mount-proc", "--kill-child",
                         target("busy"), self.path("books")], cwd=self.dir,
                        env=self.shim_env(out="%e.%p.mp"))
        self.assertEqual(process.stdout.readline(), b"ready\n")
        process.send_signal(signal.SIGKILL)
        finish(process)  # ends when the last of them has
        self.assert_nothing_lost(self.path("busy.1.mp"))

    @in_both_modes
    def test_kills_of_the_keeper(self):
        """The program is not harmed, and its dump is all of it or says that
        it is older: when the keeper is killed while it saves."""
        instants = self.instants()
        for i in range(min(KILLS, 100)):
            process = start([MEMPROF, "run", "-o", "dump.mp", target("grow"),
                             "10"], cwd=self.dir,
                            env=clean_env(MEMPROF_SAMPLE=self.sample or ""))
            time.sleep(instants.random() * 0.03)
            with open("/proc/%d/task/%d/children" % ((process.pid,) * 2)) as file:
                for pid in file.read().split():
                    self.kill_keeper(pid)
            run = finish(process)
            self.assertEqual(run.status, 0, run.stderr)
            report = self.report(self.path("dump.mp"), limit=1)
            if report["program"]["saved_after_ns"] is None:
                self.assertEqual(report["program"]["state"], "exited")
                self.assert_totals(report, run.stated())
            else:
                self.assertIn(b"may lack its last seconds", run.stderr)
            self.assertEqual(os.listdir(self.dir), ["dump.mp"])
            os.unlink(self.path("dump.mp"))

    def kill_keeper(self, pid):
        try:
            with open("/proc/%s/comm" % pid) as file:
                if file.read() == "memprof-keeper\n":
                    os.kill(int(pid), signal.SIGKILL)
        except (FileNotFoundError, ProcessLookupError):
            pass

    @in_both_modes
    def test_stops_of_a_busy_program(self):
        """While it stands still, its dump is read and compared."""
        instants = self.instants()
        process = self.start_busy()
        for i in range(KILLS):
            process.send_signal(signal.SIGSTOP)
            pid, status = os.waitpid(process.pid, os.WUNTRACED)
            self.assertTrue(os.WIFSTOPPED(status))
            if i % 20 == 0:
                self.assert_nothing_lost(process.pid)
            process.send_signal(signal.SIGCONT)
            time.sleep(instants.random() * 0.005)
        process.send_signal(signal.SIGKILL)
        self.assertEqual(finish(process).status, -signal.SIGKILL)
        self.assert_nothing_lost(process.pid)

    @in_both_modes
    def test_forks_of_a_busy_program(self):
        for first in range(0, KILLS, 50):
            count = min(50, KILLS - first)
            run = self.record_target("life", "threads", str(count))
            children = [int(line.split(b"=")[1])
                        for line in run.stdout.splitlines()]
            self.assertEqual(len(children), count)
            self.assertEqual(len(self.dumps()), count + 1)
            for pid in children:
                sites = sites_with(self.report(pid), "child_thread")
                self.assertEqual(
                    sum_of(sites, "allocations", "allocated_bytes",
                           "live_blocks"),
                    (200, 200 * 1000 + 50 * (0 + 1 + 2 + 3), 200))
            self.new_folder()


main()
