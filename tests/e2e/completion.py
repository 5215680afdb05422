# SPDX-License-Identifier: MIT
"""Completion of command lines, asked of the shells themselves."""

import re

from harness import BUILD, Case, clean_env, finish, main, start

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
                r"(--[a-z-]+)\[", specs))), sorted(options), command)

    def test_arguments(self):
        self.assertEqual(self.bash("export", "--format", "mas"), ["massif"])
        self.assertEqual(self.bash("export", "-f", "mas"), ["massif"])
        self.assertEqual(self.bash("export", "--format", "=", "mas"),
                         ["massif"])
        self.assertEqual(self.bash("check", "--max-peak", ""), [""])
        self.assertEqual(self.fish("export", "-f", "mas"), ["massif"])
        self.assertTrue(any(
            re.search(r"--format\[.*:FORMAT:\(json csv .*massif", line)
            for line in self.zsh("export", "")))

    def test_dumps_and_files(self):
        for name in ("a b.mp", "c.txt"):
            open(self.path(name), "w").close()
        self.assertEqual(self.bash("a"), ["a b.mp"])
        self.assertIn("c.txt", self.bash("check", "--budgets", "c"))
        self.assertIn("a b.mp", self.bash("leaks", ""))

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
