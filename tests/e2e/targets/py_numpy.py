# SPDX-License-Identifier: MIT
"""Arrays of numpy: a hundred megabytes on one line."""
import os

import numpy


def make():
    array = numpy.ones(12500000)  # line: array
    view = array[::2]
    total = (view * 2.0).sum()  # line: temporary
    return array, total


kept = make()
print(kept[0].nbytes, kept[1], flush=True)
os._exit(0)
