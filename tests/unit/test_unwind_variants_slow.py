# SPDX-License-Identifier: MIT
"""test_unwind_variants.sh with what takes longest to compile, and ten times as
many rounds."""

import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                "..", "e2e"))
from harness import BUILD, TOP, Case, main  # noqa: E402

SCRIPT = os.path.join(TOP, "tests", "unit", "test_unwind_variants.sh")


class Variants(Case):
    def test_walks_do_not_differ(self):
        run = self.plain(SCRIPT, seconds=600, env={
            "VARIANTS": "slow", "ROUNDS": "4000", "top_srcdir": TOP,
            "top_builddir": BUILD})
        if run.status == 77:
            self.skipTest(run.stdout.decode())
        self.assertEqual(run.status, 0, run.stdout.decode()[-5000:])
        print(run.stdout.decode())


main()
