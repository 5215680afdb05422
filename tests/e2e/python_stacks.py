# SPDX-License-Identifier: MIT
"""Python frames in stacks, against what the interpreter itself says of them.
"""

import collections
import glob
import json
import os
import subprocess
import sys
import tempfile

import harness

BASE = 777216
VERSIONS = ("3.8", "3.9", "3.10", "3.11", "3.12", "3.13", "3.14",
            "3.15")


def newer():
    """What scripts/newer-pythons could get, the newest last."""
    return sorted(glob.glob(
        harness.BUILD + "/pythons/usr/bin/python3.[0-9][0-9]"))


def interpreters():
    """The system's own; with MEMPROF_EVERY one of each minor version too."""
    found = {}
    paths = ["/usr/bin/python3", sys.executable]
    for version in VERSIONS if os.environ.get("MEMPROF_EVERY") else ():
        paths.append("/usr/bin/python" + version)
        paths += sorted(glob.glob(os.path.expanduser(
            "~/.pyenv/versions/%s.*/bin/python%s" % (version, version))))
    if os.environ.get("MEMPROF_EVERY"):
        paths += newer()
    for path in paths:
        if not os.access(path, os.X_OK):
            continue
        path = os.path.realpath(path)
        try:
            version = subprocess.run(
                [path, "-c", "import sys; print(sys.version)"],
                stdout=subprocess.PIPE, timeout=60, check=True,
                env=harness.clean_env()).stdout.decode()
        except (OSError, subprocess.SubprocessError):
            continue
        if version.startswith(VERSIONS):
            found.setdefault((version, path.startswith("/usr")), path)
    return sorted(set(found.values()))


def version_of(python):
    return tuple(map(int, subprocess.run(
        [python, "-c", "import sys; print(*sys.version_info[:2])"],
        stdout=subprocess.PIPE, check=True,
        env=harness.clean_env()).stdout.split()))


def array_bytes(python, n):
    """What bytearray(n) asks malloc for: a final zero more, and from 3.15 on
    it is a bytes object, with a header."""
    return n + (33 if version_of(python) >= (3, 15) else 1)


def python_stack(site):
    return tuple((frame["file"], frame["line"], frame["function"])
                 for frame in site["stack"] if frame["language"] == "python")


class Stacks(harness.Case):
    def expected(self, path):
        """{pid: {stack: [count, bytes]}}"""
        result = collections.defaultdict(
            lambda: collections.defaultdict(lambda: [0, 0]))
        with open(path, encoding="utf-8", errors="surrogatepass") as file:
            for text in file:
                line = json.loads(text)
                entry = result[line["pid"]][
                    tuple(tuple(frame) for frame in line["stack"])]
                entry[0] += 1
                entry[1] += line["bytes"]
        return result

    def recorded(self, pid, *options):
        result = collections.defaultdict(lambda: [0, 0])
        report = self.report_of_large(BASE, pid, *options)
        for site in report["sites"]:
            if site["allocated_bytes"] >= BASE * max(site["allocations"], 1):
                entry = result[python_stack(site)]
                entry[0] += site["allocations"]
                entry[1] += site["allocated_bytes"]
        return result, report

    def check(self, python, *flags, env=None, least=1000):
        out = tempfile.mktemp(dir=self.dir)
        run = self.record(python, *flags, harness.SOURCES + "/py_stacks.py",
                          out, env={"MEMPROF_PYTHON": "stack", **(env or {})})
        self.assertEqual(run.status, 0, run.stderr.decode()[-2000:])
        expected = self.expected(out)
        self.assertEqual(len(expected), 2)  # a forked child, too
        self.assertGreaterEqual(sum(
            entry[0] for entry in expected[run.pid].values()), least)
        for pid, stacks in expected.items():
            for options in ((), ("--python=python",)):
                have, report = self.recorded(pid, *options)
                # What a forked child inherits is not its own.
                if pid != run.pid:
                    have = {stack: have[stack] for stack in stacks}
                missing = {k: v for k, v in stacks.items() if have.get(k) != v}
                surplus = {k: v for k, v in have.items()
                           if stacks.get(k) != v}
                self.assertEqual((missing, surplus), ({}, {}))
                self.assertEqual(report["program"]["python"]["state"], "on")
                self.assertEqual(report["losses"]["python_broken"], 0)
        return run

    def test_each_interpreter(self):
        pythons = interpreters()
        self.assertTrue(pythons)
        for python in pythons:
            with self.subTest(python=python):
                self.check(python)

    def test_newest_interpreter(self):
        if not newer():
            self.skipTest("no newer Python could be had: "
                          "scripts/newer-pythons says why")
        self.check(newer()[-1])

    def test_walks_are_verified(self):
        every = os.environ.get("MEMPROF_EVERY")
        for python in interpreters() if every else [sys.executable]:
            with self.subTest(python=python):
                run = self.check(python, env={"MEMPROF_VERIFY": "1",
                                              "MEMPROF_CHECK": "7"})
                # Up to 3.10 each of 1,200 calls has native frames of its own,
                # more than are kept.
                is_nested = version_of(python) <= (3, 10)
                self.assert_checked(run, truncated=0.03 if is_nested else 0)
                losses = self.report(run, limit=1)["losses"]
                self.assertEqual((losses["cut_walks_no_rule"],
                                  losses["cut_walks_bad_stack"]), (0, 0))
                self.assertEqual(losses["cut_walks_depth"] > 0, is_nested)

    def test_line_tables(self):
        every = os.environ.get("MEMPROF_EVERY")
        for python in interpreters():
            with self.subTest(python=python):
                tables = self.plain(python, "-B",
                                    harness.SOURCES + "/py_tables.py",
                                    "" if every else "a")
                self.assertEqual(tables.status, 0, tables.stderr)
                run = self.plain(harness.target("py_lines"),
                                 input=tables.stdout)
                self.assertEqual(run.status, 0, run.stdout)
                self.assertEqual(run.stated()["different"], 0)
                self.assertGreater(run.stated()["compared"],
                                   500000 if every else 20000)


if __name__ == "__main__":
    harness.main()
