# SPDX-License-Identifier: MIT
"""The unit tests with threads, of the recorder and the analyzer, in a build of their own with
ThreadSanitizer: no access to shared memory without an order. There are no
suppressions."""

import os

from harness import CC, TOP, Case, main

# Those whose signals it would hold back for ever (test_lock) are not among
# them.
TESTS = ("test_concurrent", "test_pools", "test_worker", "test_writer")


class ThreadSanitizer(Case):
    def test_threads_race_nowhere(self):
        self.need("make", "/usr/include/check.h")
        with open(self.path("x.c"), "w") as file:
            file.write("int main(void) { return 0; }\n")
        probe = self.plain(*CC.split(), "-fsanitize=thread", "-o", "x", "x.c")
        if probe.status or self.plain("./x").status:
            self.skipTest("no ThreadSanitizer here")
        names = ["tests/unit/" + name for name in TESTS]
        for argv in ([os.path.join(TOP, "configure"), "-q", "--enable-dev",
                      "--with-sanitizers=thread"],
                     ["make", "-s", "-j%d" % os.cpu_count()] + names):
            run = self.plain(*argv, seconds=900)
            self.assertEqual(run.status, 0, run.stderr.decode()[-3000:])
        for name in names:
            with self.subTest(name):
                run = self.plain(self.path(name), seconds=300)
                text = (run.stdout + run.stderr).decode()
                self.assertNotIn("WARNING: ThreadSanitizer", text,
                                 text[:5000])
                self.assertEqual(run.status, 0, text[-3000:])


main()
