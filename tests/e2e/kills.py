# SPDX-License-Identifier: MIT
"""SIGKILL at any instant leaves a dump that can be read, with totals that are
consistent. MEMPROF_KILLS says how often."""

import os
import random
import signal
import time

from harness import Case, finish, main, start, target

KILLS = int(os.environ.get("MEMPROF_KILLS", "20"))


class Kills(Case):
    def test_kills_of_a_busy_program(self):
        seed = random.randrange(1 << 32)
        print("seed %d, %d kills" % (seed, KILLS), flush=True)
        instants = random.Random(seed)
        grown = 0
        for i in range(KILLS):
            process = start([target("busy")], cwd=self.dir,
                            env=self.shim_env())
            self.assertEqual(process.stdout.readline(), b"ready\n")
            # Not to wait for anything: the instant is to be random.
            time.sleep(instants.random() * 0.05)
            process.send_signal(signal.SIGKILL)
            run = finish(process)
            self.assertEqual(run.status, -signal.SIGKILL)
            # report() checks that every site and the sums are consistent.
            report = self.report(run)
            self.assertGreater(report["totals"]["allocations"], 0)
            grown += report["totals"]["sites"] > 100
            os.unlink(self.dump(run))
        self.assertGreater(grown, KILLS // 2, "too little was going on")

    def test_kills_while_a_program_starts(self):
        """Before there is a whole dump: nothing, or a reader that says so."""
        seed = random.randrange(1 << 32)
        print("seed %d" % seed, flush=True)
        instants = random.Random(seed)
        for i in range(KILLS):
            process = start([target("busy")], cwd=self.dir,
                            env=self.shim_env())
            time.sleep(instants.random() * 0.004)
            process.send_signal(signal.SIGKILL)
            run = finish(process)
            self.assertEqual(run.status, -signal.SIGKILL)
            if os.path.exists(self.dump(run)):
                read = self.memprof("report", "--json", self.dump(run),
                                    status=None)
                self.assertIn(read.status, (0, 3), read.stderr)
                os.unlink(self.dump(run))


main()
