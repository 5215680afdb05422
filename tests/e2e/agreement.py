# SPDX-License-Identifier: MIT
"""Our totals equal valgrind's "total heap usage"; each difference has a name
and an exact size."""

import re

from harness import SHIM, Case, finish, main, start, target

# The environment is part of what programs allocate for: as little as possible.
ENV = {"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8"}


class Agreement(Case):
    def valgrind(self, *argv):
        self.need("valgrind")
        run = finish(start(
            ("valgrind", "--run-libc-freeres=no", "--run-cxx-freeres=no")
            + argv, cwd=self.dir, env=ENV))
        found = re.search(
            r"total heap usage: ([\d,]+) allocs, ([\d,]+) frees, "
            r"([\d,]+) bytes", run.stderr.decode())
        self.assertTrue(found, run.stderr.decode())
        self.assertNotIn(b"broken_line", run.stdout)
        return tuple(int(number.replace(",", ""))
                     for number in found.groups())

    def ours(self, *argv):
        run = finish(start(argv, cwd=self.dir, env=dict(
            ENV, LD_PRELOAD=SHIM, MEMPROF_QUIET="1",
            MEMPROF_OUT=self.path("dump.%p.mp"))))
        totals = self.report(run)["totals"]
        return (totals["allocations"], totals["frees"],
                totals["allocated_bytes"])

    def agree(self, *argv, we_count_more=(0, 0, 0)):
        ours = self.ours(*argv)
        self.assertEqual(
            tuple(a - b for a, b in zip(ours, we_count_more)),
            self.valgrind(*argv), "left: ours, right: valgrind's")

    def test_peak(self):
        self.agree(target("peak"), "middle")

    def test_temporary(self):
        self.agree(target("temporary"))

    def test_many_stacks(self):
        self.agree(target("grow"), "10")

    def test_deep(self):
        self.agree(target("deep"), "300")

    def test_every_call_of_c(self):
        """Without those that fail, where valgrind leaves errno alone, and
        without pvalloc(), where it ends the program."""
        self.agree(target("api"), "good")

    def test_new_and_delete(self):
        """valgrind answers a nothrow new that fails itself; in libstdc++ each
        of the two throws and catches an exception of 136 bytes."""
        self.agree(target("news"), we_count_more=(2, 2, 2 * 136))

    def test_system_programs(self):
        """Nothing is explained away here."""
        for argv in (
                ["sqlite3", ":memory:", "create table t(a); insert into t "
                 "values (1), (2); select sum(a) from t;"],
                ["awk", "BEGIN { for (i = 0; i < 1000; i++) a[i] = i \"x\"; "
                 "print length(a) }"],
                ["sed", "-n", "p", "/etc/passwd"],
                ["sort", "/etc/passwd"],
                ["tar", "--version"],
                ["cat", "/etc/passwd"],
                ["readelf", "-S", "/bin/true"]):
            with self.subTest(argv[0]):
                self.need(argv[0])
                self.agree(*argv)


main()
