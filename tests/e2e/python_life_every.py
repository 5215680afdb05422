# SPDX-License-Identifier: MIT
"""python_life.py, longer, with every interpreter that is to be had."""

import os
import sys

os.environ["MEMPROF_EVERY"] = "1"
here = os.path.dirname(os.path.abspath(__file__))
os.execv(sys.executable, [sys.executable, "-B",
                          os.path.join(here, "python_life.py")]
         + sys.argv[1:])
