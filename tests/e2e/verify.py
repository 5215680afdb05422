# SPDX-License-Identifier: MIT
"""Every walk of real programs walked a second time without any memory of
earlier ones, and each 50th compared with _Unwind_Backtrace: no difference.
MEMPROF_VERIFY_SCALE=N does N times the work; MEMPROF_VERIFY_LEAST=N fails when
fewer walks than that were verified in all."""

import os
import subprocess

from harness import Case, main

SCALE = int(os.environ.get("MEMPROF_VERIFY_SCALE", "1"))
LEAST = int(os.environ.get("MEMPROF_VERIFY_LEAST", "100000"))
PYTHON = "/usr/bin/python3"

JSON = """
import json
for _ in range(%d):
    d = [{"a": i, "b": [str(i)] * 3, "c": {"x": i / 3}} for i in range(4000)]
    assert json.loads(json.dumps(d)) == d
""" % SCALE

CXX = """
#include <map>
#include <string>
#include <vector>
template <int N> struct Chain {
    std::map<int, std::vector<std::string>> m;
    Chain<N - 1> next;
    int sum() { m[N].push_back("x"); return int(m[N].size()) + next.sum(); }
};
template <> struct Chain<0> { int sum() { return 0; } };
int main() { Chain<%d> c; return c.sum(); }
""" % min(40 * SCALE, 400)


class Verify(Case):
    verified = 0

    @classmethod
    def tearDownClass(cls):
        print("%d walks verified" % Verify.verified)
        super().tearDownClass()

    def verify(self, argv, least, threads=0, **options):
        env = dict(options.pop("env", {}), MEMPROF_VERIFY="1",
                   MEMPROF_CHECK="50")
        plain = self.plain(*argv, **options)
        run = self.record(*argv, env=env, out="%e.%p.mp",
                          seconds=600, **options)
        self.assertEqual((run.status, run.stdout, run.stderr),
                         (plain.status, plain.stdout, plain.stderr))
        walks = 0
        for path in self.dumps():
            checks = self.info(path)["checks"]
            totals = self.report(path, limit=1)["totals"]
            self.assertEqual(checks["verified_differences"], 0, path)
            self.assertEqual(checks["differences"], 0, path)
            # Stacks beyond the depth limit are always walked in full.
            # Threads know the stack of who started them.
            self.assertLessEqual(checks["verified_walks"],
                                 totals["allocations"] + threads, path)
            self.assertGreaterEqual(checks["verified_walks"],
                                    0.99 * totals["allocations"], path)
            walks += checks["verified_walks"]
        self.assertGreaterEqual(walks, least)
        print("%s: %d walks" % (os.path.basename(argv[0]), walks))
        Verify.verified += walks

    def test_sqlite3(self):
        self.need("sqlite3")
        self.verify(["sqlite3", ":memory:"], 30000, input=b"""
            create table t(a integer primary key, b text, c real);
            with recursive n(i) as
                (select 1 union all select i + 1 from n where i < %d)
              insert into t select i, 'row' || i, i * 1.5 from n;
            create index x on t(b);
            select count(*), sum(c) from t group by a %% 7;
            """ % (30000 * SCALE))

    def test_python3(self):
        self.need(PYTHON)
        # Its own frames are verified by python_stacks.py.
        self.verify([PYTHON, "-S", "-c", JSON], 100000,
                    env={"PYTHONMALLOC": "malloc", "MEMPROF_PYTHON": "off"})

    def test_cc1plus(self):
        self.need("g++")
        path = subprocess.run(["g++", "-print-prog-name=cc1plus"], text=True,
                              capture_output=True).stdout.strip()
        self.need(path)
        with open(self.path("chain.cc"), "w") as f:
            f.write(CXX)
        self.verify([path, "-quiet", "-imultiarch", "x86_64-linux-gnu", "-O1",
                     "-D_GNU_SOURCE", self.path("chain.cc"), "-o",
                     self.path("chain.s")], 10000)

    def test_git(self):
        self.need("git")
        os.mkdir(self.path("files"))
        for i in range(300 * SCALE):
            with open(self.path("files/%d" % i), "w") as f:
                f.write("line\n" * (i % 100))
        self.verify(["git", "grep", "--no-index", "--threads=2", "-n", "-e",
                     "l[a-i]ne", "files"], 1000, threads=2,
                    env={"GIT_CONFIG_GLOBAL": "/dev/null", "HOME": self.dir})

    def test_walks_in_all(self):
        """Runs last: cases are run in the order of their names."""
        if not Verify.verified:
            self.skipTest("only with the other cases")
        self.assertGreaterEqual(Verify.verified, LEAST)


main()
