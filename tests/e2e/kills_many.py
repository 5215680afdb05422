# SPDX-License-Identifier: MIT
"""kills.py 200 times."""

import os
import sys

os.environ["MEMPROF_KILLS"] = "200"
here = os.path.dirname(os.path.abspath(__file__))
os.execv(sys.executable, [sys.executable, "-B", os.path.join(here, "kills.py")]
         + sys.argv[1:])
