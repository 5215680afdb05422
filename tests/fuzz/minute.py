# SPDX-License-Identifier: MIT
"""A minute of hostile input, another each time: dumps, of the corpus and just
recorded, and objects with debug information. What fails says how to repeat it.
"""

import os
import random
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                "..", "e2e"))
from harness import BUILD, TOP, Case, in_both_modes, main  # noqa: E402

SECONDS = float(os.environ.get("FUZZ_SECONDS", "60"))
CORPUS = os.path.join(TOP, "tests", "fuzz", "corpus", "dump")


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

    def fuzz_dumps(self, cases, *paths):
        fuzz = os.path.join(BUILD, "tests", "fuzz", "fuzz_dump")
        self.for_a_while(SECONDS / 4, lambda seed: (
            fuzz, "--mutate", str(cases), seed) + paths)

    def test_dumps_of_the_corpus(self):
        self.fuzz_dumps(2000, *(os.path.join(CORPUS, name)
                                for name in sorted(os.listdir(CORPUS))))

    @in_both_modes
    def test_dumps_as_they_are_recorded(self):
        paths = [self.dump(self.record_target(*argv)) for argv in (
            ("fork", "vfork"), ("peak", "middle"), ("threads", "4", "100"))]
        self.fuzz_dumps(100, *paths)

    def test_objects_with_debug_information(self):
        program = os.path.join(BUILD, "tests", "unit", "test_sym_hostile")
        self.need(program)
        self.for_a_while(SECONDS / 4, lambda seed: (program,),
                         lambda seed: {"SEED": seed, "MUTATIONS": "300"})


main()
