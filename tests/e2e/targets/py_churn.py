# SPDX-License-Identifier: MIT
"""Functions that are made, run once and dropped: twice as many as the argument
says, half of them one and the same, half of them of 1,000 kinds."""
import sys

COUNT = int(sys.argv[1])
for i in range(COUNT):
    exec("def same():\n    return bytearray(600)\nsame()", {})
for i in range(COUNT):
    exec("def f%d():\n    return bytearray(600)\nf%d()" %
         (i % 1000, i % 1000), {})
