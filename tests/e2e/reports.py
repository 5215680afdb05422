#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Tables, trees, lines and differences of real programs, against what follows
from the stacks of `report`, computed here in another way: stack by stack."""

import collections
import fcntl
import glob
import json
import os
import pty
import re
import shutil
import struct
import sys
import termios

from harness import (BUILD, CC, MEMPROF, TOP, Case, clean_env, finish,
                     main, start, target)

METRICS = ("allocations", "allocated_bytes", "frees", "freed_bytes",
           "live_blocks", "live_bytes", "peak_blocks", "peak_bytes",
           "temporary")

RECURSIVE = """
#include <stdlib.h>
#include <string.h>
%s
void *kept[1000];
int used;

__attribute__((noinline)) void leaf(int bytes)
{
	kept[used++] = malloc((size_t)bytes);
}

__attribute__((noinline)) void ping(int n);

__attribute__((noinline)) void pong(int n)
{
	leaf(10 * n);
	if (n > 0)
		ping(n - 1);
	leaf(1);
}

__attribute__((noinline)) void ping(int n)
{
	free(malloc(100));
	if (n > 0)
		pong(n - 1);
	leaf(2);
}

int main(int argc, char **argv)
{
	for (int i = 0; i < argc; i++)
		ping(4);
	%s
	return argv[0] == NULL;
}
"""


def counts_of(holder):
    return tuple(holder[metric] for metric in METRICS)


def add(sums, key, site):
    have = sums.get(key, (0,) * len(METRICS))
    sums[key] = tuple(a + b for a, b in zip(have, counts_of(site)))


def key_of(frame, by):
    """What a frame is told apart by: (function, file, line, module)."""
    function, file = frame["function"], frame["file"]
    module = frame["module"]
    if by == "module":
        return None, None, None, module
    if by == "file":
        return None, file, None, None if file else module
    if by == "function":
        file = file if function else None
        return function, file, None, None if file else module
    return (function, file, (frame["line"] or None) if file else None,
            None if file else module)


def key_of_row(row):
    return row["function"], row["file"], row["line"], row["module"]


def nonzero(sums):
    return {key: value for key, value in sums.items() if any(value)}


class Reports(Case):
    def record_all(self):
        """Dumps of several programs: C, C++ with inlined frames, recursion,
        and one without debug information."""
        with open(self.path("recursive.c"), "w") as file:
            file.write(RECURSIVE % ("", ""))
        built = self.plain(CC, "-g", "-O1", "-fno-optimize-sibling-calls",
                           "-fno-builtin",
                           "-o", "recursive", "recursive.c")
        self.assertEqual(built.status, 0, built.stderr)
        demo = os.path.join(BUILD, "demo-program")
        text = os.path.join(TOP, "scripts", "demo-program.c")
        programs = {"demo.mp": (demo, text, text),
                    "inline.mp": (target("inline"),),
                    "recursive.mp": (self.path("recursive"), "more"),
                    "sh.mp": ("/bin/sh", "-c", "x=$(echo y); echo $x")}
        for dump, argv in programs.items():
            run = finish(start([MEMPROF, "run", "-q", "-o", dump, *argv],
                               cwd=self.dir, env=clean_env()))
            self.assertEqual(run.status, 0, run.stderr)
        return sorted(programs)

    def sites(self, dump):
        return self.json("report", "--limit", "0", dump)["sites"]

    def test_top_agrees_with_the_stacks(self):
        for dump in self.record_all():
            sites = self.sites(dump)
            for by in ("function", "line", "file", "module"):
                with self.subTest(dump=dump, by=by):
                    selves, alls = {}, {}
                    for site in sites:
                        keys = [key_of(f, by) for f in site["stack"]]
                        add(selves, keys[0], site)
                        for key in set(keys):
                            add(alls, key, site)
                    table = self.json("top", "--by", by, "--limit", "0",
                                      "--sort", "count", "-c", dump)
                    self.assertEqual(
                        {key_of_row(r): counts_of(r["self"])
                         for r in table["rows"] if any(counts_of(r["self"]))},
                        nonzero(selves))
                    self.assertEqual(
                        {key_of_row(r): counts_of(r["cumulative"])
                         for r in table["rows"]}, nonzero(alls))

    def test_functions_of_a_stripped_program_are_told_apart(self):
        """By where they begin, with the numbers that they have by name; in
        another build they are others."""
        self.need("strip", "nm")
        with open(self.path("recursive.c"), "w") as file:
            file.write(RECURSIVE % ("", ""))
        tables = {}
        for name, flags in (("named", ()), ("other", ("-DX=1", "-O0"))):
            built = self.plain(
                CC, "-O1", "-fno-optimize-sibling-calls", "-fno-builtin",
                "-Wl,--build-id", *flags, "-o", name, "recursive.c")
            self.assertEqual(built.status, 0, built.stderr)
            self.plain("strip", "-o", name + ".out", name)
        os.mkdir(self.path("new"))
        os.rename(self.path("other.out"), self.path("new", "named.out"))
        for name in ("named", "named.out", "new/named.out"):
            dump = name.replace("/", ".") + ".mp"
            self.assertEqual(self.record(self.path(name), out=dump).status, 0)
            for command, rows, *args in (("top", "rows", "-c"),
                                         ("tree", "nodes")):
                tables[name, command] = [
                    row for row in self.json(
                        command, "--limit", "0", *args, dump)[rows]
                    if row["module"] == self.path(name)]
        starts = {symbol: int(address, 16) for address, _, symbol in (
            line.split() for line in self.plain(
                "nm", "--defined-only", "named").stdout.decode().splitlines())}
        self.assertEqual({row["function"] for row in tables["named", "top"]},
                         {"main", "ping", "pong", "leaf", "_start"})
        for command in ("top", "tree"):
            self.assertCountEqual(
                [("named.out+%#x" % starts[row["function"]],
                  starts[row["function"]], counts_of(row["self"]),
                  counts_of(row["cumulative"]))
                 for row in tables["named", command]],
                [(row["function"], row["function_start"],
                  counts_of(row["self"]), counts_of(row["cumulative"]))
                 for row in tables["named.out", command]])
        text = self.memprof("top", "-c", "--limit", "0",
                            "named.out.mp").stdout.decode()
        for function in ("main", "ping", "pong", "leaf"):
            self.assertRegex(text, r"(?m)  named\.out\+%#x \(no debug "
                             r"information\)$" % starts[function])

        folded = self.memprof("export", "-f", "folded",
                              "named.out.mp").stdout.decode()
        self.assertIn(";named.out+%#x;named.out+%#x " % (
            starts["pong"], starts["leaf"]), folded)
        diff = self.json("diff", "--by", "function", "--strip-dirs",
                         "--limit", "0", "--sort", "count", "named.out.mp",
                         "new.named.out.mp")
        self.assertEqual({row["status"] for row in diff["rows"]
                          if row["function_start"]}, {"new", "gone"})

    def test_python_code_comes_first(self):
        """What has Python on its stack is that of Python alone, the innermost
        code of it; other stacks are native ones. Sums stay what they are."""
        python = "/usr/bin/python3"
        self.need(python)

        def memprof(*args):
            """Reading the interpreter's names again takes most of the time."""
            run = self.plain(MEMPROF, *args, env={
                "MEMPROF_SYMBOL_CACHE": self.path("cache")})
            self.assertEqual(run.status, 0, run.stderr)
            return run

        def read(*args):
            return json.loads(memprof(*args, "--json", "--limit", "0").stdout)

        code = ("def fib(n):\n"
                "    kept.append(bytearray(1000 + n))\n"
                "    return n if n < 2 else fib(n - 1) + fib(n - 2)\n"
                "kept = []\n"
                "fib(6)\n"
                "kept.append(','.join(['x' * i for i in range(600)]))\n")
        for mode, bys in (({"MEMPROF_SAMPLE": "2000"}, ("file",)),
                          ({}, ("function", "line"))):
            dump = self.dump(self.record(python, "-IS", "-c", code, env=mode))
            sites = read("report", dump)["sites"]
            for by in bys:
                selves, alls = {}, {}
                for site in sites:
                    frames = site["stack"]
                    frames = [f for f in frames
                              if f["language"] == "python"] or frames
                    keys = [key_of(f, by) for f in frames]
                    add(selves, keys[0] if keys else None, site)
                    for key in set(keys) or {None}:
                        add(alls, key, site)
                table = read("top", "--by", by, "--sort", "count", "-c", dump)
                self.assertTrue(table["python_first"])
                rows = {key_of_row(row) if row["attributed"] else None: row
                        for row in table["rows"]}
                self.assertEqual(
                    {key: counts_of(row["cumulative"])
                     for key, row in rows.items()}, nonzero(alls))
                self.assertEqual(
                    {key: counts_of(row["self"])
                     for key, row in rows.items()
                     if any(counts_of(row["self"]))}, nonzero(selves))
                if by == "function":
                    self.assertIn("fib", {key and key[0] for key in rows})
        off = self.dump(self.record(python, "-IS", "-c", code,
                                    env={"MEMPROF_PYTHON": "off"}))
        run = memprof("diff", "--by", "line", dump, off)
        self.assertIn(b"not all of the dumps have Python frames", run.stderr)
        run = memprof("diff", "--by", "line", "--python=native", dump, off)
        self.assertNotIn(b"Python frames", run.stderr)
        diff = read("diff", "--by", "function", dump, dump)
        self.assertEqual((diff["rows"], diff["python_first"]), ([], True))

    def test_callers_and_callees_agree_with_the_stacks(self):
        for dump in self.record_all():
            sites = self.sites(dump)
            for option in ("callers", "callees"):
                with self.subTest(dump=dump, option=option):
                    want = {}
                    for site in sites:
                        keys = [key_of(f, "function") for f in site["stack"]]
                        for key in set(keys):
                            outermost = len(keys) - 1 - keys[::-1].index(key)
                            at = outermost + (1 if option == "callers" else -1)
                            other = keys[at] if 0 <= at < len(keys) \
                                else (None,) * 4
                            add(want, (key, other), site)
                    have = {}
                    for place in self.json("top", "--" + option, ".",
                                           dump)["places"]:
                        for edge in place["edges"]:
                            have[key_of_row(place), key_of_row(edge)] = \
                                counts_of(edge["cumulative"])
                    # What has neither name nor module matches nothing.
                    want = {key: value for key, value in nonzero(want).items()
                            if any(key[0])}
                    self.assertEqual(have, want)

    def tree(self, *options):
        """{path: (self, cumulative)} of a tree of which nothing is hidden."""
        paths, have = {}, {}
        for node in self.json("tree", "--min-percent", "0", *options)["nodes"]:
            self.assertEqual(node["hidden"], 0)
            if node["parent"] is None:
                paths[node["id"]] = ()
                continue
            path = paths[node["parent"]] + (key_of_row(node),)
            paths[node["id"]] = path
            self.assertNotIn(path, have)
            have[path] = (counts_of(node["self"]),
                          counts_of(node["cumulative"]))
        return have

    def test_tree_agrees_with_the_stacks(self):
        def plain(keys):
            return keys

        def folded(keys):
            path = []
            for key in keys:
                if key in path:
                    del path[path.index(key) + 1:]
                else:
                    path.append(key)
            return path

        for dump in self.record_all():
            sites = self.sites(dump)
            for options in ((), ("--inverted",), ("--fold-recursion",),
                            ("--inverted", "--fold-recursion")):
                with self.subTest(dump=dump, options=options):
                    selves, alls = {}, {}
                    for site in sites:
                        if site["truncated"]:
                            continue
                        keys = [key_of(f, "function") for f in site["stack"]]
                        if "--inverted" not in options:
                            keys.reverse()
                        fold = folded if "--fold-recursion" in options \
                            else plain
                        path = tuple(fold(keys))
                        add(selves, path, site)
                        for length in range(1, len(path) + 1):
                            add(alls, path[:length], site)
                    zero = (0,) * len(METRICS)
                    want = {path: (selves.get(path, zero), value)
                            for path, value in alls.items()
                            if value[METRICS.index("allocated_bytes")]}
                    self.assertEqual(self.tree(*options, dump), want)

    def test_lines_agree_with_the_stacks(self):
        for dump, name in (("demo.mp", "demo-program.c"),
                           ("recursive.mp", "recursive.c"),
                           ("inline.mp", "inline.cc")):
            self.record_all()
            with self.subTest(dump):
                lines, functions = {}, {}
                for site in self.sites(dump):
                    own = [frame for frame in site["stack"]
                           if os.path.basename(frame["file"] or "") == name]
                    if own:
                        add(lines, own[0]["line"], site)
                        add(functions, (own[0]["function"], own[0]["line"]),
                            site)
                file = self.json("lines", dump, name)["files"][0]
                self.assertEqual({row["line"]: counts_of(row)
                                  for row in file["lines"]}, lines)
                self.assertEqual({(f["function"], row["line"]): counts_of(row)
                                  for f in file["functions"]
                                  for row in f["lines"]}, functions)

    def test_several_dumps_add_up(self):
        self.record_all()
        one = self.json("top", "--limit", "0", "demo.mp")["rows"]
        three = self.json("top", "--limit", "0", "demo.mp", "demo.mp",
                          "recursive.mp")["rows"]
        other = self.json("top", "--limit", "0", "recursive.mp")["rows"]
        want = {}
        for row in one + one + other:
            add(want, key_of_row(row), row["self"])

        self.assertEqual({key_of_row(row): counts_of(row["self"])
                          for row in three}, want)

    # Differences.

    def build_and_record(self, name, before="", extra="", arguments=()):
        """The recursive program, with something before it and more to do."""
        # Each build is still there when its dump is read.
        program = self.path(name + ".dir", "changing")
        os.mkdir(self.path(name + ".dir"))
        with open(self.path("changing.c"), "w") as file:
            file.write(RECURSIVE % (before, extra))
        built = self.plain(CC, "-g", "-O1", "-fno-optimize-sibling-calls",
                           "-fno-builtin",
                           "-Wl,--build-id", "-o", program, "changing.c")
        self.assertEqual(built.status, 0, built.stderr)
        run = finish(start([MEMPROF, "run", "-q", "-o", name, program,
                            *arguments], cwd=self.dir, env=clean_env()))
        self.assertEqual(run.status, 0, run.stderr)

    def test_diff_of_the_same_is_nothing(self):
        self.build_and_record("a.mp")
        self.build_and_record("b.mp")
        for by in ("site", "function", "line", "file", "module"):
            diff = self.json("diff", "--strip-dirs", "--by", by, "a.mp",
                             "b.mp")
            self.assertEqual(diff["rows"], [], by)
            self.assertGreater(diff["rows_same"], 0)

    def test_diff_of_twice_the_work(self):
        self.build_and_record("a.mp")
        self.build_and_record("b.mp", arguments=("twice",))
        diff = self.json("diff", "--limit", "0", "a.mp", "b.mp")
        per_unit = self.json("diff", "--per-unit", "1,2", "a.mp", "b.mp")
        changes = [row["change"]["allocated_bytes"] for row in diff["rows"]]

        self.assertGreater(len(changes), 5)
        self.assertEqual(changes, sorted(changes, key=abs, reverse=True))
        for row in diff["rows"]:
            first, last = row["counts"]
            self.assertEqual(row["status"], "grown")
            self.assertEqual(last["allocations"], 2 * first["allocations"])
            self.assertEqual(row["change"]["allocations"],
                             first["allocations"])
        self.assertEqual(per_unit["rows"], [])
        self.assertEqual(per_unit["units"], ["1", "2"])

    def test_diff_of_a_rebuilt_program(self):
        """What is put before it moves all code and all lines; stacks are the
        same all the same, and only what was added is new."""
        self.build_and_record("a.mp")
        before = ("\n" * 20 + "__attribute__((noinline)) void added(void)\n"
                  "{\n\tvoid *volatile p = malloc(12345);\n"
                  "\tif (p)\n\t\tfree(malloc(77));\n}\n")
        self.build_and_record("b.mp", before, "added();")
        diff = self.json("diff", "a.mp", "b.mp")
        functions = self.json("diff", "--by", "function", "a.mp", "b.mp")
        new = [row for row in diff["rows"]]

        self.assertEqual({row["status"] for row in new}, {"new"})
        self.assertEqual({row["stack"][0]["function"] for row in new},
                         {"added"})
        self.assertEqual(sum(row["change"]["allocated_bytes"]
                             for row in new), 12345 + 77)
        self.assertGreater(diff["rows_same"], 5)
        self.assertEqual([(row["function"], row["change"]["allocations"])
                          for row in functions["rows"]], [("added", 2)])

    def test_diff_as_a_series(self):
        self.build_and_record("a.mp")
        self.build_and_record("b.mp", arguments=("x", "y"))
        diff = self.json("diff", "--strip-dirs", "--by", "module", "a.mp",
                         "b.mp", "a.mp")
        row = diff["rows"][0]

        self.assertEqual(row["status"], "same")
        self.assertEqual([c["allocations"] // row["counts"][0]["allocations"]
                          for c in row["counts"]], [1, 3, 1])

    def test_what_does_not_go_together(self):
        self.build_and_record("a.mp")
        for argv in (("diff", "a.mp"), ("diff", "--per-unit", "0", "a.mp",
                                        "a.mp"),
                     ("diff", "--per-unit", "1,2,3", "a.mp", "a.mp"),
                     ("diff", "--sort", "self", "a.mp", "a.mp"),
                     ("top", "--sort", "c", "a.mp"),
                     ("top", "--sort", "", "a.mp"),
                     ("top", "--sort", "live,nonsense", "a.mp"),
                     ("top", "--sort", "max", "--by", "thread", "a.mp"),
                     ("top", "--restrict", "(", "a.mp"),
                     ("top", "--restrict", "1.5", "a.mp"),
                     ("top", "--restrict", "-1", "a.mp"),
                     ("top", "--restrict", "", "a.mp"),
                     ("top", "--callers", "(", "a.mp"),
                     ("top", "--callers", "x", "--by", "site", "a.mp"),
                     ("top", "--callers", "x", "--callees", "y", "a.mp"),
                     ("tree", "--min-percent", "101", "a.mp"),
                     ("tree", "--min-percent", "x", "a.mp"),
                     ("tree", "--debug-dir", "/nonexistent", "a.mp")):
            with self.subTest(argv):
                run = self.memprof(*argv, status=2)
                self.assertEqual(run.stdout, b"")
                self.assertEqual(len(run.stderr.splitlines()), 1, run.stderr)

    # On a terminal, in files.

    def on_terminal(self, columns, *argv):
        """The lines that a terminal of so many columns gets."""
        leader, follower = pty.openpty()
        fcntl.ioctl(follower, termios.TIOCSWINSZ,
                    struct.pack("HHHH", 24, columns, 0, 0))
        process = start([MEMPROF, *argv, "--no-pager", "--color", "never"],
                        cwd=self.dir, env=clean_env(TERM="xterm"),
                        stdout=follower)
        os.close(follower)
        text = b""
        while True:
            try:
                piece = os.read(leader, 65536)
            except OSError:  # the other end is closed
                break
            if not piece:
                break
            text += piece
        os.close(leader)
        self.assertEqual(finish(process).status, 0)
        return text.decode().replace("\r", "").splitlines()

    def test_rows_fit_the_terminal(self):
        self.record_all()
        row = re.compile(r"^ +[-+<>\d,.]+(%| [KM]iB| B)? ")
        for columns in (40, 60, 80, 132):
            for argv in (("report",), ("top",), ("top", "--by", "line"),
                         ("top", "--by", "site"), ("top", "--by", "file"),
                         ("tree", "--min-percent", "0"),
                         ("tree", "--inverted"),
                         ("diff", "recursive.mp"),
                         ("diff", "--by", "line", "recursive.mp")):
                if argv[0] in ("tree", "diff") and columns in (60, 132):
                    continue
                with self.subTest(columns=columns, argv=argv):
                    lines = self.on_terminal(columns, *argv, "demo.mp")
                    wide = [line for line in lines
                            if row.match(line) and len(line) > columns]
                    self.assertTrue(any(row.match(line) for line in lines))
                    self.assertEqual(wide, [])

    def test_long_names_end_in_a_mark(self):
        """Of a name of more than a thousand bytes it is seen that it is
        cut."""
        name = "f" * 3000
        with open(self.path("long.c"), "w") as file:
            file.write("#include <stdlib.h>\nvoid *p;\nvoid %s(void)"
                       "{ p = malloc(10); }\nint main(void)"
                       "{ %s(); return 0; }\n" % (name, name))
        self.assertEqual(self.plain(CC, "-g", "-O0", "-o", "long",
                                    "long.c").status, 0)
        self.plain(MEMPROF, "run", "-q", "-o", "long.mp", "./long")
        text = self.memprof("top", "long.mp").stdout.decode()

        self.assertRegex(text, r" f{1000,1023}~  ")

    def test_annotated_copies(self):
        self.record_all()
        name = "#%s#recursive.c" % self.dir.strip("/").replace("/", "#")
        os.mkdir(self.path("out"))
        with open(self.path("victim"), "w") as file:
            file.write("untouched")
        os.symlink(self.path("victim"), self.path("out", name))
        os.symlink(self.path("victim"),
                   self.path("out", ".memprof-annotate.tmp"))
        run = self.memprof("lines", "--annotate-dir", "out", "recursive.mp")

        self.assertEqual(run.stdout, b"")
        with open(self.path("victim")) as file:
            self.assertEqual(file.read(), "untouched")
        self.assertFalse(os.path.islink(self.path("out", name)))
        with open(self.path("out", name)) as file:
            text = file.read()
        shown = self.memprof("lines", "recursive.mp", "recursive.c").stdout
        self.assertEqual(text, shown.decode())
        self.assertIn("kept[used++] = malloc", text)
        self.assertNotIn(".memprof-annotate.tmp",
                         os.listdir(self.path("out")))

        os.symlink("out", self.path("link"))
        run = self.memprof("lines", "--annotate-dir", "link", "recursive.mp",
                           status=2)
        self.assertIn(b"link", run.stderr)

    def outputs(self, dump, **env):
        """What all kinds of commands say of a dump; nothing on stderr."""
        texts = []
        for argv in (("report", "--json"), ("leaks", "--limit", "0"),
                     ("top", "--by", "line", "--json"),
                     ("tree", "--min-percent", "0", "--limit", "0"),
                     ("export", "--format", "pprof")):
            run = self.plain(MEMPROF, *argv, dump, env=env)
            self.assertEqual((run.status, run.stderr), (0, b""), argv)
            texts.append(run.stdout)
        return texts

    def test_names_are_the_same_with_the_cache_and_without(self):
        programs = [(target("inline"),),
                    (sys.executable, "-I", "-S", "-c", "0"),
                    ("sqlite3", ":memory:", "select 1")]
        cache = {"MEMPROF_SYMBOL_CACHE": "", "HOME": self.path("home"),
                 "XDG_CACHE_HOME": ""}
        os.mkdir(self.path("home"))
        for number, argv in enumerate(programs):
            if argv[0] == "sqlite3" and not shutil.which("sqlite3"):
                continue
            run = self.record(*argv, out=f"{number}.mp",
                              env={"MEMPROF_PYTHON": "off"})
            self.assertEqual(run.status, 0)
            dump = self.path(f"{number}.mp")
            without = self.outputs(dump, MEMPROF_SYMBOL_CACHE="off")
            for _ in range(2):
                self.assertEqual(self.outputs(dump, **cache), without)
        files = os.listdir(self.path("home/.cache/memprof"))
        self.assertGreaterEqual(len(files), 3)
        self.assertEqual([name for name in files
                          if not re.fullmatch(r"[0-9a-f]+\.sym", name)], [])

    def test_cache_is_where_the_environment_says_or_nowhere(self):
        self.record_target("inline", out="x.mp")
        os.mkdir(self.path("home"))
        home = {"HOME": self.path("home"), "XDG_CACHE_HOME": "cache"}
        for env, folder in (
                ({"MEMPROF_SYMBOL_CACHE": "off"}, None),
                ({"HOME": ""}, None),
                ({"XDG_CACHE_HOME": self.path("there")}, "there/memprof"),
                ({}, "home/.cache/memprof")):
            env = {"MEMPROF_SYMBOL_CACHE": "on", **home, **env}
            run = self.plain(MEMPROF, "leaks", "x.mp", env=env)
            self.assertEqual((run.status, run.stderr), (0, b""))
            self.assertEqual(glob.glob(self.path("*/memprof")) +
                             glob.glob(self.path("*/.cache/memprof")),
                             [self.path(folder)] if folder else [])
            for name in ("there", "home/.cache"):
                shutil.rmtree(self.path(name), ignore_errors=True)
        run = self.plain(MEMPROF, "leaks", "x.mp",
                         env={**home, "MEMPROF_SYMBOL_CACHE": "no"})
        self.assertEqual((run.status, run.stderr), (0, b"memprof: warning: "
                         b"MEMPROF_SYMBOL_CACHE takes on or off; using on\n"))

    def test_report_says_how_it_was_recorded(self):
        """The program, its end, the settings, and what the recorder took."""
        run = self.record_target("peak", "middle", env={
            "MEMPROF_MAX_DEPTH": "64", "MEMPROF_UNWIND": "fp"})
        text = self.memprof("report", "--no-pager",
                            self.dump(run)).stdout.decode()
        self.assertRegex(text, r"^Program  \S*/peak middle\n")
        self.assertRegex(text, r", exited with status 0 after ")
        settings = re.search(r"(?m)^  recorded +every block, (.*)$",
                             text).group(1)
        self.assertLessEqual({"MEMPROF_MAX_DEPTH=64", "MEMPROF_UNWIND=fp"},
                             set(settings.split(", ")))
        self.assertNotIn("MEMPROF_OUT", settings)
        self.assertRegex(text, r"(?m)^  resident +.* at the end, .* of it "
                         r"the recorder's$")
        run = self.record_target("peak", "middle",
                                 env={"MEMPROF_SAMPLE": "64KiB"})
        text = self.memprof("report", "--no-pager",
                            self.dump(run)).stdout.decode()
        self.assertRegex(text, r"(?m)^  recorded +a sample of the blocks, "
                         r".*MEMPROF_SAMPLE=64KiB")

    def test_a_file_named_twice_is_shown_once(self):
        self.record_all()
        once = self.memprof("lines", "recursive.mp", "recursive.c").stdout
        twice = self.memprof("lines", "recursive.mp", "recursive.c",
                             "./recursive.c").stdout

        self.assertEqual(once, twice)

    def test_histogram_of_a_function(self):
        self.record_all()
        rows = self.json("top", "--by", "size", "--focus", "^leaf$",
                         "recursive.mp")["rows"]
        want = collections.Counter()
        # ping(4) pong(3) ping(2) pong(1) ping(0), twice
        for size in (30, 10, 1, 1, 2, 2, 2):
            first = size if size <= 8 else 1 << (size - 1).bit_length() - 1
            want[first + (size > 8)] += 2

        self.assertEqual({row["first_size"]: row["self"]["allocations"]
                          for row in rows}, dict(want))


main()
