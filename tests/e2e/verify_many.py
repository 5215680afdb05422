# SPDX-License-Identifier: MIT
"""verify.py with more than twenty million walks."""

import os
import sys

os.environ["MEMPROF_VERIFY_SCALE"] = "80"
os.environ["MEMPROF_VERIFY_LEAST"] = "20000000"
here = os.path.dirname(os.path.abspath(__file__))
os.execv(sys.executable, [sys.executable, "-B",
                          os.path.join(here, "verify.py")] + sys.argv[1:])
