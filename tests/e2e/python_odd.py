# SPDX-License-Identifier: MIT
"""Python that is built or written unlike other Python: interpreters for
debugging, coroutines that move the C stack, names that are no usual names."""

import os
import zipfile

import harness
import python_stacks

PYTHON = "/usr/bin/python3"
DEBUG = "/usr/bin/python3-dbg"
GREENLET = "/usr/lib/python3/dist-packages/greenlet"

LEAF = "def leaf(n):\n    return bytearray(n)\n"

# Each of the two goes on where it was left, and its stack ends where it began.
SWITCHES = """import greenlet
kept = []
def leaf(n):
    kept.append(bytearray(n))
def deep(depth):
    if depth:
        return deep(depth - 1)
    leaf(100001)
    other.switch()
    leaf(100003)
    other.switch()
def flat():
    leaf(100002)
    first.switch()
    leaf(100004)
first = greenlet.greenlet(deep)
other = greenlet.greenlet(flat)
first.switch(3)
leaf(100005)
"""


# Hot enough that it is compiled, with what is called by it.
HOT = """import sys
print(sys._jit.is_enabled())
def leaf(n):
    return bytearray(n)
def work(n):
    for i in range(n):
        leaf(3001)
        bytes(7001)
        leaf(5001)
def outer():
    work(10000)
outer()
"""


class Odd(harness.Case):
    check = python_stacks.Stacks.check
    expected = python_stacks.Stacks.expected
    recorded = python_stacks.Stacks.recorded

    def leaves(self, *argv, env=None):
        """{lines and functions: [blocks, bytes]} of stacks that leaf() ends."""
        run = self.record(*argv, env={"MEMPROF_PYTHON": "stack",
                                      "MEMPROF_VERIFY": "1", **(env or {})})
        self.assertEqual((run.status, run.stderr), (0, b""))
        checks = self.info(run)["checks"]
        self.assertEqual(checks["verified_differences"], 0)
        found = {}
        for site in self.report(run)["sites"]:
            stack = python_stacks.python_stack(site)
            if stack and stack[0][2] == "leaf":
                found.setdefault(stack, [0, 0])
                found[stack][0] += site["allocations"]
                found[stack][1] += site["allocated_bytes"]
        return found

    def test_interpreter_for_debugging(self):
        """Unless told otherwise its allocators pad each block."""
        self.need(DEBUG)
        self.check(DEBUG, env={"PYTHONMALLOC": "pymalloc"})

    def test_greenlets(self):
        self.need(PYTHON, GREENLET)
        path = self.path("switches.py")
        with open(path, "w") as file:
            file.write(SWITCHES)
        deep = [(path, 8, "deep")] + [(path, 7, "deep")] * 3
        again = [(path, 10, "deep")] + [(path, 7, "deep")] * 3
        found = {stack[1:]: counts
                 for stack, counts in self.leaves(PYTHON, path).items()}
        self.assertEqual(
            {stack: size for stack, (_, size) in found.items()
             if size >= 100000},
            {tuple(deep): 100002, tuple(again): 100004,
             ((path, 13, "flat"),): 100003, ((path, 15, "flat"),): 100005,
             ((path, 19, "<module>"),): 100006})

    def test_generated_code(self):
        """No native frame has a name there, and up to 3.14 none is known that
        is around it; but Python's frames are as they are in other code."""
        pythons = [python for python in python_stacks.newer()
                   if python_stacks.version_of(python) >= (3, 14)]
        if not pythons:
            self.skipTest("no Python that generates code could be had: "
                          "scripts/newer-pythons says why")
        path = self.path("hot.py")
        with open(path, "w") as file:
            file.write(HOT)
        around = ((path, 11, "outer"), (path, 12, "<module>"))
        for python in pythons:
            for mode in "stack", "objects":
                with self.subTest(python=python, mode=mode):
                    run = self.record(python, "-B", path, env={
                        "PYTHON_JIT": "1", "MEMPROF_PYTHON": mode,
                        "MEMPROF_VERIFY": "1"})
                    self.assertEqual((run.status, run.stdout, run.stderr),
                                     (0, b"True\n", b""))
                    self.assertEqual(
                        self.info(run)["checks"]["verified_differences"], 0)
                    report = self.report(run)
                    self.assertEqual(report["losses"]["python_broken"], 0)
                    self.assertGreater(
                        report["losses"]["guessed_walks"] +
                        report["losses"]["cut_walks_no_rule"], 5000)
                    found = {}
                    for site in report["sites"]:
                        stack = python_stacks.python_stack(site)
                        if stack[-2:] == around:
                            size = (site["allocated_bytes"] //
                                    max(site["allocations"], 1))
                            key = stack[:-2], size
                            found[key] = (found.get(key, 0) +
                                          site["allocations"])
                    leaf, extra = (path, 4, "leaf"), \
                        python_stacks.array_bytes(python, 0)
                    wanted = (((leaf, (path, 7, "work")), 3001 + extra),
                              (((path, 8, "work"),), 7034),
                              ((leaf, (path, 9, "work")), 5001 + extra))
                    self.assertEqual([found[key] for key in wanted],
                                     [10000] * 3)

    def test_module_in_an_archive(self):
        self.need(PYTHON)
        with zipfile.ZipFile(self.path("a.zip"), "w") as archive:
            archive.writestr("inner/__init__.py", "")
            archive.writestr("inner/work.py", LEAF)
        found = self.leaves(
            PYTHON, "-c", "import sys; sys.path.insert(0, %r)\n"
            "from inner.work import leaf\nleaf(100000)" % self.path("a.zip"))
        self.assertEqual(found, {
            ((self.path("a.zip/inner/work.py"), 2, "leaf"),
             ("<string>", 3, "<module>")): [1, 100001]})

    def test_name_that_is_no_text(self):
        """Half of a pair of surrogates is in it: no bytes of UTF-8."""
        self.need(PYTHON)
        found = self.leaves(PYTHON, "-c", (
            "exec(compile(%r, 'x\\udcffy.py', 'exec'))\nleaf(100000)" % LEAF))
        (stack, counts), = found.items()
        self.assertEqual(counts, [1, 100001])
        self.assertEqual(stack[1], ("<string>", 2, "<module>"))
        self.assertEqual(stack[0][1:], (2, "leaf"))
        self.assertRegex(stack[0][0], r"/x[?\ufffd]+y\.py\Z")
        text = self.memprof("lines", self.newest(), stack[0][0], status=None)
        self.assertNotIn(b"\xed\xb3\xbf", text.stdout + text.stderr)

    def newest(self):
        return max(self.dumps(), key=os.path.getmtime)


if __name__ == "__main__":
    harness.main()
