# SPDX-License-Identifier: MIT
"""Completion of command lines, asked of the shells themselves."""

import os
import pty
import re
import select
import signal
import termios
import time

from harness import BUILD, SECONDS, Case, clean_env, finish, main, start

# Prints what bash would complete the words with, the last of them unfinished.
BASH = r"""
compopt() { :; }
source "$1"; shift
COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1))
_memprof
printf '%s\n' "${COMPREPLY[@]}"
"""

# zsh's own _arguments works within its line editor only: here it shows what it
# is given.
ZSH = r"""
_arguments() { print -rl -- "$@" }
_describe() { print -rl -- $commands }
_files() { : }
compdef() { : }
source $1; shift
words=("$@"); CURRENT=$#
_memprof
"""


# Interactive shells: how to begin each, what it is told first, and what makes it
# print the line that is being edited, at the key ^X^R.
SHELLS = {
    "bash": (("bash", "--norc", "--noprofile", "-i"), r"""
set +o history; PS1='$ '; bind 'set enable-bracketed-paste off'
source %s
bind -x '"\C-x\C-r": echo "<<$READLINE_LINE>>"'
"""),
    "zsh": (("zsh", "-f", "-i"), r"""
PS1='$ '; autoload -Uz compinit; compinit -u -D
source %s
memprof-shown() { print -r -- "<<$BUFFER>>" }
zle -N memprof-shown; bindkey '^X^R' memprof-shown
"""),
    "fish": (("fish", "--no-config", "-i"), r"""
set fish_features no-query-term; function fish_prompt; echo '$ '; end
source %s
bind \cx\cr 'echo "<<"(commandline)">>"'
"""),
}


class Typed:
    """A shell in a terminal, in which keys are pressed."""

    def __init__(self, case, shell):
        argv, setup = SHELLS[shell]
        self.text = b""
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            os.chdir(case.dir)
            os.execvpe(argv[0], argv, clean_env(
                HOME=case.dir, XDG_CONFIG_HOME=case.dir, TERM="vt100",
                XDG_DATA_HOME=case.dir, PATH=BUILD + ":" +
                os.environ["PATH"]))
        termios.tcsetwinsize(self.fd, (50, 200))
        case.addCleanup(self.end)
        # One at a time: what is typed before a shell reads may be lost.
        for i, line in enumerate((setup % case.script(shell)).split("\n")):
            self.press("%s\necho rea''dy%d;\n" % (line, i))
            self.wait(rb"ready%d" % i)
        # From its prompt on it is the shell that reads keys, not the terminal
        # line by line, for which ^R is a key of its own.
        self.wait(rb"\$ ")

    def press(self, keys):
        os.write(self.fd, keys.encode())

    def wait(self, pattern):
        until = time.monotonic() + SECONDS
        while True:
            found = re.search(pattern, self.text)
            if found:
                self.text = self.text[found.end():]
                return found
            if not select.select([self.fd], [], [],
                                 max(0, until - time.monotonic()))[0]:
                raise AssertionError("hung: %r" % self.text)
            self.text += os.read(self.fd, 65536)

    def completed(self, line):
        """The line after a TAB. It is thrown away."""
        self.press(line + "\t\x18\x12")
        shown = self.wait(rb"<<(.*?)>>").group(1).decode()
        self.press("\x15" if shown else "")
        return shown

    def end(self):
        os.close(self.fd)
        os.kill(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)


