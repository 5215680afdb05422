# SPDX-License-Identifier: MIT
"""python_objects.py, longer, with every interpreter that is to be had."""

import os
import sys

os.environ["MEMPROF_EVERY"] = "1"
here = os.path.dirname(os.path.abspath(__file__))
os.execv(sys.executable, [sys.executable, "-B",
                          os.path.join(here, "python_objects.py")]
         + sys.argv[1:])
