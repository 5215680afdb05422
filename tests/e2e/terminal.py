# SPDX-License-Identifier: MIT
"""memprof in a terminal: pager, colours, width, progress; and when who reads
goes away."""

import os
import pty
import re
import select
import termios

from harness import MEMPROF, SECONDS, Case, clean_env, finish, main, start, \
    target

# Each look at the clock is so many milliseconds later than the last.
CLOCK = """
#include <time.h>
int clock_gettime(clockid_t id, struct timespec *now)
{
	static long ms;
	(void)id;
	ms += STEP;
	now->tv_sec = ms / 1000;
	now->tv_nsec = ms % 1000 * 1000000;
	return 0;
}
"""
ESCAPES = re.compile(rb"\x1b\[[?0-9;]*[a-zA-Z]|\x1b[=>]")
CLEAR = b"\r\x1b[K"


class Terminal(Case):
    def setUp(self):
        super().setUp()
        run = self.record(target("grow"), "9", out="grow.mp")
        self.assertEqual(run.status, 0, run.stderr)
        self.leaks = ("leaks", "--limit", "0", self.path("grow.mp"))

    def show(self, *args, columns=80, streams=("stdout", "stderr"), **env):
        """What memprof writes to a terminal that those streams of it are, and
        the run with what it writes elsewhere."""
        master, slave = pty.openpty()
        termios.tcsetwinsize(slave, (24, columns))
        mode = termios.tcgetattr(slave)
        mode[1] &= ~termios.OPOST
        termios.tcsetattr(slave, termios.TCSANOW, mode)
        all_ = clean_env(TERM="xterm")
        for name in ("PAGER", "MEMPROF_PAGER", "LESS", "NO_COLOR", "COLUMNS"):
            all_.pop(name, None)
        all_.update(env)
        process = start((MEMPROF,) + args, env=all_, cwd=self.dir,
                        **dict.fromkeys(streams, slave))
        os.close(slave)
        text = b""
        while select.select([master], [], [], SECONDS)[0]:
            try:
                more = os.read(master, 65536)
            except OSError:  # nobody writes any more
                break
            if not more:
                break
            text += more
        os.close(master)
        return text, finish(process)

    def plain_text(self):
        return self.memprof(*self.leaks).stdout

    def test_pager(self):
        """All of the text in every case, or as much as the pager takes."""
        want = self.plain_text()
        self.assertGreater(len(want), 1 << 16)  # more than a pipe holds
        marked = re.sub(rb"(?m)^", b"> ", want)[:-2]
        for env, text in (
                ({"PAGER": ""}, want), ({"PAGER": "cat"}, want),
                ({"PATH": "/nonexistent"}, want),  # no less
                ({"PAGER": "sed 's/^/> /'"}, marked),
                ({"PAGER": "false", "MEMPROF_PAGER": "sed 's/^/> /'"}, marked),
                ({"PAGER": "sed 's/^/> /'", "MEMPROF_PAGER": ""}, want),
                ({"PAGER": "sed 1q"}, want.split(b"\n")[0] + b"\n"),
                ({"PAGER": "true"}, b""), ({"PAGER": "false"}, b"")):
            with self.subTest(env):
                shown, run = self.show(*self.leaks, NO_COLOR="1", **env)
                self.assertEqual(run.status, 0)
                self.assertEqual(shown, text)
        shown, run = self.show(*self.leaks, "--no-pager", "--color=never",
                               PAGER="true")
        self.assertEqual(shown, want)
        shown, run = self.show(*self.leaks, PAGER="no-such-pager -x",
                               NO_COLOR="1")
        self.assertEqual(shown, b"memprof: warning: no-such-pager -x: the "
                         b"pager is not found; printing without\n" + want)

    def test_less(self):
        """What fits on a screen is printed and that is all."""
        self.need("less")
        args = ("leaks", "--limit", "1", "--color=always", self.leaks[-1])
        want = self.memprof(*args).stdout
        shown, run = self.show(*args, columns=200)
        self.assertEqual(run.status, 0)
        self.assertIn(b"\x1b[36m", shown)
        self.assertEqual(ESCAPES.sub(b"", shown).replace(b"\r", b""),
                         ESCAPES.sub(b"", want))

    def test_a_reader_that_leaves(self):
        for args in (self.leaks, ("export", "-f", "csv", self.leaks[-1]),
                     ("tree", "--limit", "0", self.leaks[-1]),
                     ("report", "--json", "--limit", "0", self.leaks[-1])):
            process = start((MEMPROF,) + args, env=clean_env(), cwd=self.dir)
            self.assertTrue(process.stdout.read(1))
            process.stdout.close()
            error = process.stderr.read()
            self.assertEqual((process.wait(), error), (0, b""), args)
            process.stderr.close()

    def test_colours(self):
        want = self.plain_text()
        for args, env, is_coloured in (
                ((), {}, True), ((), {"NO_COLOR": "1"}, False),
                ((), {"NO_COLOR": ""}, True), ((), {"TERM": "dumb"}, False),
                (("--color=always",), {"NO_COLOR": "1"}, True),
                (("--color=never",), {"CLICOLOR_FORCE": "1"}, False)):
            shown, run = self.show(*self.leaks, *args, PAGER="cat", **env)
            self.assertEqual(b"\x1b[" in shown, is_coloured, (args, env))
            self.assertEqual(ESCAPES.sub(b"", shown), want)
        run = finish(start((MEMPROF,) + self.leaks, cwd=self.dir,
                           env=clean_env(CLICOLOR_FORCE="1")))
        self.assertIn(b"\x1b[", run.stdout)

    def test_width(self):
        for columns in (60, 80, 120):
            shown, run = self.show("timeline", self.leaks[-1], PAGER="cat",
                                   columns=columns, NO_COLOR="1")
            widest = max(len(line.decode()) for line in
                         shown.split(b"\n") if b"\xe2" in line or b"|" in line)
            self.assertLessEqual(widest, columns)
            self.assertGreater(widest, columns * 0.7)

    def test_progress(self):
        """To a terminal only, from the first second on, and taken away."""
        clock, still = (self.compile("clock%d.so" % step, CLOCK, "-shared",
                                     "-fPIC", "-DSTEP=%d" % step)
                        for step in (250, 0))
        export = ("export", "-f", "csv", "-o", "out", self.leaks[-1])
        for args, words in ((export, (b"naming code", b"writing")),
                            (("export", "-f", "pprof", "--max-size", "10KiB",
                              "-o", "out", self.leaks[-1]), (b"writing",)),
                            (("leaks", "--limit", "1", self.leaks[-1]),
                             (b"naming code",)),
                            (("stat", "-r", "9", "--", "/bin/true"),
                             (b"running",))):
            with self.subTest(args[0]):
                shown, run = self.show(*args, streams=("stderr",),
                                       LD_PRELOAD=clock)
                self.assertEqual(run.status, 0)
                for word in words:
                    self.assertRegex(shown, CLEAR.replace(b"[", b"\\[") +
                                     b"memprof: %s: \\d+%%" % word)
                self.assertTrue(shown.endswith(CLEAR), shown)
                self.assertEqual(re.sub(
                    rb"\r\x1b\[K(memprof: [a-z ]+: \d+%)?", b"", shown), b"")
                shown, run = self.show(*args, streams=("stderr",),
                                       LD_PRELOAD=still)
                self.assertEqual((run.status, shown), (0, b""))
                run = finish(start((MEMPROF,) + args, cwd=self.dir,
                                   env=clean_env(LD_PRELOAD=clock)))
                self.assertEqual((run.status, run.stderr), (0, b""))
        # Where lines of the report go there are none of it.
        shown, run = self.show(*self.leaks, LD_PRELOAD=clock, PAGER="cat")
        self.assertTrue(ESCAPES.sub(b"", shown).endswith(self.plain_text()))


main()