class Completion(Case):
    def shell(self, *argv):
        run = finish(start(argv, cwd=self.dir, env=clean_env(
            HOME=self.dir, XDG_CONFIG_HOME=self.dir)))
        self.assertEqual(run.status, 0, run.stderr)
        self.assertEqual(run.stderr, b"")
        return run.stdout.decode().splitlines()

    def script(self, shell):
        path = self.path("script." + shell)
        with open(path, "wb") as file:
            file.write(self.memprof("completion", shell).stdout)
        return path

    def bash(self, *words):
        self.need("bash")
        return self.shell("bash", "--norc", "-c", BASH, "bash",
                          self.script("bash"), "memprof", *words)

    def fish(self, *words):
        self.need("fish")
        lines = self.shell(
            "fish", "--no-config", "-c", "source %s; complete -C '%s'" % (
                self.script("fish"), " ".join(("memprof",) + words)))
        return [line.split("\t")[0] for line in lines]

    def zsh(self, *words):
        self.need("zsh")
        return self.shell("zsh", "-f", "-c", ZSH, "zsh", self.script("zsh"),
                          "memprof", *words)

    def commands(self):
        text = self.memprof("--help").stdout.decode()
        return re.findall(r"^  ([a-z]+) ", text.split("Commands:")[1].split(
            "\n\n")[0], re.M)

    def options(self, command):
        text = self.memprof(command, "-h").stdout.decode()
        return re.findall(r"^  (?:-\w,|   ) (--[a-z-]+)", text, re.M)

    def test_commands(self):
        commands = self.commands()
        self.assertIn("export", commands)
        self.assertEqual(sorted(self.bash("")),
                         sorted(commands + ["--help", "--version"]))
        self.assertEqual(self.bash("exp"), ["export"])
        self.assertIn("export", self.fish("exp"))
        self.assertEqual(sorted(line.split(":")[0] for line in self.zsh("")),
                         sorted(commands))

    def test_every_option_of_every_command(self):
        for command in self.commands():
            if command == "help":
                continue
            options = self.options(command)
            self.assertEqual(sorted(self.bash(command, "--")),
                             sorted(options), command)
            self.assertLessEqual(set(options), set(self.fish(command, "--")),
                                 command)
            specs = "\n".join(self.zsh(command, "--"))
            self.assertEqual(sorted(set(re.findall(
                r"(--[a-z-]+)=?\[", specs))), sorted(options), command)

    def test_arguments(self):
        self.assertEqual(self.bash("export", "--format", "mas"), ["massif"])
        self.assertEqual(self.bash("export", "-f", "mas"), ["massif"])
        self.assertEqual(self.bash("export", "--format", "=", "mas"),
                         ["massif"])
        self.assertEqual(self.bash("check", "--max-peak", ""), [""])
        self.assertEqual(self.fish("export", "-f", "mas"), ["massif"])
        self.assertTrue(any(
            re.search(r"--format=\[.*:FORMAT:\(json csv .*massif", line)
            for line in self.zsh("export", "")))

    def test_dumps_and_files(self):
        for name in ("a b.mp", "c.txt"):
            open(self.path(name), "w").close()
        self.assertEqual(self.bash("a"), ["a b.mp"])
        self.assertIn("c.txt", self.bash("check", "--budgets", "c"))
        self.assertIn("a b.mp", self.bash("leaks", ""))

    def test_what_is_typed(self):
        """In each shell as it is, with its own line editor."""
        for name in ("only.mp", "c.txt", "budget-file", "x.c"):
            open(self.path(name), "w").close()
        for shell in SHELLS:
            if not any(os.access(os.path.join(folder, shell), os.X_OK)
                       for folder in os.environ["PATH"].split(":")):
                continue
            with self.subTest(shell):
                typed = Typed(self, shell)
                for line, want in (
                        ("memprof exp", "memprof export "),
                        ("memprof help exp", "memprof help export "),
                        ("memprof completion fi", "memprof completion fish "),
                        ("memprof export --form", "memprof export --format"),
                        ("memprof export -f mas", "memprof export -f massif "),
                        ("memprof export --format mas",
                         "memprof export --format massif "),
                        ("memprof export --format=mas",
                         "memprof export --format=massif "),
                        ("memprof leaks on", "memprof leaks only.mp "),
                        ("memprof check --baseline on",
                         "memprof check --baseline only.mp "),
                        ("memprof check --budgets bud",
                         "memprof check --budgets budget-file "),
                        ("memprof lines only.mp x",
                         "memprof lines only.mp x.c "),
                        ("memprof run --allocator je",
                         "memprof run --allocator jemalloc "),
                        ("memprof run -o x mempro",
                         "memprof run -o x memprof "),
                        ("memprof run -- mempro",
                         "memprof run -- memprof "),
                        ("memprof on", "memprof only.mp ")):
                    self.assertEqual(typed.completed(line).rstrip("= "),
                                     want.rstrip(), line)
                # What is run is completed as if it were typed alone; bash
                # needs what Debian has for that in another package.
                if shell != "bash":
                    self.assertEqual(
                        typed.completed("memprof stat -- memprof lea"),
                        "memprof stat -- memprof leaks ")

    def test_what_is_installed_is_what_is_printed(self):
        for shell, name in (("bash", "memprof"), ("zsh", "_memprof"),
                            ("fish", "memprof.fish")):
            with open("%s/completions/%s" % (BUILD, name), "rb") as file:
                self.assertEqual(self.memprof("completion", shell).stdout,
                                 file.read())

    def test_an_unknown_shell_is_said(self):
        self.assertIn(b"zsh and fish", self.memprof(
            "completion", "tcsh", status=2).stderr)


main()
