# SPDX-License-Identifier: MIT
"""100,000 functions that are made, run once and dropped: half of them one and
the same, half of them of 1,000 kinds."""
for i in range(50000):
    exec("def same():\n    return bytearray(600)\nsame()", {})
for i in range(50000):
    exec("def f%d():\n    return bytearray(600)\nf%d()" %
         (i % 1000, i % 1000), {})
