# SPDX-License-Identifier: MIT
"""races.py for longer: 20 seconds in front of each of two allocators, or
MEMPROF_BOOKS_SECONDS (600 are meant before a release); read 100 times."""

import os
import sys

os.environ.setdefault("MEMPROF_BOOKS_SECONDS", "20")
os.environ.setdefault("MEMPROF_READINGS", "100")
here = os.path.dirname(os.path.abspath(__file__))
os.execv(sys.executable, [sys.executable, "-B", os.path.join(here, "races.py")]
         + sys.argv[1:])
