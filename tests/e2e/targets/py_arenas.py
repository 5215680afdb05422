# SPDX-License-Identifier: MIT
"""Keeps one of a hundred objects, so that nearly all of the arenas is unused."""
import gc
import os
import sys

gc.disable()


def make(n):
    return [b"%0100d" % i for i in range(n)]


kept = make(100000)
kept = kept[::100]
print(len(kept), kept[7][-3:].decode(), sys.getsizeof(kept[0]), flush=True)
os._exit(0)
