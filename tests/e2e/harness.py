# SPDX-License-Identifier: MIT
"""Runs programs under libmemprof.so and reads what memprof says of them.

A test file has classes derived from Case and ends with main(). Each method
test_* is one case with a folder of its own (self.dir), which is its working
directory too. By hand:

    top_builddir=BUILD python3 tests/e2e/FILE.py [-k PART-OF-A-NAME] [-v]
"""

import atexit
import functools
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import unittest

TOP = os.path.abspath(os.environ.get(
    "top_srcdir", os.path.join(os.path.dirname(__file__), "..", "..")))
BUILD = os.path.abspath(os.environ.get(
    "top_builddir", os.path.join(TOP, "build")))
SHIM = os.path.join(BUILD, "libmemprof.so")
MEMPROF = os.path.join(BUILD, "memprof")
TARGETS = os.path.join(BUILD, "tests", "e2e", "targets")
SOURCES = os.path.join(TOP, "tests", "e2e", "targets")
CC = os.environ.get("CC") or "cc"
CXX = os.environ.get("CXX") or "c++"
SAMPLE = "16"  # bytes: blocks of 1000 are all sampled, those of 10 are not
SECONDS = 120  # longer than any program here runs on a slow machine

# Reports of each file look names up once: the first reads the debug
# information, later ones what that left, which takes a twentieth of the time.
CACHES = tempfile.mkdtemp(prefix="memprof-e2e-caches-")
atexit.register(shutil.rmtree, CACHES, ignore_errors=True)

# A shell's background jobs ignore it, and so would all that is started here.
signal.signal(signal.SIGINT, signal.default_int_handler)

# The settings of the two modes. Sites are estimates in the second.
EXACT, SAMPLED = {}, {"MEMPROF_SAMPLE": "65536"}
MODES = (EXACT, SAMPLED)

TOTALS = ("allocations", "frees", "reallocs", "failed", "allocated_bytes",
          "freed_bytes", "live_blocks", "live_bytes", "peak_bytes",
          "peak_blocks", "temporary")


def target(name):
    return os.path.join(TARGETS, name)


def clean_env(**changes):
    """The environment without settings of the user, LD_PRELOAD included."""
    env = {name: value for name, value in os.environ.items()
           if not name.startswith("MEMPROF_") and name != "LD_PRELOAD"}
    env["LC_ALL"] = "C.UTF-8"
    env["XDG_CACHE_HOME"] = CACHES
    env.update(changes)
    return env


class Run:
    """A program that has ended. status is negative for a signal."""

    def __init__(self, pid, status, stdout, stderr):
        self.pid = pid
        self.status = status
        self.stdout = stdout
        self.stderr = stderr

    def stated(self, prefix=None):
        """The key=value lines on stdout as numbers: those with "prefix.", or
        those without any."""
        values = {}
        for line in self.stdout.decode().splitlines():
            key, _, value = line.partition("=")
            if not value.lstrip("-").isdigit():
                continue
            if prefix is not None and key.startswith(prefix + "."):
                values[key[len(prefix) + 1:]] = int(value)
            elif prefix is None and "." not in key:
                values[key] = int(value)
        return values


def start(argv, **popen):
    """A program in a session of its own, so that finish() can end it all."""
    popen.setdefault("stdin", subprocess.DEVNULL)
    popen.setdefault("stdout", subprocess.PIPE)
    popen.setdefault("stderr", subprocess.PIPE)
    return subprocess.Popen(argv, start_new_session=True, **popen)


def finish(process, seconds=SECONDS, input=None):
    try:
        stdout, stderr = process.communicate(input, timeout=seconds)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        stdout, stderr = process.communicate()
        raise AssertionError("hung: %s\nstdout: %s\nstderr: %s" % (
            process.args, stdout[-2000:], stderr[-2000:])) from None
    return Run(process.pid, process.returncode, stdout, stderr)


def in_both_modes(test):
    """A case that runs twice, each time in a folder of its own: with every
    block recorded, and with a sample of them."""
    @functools.wraps(test)
    def both(self):
        for sample in (None, SAMPLE):
            self.sample = sample
            with self.subTest("sampled" if sample else "exact"):
                self.new_folder()
                test(self)
    return both


