# SPDX-License-Identifier: MIT
"""kills.py 1000 times."""

import os
import sys

os.environ["MEMPROF_KILLS"] = "1000"
here = os.path.dirname(os.path.abspath(__file__))
os.execv(sys.executable, [sys.executable, "-B", os.path.join(here, "kills.py")]
         + sys.argv[1:])
