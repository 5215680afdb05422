# SPDX-License-Identifier: MIT
"""A minute of hostile input, another each time: dumps, of the corpus and just
recorded, objects with debug information, suppressions and perf maps. What fails
says how to repeat it."""

import os
import random
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                "..", "e2e"))
from harness import BUILD, TOP, Case, in_both_modes, main  # noqa: E402

SECONDS = float(os.environ.get("FUZZ_SECONDS", "60"))
CORPUS = os.path.join(TOP, "tests", "fuzz", "corpus")
PARTS = 7  # of the minute; a case in both modes takes two


class Minute(Case):
    def for_a_while(self, seconds, argv, env=lambda seed: {}):
        """Runs argv(seed) again and again, each with another seed."""
        end = time.monotonic() + seconds
        rounds = 0
        while time.monotonic() < end or not rounds:
            seed = str(random.randrange(1, 1 << 32))
            run = self.plain(*argv(seed), env=env(seed))
            self.assertEqual(run.status, 0, "seed %s\n%s\n%s" % (
                seed, run.stdout.decode(errors="replace")[-3000:],
                run.stderr.decode(errors="replace")[-3000:]))
            rounds += 1
        print("%d rounds" % rounds, flush=True)

    def fuzz(self, kind, cases, *paths):
        program = os.path.join(BUILD, "tests", "fuzz", "fuzz_" + kind)
        self.for_a_while(SECONDS / PARTS, lambda seed: (
            program, "--mutate", str(cases), seed) + paths)

    def fuzz_corpus(self, kind, cases):
        folder = os.path.join(CORPUS, kind)
        self.fuzz(kind, cases, *(os.path.join(folder, name)
                                 for name in sorted(os.listdir(folder))))

    def test_dumps_of_the_corpus(self):
        self.fuzz_corpus("dump", 2000)

    def test_objects_of_the_corpus(self):
        self.fuzz_corpus("object", 1000)

    def test_perf_maps_of_the_corpus(self):
        self.fuzz_corpus("perf_map", 100000)

    def test_suppressions_of_the_corpus(self):
        self.fuzz_corpus("suppressions", 100000)

    @in_both_modes
    def test_dumps_as_they_are_recorded(self):
        paths = [self.dump(self.record_target(*argv)) for argv in (
            ("fork", "vfork"), ("peak", "middle"), ("threads", "4", "100"))]
        self.fuzz("dump", 100, *paths)

    def test_objects_with_debug_information(self):
        program = os.path.join(BUILD, "tests", "unit", "test_sym_hostile")
        self.need(program)
        self.for_a_while(SECONDS / PARTS, lambda seed: (program,),
                         lambda seed: {"SEED": seed, "MUTATIONS": "300"})


main()
