# SPDX-License-Identifier: MIT
"""memprof run --sealed: whoever cuts the dump of a running program gets an
error, and all else is as with a file."""

import os
import re
import select
import signal
import stat
import subprocess

from harness import (MEMPROF, Case, clean_env, finish, in_both_modes, main,
                     start, target)


class Sealed(Case):
    def start_sealed(self, *argv, out="dump.mp", **popen):
        popen.setdefault("cwd", self.dir)
        return start((MEMPROF, "run", "--sealed", "-o", out, *argv),
                     env=clean_env(MEMPROF_SAMPLE=self.sample or ""), **popen)

    def start_ready(self, depth="10"):
        process = self.start_sealed(target("grow"), depth, "ready", stdin=-1)
        self.assertEqual(process.stdout.readline(), b"ready\n")
        return process

    def keeper(self, name="dump.mp"):
        """A descriptor of the process that keeps a dump."""
        link = os.readlink(self.path(name))
        pid = int(re.fullmatch(r"/proc/(\d+)/fd/\d+", link).group(1))
        return pid, os.pidfd_open(pid)

    def wait_for(self, pidfd):
        self.assertTrue(select.select([pidfd], [], [], 60)[0], "it stays")
        os.close(pidfd)

    def assert_dump(self, run, name="dump.mp", prefix=None):
        status = os.lstat(self.path(name))
        self.assertTrue(stat.S_ISREG(status.st_mode))
        self.assertEqual(status.st_mode & 0o7777, 0o600)
        self.assert_totals(self.report(self.path(name)), run.stated(prefix))

    @in_both_modes
    def test_nobody_can_cut_the_dump_of_a_running_program(self):
        process = self.start_ready()
        for command in (": >dump.mp", "truncate -s 0 dump.mp",
                        "truncate -s 8192 dump.mp", "cp /dev/null dump.mp"):
            cut = self.plain("sh", "-c", command)
            self.assertNotEqual(cut.status, 0, command)
        run = finish(process, input=b"go\n")

        self.assertEqual(run.status, 0, run.stderr)
        self.assert_dump(run)
        self.assertEqual(os.listdir(self.dir), ["dump.mp"])
        self.assertEqual(run.stderr.count(b"recorded into"), 1)

    @in_both_modes
    def test_dump_can_be_read_while_the_program_runs(self):
        process = self.start_ready()
        before = self.report(self.path("dump.mp"))
        self.memprof("leaks", "dump.mp")
        run = finish(process, input=b"go\n")

        self.assertEqual(before["program"]["state"], "running")
        self.assertEqual(run.status, 0, run.stderr)
        self.assert_dump(run)

    @in_both_modes
    def test_every_end_of_the_program(self):
        for how, status in (("return", 3), ("_exit", 5), ("abort", 134),
                            ("segv", 139), ("kill", 137)):
            run = finish(self.start_sealed(target("exits"), how))
            self.assertEqual(run.status, status, run.stderr)
            report = self.report(self.path("dump.mp"))
            stated = run.stated()["allocations"]
            # A destructor allocates once more.
            self.assertEqual(report["totals"]["allocations"],
                             stated + (how == "return"))

    @in_both_modes
    def test_children_and_programs_that_follow(self):
        run = finish(self.start_sealed(target("life"), "tree", "2", "2",
                                       out="dump.%p.mp"))
        pids = {line.split(b".")[0].decode()
                for line in run.stdout.splitlines() if b"." in line}
        self.assertEqual((run.status, len(pids)), (14, 1 + 2 + 4))
        self.assertEqual(len(os.listdir(self.dir)), len(pids))
        for pid in pids:
            self.assert_dump(run, "dump.%s.mp" % pid, pid)

        self.new_folder()
        run = finish(self.start_sealed(target("exec"), "3"))
        reports = [self.report(path) for path in self.dumps()]
        self.assertEqual(run.status, 5)
        self.assertEqual(sorted(report["totals"]["live_blocks"]
                                for report in reports), [0, 1, 2, 3])
        self.assertEqual(sorted(report["program"]["state"]
                                for report in reports),
                         ["exited"] + ["replaced"] * 3)

    @in_both_modes
    def test_programs_that_close_and_count_descriptors(self):
        run = finish(self.start_sealed(target("fds"), "close",
                                       self.path("own")))

        self.assertEqual(run.status, 0, run.stdout)
        self.assert_dump(run)

    @in_both_modes
    def test_killed_launcher(self):
        """The keeper stays until the program has ended, and no longer."""
        process = self.start_ready()
        pid, keeper = self.keeper()
        process.send_signal(signal.SIGKILL)
        process.wait()
        run = finish(process, input=b"go\n")
        self.wait_for(keeper)

        self.assertEqual(run.status, -signal.SIGKILL)
        self.assert_dump(run)

    @in_both_modes
    def test_killed_keeper(self):
        """The recording is lost, as the page says, and nothing else is."""
        process = self.start_ready("10")
        pid, keeper = self.keeper()
        os.kill(pid, signal.SIGKILL)
        os.close(keeper)
        run = finish(process, input=b"go\n")

        self.assertEqual(run.status, 0)
        self.assertIn(b"could not be made a file", run.stderr)

    @in_both_modes
    def test_program_that_outlives_the_launcher(self):
        fifo = self.path("fifo")
        os.mkfifo(fifo)
        run = finish(self.start_sealed(target("fds"), "daemon", fifo,
                                       out="dump.%p.mp"))
        self.assertEqual(run.status, 0, run.stderr)
        links = [name for name in os.listdir(self.dir) if
                 os.path.islink(self.path(name))]
        keepers = [self.keeper(name)[1] for name in links]
        with open(fifo) as file:  # ends when the daemon has
            stated = dict(line.split("=") for line in
                          file.read().splitlines())
        for keeper in keepers:
            self.wait_for(keeper)
        name = "dump.%s.mp" % stated["pid"]
        totals = self.report(self.path(name))["totals"]
        self.assertEqual(totals["allocations"], int(stated["allocations"]))

    @in_both_modes
    def test_names_that_are_taken(self):
        with open(self.path("dump.mp"), "wb") as file:
            file.write(b"my thesis\n")
        run = finish(self.start_sealed(target("peak"), "middle"))

        self.assertEqual(run.status, 0)
        with open(self.path("dump.mp"), "rb") as file:
            self.assertEqual(file.read(), b"my thesis\n")
        others = [name for name in os.listdir(self.dir) if name != "dump.mp"]
        self.assertEqual(len(others), 1)
        self.assert_dump(run, others[0])

    @in_both_modes
    def test_name_that_another_file_takes_meanwhile(self):
        process = self.start_ready("10")
        os.unlink(self.path("dump.mp"))
        with open(self.path("dump.mp"), "wb") as file:
            file.write(b"my thesis\n")
        run = finish(process, input=b"go\n")

        self.assertEqual(run.status, 0)
        with open(self.path("dump.mp"), "rb") as file:
            self.assertEqual(file.read(), b"my thesis\n")
        self.assertEqual(os.listdir(self.dir), ["dump.mp"])

    def test_disk_that_is_full_at_the_end(self):
        done = subprocess.run(
            ["mount", "-t", "tmpfs", "-o", "size=64k", "memprof", self.dir],
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        if done.returncode:
            self.skipTest("cannot mount: %s" % done.stdout.decode().strip())
        self.addCleanup(subprocess.run, ["umount", "-l", self.dir])
        run = finish(self.start_sealed(target("grow"), "12"))

        self.assertEqual(run.status, 0)
        self.assertIn(b"could not be made a file", run.stderr)
        self.assertEqual([name for name in os.listdir(self.dir)
                          if name.endswith(".tmp")], [])

    def test_program_with_other_rights_records_into_a_file(self):
        if os.geteuid() != 0:
            self.skipTest("only root can become another user")
        self.need("setpriv")
        os.chmod(self.dir, 0o777)
        run = finish(self.start_sealed(
            "setpriv", "--reuid=65534", "--clear-groups", target("peak"),
            "middle", out="%e.mp"))

        self.assertEqual(run.status, 0, run.stderr)
        self.assert_dump(run, "peak.mp")
        self.assertEqual(os.stat(self.path("peak.mp")).st_uid, 65534)


main()