class Case(unittest.TestCase):
    longMessage = True
    maxDiff = None
    sample = None

    def setUp(self):
        self.new_folder()

    def new_folder(self):
        self.dir = tempfile.mkdtemp(prefix="memprof-e2e-")
        self.addCleanup(shutil.rmtree, self.dir, ignore_errors=True)

    def path(self, *names):
        return os.path.join(self.dir, *names)

    def need(self, *commands):
        """Skips the case when a command (or a file, absolute) is missing."""
        for command in commands:
            if not (os.path.exists(command) if command.startswith("/")
                    else shutil.which(command)):
                self.skipTest("%s is missing" % command)

    # Building.

    def build(self, name, source, *flags):
        """A program or, with -shared, an object, of a file in targets/: for
        what only this case needs, or what may be impossible to link here."""
        cc = CXX if source.endswith(".cc") else CC
        argv = cc.split() + [
            "-g", "-O1", "-fno-builtin", "-fno-optimize-sibling-calls",
            "-D_GNU_SOURCE", "-I", TOP, "-pthread", "-o", self.path(name),
            os.path.join(SOURCES, source), *flags]
        built = self.plain(*argv)
        self.assertEqual(built.status, 0, built.stderr.decode())
        return self.path(name)

    def compile(self, name, text, *flags):
        """A small C program or, with -shared among the flags, an object."""
        with open(self.path(name + ".c"), "w") as file:
            file.write(text)
        argv = CC.split() + ["-O1", "-fno-builtin", "-D_GNU_SOURCE", "-o",
                             name, name + ".c", *flags]
        built = self.plain(*argv)
        self.assertEqual(built.status, 0, built.stderr.decode())
        return self.path(name)

    # Running.

    def shim_env(self, env=None, preload=(), out="dump.%p.mp", quiet=True):
        settings = {"LD_PRELOAD": ":".join((SHIM,) + tuple(preload))}
        if out is not None:
            settings["MEMPROF_OUT"] = os.path.join(self.dir, out)
        if quiet:
            settings["MEMPROF_QUIET"] = "1"
        if self.sample:
            settings["MEMPROF_SAMPLE"] = self.sample
        settings.update(env or {})
        return clean_env(**settings)

    def plain(self, *argv, env=None, seconds=SECONDS, input=None, **popen):
        """Runs a program without the shim."""
        popen.setdefault("cwd", self.dir)
        if input is not None:
            popen["stdin"] = subprocess.PIPE
        return finish(start(argv, env=clean_env(**(env or {})), **popen),
                      seconds, input)

    def record(self, *argv, env=None, preload=(), out="dump.%p.mp",
               quiet=True, seconds=SECONDS, input=None, **popen):
        """Runs a program with the shim; its dump is self.dump(run)."""
        popen.setdefault("cwd", self.dir)
        if input is not None:
            popen["stdin"] = subprocess.PIPE
        env = self.shim_env(env, preload, out, quiet)
        return finish(start(argv, env=env, **popen), seconds, input)

    def launch(self, *argv, env=None, out="dump.%p.mp", options=(), **popen):
        """As record(), by memprof run with these options."""
        settings = clean_env(**(env or {}))
        if self.sample:
            settings["MEMPROF_SAMPLE"] = self.sample
        popen.setdefault("cwd", self.dir)
        return finish(start((MEMPROF, "run", "-o", out, *options, "--", *argv),
                            env=settings, **popen))

    def record_target(self, name, *args, status=0, **options):
        run = self.record(target(name), *args, **options)
        self.assertEqual(run.status, status,
                         "%s %s\n%s" % (name, args, (run.stdout[-2000:],
                                                     run.stderr[-2000:])))
        return run

    # Reading.

    def dump(self, run):
        pid = run if isinstance(run, int) else run.pid
        return self.path("dump.%d.mp" % pid)

    def dumps(self):
        """All, those that got a suffix included."""
        return sorted(os.path.join(self.dir, name)
                      for name in os.listdir(self.dir)
                      if re.search(r"\.mp(\.\d+)*$", name))

    def memprof(self, *args, status=0):
        run = finish(start((MEMPROF,) + args, env=clean_env(), cwd=self.dir))
        if status is not None:
            self.assertEqual(run.status, status, "memprof %s: %s" % (
                " ".join(args), run.stderr.decode()))
        return run

    def json(self, command, *args):
        run = self.memprof(command, "--json", *args)
        try:
            return json.loads(run.stdout)
        except ValueError as error:
            raise AssertionError("memprof %s --json %s: %s\n%s" % (
                command, args, error, run.stdout[:2000])) from None

    def report(self, run, limit=0):
        """report --json of a run, a pid or a path; every site with limit 0."""
        path = run if isinstance(run, str) else self.dump(run)
        report = self.json("report", "--limit", str(limit), path)
        self.check_report(report)
        return report

    def report_of_large(self, least, run, *options):
        """report --json with all sites that allocated so many bytes in all,
        and few others: the JSON of a Python program may be 100 MB."""
        path = run if isinstance(run, str) else self.dump(run)
        limit = 1000
        while True:
            report = self.json("report", "--sort", "bytes", "--limit",
                               str(limit), *options, path)
            sites = report["sites"]
            if len(sites) < limit or sites[-1]["allocated_bytes"] < least:
                return report
            limit *= 4

    def totals(self, run):
        """The totals of a run, a pid or a path, exact in both modes."""
        path = run if isinstance(run, str) else self.dump(run)
        return self.json("report", "--limit", "1", path)["totals"]

    def assert_exact_totals(self, run, stated):
        """As assert_totals(), for a run of either mode."""
        self.assert_totals({"totals": self.totals(run)},
                           {key: value for key, value in stated.items()
                            if key != "reallocs"})

    def check_report(self, report):
        """What holds for the report of any program."""
        totals, sites = report["totals"], report["sites"]
        program = report["program"]
        # Read or copied while it went on: a block may be freed in a part that
        # was looked at after the one where it was allocated. Reports say so.
        if ((program["state"] == "running" or program.get("saved_after_ns"))
                and report["losses"]["adjusted_sites"]):
            self.assertGreaterEqual(totals["live_blocks"],
                                    totals["allocations"] - totals["frees"])
            for site in sites:
                self.assertGreaterEqual(site["live_blocks"], 0, site)
                self.assertGreaterEqual(site["live_bytes"], 0, site)
            return
        self.assertEqual(totals["live_blocks"],
                         totals["allocations"] - totals["frees"])
        self.assertEqual(totals["live_bytes"],
                         totals["allocated_bytes"] - totals["freed_bytes"])
        self.assertLessEqual(totals["live_bytes"], totals["peak_bytes"])
        # The sites are estimates: even at a rate of a byte a small block may
        # be missed.
        if self.sample or report["program"].get("sample_bytes"):
            return
        for site in sites:
            self.assertGreaterEqual(site["live_blocks"], 0, site)
            self.assertGreaterEqual(site["live_bytes"], 0, site)
            self.assertGreaterEqual(site["peak_blocks"], 0, site)
            self.assertGreaterEqual(site["peak_bytes"], 0, site)
            self.assertGreaterEqual(site["allocations"],
                                    site["live_blocks"], site)
        if totals["sites"] != len(sites):
            return
        for key in ("allocations", "allocated_bytes", "live_blocks",
                    "live_bytes", "peak_blocks", "peak_bytes", "temporary"):
            self.assertEqual(totals[key], sum(s[key] for s in sites), key)

    def info(self, run):
        path = run if isinstance(run, str) else self.dump(run)
        return self.json("info", path)

    def assert_checked(self, run, truncated=0):
        """Walks were compared with the reference, none differed, and none (at
        most that part of all) ended early, where there is no comparing."""
        checks = self.info(run)["checks"]
        totals = self.report(run, limit=1)["totals"]
        self.assertGreater(checks["walks"], 0)
        self.assertEqual(checks["differences"], 0)
        self.assertLessEqual(totals["truncated_allocations"],
                             totals["allocations"] * truncated)

    def assert_totals(self, report, stated, extra=None):
        """Every total that the program states, plus what is explained by
        extra, is what the report says."""
        keys = [key for key in TOTALS if key in stated and
                not (key == "reallocs" and self.sample)]  # an estimate
        self.assertTrue(keys, "the program stated nothing")
        want = {key: stated[key] + (extra or {}).get(key, 0) for key in keys}
        have = {key: report["totals"][key] for key in keys}
        self.assertEqual(have, want, "left: recorded, right: stated")


