# SPDX-License-Identifier: MIT
"""Case by case, our verdicts and those of memcheck and LeakSanitizer.
memprof-method(7) explains the differences that are listed here."""

import re
import subprocess

import harness
from leaks import HELD, names, stated

# Asks by our API or says what is no leak by LeakSanitizer's, in processes of
# several kinds: memcheck knows none of that.
OURS = ("asked", "asked_clean", "asked_lsan", "asked_once", "asked_often",
        "asked_threads", "ignored", "ignored_freed", "region", "children",
        "chunk", "closed", "forked", "leaves", "sandboxed", "goes_on")

# Of LeakSanitizer: only what is not reachable is told, addresses inside count
# as addresses, memory that the program mapped is no root, a ring is indirect
# as a whole, and its own dlopen keeps what we keep.
LSAN = {"ring": {1048: "i"}, "pool": {1176: "l"},
        "past_end": {1112: "l"}}

# Of memcheck: vector registers are no roots.
MEMCHECK = {"vector": {1416: "l", 1424: "l", 1432: "l"}}

FEW = {"PLUGIN": HELD, "LOST_THREADS": "100"}  # all that valgrind likes


def memcheck(output):
    """{size: verdicts} of memcheck's loss records."""
    found = {}
    for line in output.splitlines():
        record = re.search(
            r"([\d,]+)(?: \(([\d,]+) direct, [\d,]+ indirect\))? bytes in "
            r"([\d,]+) blocks are (definitely|indirectly|possibly|still)",
            line)
        if not record:
            continue
        numbers = [int(text.replace(",", "")) if text else None
                   for text in record.groups()[:3]]
        size = (numbers[1] or numbers[0]) // numbers[2]
        found[size] = found.get(size, "") + {
            "definitely": "l", "indirectly": "i", "possibly": "p",
            "still": "r"}[record.group(4)]
    return {size: "".join(sorted(set(found[size]))) for size in found}


class Agreement(harness.Case):
    def compare(self, want, found, case):
        self.assertEqual({size: found.get(size) for size in want}, want, case)

    def test_memcheck_agrees(self):
        self.need("valgrind")
        for target in ("lost", "lost_objects"):
            for case in names(target):
                if case in OURS:
                    continue
                with self.subTest(case=case):
                    run = self.plain(
                        "valgrind", "--leak-check=full",
                        "--show-leak-kinds=all", "--leak-resolution=high",
                        harness.target(target), case, env=FEW)
                    self.assertEqual(run.status, 0, run.stderr)
                    self.compare({size: MEMCHECK.get(case, {}).get(size, want)
                                  for size, want in
                                  stated(run.stdout).items()},
                                 memcheck(run.stderr.decode()), case)

    def check_sanitizer(self, compiler, source):
        """All cases of a target, built with LeakSanitizer in it."""
        name = source.split(".")[0]
        program = self.path(name)
        made = subprocess.run(
            [*compiler.split(), "-D_GNU_SOURCE", "-fsanitize=leak", "-O1",
             "-g", "-fno-builtin", "-fno-omit-frame-pointer", "-pthread",
             "-I", harness.TOP, "-o", program,
             "%s/%s" % (harness.SOURCES, source), "-ldl"],
            capture_output=True)
        if made.returncode:
            self.skipTest("%s: -fsanitize=leak is missing" % compiler)
        compared = 0
        for case in names(name):
            if case in OURS and case not in ("ignored", "ignored_freed",
                                             "region"):
                continue
            with self.subTest(compiler=compiler, case=case):
                run = self.plain(program, case, env=dict(
                    FEW, LSAN_OPTIONS="exitcode=23"))
                if b"LeakSanitizer has encountered a fatal" in run.stderr:
                    self.skipTest("LeakSanitizer cannot run here")
                want = {size: LSAN.get(case, {}).get(size, verdict)
                        for size, verdict in stated(run.stdout).items()}
                want = {size: verdict for size, verdict in want.items()
                        if verdict in "li"}
                found = {}
                for kind, size, count in re.findall(
                        r"(Direct|Indirect) leak of (\d+) byte\(s\) in (\d+)",
                        run.stderr.decode()):
                    size = int(size) // int(count)
                    found[size] = found.get(size, "") + kind[0].lower(
                        ).replace("d", "l")
                found = {size: "".join(sorted(set(found[size])))
                         for size in found}
                self.assertEqual(found, want, run.stderr.decode()[-2000:])
                self.assertEqual(run.status, 23 if want else 0)
                compared += 1
        self.assertGreater(compared, 5)

    def test_leak_sanitizer_agrees(self):
        self.check_sanitizer(harness.CC, "lost.c")

    def test_leak_sanitizer_of_clang_agrees(self):
        self.need("clang", "llvm-symbolizer")  # it leaves out by names
        self.check_sanitizer("clang", "lost.c")

    def test_leak_sanitizer_agrees_on_objects(self):
        self.check_sanitizer(harness.CXX, "lost_objects.cc")

    def test_ten_thousand_threads_are_seen(self):
        run = self.record(harness.target("lost"), "many",
                          env={"MEMPROF_LEAK_CHECK": "1",
                               "LOST_THREADS": "10000"})
        if run.status == 77:
            self.skipTest("no 10,000 threads here")
        self.assertEqual(run.status, 0, run.stderr)
        check = self.json("leaks", self.dump(run))["leak_check"]
        self.assertEqual(check["threads"], 10001)
        # Those that did not stop in time are said.
        self.assertEqual(check["method"], "unseen" if check["unseen_threads"]
                         else "stopped")
        self.assertEqual(check["definitely_lost"],
                         {"blocks": 1, "bytes": 1464})


if __name__ == "__main__":
    harness.main()
