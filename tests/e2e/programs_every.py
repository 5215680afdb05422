# SPDX-License-Identifier: MIT
"""programs.py with every single walk compared."""

import os
import sys

os.environ["MEMPROF_EVERY"] = "1"
here = os.path.dirname(os.path.abspath(__file__))
os.execv(sys.executable, [sys.executable, "-B",
                          os.path.join(here, "programs.py")] + sys.argv[1:])
