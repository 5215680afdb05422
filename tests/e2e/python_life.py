# SPDX-License-Identifier: MIT
"""Python programs are as they are without the recorder: whatever they do with
threads, locks, processes and their end, and whatever the interpreter is."""

import http.client
import json
import os
import re
import shutil
import subprocess

import harness
from python_stacks import (array_bytes, interpreters, python_stack,
                           version_of)

EVERY = os.environ.get("MEMPROF_EVERY")
RUNS = 50 if EVERY else 3
LOCKED_SECONDS = 20


def pythons():
    """The system's own is enough where it takes long; python_life_every.py
    goes through all, and python_stacks.py has two in any case."""
    return interpreters() if EVERY else ["/usr/bin/python3"]


def source(name):
    return os.path.join(harness.SOURCES, name)


class Life(harness.Case):
    MODE = "stack"

    def build(self, name, output, *flags):
        self.need(harness.CC)
        subprocess.run([harness.CC, "-g", "-O1", "-pthread", "-o",
                        self.path(output), source(name), *flags], check=True)
        return self.path(output)

    def shim_env(self, env=None, *args, **options):
        return super().shim_env({"MEMPROF_PYTHON": self.MODE, **(env or {})},
                                *args, **options)

    def same(self, *argv, env=None, status=0, **options):
        """The same output and status with and without; the recorded run."""
        plain = self.plain(*argv, env=env, **options)
        run = self.record(*argv, env=env, **options)
        self.assertEqual((run.status, run.stdout, run.stderr),
                         (plain.status, plain.stdout, plain.stderr))
        self.assertEqual(run.status, status, run.stderr)
        return run

    def test_locks_and_threads(self):
        library = self.build("py_native.c", "native.so", "-shared", "-fPIC")
        for python in pythons():
            with self.subTest(python=python):
                run = self.same(python, source("py_native.py"), library,
                                seconds=LOCKED_SECONDS)
                report = self.json("report", "--limit", "0", "--focus",
                                   "py_native.py", self.dump(run))
                blocks = {site["allocated_bytes"]: python_stack(site)
                          for site in report["sites"]
                          if 2000000 < site["allocated_bytes"] < 2000010}
                stated = [line.split() for line in
                          run.stdout.decode().splitlines()]
                self.assertEqual(len(stated), 6)
                for size, line, function in stated:
                    stack = blocks[int(size)]
                    self.assertEqual(stack[0], (source("py_native.py"),
                                                int(line), function))

    def test_threads_without_python_state(self):
        """What they allocate has no line of Python, but the thread has one
        where it was started, whether the lock was held or not."""
        library = self.build("py_native.c", "native.so", "-shared", "-fPIC")
        self.write("starts.py", """\
import ctypes, sys, threading
from concurrent.futures import ThreadPoolExecutor
free, held = ctypes.CDLL(sys.argv[1]), ctypes.PyDLL(sys.argv[1])
def start(n):
    free.native_in_thread(n)
    held.native_in_thread(n + 1)
start(4000001)
def work(n):
    return bytearray(n)
thread = threading.Thread(target=work, args=(5000000,), name="mine")
thread.start()
thread.join()
with ThreadPoolExecutor(1) as pool:
    pool.submit(work, 6000000).result()
""")
        for python in pythons():
            run = self.same(python, "starts.py", library)
            path = self.path("starts.py")
            first, second = (array_bytes(python, n)
                             for n in (5000000, 6000000))
            own = {first: [(path, 11, "<module>")],
                   second: [(path, 14, "<module>")]}
            for view, wanted in (
                    ("mixed", {**own, 8000003: [(path, 5, "start"),
                                                (path, 6, "start")]}),
                    ("python", own)):
                report = self.json("report", "--limit", "0",
                                   "--python", view, self.dump(run))
                self.assertEqual({
                    site["allocated_bytes"]: [
                        (frame["file"], frame["line"], frame["function"])
                        for frame in site["threads_started_at"]]
                    for site in report["sites"]
                    if site["allocated_bytes"] in (first, second, 8000003)},
                    wanted, view)
            report = self.json("report", "--limit", "0", "--python=native",
                               self.dump(run))
            self.assertEqual({frame["language"] for site in report["sites"]
                              for frame in site["threads_started_at"]
                              if frame}, {"native"})
            rows = self.json("top", "--by", "thread",
                             self.dump(run))["rows"]
            lines = sorted(row["thread"]["started_at"]["line"]
                           for row in rows if row["thread"]["started_at"])
            self.assertEqual(lines, [5, 6, 11, 14])
            text = self.memprof("top", "--by", "thread",
                                self.dump(run)).stdout.decode()
            for line in lines:
                self.assertRegex(text, r"(?m)  started at \S*starts.py:%d in "
                                 % line)

    def test_order_of_native_and_python_frames(self):
        """Each native frame that evaluates is replaced by what it runs, and
        all others are between them, names or no names."""
        library = self.build("py_native.c", "native.so", "-shared", "-fPIC")
        self.write("order.py", """\
import ctypes, sys
native = ctypes.PyDLL(sys.argv[1])
def key(value):
    native.native_block(9000001)
    return value
def sort():
    return sorted([1], key=key)
def generate():
    yield sort()
def called_back():
    list(generate())
def outer():
    native.native_through(ctypes.PYFUNCTYPE(None)(called_back))
outer()
""")
        shutil.copy(os.path.realpath("/usr/bin/python3"), self.path("python3"))
        if shutil.which("strip"):
            subprocess.run(["strip", self.path("python3")], check=True)
        for python in pythons() + [self.path("python3")]:
            with self.subTest(python=python):
                run = self.same(python, "order.py", library)
                report = self.json("report", "--limit", "0", "--focus",
                                   "native_block", self.dump(run))
                site, = [site for site in report["sites"]
                         if site["allocated_bytes"] == 9000001]
                names, between = [], []
                for frame in site["stack"]:
                    self.assertNotRegex(frame["function"] or "",
                                        "_PyEval_EvalFrameDefault")
                    if frame["language"] == "python" or \
                            "native.so" in (frame["module"] or ""):
                        names.append(frame["function"])
                        between.append(0)
                    elif between:
                        between[-1] += 1
                self.assertEqual(names, [
                    "native_block", "key", "sort", "generate", "called_back",
                    "native_through", "outer", "<module>"])
                # Behind each name: ctypes, sorted(), then nothing where one
                # native frame runs both, list(), ctypes twice.
                is_inlined = version_of(python) >= (3, 11)
                self.assertEqual(
                    [bool(count) for count in between],
                    [True, True, not is_inlined, True, True, True,
                     not is_inlined, True])

    def test_ends_with_daemon_threads(self):
        for python in pythons():
            # Up to 3.10 such threads run into freed memory, whoever delays
            # the end: a destructor that sleeps for 3 ms is enough.
            if version_of(python) <= (3, 10):
                continue
            with self.subTest(python=python):
                for i in range(RUNS):
                    run = self.record(python, source("py_exit.py"), str(i),
                                      seconds=LOCKED_SECONDS)
                    self.assertEqual((run.status, run.stdout, run.stderr),
                                     (0, b"end\n", b""))

    def test_thread_that_allocates_while_the_interpreter_ends(self):
        """Its state may be freed at any time: nobody reads it then, but the
        native stacks are whole."""
        library = self.build("py_native.c", "native.so", "-shared", "-fPIC")
        self.write("ends.py", """\
import ctypes, sys, threading
class Last:
    def __del__(self, end=ctypes.PyDLL(sys.argv[1]).native_end):
        end()
def outlive():
    kept = [bytearray(1000) for i in range(10)]
    ctypes.CDLL(sys.argv[1]).native_outlive(4000000)
    return kept
sys.last_of_all = Last()
threading.Thread(target=outlive, daemon=True).start()
ctypes.CDLL(sys.argv[1]).native_await()
""")
        for python in pythons():
            with self.subTest(python=python):
                run = self.same(python, "ends.py", library,
                                seconds=LOCKED_SECONDS)
                report = self.report_of_large(4000000, run)
                self.assertEqual(report["losses"]["python_broken"], 0)
                counts, lines = {}, {}
                for site in report["sites"]:
                    size = site["allocated_bytes"] // max(
                        site["allocations"], 1)
                    if size not in (4000000, 4000001):
                        continue
                    counts[size] = counts.get(size, 0) + site["allocations"]
                    lines.setdefault(size, set()).add(
                        python_stack(site)[:1])
                    self.assertIn("native_outlive", [
                        frame["function"] for frame in site["stack"]])
                self.assertEqual(counts, {4000000: 4, 4000001: 35})
                self.assertEqual(lines, {
                    4000000: {((self.path("ends.py"), 7, "outlive"),)},
                    4000001: {()}})

    def test_processes_and_interpreters(self):
        for python in pythons():
            with self.subTest(python=python):
                run = self.record(python, "-W", "ignore",
                                  source("py_modules.py"),
                                  env={"PYTHONDONTWRITEBYTECODE": "1"})
                self.assertEqual(run.status, 0, run.stderr.decode())
                self.assertTrue(run.stdout.endswith(b"end\n"))
                found = 0
                for path in self.dumps():
                    report = self.json("report", "--limit", "0", "--focus",
                                       "^work$", path)
                    self.assertEqual(report["losses"]["python_broken"], 0)
                    found += sum(
                        site["allocations"] for site in report["sites"]
                        if python_stack(site)[:1] == (
                            (source("py_modules.py"), 8, "work"),)
                        and site["allocated_bytes"] >= 1500000)
                    os.unlink(path)
                self.assertEqual(found, 12)

    def test_variants(self):
        code = ("import sys\n"
                "def f():\n  return bytearray(3000001)\n"
                "x = f()\nprint(len(x))\n")
        variants = (
            (("-X", "dev"), {}), (("-X", "tracemalloc=5"), {}),
            ((), {"PYTHONMALLOC": "malloc"}),
            (("-I",), {}), (("-E",), {}),
            ((), {"PYTHONMALLOC": "debug"}),
            ((), {"PYTHONMALLOC": "malloc_debug"}),
            ((), {"PYTHONTRACEMALLOC": "5"}),
            ((), {"PYTHONDEVMODE": "1"}))
        with open(self.path("v.py"), "w") as file:
            file.write(code)
        for python in pythons():
            with self.subTest(python=python):
                for flags, env in variants if EVERY else variants[:3]:
                    run = self.same(python, *flags, "v.py", env=env)
                    report = self.json("report", "--limit", "0",
                                       "--python=python", self.dump(run))
                    # Not what starts the interpreter, 17,000 small blocks.
                    stacks = [python_stack(site) for site in report["sites"]
                              if site["allocated_bytes"] >= 3000000 and
                              site["allocations"] < 10]
                    self.assertEqual(stacks, [(
                        (self.path("v.py"), 3, "f"),
                        (self.path("v.py"), 4, "<module>"))], (flags, env))

    def test_code_that_comes_and_goes(self):
        count = 50000 if EVERY else 5000
        run = self.record("/usr/bin/python3", source("py_churn.py"),
                          str(count))
        self.assertEqual(run.status, 0, run.stderr)
        report = self.json("report", "--limit", "0", "--python=python",
                           self.dump(run))
        counts = {}
        for site in report["sites"]:
            stack = python_stack(site)
            if stack and stack[0][:2] == ("<string>", 2) and \
                    stack[0][2] != "<module>":
                counts[stack[0][2]] = (counts.get(stack[0][2], 0) +
                                       site["allocations"])
        # Objects of 601 bytes are malloc's.
        self.assertEqual(counts.pop("same"), count)
        self.assertEqual(counts, {"f%d" % i: count // 1000
                                  for i in range(1000)})
        self.assertLess(os.path.getsize(self.dump(run)), 8 << 20)

    def test_lines(self):
        library = self.build("py_native.c", "native.so", "-shared", "-fPIC")
        run = self.record("/usr/bin/python3", source("py_columns.py"), library)
        self.assertEqual(run.status, 0, run.stderr)
        with open(source("py_columns.py")) as file:
            named = {text.partition("# line: ")[2].strip(): number
                     for number, text in enumerate(file, 1)
                     if "# line: " in text}
        keys = ("live_bytes", "peak_bytes", "allocated_bytes", "allocations",
                "temporary")
        mib = 1000000
        kept = (mib, mib, mib, 10, 0)
        once = (0, 0, mib, 10, 10)
        # At the peak there was the last temporary block, and not yet the
        # native one behind it.
        leaf = {"kept": kept, "temporary": once,
                "native": (mib, mib - 100000) + kept[2:]}
        total = (2 * mib, 2 * mib, 3 * mib, 30, 10)
        for charge, wanted in (
                ("self", leaf), ("in-file", leaf),
                ("cumulative", dict(leaf, call=total, recursion=total,
                                    loop=total))):
            data = self.json("lines", "--charge", charge, self.dump(run),
                             source("py_columns.py"))["files"][0]
            rows = {row["line"]: row for row in data["lines"]}
            for name, want in wanted.items():
                row = rows[named[name]]
                have = tuple(row[key] for key in keys)
                native = {"native": 10, "call": 10, "recursion": 10,
                          "loop": 10}.get(name, 0)
                # The interpreter's own small blocks come on top.
                for key, a, b in zip(keys, have, want):
                    slack = {"allocations": 40, "temporary": 40,
                             "peak_bytes": 120000}.get(key, 20000)
                    self.assertGreaterEqual(a, b, (charge, name, key))
                    self.assertLessEqual(a, b + slack, (charge, name, key))
                self.assertEqual(row["allocated_bytes"] -
                                 row["interpreter"]["allocated_bytes"] >=
                                 native * 100000 > 0, native > 0,
                                 (charge, name, row))
            self.assertEqual(data["charge"], charge)
            names = {entry["function"] for entry in data["functions"]}
            self.assertIn("leaf", names)
            self.assert_native_rows(run, charge, data)
            self.assertEqual("recurse" in names, charge == "cumulative")

    def assert_native_rows(self, run, charge, data):
        """Below each line the text has what native code asked for of it."""
        text = self.memprof("lines", "--charge", charge, "--units", "bytes",
                            self.dump(run), source("py_columns.py"))
        native, above = {}, None
        for line in text.stdout.decode().split("\nFunctions")[0].split("\n"):
            head, rest = line[:6].strip(), line[6:]
            if head == "native" and above:
                native[above] = tuple(
                    int(cell.replace(",", "")) for cell in rest.split()
                    if cell != "B" and not cell.endswith("%"))
            above = head
        keys = ("live_bytes", "peak_bytes", "allocated_bytes", "allocations",
                "temporary")

        def of(counts):
            values = [counts[key] - counts["interpreter"][key]
                      for key in keys]
            values.insert(4, values[2] // max(values[3], 1))
            return tuple(value for value in values if value)
        wanted = {str(row["line"]): of(row) for row in data["lines"]
                  if any(of(row))}
        wanted["Sum"] = of(data["sum"])
        self.assertEqual(set(native), set(wanted))
        for head, cells in wanted.items():
            # The average is rounded.
            for have, want in zip(native[head], cells, strict=True):
                self.assertLessEqual(abs(have - want), 1, (charge, head))
        self.assertGreaterEqual(len(native), 2)

    def test_source_that_is_newer_than_the_recording(self):
        self.write("old.py", "kept = bytearray(1000001)\n")
        run = self.record("/usr/bin/python3", "old.py")
        for changed, is_newer in ((0, False), (4000000000, True)):
            if changed:
                os.utime(self.path("old.py"), (changed, changed))
            data = self.json("lines", self.dump(run), "old.py")["files"][0]
            self.assertEqual(data["source_is_newer"], is_newer)
            text = self.memprof("lines", self.dump(run), "old.py").stdout
            self.assertEqual(b"newer than the code" in text, is_newer)

    def test_tracemalloc(self):
        """Line by line what tracemalloc says, where Python gets each object
        from malloc; but for blocks that its own lists of free objects had
        ready from an earlier line, or have kept for a later one."""
        python = "/usr/bin/python3"
        path = source("py_tracemalloc.py")
        traced = self.plain(python, path, "traced")
        stated = {int(line): tuple(counts) for line, counts in
                  json.loads(traced.stdout).items()}
        run = self.record(python, path, env={"PYTHONMALLOC": "malloc"})
        rows = self.json("lines", "--charge", "self", self.dump(run),
                         path)["files"][0]["lines"]
        have = {row["line"]: (row["live_bytes"], row["live_blocks"])
                for row in rows if row["live_blocks"]}
        with open(path) as file:
            texts = dict(enumerate(file, 1))
        lists = ("kept.append({", "kept.append([", "kept.append((",
                 "self.value = [")
        for line, (size, count) in stated.items():
            text = texts[line].strip()
            if text.startswith(lists):
                self.assertLessEqual(abs(have[line][1] - count), 100, text)
            elif not text.startswith(("def ", "class ", "import ", "strings(",
                                      "numbers(", "kept = ")):
                self.assertLessEqual(abs(have[line][1] - count), 1, text)
                self.assertLessEqual(abs(have[line][0] - size), 100, text)
        for i in 0, 1:
            total = sum(counts[i] for counts in stated.values())
            mine = sum(have[line][i] for line in stated if line in have)
            self.assertLessEqual(abs(mine - total), total * 0.005)
        self.assertGreater(len(stated), 10)

    def test_stripped(self):
        self.need("strip", "/usr/bin/python3")
        shutil.copy(os.path.realpath("/usr/bin/python3"), self.path("python3"))
        subprocess.run(["strip", self.path("python3")], check=True)
        run = self.record(self.path("python3"), "-c",
                          "def f(): return bytearray(3000001)\nf()")
        self.assertEqual(run.status, 0, run.stderr)
        report = self.json("report", "--limit", "0", "--python=python",
                           self.dump(run))
        self.assertIn((("<string>", 1, "f"), ("<string>", 2, "<module>")),
                      [python_stack(site) for site in report["sites"]])

    def test_memory_of_many_stacks(self):
        """Each of 18 frames and different from all others."""
        count = 100000 if EVERY else 10000
        self.write("stacks.py", """\
import resource, sys
def walk(bits, n):
    if n == 0:
        return bytearray(600)
    if bits & 1:
        return walk(bits >> 1, n - 1)
    return walk(bits >> 1, n - 1)
for i in range(int(sys.argv[1])):
    walk(i, 17)
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
""")
        argv = "/usr/bin/python3", "stacks.py", str(count)
        plain, run = self.plain(*argv), self.record(*argv)
        more = 1024 * (int(run.stdout) - int(plain.stdout))
        self.assertGreaterEqual(self.totals(run)["sites"], count)
        self.assertLess(os.path.getsize(self.dump(run)),
                        (2 << 20) + 200 * count)
        self.assertLess(more, (12 << 20) + 350 * count)

    def test_stacks_that_are_very_deep(self):
        """Of more than 4096 frames a multiple of 2048 is left out, however
        the stack came to be so deep: it grows and shrinks through both."""
        self.write("deep.py", """\
import sys
sys.setrecursionlimit(10000)
def walk(n):
    more = (n,)
    if n == 0:
        return bytearray(100000 + depth)
    kept = walk(n - 1)
    more = [n]
    return kept
kept = []
for depth in 4000, 4200, 6200, 4200:
    kept.append(walk(depth))
""")
        run = self.same("/usr/bin/python3", "deep.py")
        report = self.report(run, limit=8)
        found = {}
        for site in report["sites"]:
            if site["allocated_bytes"] >= 100000:
                walks = [frame for frame in site["stack"]
                         if frame["function"] == "walk"]
                if walks:
                    found.setdefault(len(walks), []).append(
                        site["allocations"])
        # The module's own frame is in front of those.
        self.assertEqual(found, {4001: [1], 4202 - 2048: [2],
                                 6202 - 4096: [1]})
        self.assertGreater(self.info(run)["losses"]["python_cut"], 0)

    def test_tables_of_lines_tell_how_to_see_python_alone(self):
        run = self.record("/usr/bin/python3", "-c",
                          "kept = bytearray(10000)")
        for options, told in (((), b"--python=mixed tells"),
                              (("--python=mixed",), b"--python=python shows"),
                              (("--python=python",), None),
                              (("--python=native",), None)):
            for by in "line", "function", "file", "module":
                text = self.memprof("top", "--by", by, *options,
                                    self.dump(run)).stdout
                self.assertEqual(re.findall(rb"--python=\w+ \w+", text),
                                 [told] * (told is not None and
                                           by != "module"))
        # What no line of Python asked for has a stack without any.
        text = self.memprof("leaks", "--python=python",
                            "--no-default-suppressions",
                            "--limit", "0", self.dump(run), status=None)
        self.assertRegex(text.stdout, rb"(?m)^#1 .*\n +\(no stack\)$")

    def test_off(self):
        run = self.record("/usr/bin/python3", "-c", "print(bytearray(10000))",
                          env={"MEMPROF_PYTHON": "off"})
        report = self.json("report", "--limit", "0", self.dump(run))
        self.assertIsNone(report["program"]["python"]["state"])
        self.assertFalse(any(python_stack(site) for site in report["sites"]))

    def test_on_unless_told_otherwise(self):
        for i, (options, env, mode) in enumerate((
                ((), {}, "objects"), ((), {"MEMPROF_PYTHON": ""}, "objects"),
                ((), {"MEMPROF_PYTHON": "off"}, None),
                ((), {"MEMPROF_PYTHON": "stack"}, "stack"),
                (("--python=off",), {"MEMPROF_PYTHON": "stack"}, None),
                (("--python=stack",), {}, "stack"),
                (("--python=objects",), {"MEMPROF_PYTHON": "off"}, "objects"),
                (("--lifetimes",), {}, "objects"),
                (("--lifetimes", "--sample=4K"), {}, "stack"))):
            with self.subTest(options=options, env=env):
                run = self.launch("/usr/bin/python3", "-c",
                                  "print(bytearray(100000))",
                                  out="run%d.mp" % i, options=options, env=env)
                self.assertEqual(run.status, 0, run.stderr)
                report = self.json("report", "--limit", "9", "run%d.mp" % i)
                about = report["program"]["python"]
                self.assertEqual((about["state"], about["mode"]),
                                 ("on" if mode else None, mode))
                self.assertEqual(mode is not None, any(
                    python_stack(site) for site in report["sites"]))
                self.assertEqual(mode is not None, bool(re.search(
                    rb"  <module>  <string>:1( |$)", self.memprof(
                        "report", "run%d.mp" % i).stdout, re.M)))

    def write(self, name, text):
        with open(self.path(name), "w") as file:
            file.write(text)

    def recipes(self):
        """The Python programs of the manual."""
        with open(os.path.join(harness.TOP, "man/memprof-run.1")) as file:
            parts = file.read().split(".Bd -literal -offset indent\n")[1:]
        return [part.split(".Ed")[0] for part in parts if "ctypes" in part]

    def test_asked_from_within(self):
        two_lines, cell_magic = self.recipes()
        self.write("asks.py", two_lines + """\
memprof.memprof_pause()
a = bytearray(1000001)
memprof.memprof_resume()
memprof.memprof_snapshot(b"before")
b = bytearray(2000001)
memprof.memprof_snapshot(b"after")
c = bytearray(3000001)
memprof.memprof_mark(b"loaded")
""")
        run = self.record("/usr/bin/python3", "asks.py")
        self.assertEqual(run.status, 0, run.stderr)
        report = self.json("lines", "--from", "before", "--to", "after",
                           self.dump(run), "asks.py")
        self.assertEqual({row["line"]: row["live_bytes"]
                          for row in report["files"][0]["lines"]
                          if row["live_bytes"] >= 1000000}, {7: 2000002})
        report = self.json("lines", self.dump(run), "asks.py")
        self.assertEqual({row["line"]: row["allocated_bytes"]
                          for row in report["files"][0]["lines"]
                          if row["allocated_bytes"] >= 1000000},
                         {7: 2000002, 9: 3000002})
        events = self.json("timeline", self.dump(run))["events"]
        self.assertEqual([(event["name"], event["kind"]) for event in events],
                         [("before", "snapshot"), ("after", "snapshot"),
                          ("loaded", "mark")])

        # The cell's lines and no others, in a stand-in for IPython.
        os.makedirs(self.path("IPython/core"))
        self.write("IPython/__init__.py", """\
class get_ipython:
    def run_cell(self, cell):
        exec(compile(cell, "<cell>", "exec"), globals())
""")
        self.write("IPython/core/magic.py",
                   "def register_cell_magic(function): return function\n")
        self.write("notebook.py", cell_magic.replace(
            "/tmp/notebook", self.path("notebook")).replace(
            '"memprof",', '"%s",' % harness.MEMPROF, 1) + """\
before = bytearray(1000001)
memprof("", "kept = bytearray(2000001)\\nbytearray(3000001)")
""")
        run = self.launch("/usr/bin/env", "/usr/bin/python3", "notebook.py",
                          out="notebook.%p.mp", options=("--python=stack",))
        self.assertEqual(run.status, 0, run.stderr)
        said = run.stdout.decode()
        self.assertRegex(said, r"1\.9 MiB .*<cell>:1\b")
        self.assertRegex(said, r"2\.9 MiB .*<cell>:2\b")
        self.assertNotIn("notebook.py:", said)

    def test_unknown_interpreters(self):
        for i, (version, state, word) in enumerate((
                ("3.99.0 (fake)", "unknown version", "no version"),
                ("2.7.18 (fake)", "unknown version", "no version"),
                ("3.13.0 experimental free-threading build (fake)",
                 "free-threaded", "global lock"),
                ("3.11.2 (fake)", "different build", "not built as"),
                ("3.13.0 (fake)", "different build", "not built as"))):
            program = self.build("py_fake.c", "fake%d" % i, "-rdynamic",
                                 "-fno-builtin",
                                 '-DVERSION="%s"' % version)
            run = self.record(program, quiet=False)
            self.assertEqual(run.status, 0, (version, run.stderr))
            said = [line for line in run.stderr.decode().splitlines()
                    if "Python" in line]
            self.assertEqual(len(said), 1, run.stderr)
            self.assertIn(word, said[0])
            report = self.report(run)
            self.assertEqual(report["program"]["python"]["state"], state)
            self.assertIn(b"Python", self.memprof(
                "report", self.dump(run)).stdout)

    def test_real_programs(self):
        value = [{"key %d" % i: ["x" * (i % 50), i, None, {"y": i / 7}]}
                 for i in range(200000 if EVERY else 10000)]
        with open(self.path("big.json"), "w") as file:
            json.dump(value, file)
        library = os.path.dirname(json.__file__)
        shutil.copytree(library, self.path("lib"))
        python = "/usr/bin/python3"
        self.same(python, "-m", "json.tool", "big.json")
        self.same(python, "-m", "compileall", "-q", "-f", "lib")
        self.same(python, "-c", "import this, email.parser, unittest\n"
                  "raise SystemExit(3)", status=3)

    def test_server(self):
        with open(self.path("page"), "wb") as file:
            file.write(b"x" * 100000)
        server = harness.start(
            ["/usr/bin/python3", "-u", "-m", "http.server", "--bind",
             "127.0.0.1", "0"],
            env=self.shim_env(), cwd=self.dir)
        port = int(server.stdout.readline().split()[5])
        for i in range(300 if EVERY else 50):
            client = http.client.HTTPConnection("127.0.0.1", port)
            client.request("GET", "/page")
            self.assertEqual(client.getresponse().read(), b"x" * 100000)
            client.close()
        server.send_signal(2)
        run = harness.finish(server)
        self.assertEqual(run.status, 0, run.stderr)
        report = self.report(run)
        self.assertEqual(report["losses"]["python_broken"], 0)
        self.assertTrue(any(
            frame[2].endswith("do_GET") for site in report["sites"]
            for frame in python_stack(site)))


if __name__ == "__main__":
    harness.main()
