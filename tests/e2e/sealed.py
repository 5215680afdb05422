# SPDX-License-Identifier: MIT
"""memprof run records into sealed memory: whoever cuts the dump of a running
program cuts a copy, and all else is as with a file."""

import ctypes
import os
import re
import resource
import select
import signal
import stat
import struct
import subprocess
import sys
import time

from harness import (MEMPROF, Case, clean_env, finish, in_both_modes, main,
                     start, target)

PID_AT, END_AT = 48, 80  # in a dump's header
NOBODY = 65534
PR_SET_CHILD_SUBREAPER = 36


class Sealed(Case):
    def start_sealed(self, *argv, out="dump.mp", options=(), before=(),
                     **popen):
        popen.setdefault("cwd", self.dir)
        return start((*before, MEMPROF, "run", "-o", out, *options, "--",
                      *argv),
                     env=clean_env(MEMPROF_SAMPLE=self.sample or ""), **popen)

    def start_ready(self, depth="10", **options):
        process = self.start_sealed(target("grow"), depth, "ready", stdin=-1,
                                    **options)
        self.assertEqual(process.stdout.readline(), b"ready\n")
        return process

    def start_half(self, depth, before=(), **options):
        """A program that stands still when half of its stacks are recorded."""
        process = self.start_sealed(target("grow"), depth, "half", stdin=-1,
                                    before=before, **options)
        self.assertEqual(process.stdout.readline(), b"ready\n")
        return process

    def children(self, pid):
        """{name: pid}"""
        with open("/proc/%d/task/%d/children" % (pid, pid)) as file:
            pids = [int(word) for word in file.read().split()]
        return {self.name_of(pid): pid for pid in pids}

    def name_of(self, pid):
        with open("/proc/%s/comm" % pid) as file:
            return file.read().rstrip("\n")

    def is_keeper(self, pid):
        """One that has a dump here?"""
        folder = "/proc/%s/fd" % pid
        try:
            return self.name_of(pid) == "memprof-keeper" and any(
                os.readlink(os.path.join(folder, name)) == self.dir
                for name in os.listdir(folder))
        except OSError:
            return False

    def keeper(self):
        """Its pid, and a descriptor of it."""
        pid, = [int(name) for name in os.listdir("/proc") if name.isdigit()
                and self.is_keeper(name)]
        pidfd = os.pidfd_open(pid)
        self.addCleanup(os.close, pidfd)
        return pid, pidfd

    def until(self, condition):
        deadline = time.monotonic() + 60
        while not condition():
            self.assertLess(time.monotonic(), deadline)
            time.sleep(0.02)

    def wait_for(self, pidfd):
        self.assertTrue(select.select([pidfd], [], [], 60)[0], "it stays")

    def memory(self, keeper):
        """The first descriptor of memory that the keeper has."""
        folder = "/proc/%d/fd" % keeper
        return [os.path.join(folder, name) for name in os.listdir(folder) if
                os.readlink(os.path.join(folder, name)).startswith("/memfd:")
                ][0]

    def assert_dump(self, run, name="dump.mp", prefix=None, degraded=None):
        status = os.lstat(self.path(name))
        self.assertTrue(stat.S_ISREG(status.st_mode))
        self.assertEqual(status.st_mode & 0o7777, 0o600)
        report = self.report(self.path(name), limit=1)
        self.assertIsNone(report["program"]["saved_after_ns"])
        self.assertEqual(report["losses"]["failure"], degraded)
        stated = run.stated(prefix)
        if degraded:  # then the peak is that of the stacks that are known
            stated = {key: value for key, value in stated.items()
                      if not key.startswith("peak")}
        self.assert_totals(report, stated)

    def mode(self, name="dump.mp"):
        return stat.S_IMODE(os.lstat(self.path(name)).st_mode)

    def file_alone(self, name="dump.mp"):
        """What the file says to somebody who does not know of the memory:
        the report of a copy, as of another process. None: not a dump yet."""
        with open(self.path(name), "rb") as file:
            dump = bytearray(file.read())
        dump[PID_AT:PID_AT + 4] = struct.pack("<I", 1)
        with open(self.path("alone"), "wb") as file:
            file.write(dump)
        return self.report(self.path("alone"), limit=1)

    def wait_for_copy(self, name="dump.mp"):
        """Until the file has all that the program, which stands still, has
        recorded."""
        def is_there():
            report = self.file_alone(name)
            return report["totals"] == wanted and report["program"]["path"]

        wanted = self.report(self.path(name))["totals"]
        self.until(is_there)
        report = self.file_alone(name)
        os.unlink(self.path("alone"))
        return report

    # Who cuts it.

    @in_both_modes
    def test_nobody_can_cut_the_dump_of_a_running_program(self):
        process = self.start_ready("12")
        for command in (": >dump.mp", "truncate -s 0 dump.mp",
                        "truncate -s 8192 dump.mp", "cp /dev/null dump.mp",
                        "head -c 100000 /dev/zero >dump.mp"):
            self.plain("sh", "-c", command)
        memory = self.memory(self.keeper()[0])
        for command in (': >"$0"', 'truncate -s 0 "$0"'):
            cut = self.plain("sh", "-c", command, memory)
            self.assertNotEqual(cut.status, 0, command)
        run = finish(process, input=b"go\n")

        self.assertEqual(run.status, 0, run.stderr)
        self.assert_dump(run)
        self.assertEqual(os.listdir(self.dir), ["dump.mp"])
        self.assertEqual(run.stderr.count(b"recorded into"), 1)

    def test_cut_when_a_copy_was_made_already(self):
        process = self.start_ready("12")
        self.wait_for_copy()
        os.truncate(self.path("dump.mp"), 0)
        run = finish(process, input=b"go\n")

        self.assertEqual(run.status, 0, run.stderr)
        self.assert_dump(run)

    def test_file_on_request(self):
        """The dump is what is mapped, and there is no keeper."""
        process = self.start_ready(options=["--no-sealed"])
        children = self.children(process.pid)
        with open("/proc/%d/maps" % children["grow"]) as file:
            self.assertIn(self.path("dump.mp"), file.read())
        run = finish(process, input=b"go\n")

        self.assertEqual(list(children), ["grow"])
        self.assertEqual(run.status, 0, run.stderr)
        self.assert_dump(run)

    # Who reads it.

    @in_both_modes
    def test_dump_can_be_read_while_the_program_runs(self):
        mask = os.umask(0)
        process = self.start_ready()
        os.umask(mask)
        modes = [self.mode()]
        before = self.report(self.path("dump.mp"))
        self.memprof("leaks", "dump.mp")
        alone = self.wait_for_copy()
        modes.append(self.mode())
        run = finish(process, input=b"go\n")

        self.assertEqual(modes, [0o400, 0o400])

        self.assertEqual(before["program"]["state"], "running")
        self.assertIsNone(before["program"]["saved_after_ns"])
        self.assertEqual(alone["program"]["state"], "vanished")
        self.assertGreater(alone["program"]["saved_after_ns"], 0)
        self.assertEqual(run.status, 0, run.stderr)
        self.assert_dump(run)

    def test_snapshot_of_a_running_program(self):
        process = self.start_sealed(target("phases"), "wait", stdin=-1)
        pid = int(process.stdout.readline().split(b"=")[1])
        asked = start([MEMPROF, "snapshot", "--timeout", "60", str(pid),
                       "mine"], env=clean_env(), cwd=self.dir)
        while asked.poll() is None:
            process.stdin.write(b"256\n")
            process.stdin.flush()
            process.stdout.readline()
        asked = finish(asked)
        self.assertEqual(asked.status, 0, asked.stderr)
        name = asked.stdout.decode().strip()
        self.assertEqual(name, self.path("dump.mp") + "@mine")
        running = self.report(name)["totals"]
        run = finish(process, input=b"")

        self.assertEqual(run.status, 0, run.stderr)
        self.assertEqual(self.report(name)["totals"], running)

    # How it ends.

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
            self.assertIsNone(report["program"]["saved_after_ns"])

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

    def test_program_that_another_one_replaced(self):
        """Its dump is done with while the other one goes on."""
        process = self.start_sealed("sh", "-c", 'exec "$0" 8 ready',
                                    target("grow"), out="%e.mp", stdin=-1)
        self.assertEqual(process.stdout.readline(), b"ready\n")
        former, = set(os.listdir(self.dir)) - {"grow.mp"}
        mode = self.mode(former)
        program = self.report(self.path(former))["program"]
        run = finish(process, input=b"go\n")

        self.assertEqual(mode, 0o600)
        self.assertEqual(program["state"], "replaced")
        self.assertIsNone(program["saved_after_ns"])
        self.assert_dump(run, "grow.mp")

    def test_programs_one_after_another_under_one_name(self):
        """Each finds the dump of the last one done with, as it would a
        file."""
        run = finish(self.start_sealed(
            "sh", "-c", 'for i in 1 2 3 4 5 6 7 8; do "$0" middle; done',
            target("peak"), out="%e.mp", options=["-q"]))

        self.assertEqual((run.status, run.stderr), (0, b""))
        self.assertEqual([name for name in os.listdir(self.dir)
                          if name.startswith("peak")], ["peak.mp"])
        self.assert_dump(run, "peak.mp")

    def test_many_short_programs(self):
        script = 'i=0; while [ $i -lt 16 ]; do "$0" none; i=$((i+1)); done'
        run = finish(self.start_sealed("sh", "-c", script, target("exits"),
                                       out="%e.%p.mp", options=["-q"]))
        dumps = [path for path in self.dumps() if "/exits." in path]
        allocations = {self.totals(path)["allocations"] for path in dumps}

        self.assertEqual(run.stderr, b"")
        self.assertEqual(len(dumps), 16)
        self.assertEqual(len(allocations), 1)
        self.assertEqual(len(os.listdir(self.dir)), len(self.dumps()))

    @in_both_modes
    def test_programs_that_close_and_count_descriptors(self):
        run = finish(self.start_sealed(target("fds"), "close",
                                       self.path("own")))

        self.assertEqual(run.status, 0, run.stdout)
        self.assert_dump(run)

    def test_new_root_directory_and_privileges_dropped(self):
        if os.geteuid() != 0:
            self.skipTest("only root can chroot")
        os.mkdir(self.path("root"))
        run = finish(self.start_sealed(target("life"), "jail",
                                       self.path("root")))
        prefix = run.stdout.split(b".")[0].decode()

        self.assertEqual(run.status, 16, run.stderr)
        self.assert_dump(run, prefix=prefix)
        self.assertEqual(os.listdir(self.path("root")), [])

    def test_limit_of_file_size(self):
        """Is one of memory then, and degrades the same; the file is no
        larger."""
        limit = 600 << 10
        run = finish(self.start_sealed(
            "sh", "-c", "ulimit -f %d && exec \"$0\" 14" % (limit // 512),
            target("grow"), out="%e.mp"))

        self.assertEqual(run.status, 0, run.stderr)
        self.assert_dump(run, "grow.mp", degraded="file size")
        self.assertLessEqual(os.stat(self.path("grow.mp")).st_size, limit)

    def test_limit_of_file_size_for_nothing_at_all(self):
        """Not even the file that says that there is nothing yet: writing it
        would end the program."""
        for limit in (0, 1, 4095, 4096):
            run = finish(self.start_sealed(
                target("peak"), "middle", preexec_fn=lambda:
                resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))))
            self.assertEqual(run.status, 0, (limit, run.stderr))
            self.assertIn(b"file size limit too small", run.stderr)
            self.assertEqual(os.listdir(self.dir), [])

    # What the keeper is to others.

    def test_keeper_holds_nothing_of_others(self):
        """No pipe whose end somebody waits for, no folder, no terminal; and
        who looks for the program by its arguments does not find it."""
        for before in ((), (target("without"), "close_range")):
            self.new_folder()
            extra, end = os.pipe()
            with open(extra):
                process = self.start_ready(before=before, pass_fds=[end],
                                           options=["--python", "off"])
                os.close(end)
                pid, keeper = self.keeper()
                folder = "/proc/%d/fd" % pid
                held = {int(name): os.readlink(os.path.join(folder, name))
                        for name in os.listdir(folder)}
                with open("/proc/%d/cmdline" % pid, "rb") as file:
                    words = file.read()
                with open("/proc/%d/stat" % pid) as file:
                    parent, group, session, tty = [
                        int(word) for word in file.read().split()[3:7]]
                with open("/proc/%d/cmdline" % process.pid, "rb") as file:
                    self.assertIn(b"grow", file.read())
                run = finish(process, input=b"go\n")

            self.assertEqual(run.status, 0, run.stderr)
            self.assertEqual([held.pop(fd) for fd in range(3)],
                             ["/dev/null"] * 3)
            kinds = sorted(re.sub(r"[:( ].*", "", name).replace(self.dir, "")
                           for name in held.values())
            self.assertEqual(kinds, ["", "/dump.mp", "/memfd", "anon_inode",
                                     "socket", "socket"])
            self.assertEqual((parent, group, session, tty),
                             (process.pid, pid, pid, 0))
            self.assertNotIn(b"grow", words)
            self.assertIn(b"memprof", words)

    def test_program_sees_nothing_of_the_keeper(self):
        """No child that it did not start, and no descriptor."""
        run = finish(self.start_sealed(sys.executable, "-c", """if True:
            import os
            print(sorted(os.listdir("/proc/self/fd"))[:-1])
            try:
                os.wait()
            except ChildProcessError:
                print("alone")"""))
        self.assertEqual(run.stdout.split(b"\n")[:2],
                         [b"['0', '1', '2']", b"alone"], run.stderr)

    def test_pipe_of_a_shell_ends_with_the_program(self):
        """Though a daemon, which closed its copies, goes on."""
        fifo = self.path("fifo")
        os.mkfifo(fifo)
        run = self.plain("sh", "-c", 'echo "$("$@")"', "sh", MEMPROF, "run",
                         "-q", "-o", "d.%p.mp", "sh", "-c",
                         "exec 9<>fifo; cat fifo >out 2>&1 </dev/null & "
                         "echo started")
        self.assertEqual((run.status, run.stdout), (0, b"started\n"))
        with open(fifo, "w"):
            pass

    def test_orphans_end_with_their_end(self):
        """As where memprof run is the first process of a container."""
        script = ("import os, time\n"
                  "out, to = os.pipe()\n"
                  "if os.fork() == 0:\n"
                  "    if os.fork() == 0:\n"
                  "        os.write(to, b'%d' % os.getpid())\n"
                  "    os._exit(0)\n"
                  "os.wait()\n"
                  "pid = int(os.read(out, 20))\n"
                  "for i in range(3000):\n"
                  "    if not os.path.exists('/proc/%d' % pid):\n"
                  "        break\n"
                  "    time.sleep(0.02)\n"
                  "else:\n"
                  "    os._exit(1)\n"
                  "os._exit(7)\n")
        libc = ctypes.CDLL(None)
        run = finish(self.start_sealed(
            sys.executable, "-c", script, out="d.%p.mp",
            preexec_fn=lambda: libc.prctl(PR_SET_CHILD_SUBREAPER, 1)))
        self.assertEqual(run.status, 7, run.stderr)

    def test_keeper_writes_to_no_file_for_who_may_not(self):
        with open(self.path("victim"), "w") as file:
            file.write("my thesis\n")
        script = ("import fcntl, os, socket\n"
                  "memory = os.memfd_create('x', os.MFD_ALLOW_SEALING)\n"
                  "os.write(memory, open('dump', 'rb').read())\n"
                  "fcntl.fcntl(memory, fcntl.F_ADD_SEALS,"
                  " fcntl.F_SEAL_SHRINK)\n"
                  "folder = os.open('.', os.O_RDONLY)\n"
                  "for name, mode in (('victim', os.O_RDONLY),"
                  " ('mine', os.O_RDWR | os.O_CREAT)):\n"
                  "    with socket.socket(socket.AF_UNIX) as keeper:\n"
                  "        keeper.connect('\\0' +"
                  " os.environ['MEMPROF_KEEPER'])\n"
                  "        keeper.recv(1)\n"
                  "        fds = [memory, os.open(name, mode), folder]\n"
                  "        socket.send_fds(keeper, [name.encode()], fds)\n"
                  "        print(len(keeper.recv(4)))\n")
        self.record_target("peak", "middle", out="dump")
        run = finish(self.start_sealed("env", "-u", "LD_PRELOAD",
                                       sys.executable, "-c", script))

        self.assertEqual((run.status, run.stdout), (0, b"0\n4\n"),
                         run.stderr)
        with open(self.path("victim")) as file:
            self.assertEqual(file.read(), "my thesis\n")
        self.report(self.path("mine"))  # saved for who may

    # Where something is missing.

    def test_copies_where_files_always_have_names(self):
        process = self.start_half("12", before=(target("without"), "tmpfile"))
        self.wait_for_copy()
        self.assertEqual(os.listdir(self.dir), ["dump.mp"])
        run = finish(process, input=b"go\n")

        self.assertEqual(run.status, 0, run.stderr)
        self.assertEqual(os.listdir(self.dir), ["dump.mp"])
        self.assert_dump(run)

    def test_kernels_without_what_the_keeper_needs(self):
        """Then it is a file that is recorded into, which is said once."""
        for what in ("pidfd", "memfd"):
            run = finish(self.start_sealed(
                target("peak"), "middle", before=(target("without"), what)))
            self.assertEqual(run.status, 0, run.stderr)
            self.assertEqual(run.stderr.count(b"cannot record into sealed"), 1)
            self.assert_dump(run)

    # Who is stopped or killed.

    def test_stopped_keeper(self):
        """Who stopped it did not mean its last work."""
        process = self.start_half("12")
        pid, keeper = self.keeper()
        os.kill(pid, signal.SIGSTOP)
        run = finish(process, input=b"go\n")

        self.assertEqual(run.status, 0)
        self.assertNotIn(b"stands still", run.stderr)
        self.assert_dump(run)

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

    def test_killed_keeper(self):
        """The program goes on, grows its dump no more when there is no more
        room, and saves it itself at its end."""
        process = self.start_ready("14")
        pid, keeper = self.keeper()
        os.kill(pid, signal.SIGKILL)
        self.wait_for(keeper)
        run = finish(process, input=b"go\n")
        report = self.report(self.path("dump.mp"), limit=1)

        self.assertEqual(run.status, 0)
        self.assertEqual(report["program"]["state"], "exited")
        self.assert_dump(run, degraded="no reopen")
        self.assertEqual(os.listdir(self.dir), ["dump.mp"])
        self.assertIn(b"was killed or stands still", run.stderr)

    @in_both_modes
    def test_killed_keeper_and_then_killed_program(self):
        """The last copy is left, and says that it is one."""
        process = self.start_ready()
        program = self.children(process.pid)["grow"]
        pid, keeper = self.keeper()
        wanted = self.wait_for_copy()["totals"]
        os.kill(pid, signal.SIGKILL)
        self.wait_for(keeper)
        alive = self.report(self.path("dump.mp"))["program"]
        os.kill(program, signal.SIGKILL)
        run = finish(process, input=b"")
        report = self.report(self.path("dump.mp"))
        text = self.memprof("report", "dump.mp").stdout

        self.assertEqual(alive["state"], "running")
        self.assertGreater(alive["saved_after_ns"], 0)
        self.assertEqual(run.status, 137)
        self.assertEqual(report["program"]["state"], "vanished")
        self.assertGreater(report["program"]["saved_after_ns"], 0)
        self.assertEqual(report["totals"], wanted)
        self.assertRegex(text, rb"out of sight; saved .* after its start")

    def test_killed_process_group(self):
        process = self.start_ready()
        pid, keeper = self.keeper()
        os.killpg(process.pid, signal.SIGKILL)
        finish(process, input=b"")
        self.wait_for(keeper)
        report = self.report(self.path("dump.mp"))

        self.assertEqual(report["program"]["state"], "vanished")
        self.assertIsNone(report["program"]["saved_after_ns"])
        self.assertEqual(os.listdir(self.dir), ["dump.mp"])

    @in_both_modes
    def test_killed_container(self):
        """Everything in a PID namespace at once: a copy is left."""
        plain = self.plain("unshare", "-pf", "--mount-proc", "true")
        if plain.status:
            self.skipTest("no namespaces: %s" % plain.stderr.decode().strip())
        process = start(["unshare", "-pf", "--mount-proc", "--kill-child",
                         MEMPROF, "run", "-o", "dump.mp", target("busy")],
                        cwd=self.dir,
                        env=clean_env(MEMPROF_SAMPLE=self.sample or ""))
        self.assertEqual(process.stdout.readline(), b"ready\n")
        self.until(lambda: self.file_alone()["totals"]["allocations"] >= 1200)
        os.unlink(self.path("alone"))
        process.send_signal(signal.SIGKILL)
        finish(process)
        report = self.report(self.path("dump.mp"))

        self.assertEqual(report["program"]["state"], "vanished")
        # The keeper may be the last to die, and have saved all of it.
        if report["program"]["saved_after_ns"] is not None:
            self.assertGreater(report["program"]["saved_after_ns"], 0)
        self.assertGreaterEqual(report["totals"]["allocations"], 1200)

    def test_program_that_outlives_the_launcher(self):
        fifo = self.path("fifo")
        os.mkfifo(fifo)
        run = finish(self.start_sealed(target("fds"), "daemon", fifo,
                                       out="dump.%p.mp",
                                       stdout=subprocess.DEVNULL))
        self.assertEqual(run.status, 0, run.stderr)
        with open(fifo) as file:  # ends when the daemon has
            stated = dict(line.split("=") for line in
                          file.read().splitlines())
        name = self.path("dump.%s.mp" % stated["pid"])
        self.until(lambda: stat.S_IMODE(os.stat(name).st_mode) == 0o600)
        totals = self.report(name)["totals"]
        self.assertEqual(totals["allocations"], int(stated["allocations"]))

    # What else has its name, or no room.

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

    def test_dump_of_before_is_replaced(self):
        finish(self.start_sealed(target("grow"), "6"))
        run = finish(self.start_sealed(target("peak"), "middle"))

        self.assertEqual(os.listdir(self.dir), ["dump.mp"])
        self.assert_dump(run)

    def test_dump_in_use_is_left_alone(self):
        """By whom its name is asked for, in another PID namespace, too."""
        process = self.start_ready()
        run = finish(self.start_sealed(target("peak"), "middle"))
        others = [name for name in os.listdir(self.dir) if name != "dump.mp"]
        self.assertEqual(len(others), 1)
        self.assert_dump(run, others[0])
        plain = self.plain("unshare", "-pf", "--mount-proc", "true")
        if plain.status == 0:
            self.wait_for_copy()
            finish(start(["unshare", "-pf", "--mount-proc", MEMPROF, "run",
                          "-o", "dump.mp", target("peak"), "middle"],
                         env=clean_env(), cwd=self.dir))
            self.assertEqual(len(os.listdir(self.dir)), 3)
        run = finish(process, input=b"go\n")
        self.assert_dump(run)

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

    def test_link_that_is_put_in_its_place(self):
        process = self.start_ready("10")
        with open(self.path("victim"), "wb") as file:
            file.write(b"my thesis\n")
        os.unlink(self.path("dump.mp"))
        os.symlink("victim", self.path("dump.mp"))
        run = finish(process, input=b"go\n")

        self.assertEqual(run.status, 0)
        self.assertEqual(os.readlink(self.path("dump.mp")), "victim")
        with open(self.path("victim"), "rb") as file:
            self.assertEqual(file.read(), b"my thesis\n")
        self.assertEqual(sorted(os.listdir(self.dir)), ["dump.mp", "victim"])

    def test_dump_that_is_given_another_name_meanwhile(self):
        """Its own is left to who has it then: nobody, a file, a link."""
        for copied, taken in ((False, None), (True, None), (False, "file"),
                              (True, "file"), (True, "link")):
            process = self.start_ready("10")
            if copied:
                self.wait_for_copy()
            os.mkdir(self.path("else"))
            os.rename(self.path("dump.mp"), self.path("else", "kept.mp"))
            if taken:
                name = "dump.mp" if taken == "file" else "victim"
                with open(self.path(name), "w") as file:
                    file.write("my thesis\n")
            if taken == "link":
                os.symlink("victim", self.path("dump.mp"))
            before = sorted(os.listdir(self.dir))
            run = finish(process, input=b"go\n")

            self.assertEqual(run.status, 0)
            self.assertEqual(sorted(os.listdir(self.dir)), before)
            self.assert_dump(run, os.path.join("else", "kept.mp"))
            if taken:
                with open(self.path("dump.mp")) as file:
                    self.assertEqual(file.read(), "my thesis\n")
            self.new_folder()

    def mount(self, size):
        done = subprocess.run(
            ["mount", "-t", "tmpfs", "-o", "size=" + size, "memprof",
             self.dir], stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        if done.returncode:
            self.skipTest("cannot mount: %s" % done.stdout.decode().strip())
        self.addCleanup(subprocess.run, ["umount", "-l", self.dir])

    def test_disk_that_is_full_at_the_end(self):
        self.mount("64k")
        run = finish(self.start_sealed(target("grow"), "12"))

        self.assertEqual(run.status, 0)
        self.assertIn(b"could not be saved", run.stderr)
        self.assertEqual(os.listdir(self.dir), ["dump.mp"])
        # What it is left with is a dump, and says that it is old.
        program = self.report(self.path("dump.mp"))["program"]
        self.assertIsNotNone(program["saved_after_ns"])

    def test_disk_that_has_no_room_for_what_came_after_a_copy(self):
        """The copy stays what it is: not parts of it and parts of what was to
        replace it."""
        self.mount("4m")
        process = self.start_half("13")
        wanted = self.wait_for_copy()
        with open(self.path("ballast"), "wb", buffering=0) as file:
            with self.assertRaises(OSError):
                while True:
                    file.write(bytes(4096))
        with open(self.path("dump.mp"), "rb") as file:
            before = file.read()
        run = finish(process, input=b"go\n")
        with open(self.path("dump.mp"), "rb") as file:
            self.assertTrue(before == file.read(), "the copy was changed")
        report = self.report(self.path("dump.mp"))

        self.assertEqual(run.status, 0, run.stderr)
        self.assertIn(b"could not be saved", run.stderr)
        self.assertEqual(report["totals"], wanted["totals"])
        self.assertIsNotNone(report["program"]["saved_after_ns"])

    def test_disk_that_has_no_room_for_a_copy_beside_the_last(self):
        options = ["--timeline", "off"]  # it grows with time
        finish(self.start_ready("12", options=options), input=b"go\n")
        size = os.stat(self.path("dump.mp")).st_size
        self.mount("2m")
        process = self.start_ready("12", options=options)
        self.wait_for_copy()
        copied = os.stat(self.path("dump.mp")).st_size
        with open(self.path("ballast"), "wb") as file:
            disk = os.statvfs(self.dir)
            file.write(bytes(disk.f_bavail * disk.f_bsize - size +
                             copied // 2))
        run = finish(process, input=b"go\n")

        self.assertEqual(run.status, 0, run.stderr)
        self.assertNotIn(b"could not be saved", run.stderr)
        self.assertEqual(os.stat(self.path("dump.mp")).st_size, size)
        self.assert_dump(run)

    # Where there is no sealed memory.

    def test_program_with_other_rights_records_into_a_file(self):
        if os.geteuid() != 0:
            self.skipTest("only root can become another user")
        self.need("setpriv")
        os.chmod(self.dir, 0o777)
        run = finish(self.start_sealed(
            "setpriv", "--reuid=%d" % NOBODY, "--clear-groups",
            target("peak"), "middle", out="%e.mp"))

        self.assertEqual(run.status, 0, run.stderr)
        self.assertEqual(run.stderr.count(b"cannot record into sealed"), 1)
        self.assert_dump(run, "peak.mp")
        self.assertEqual(os.stat(self.path("peak.mp")).st_uid, NOBODY)

    def test_programs_out_of_reach_record_into_files(self):
        """Said once for them all."""
        for namespace in ("-n", "-pf"):
            plain = self.plain("unshare", namespace, "true")
            if plain.status:
                self.skipTest("no namespaces: %s" %
                              plain.stderr.decode().strip())
            self.new_folder()
            run = finish(self.start_sealed(
                "unshare", namespace, "sh", "-c", '"$0" middle; "$0" middle',
                target("peak"), out="%e.mp", options=["-q"]))
            self.assertEqual(run.status, 0, run.stderr)
            self.assert_dump(run, "peak.mp")
        run = finish(self.start_sealed(
            "unshare", "-n", "sh", "-c", '"$0" middle; "$0" middle',
            target("peak"), out="%e.mp"))
        self.assertEqual(run.stderr.count(b"cannot record into sealed"), 1)

    def test_run_within_run(self):
        """The inner one's choice holds."""
        for options, mapped in ((("--no-sealed",), True), ((), False)):
            process = self.start_sealed(
                MEMPROF, "run", "-q", *options, "-o", "inner.mp",
                target("grow"), "8", "ready", out="outer.%p.mp", stdin=-1)
            self.assertEqual(process.stdout.readline(), b"ready\n")
            inner = self.children(process.pid)["memprof"]
            with open("/proc/%d/maps" %
                      self.children(inner)["grow"]) as file:
                self.assertEqual("inner.mp" in file.read(), mapped)
            run = finish(process, input=b"go\n")
            self.assertEqual(run.status, 0, run.stderr)
            self.assert_dump(run, "inner.mp")


main()