def functions(site):
    return [frame["function"] for frame in site["stack"]]


def sites_with(report, function):
    """The sites that have a function of that name anywhere on their stack."""
    return [site for site in report["sites"] if any(
        re.match(r"(?:[\w:<>* ]+ )?%s(?![\w:])" % re.escape(function),
                 name or "") for name in functions(site))]


def sum_of(sites, *keys):
    return tuple(sum(site[key] for site in sites) for key in keys)


def marked_lines(source):
    """{NAME: line number} of the comments "line: NAME" in a target."""
    lines = {}
    with open(os.path.join(SOURCES, source)) as file:
        for number, text in enumerate(file, 1):
            found = re.search(r"/\* line: (\w+) \*/", text)
            if found:
                lines[found.group(1)] = number
    return lines


class _Result(unittest.TextTestResult):
    """Writes "PASS name" and so on for the automake driver."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        path = os.environ.get("MEMPROF_TEST_RESULTS")
        self.results = open(path, "a") if path else None
        self.noted = None

    def startTest(self, test):
        super().startTest(test)
        self.noted = None

    def stopTest(self, test):
        super().stopTest(test)
        if self.results and self.noted:
            print(self.noted, test._testMethodName.removeprefix("test_"),
                  file=self.results, flush=True)

    def note(self, result):
        """A case counts once, as the worst of its parts."""
        order = (None, "PASS", "SKIP", "FAIL", "ERROR")
        self.noted = max(self.noted, result, key=order.index)

    def addSuccess(self, test):
        super().addSuccess(test)
        self.note("PASS")

    def addFailure(self, test, err):
        super().addFailure(test, err)
        self.note("FAIL")

    def addError(self, test, err):
        super().addError(test, err)
        self.note("ERROR")

    def addSkip(self, test, reason):
        super().addSkip(test, reason)
        self.note("SKIP")

    def addSubTest(self, test, subtest, err):
        super().addSubTest(test, subtest, err)
        self.note("FAIL" if err else "PASS")


def main():
    program = unittest.main(
        exit=False, verbosity=2, argv=sys.argv,
        testRunner=unittest.TextTestRunner(resultclass=_Result, verbosity=2))
    if not program.result.wasSuccessful():
        print("rerun: top_srcdir=%s top_builddir=%s python3 %s [-k NAME]" % (
            TOP, BUILD, os.path.abspath(sys.argv[0])))
        sys.exit(1)
