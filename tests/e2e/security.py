# SPDX-License-Identifier: MIT
"""What others plant where dumps go, privileges that others lend, and names that
were chosen to harm who reads a report. (Links and other files: files.py.)"""

import os
import re
import shutil
import subprocess

from harness import (CC, MEMPROF, SHIM, Case, clean_env, finish, in_both_modes,
                     main, start, target)

NOBODY = 65534
ESCAPES = "\x1b[31m\x1b]0;owned\x07\x9b2J\r\x08\x7f"
BORROWED = "/lib/x86_64-linux-gnu/libmemusage.so"  # trusted, for its name
COMMANDS = (("report",), ("leaks",), ("peak",), ("top",),
            ("top", "--by", "line"), ("top", "--by", "file"),
            ("top", "--by", "module"), ("top", "--by", "thread"), ("info",),
            ("report", "--json"), ("top", "--json"), ("info", "--json"))


class Security(Case):
    def need_root(self):
        if os.geteuid() != 0:
            self.skipTest("only root can be another user")

    # Shared folders.

    @in_both_modes
    def test_dump_is_for_its_owner_whatever_the_mask(self):
        for mask in (0, 0o777):
            def preexec(mask=mask):
                os.umask(mask)
            run = self.record_target("fork", "plain", preexec_fn=preexec)
            self.assertEqual(len(self.dumps()), 3)
            for path in self.dumps():
                self.assertEqual(os.stat(path).st_mode & 0o7777, 0o600)
                os.unlink(path)
            self.assertEqual(run.status, 0)

    @in_both_modes
    def test_running_dump_that_its_owner_would_cut(self):
        """Not by name and by mistake: it would take the program's memory
        away. Root may, so this is tried by somebody else."""
        self.need_root()
        self.need("setpriv")
        os.chmod(self.dir, 0o777)
        other = ["setpriv", "--reuid=%d" % NOBODY, "--regid=%d" % NOBODY,
                 "--clear-groups"]
        for way in ((), (MEMPROF, "run", "-q", "-o", "dump.mp")):
            env = clean_env() if way else self.shim_env(out="dump.mp")
            plain = clean_env(MEMPROF_SAMPLE=self.sample or "",
                              MEMPROF_QUIET="1")
            settings = ["%s=%s" % (name, value) for name, value in env.items()
                        if name not in plain]
            process = start(other + list(way) + ["env"] * (not way) +
                            settings * (not way) +
                            [target("grow"), "12", "ready"], cwd=self.dir,
                            env=plain, stdin=-1)
            self.assertEqual(process.stdout.readline(), b"ready\n")
            for command in (": >dump.mp", "truncate -s 0 dump.mp",
                            "cp /dev/null dump.mp"):
                cut = self.plain(*other, "sh", "-c", command)
                self.assertNotEqual(cut.status, 0, command)
            run = finish(process, input=b"go\n")
            self.assertEqual((run.status, run.stderr), (0, b""))
            self.assert_totals(self.report(self.path("dump.mp")),
                               run.stated())
            self.assertEqual(os.stat(self.path("dump.mp")).st_mode & 0o7777,
                             0o600)

    @in_both_modes
    def test_dump_of_a_killed_program_is_its_owners_again(self):
        """Nobody was left to say that it is done with: whoever reads it
        first does, and only when nobody records into it."""
        process = start([target("grow"), "10", "ready"], cwd=self.dir,
                        env=self.shim_env(out="dump.mp"), stdin=-1)
        self.assertEqual(process.stdout.readline(), b"ready\n")
        dump = self.path("dump.mp")
        self.memprof("info", dump)
        self.assertEqual(os.stat(dump).st_mode & 0o7777, 0o400)

        process.kill()
        finish(process)
        self.assertEqual(os.stat(dump).st_mode & 0o7777, 0o400)
        self.memprof("info", dump)
        self.assertEqual(os.stat(dump).st_mode & 0o7777, 0o600)

    @in_both_modes
    def test_dump_of_a_former_program_is_ended_by_its_owner(self):
        """exec() by somebody who is not root: the dump before it says so."""
        self.need_root()
        self.need("setpriv")
        os.chmod(self.dir, 0o777)
        run = self.record("setpriv", "--reuid=%d" % NOBODY, "--clear-groups",
                          target("exec"), "2")
        states = sorted(self.info(path)["program"]["state"]
                        for path in self.dumps())

        self.assertEqual(run.status, 5)
        self.assertEqual(states, ["exited"] + ["replaced"] * 3)  # setpriv

    def plant(self, make):
        """In a folder as /tmp is, another user has made same.mp. What is
        recorded there goes beside it; the name of that is returned."""
        self.need_root()
        folder = self.path("shared")
        os.mkdir(folder)
        os.chmod(folder, 0o1777)
        planted = os.path.join(folder, "same.mp")
        make(planted)
        os.chown(planted, NOBODY, NOBODY, follow_symlinks=False)
        before = os.lstat(planted)
        run = self.record_target("peak", "middle", out="shared/same.mp",
                                 quiet=False)
        after = os.lstat(planted)
        self.assertEqual((before.st_ino, before.st_size, before.st_mtime_ns,
                          before.st_mode),
                         (after.st_ino, after.st_size, after.st_mtime_ns,
                          after.st_mode))
        others = [name for name in os.listdir(folder) if name != "same.mp"]
        self.assertEqual(others, ["same.mp.%d" % run.pid])
        self.assertIn(b"is not a dump of yours", run.stderr)
        path = os.path.join(folder, others[0])
        self.assert_totals(self.report(path), run.stated())
        self.assertEqual(os.stat(path).st_uid, os.geteuid())

    @in_both_modes
    def test_link_planted_by_another_user(self):
        victim = self.path("victim")
        self.plant(lambda path: os.symlink(victim, path))
        self.assertFalse(os.path.exists(victim))

    @in_both_modes
    def test_dump_planted_by_another_user(self):
        """A real one, that anybody may write: neither replaced nor reused."""
        def make(path):
            run = self.record_target("grow", "6")
            shutil.copy(self.dump(run), path)
            os.chmod(path, 0o666)
        self.plant(make)

    @in_both_modes
    def test_hard_link_to_a_dump_of_ours(self):
        """Somebody else's name for it is taken away, not the dump."""
        self.record_target("grow", "6", out="ours.mp")
        with open(self.path("ours.mp"), "rb") as file:
            before = file.read()
        os.link(self.path("ours.mp"), self.path("same.mp"))
        self.record_target("peak", "middle", out="same.mp")
        with open(self.path("ours.mp"), "rb") as file:
            self.assertEqual(file.read(), before)

    @in_both_modes
    def test_every_name_planted(self):
        """Somebody who knows the pid cannot make us write to his file, and
        cannot make us try for ever."""
        self.need_root()
        os.chmod(self.dir, 0o1777)
        script = ('import os, sys\n'
                  'for i in range(200):\n'
                  '  os.symlink("/nonexistent/x", "%s%s" % (sys.argv[1], "" '
                  'if i == 0 else ".%d" % os.getpid() if i == 1 else '
                  '".%d.%d" % (os.getpid(), i - 1)))\n'
                  'os.environ["LD_PRELOAD"] = sys.argv[2]\n'
                  'os.execv(sys.argv[3], sys.argv[3:])\n')
        run = self.plain("python3", "-c", script, self.path("same.mp"), SHIM,
                         target("peak"), "middle",
                         env={"MEMPROF_OUT": self.path("same.mp")})

        self.assertEqual(run.status, 0)
        self.assertIn(b"too many files of that name", run.stderr)
        self.assertEqual(len(os.listdir(self.dir)), 200)

    # Privileges.

    def test_recorder_that_is_loaded_with_the_privileges_of_another(self):
        """The loader preloads trusted libraries into setuid programs when
        they are setuid too. Even then nothing is read and nothing made."""
        self.need_root()
        self.need(BORROWED, "unshare", "setpriv")
        os.chmod(self.dir, 0o777)
        for name, source in (("library", SHIM), ("program", target("peak"))):
            shutil.copy(source, self.path(name))
            os.chmod(self.path(name), 0o4755)
        script = ('mount --bind "$1" "$2" && shift 2 && '
                  'exec setpriv --reuid=%d --clear-groups env '
                  'LD_PRELOAD=%s MEMPROF_OUT=x.mp MEMPROF_MAX_DEPTH=much '
                  '"$@"' % (NOBODY, os.path.basename(BORROWED)))
        for program, recorded in ((target("peak"), True),
                                  (self.path("program"), False)):
            argv = ["unshare", "-m", "sh", "-c", script, "sh",
                    self.path("library"), BORROWED, program, "middle"]
            run = finish(start(argv, env=clean_env(), cwd=self.dir))
            if run.stderr.startswith(b"unshare: "):
                self.skipTest("no namespaces: %s" % run.stderr.decode())
            self.assertEqual(run.status, 0, run.stderr)
            self.assertEqual(run.stdout,
                             self.plain(program, "middle").stdout)
            # As any program it is recorded by that name: the way is right.
            self.assertEqual(b"MEMPROF_MAX_DEPTH" in run.stderr, recorded)
            self.assertEqual(self.dumps(), [self.path("x.mp")] * recorded)
            if recorded:
                os.unlink(self.path("x.mp"))
            else:
                self.assertEqual(run.stderr, b"")

    # Names.

    def evil_program(self):
        """All that it is called by would do something to a terminal."""
        octal = "".join("\\%03o" % byte for byte in ESCAPES.encode())
        source = self.path("evil.c")
        with open(source, "w") as file:
            file.write('''
#include <stdlib.h>
#include <sys/prctl.h>
#define EVIL "%s"
void *evil(void) __asm__("EVILFUNCTION");
# 1 "%sfile.c"
__attribute__((noinline)) void *evil(void) { return malloc(1234); }
int main(void)
{
    prctl(PR_SET_NAME, EVIL);
    for (int i = 0; i < 1000; i++)
        if (!evil())
            return 1;
    return 0;
}
''' % (octal, octal))
        plain = self.path("evil")
        built = self.plain(*CC.split(), "-g", "-O1", "-fno-builtin",
                           "-rdynamic", "-o", plain, source)
        self.assertEqual(built.status, 0, built.stderr.decode())
        # No assembler takes such a name of a function.
        with open(plain, "rb") as file:
            bytes = file.read()
        name = ESCAPES.encode()[:12]
        self.assertIn(b"EVILFUNCTION", bytes)
        program = self.path(ESCAPES + "program")
        with open(program, "wb") as file:
            file.write(bytes.replace(b"EVILFUNCTION", name))
        os.chmod(program, 0o755)
        return program

    def assert_harmless(self, output, colored=False):
        if colored:
            output = re.sub(rb"\x1b\[[0-9;]*m", b"", output)
        self.assertNotRegex(output, rb"[\x00-\x08\x0b-\x1f\x7f]")
        self.assertNotRegex(output.decode(errors="surrogateescape"),
                            "[\x80-\x9f\udc80-\udc9f]")

    @in_both_modes
    def test_names_that_control_terminals(self):
        program = self.evil_program()
        run = self.launch(program, ESCAPES + "argument",
                          out="%e" + ESCAPES + ".mp")
        self.assertEqual(run.status, 0, run.stderr)
        self.assert_harmless(run.stderr)
        dump = [os.path.join(self.dir, name) for name in os.listdir(self.dir)
                if name.endswith(".mp")][0]
        for command in COMMANDS:
            with self.subTest(command):
                run = self.memprof(*command, dump)
                self.assert_harmless(run.stdout + run.stderr)
                self.assertIn(b"program", run.stdout)
                run = self.memprof(*command, "--color", "always", dump)
                self.assert_harmless(run.stdout + run.stderr, True)

    def test_names_in_complaints(self):
        for argv in (("run", ESCAPES), ("run", "-o", ESCAPES), ("report", ESCAPES),
                     (ESCAPES,), ("report", "--" + ESCAPES),
                     ("run", "--unwind", ESCAPES, "true"),
                     ("report", "--focus", "(" + ESCAPES, "x"),
                     ("lines", ESCAPES)):
            run = finish(start((MEMPROF,) + argv, env=clean_env(),
                               cwd=self.dir))
            self.assertNotEqual(run.status, 0)
            self.assert_harmless(run.stdout + run.stderr)

    @in_both_modes
    def test_settings_that_control_terminals(self):
        run = self.record(target("peak"), "middle", quiet=False, env={
            "MEMPROF_OUT": self.path(ESCAPES, "x.mp"),
            "TMPDIR": self.path(ESCAPES)})

        self.assertEqual(run.status, 0)
        self.assertTrue(run.stderr)
        self.assert_harmless(run.stderr)


main()
