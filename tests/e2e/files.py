# SPDX-License-Identifier: MIT
"""Where dumps go: patterns, files that are there already, places that cannot be
written, disks that fill up. Whatever happens, the program is as without us."""

import os
import resource
import signal
import stat
import subprocess

from harness import Case, finish, in_both_modes, main, start, target


class Files(Case):
    def assert_dump(self, path, run):
        self.assert_totals(self.report(path), run.stated())

    def said(self, run):
        return run.stderr.decode().splitlines()

    # Patterns.

    def test_default_name(self):
        run = self.record_target("peak", "middle", out=None)

        self.assertEqual(self.dumps(), [self.path("peak.%d.mp" % run.pid)])
        self.assert_dump(self.dumps()[0], run)

    def test_every_placeholder(self):
        run = self.record_target("peak", "middle",
                                 out="%e-%p-%h-%t-100%%.mp")
        name = os.path.basename(self.dumps()[0])
        head = "peak-%d-%s-" % (run.pid, os.uname().nodename)

        self.assertEqual(len(self.dumps()), 1)
        self.assertTrue(name.startswith(head), name)
        self.assertTrue(name.endswith("-100%.mp"), name)
        time = int(name[len(head):-len("-100%.mp")])
        self.assertLess(abs(time - os.stat(self.dumps()[0]).st_mtime), 600)

    def test_relative_name_is_in_the_first_working_directory(self):
        run = self.record("/bin/bash", "-c", "cd / && exit 0",
                          env={"MEMPROF_OUT": "here.mp"})

        self.assertEqual(run.status, 0)
        self.assertEqual(self.dumps(), [self.path("here.mp")])

    def test_children_get_a_suffix_where_the_pattern_has_no_pid(self):
        run = self.record_target("fork", "plain", out="same.mp")
        names = {name for name in os.listdir(self.dir)
                 if name.startswith("same.mp")}
        pids = {line.split(b".")[0].decode()
                for line in run.stdout.splitlines()}

        self.assertEqual(names, {"same.mp"} | {
            "same.mp." + pid for pid in pids - {str(run.pid)}})

    # Files that are there.

    def test_older_dump_is_replaced(self):
        self.record_target("grow", "10", out="same.mp")
        run = self.record_target("peak", "middle", out="same.mp")

        self.assertEqual(os.listdir(self.dir), ["same.mp"])
        self.assert_dump(self.path("same.mp"), run)

    def assert_left_alone(self, path, content):
        run = self.record_target("peak", "middle", out="same.mp",
                                 quiet=False)
        with open(path, "rb") as file:
            self.assertEqual(file.read(), content)
        others = [name for name in os.listdir(self.dir)
                  if name.startswith("same.mp.")]
        self.assertEqual(len(others), 1, os.listdir(self.dir))
        self.assert_dump(self.path(others[0]), run)
        self.assertTrue(any(others[0] in line for line in self.said(run)))

    def test_other_file_is_left_alone(self):
        content = b"my thesis\n"
        with open(self.path("same.mp"), "wb") as file:
            file.write(content)
        self.assert_left_alone(self.path("same.mp"), content)

    def test_empty_file_is_left_alone(self):
        open(self.path("same.mp"), "wb").close()
        self.assert_left_alone(self.path("same.mp"), b"")

    def test_link_is_not_followed(self):
        content = b"not here\n"
        with open(self.path("elsewhere"), "wb") as file:
            file.write(content)
        os.symlink("elsewhere", self.path("same.mp"))
        self.assert_left_alone(self.path("elsewhere"), content)
        self.assertTrue(os.path.islink(self.path("same.mp")))

    def test_dangling_link_is_not_followed(self):
        os.symlink("elsewhere", self.path("same.mp"))
        self.record_target("peak", "middle", out="same.mp")
        self.assertFalse(os.path.exists(self.path("elsewhere")))

    def test_fifo_does_not_hang(self):
        os.mkfifo(self.path("same.mp"))
        self.record_target("peak", "middle", out="same.mp")
        self.assertTrue(stat.S_ISFIFO(os.stat(self.path("same.mp")).st_mode))

    def test_directory_is_left_alone(self):
        os.mkdir(self.path("same.mp"))
        self.record_target("peak", "middle", out="same.mp")
        self.assertEqual(os.listdir(self.path("same.mp")), [])

    def test_device_is_left_alone(self):
        run = self.record_target("peak", "middle",
                                 env={"MEMPROF_OUT": "/dev/null"})
        self.assertTrue(stat.S_ISCHR(os.stat("/dev/null").st_mode))
        self.assertEqual(run.stated(), self.plain(
            target("peak"), "middle").stated())

    def test_dump_is_for_its_owner_only(self):
        run = self.record_target("peak", "middle")

        self.assertEqual(os.stat(self.dump(run)).st_mode & 0o777, 0o600)

    # Places that cannot be written.

    def assert_same_as_plain(self, run, *argv):
        plain = self.plain(*argv)
        self.assertEqual((run.status, run.stdout),
                         (plain.status, plain.stdout))

    @in_both_modes
    def test_directory_that_cannot_be_written(self):
        """/proc cannot be written by root either."""
        tmp = self.path("tmp")
        os.mkdir(tmp)
        run = self.record(target("peak"), "middle", out=None, cwd="/proc",
                          env={"TMPDIR": tmp}, quiet=False)

        self.assertEqual(run.status, 0)
        self.assertEqual(os.listdir(tmp), ["peak.%d.mp" % run.pid])
        self.assert_dump(os.path.join(tmp, os.listdir(tmp)[0]), run)
        self.assertTrue(any(tmp in line for line in self.said(run)))

    @in_both_modes
    def test_nowhere_to_write(self):
        run = self.record(target("peak"), "middle", out=None, cwd="/proc",
                          env={"TMPDIR": "/proc"}, quiet=False)

        self.assert_same_as_plain(run, target("peak"), "middle")
        self.assertEqual(len(self.said(run)), 1, run.stderr)

    def test_directory_that_is_not_there(self):
        tmp = self.path("tmp")
        os.mkdir(tmp)
        run = self.record(target("peak"), "middle",
                          env={"MEMPROF_OUT": "/nonexistent/x.mp",
                               "TMPDIR": tmp}, quiet=False)

        self.assert_same_as_plain(run, target("peak"), "middle")
        self.assertTrue(self.said(run))

    def test_settings_that_cannot_be_understood(self):
        run = self.record_target("peak", "middle", quiet=False, env={
            "MEMPROF_MAX_DEPTH": "many", "MEMPROF_UNWIND": "magic"})
        text = run.stderr.decode()

        self.assertIn("MEMPROF_MAX_DEPTH", text)
        self.assertIn("MEMPROF_UNWIND", text)
        self.assertIn("cfi", text)
        self.assert_totals(self.report(run), run.stated())

    # Space that runs out.

    def assert_survived(self, run, argv):
        """The program is as ever; the dump says what it lost; and what has no
        stack is in the totals all the same."""
        self.assert_same_as_plain(run, *argv)
        report = self.report(self.dumps()[0])
        self.assertEqual(
            {key: report["totals"][key] for key in
             ("allocations", "allocated_bytes", "frees", "freed_bytes")},
            {key: run.stated()[key] for key in
             ("allocations", "allocated_bytes", "frees", "freed_bytes")})
        lines = [line for line in self.said(run)
                 if "recorded into" not in line]
        self.assertEqual(len(lines), 1, run.stderr.decode())
        self.assertNotIn(self.info(self.dumps()[0]).get("failure"),
                         (None, "", "none"))

    @in_both_modes
    def test_limit_of_file_size(self):
        def limit():
            signal.signal(signal.SIGXFSZ, signal.SIG_DFL)
            resource.setrlimit(resource.RLIMIT_FSIZE,
                               (1 << 20, resource.RLIM_INFINITY))

        run = self.record(target("grow"), "15", preexec_fn=limit,
                          quiet=False)
        self.assert_survived(run, (target("grow"), "15"))

    @in_both_modes
    def test_limit_of_file_size_zero(self):
        def limit():
            signal.signal(signal.SIGXFSZ, signal.SIG_DFL)
            resource.setrlimit(resource.RLIMIT_FSIZE,
                               (0, resource.RLIM_INFINITY))

        run = self.record(target("grow"), "10", preexec_fn=limit)
        self.assert_same_as_plain(run, target("grow"), "10")

    def mount(self, megabytes):
        """A small file system of our own at self.dir."""
        options = "size=%dk" % (megabytes * 1024)
        done = subprocess.run(
            ["mount", "-t", "tmpfs", "-o", options, "memprof", self.dir],
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        if done.returncode:
            self.skipTest("cannot mount: %s" % done.stdout.decode().strip())
        self.addCleanup(subprocess.run, ["umount", "-l", self.dir])

    @in_both_modes
    def test_disk_that_fills_up(self):
        self.mount(2)
        run = self.record(target("grow"), "16", quiet=False)

        self.assert_survived(run, (target("grow"), "16"))

    @in_both_modes
    def test_disk_that_is_full(self):
        self.mount(1)
        with open(self.path("filler"), "wb") as file:
            file.write(bytes((1 << 20) - 8192))
        run = self.record(target("grow"), "10", env={"TMPDIR": self.dir})

        self.assert_same_as_plain(run, target("grow"), "10")

    @in_both_modes
    def test_disk_that_others_fill_while_we_run(self):
        self.mount(4)
        env = self.shim_env()
        process = start([target("grow"), "16", "ready"], cwd=self.dir,
                        env=env, stdin=-1)
        self.assertEqual(process.stdout.readline(), b"ready\n")
        try:
            with open(self.path("filler"), "wb") as file:
                while True:
                    file.write(bytes(4096))
                    file.flush()
        except OSError:
            pass
        run = finish(process, input=b"go\n")
        plain = self.plain(target("grow"), "16")

        self.assertEqual((run.status, run.stdout), (0, plain.stdout))
        report = self.report(run)
        self.assertEqual(report["totals"]["allocations"],
                         run.stated()["allocations"])

    def test_little_memory(self):
        """What can be mapped is bounded: the program comes first."""
        def limit():
            resource.setrlimit(resource.RLIMIT_AS, (200 << 20, 200 << 20))

        run = self.record(target("grow"), "10", preexec_fn=limit)
        self.assert_same_as_plain(run, target("grow"), "10")

    # Files that change under us.

    def while_running(self, change, out="same.mp"):
        """Runs change() between the start and the growth of a recording."""
        process = start([target("grow"), "15", "ready"], cwd=self.dir,
                        env=self.shim_env(out=out), stdin=-1)
        self.assertEqual(process.stdout.readline(), b"ready\n")
        change()
        run = finish(process, input=b"go\n")
        plain = self.plain(target("grow"), "15")

        self.assertEqual((run.status, run.stdout), (0, plain.stdout))
        return run

    def test_name_that_a_running_program_records_into(self):
        others = []
        self.while_running(lambda: others.append(
            self.record_target("peak", "middle", out="same.mp")))
        totals = [self.totals(path)["allocations"] for path in self.dumps()]

        self.assertIn(others[0].stated()["allocations"], totals)

    @in_both_modes
    def test_dump_that_is_deleted_while_it_grows(self):
        self.while_running(lambda: os.unlink(self.path("same.mp")))

    def test_dump_that_another_file_takes_the_place_of(self):
        content = b"my thesis\n" * 1000

        def replace():
            os.rename(self.path("same.mp"), self.path("moved.mp"))
            with open(self.path("same.mp"), "wb") as file:
                file.write(content)

        run = self.while_running(replace)
        with open(self.path("same.mp"), "rb") as file:
            self.assertEqual(file.read(), content)
        totals = self.report(self.path("moved.mp"))["totals"]
        self.assertEqual(totals["allocations"], run.stated()["allocations"])

    # Privileges.

    def test_setuid_program_ignores_the_shim(self):
        self.need("setpriv")
        if os.geteuid() != 0:
            self.skipTest("only root can make a program setuid")
        os.chmod(self.dir, 0o777)
        program = self.path("program")
        with open(target("peak"), "rb") as source:
            with open(program, "wb") as copy:
                copy.write(source.read())
        os.chmod(program, 0o4755)
        run = self.record("setpriv", "--reuid=65534", "--clear-groups",
                          program, "middle", quiet=False)

        self.assertEqual(run.status, 0)
        self.assertEqual(run.stdout,
                         self.plain(program, "middle").stdout)
        # setpriv itself is recorded, then it is replaced.
        for path in self.dumps():
            self.assertNotIn("program", self.report(path)["program"]["path"])

    def test_root_directory_that_changes(self):
        """The file cannot be reached any more: recording goes on as far as the
        space that is mapped, and the program does not notice."""
        if os.geteuid() != 0:
            self.skipTest("only root can chroot")
        os.mkdir(self.path("root"))
        script = ("import os, sys; os.chroot(sys.argv[1]); "
                  "os.chdir('/'); x = [bytes(1000) for i in range(9999)]; "
                  "print(len(x))")
        run = self.record("/usr/bin/python3", "-c", script,
                          self.path("root"), env={"PYTHONMALLOC": "malloc"})

        self.assertEqual((run.status, run.stdout), (0, b"9999\n"))
        self.report(run, limit=1)


main()
