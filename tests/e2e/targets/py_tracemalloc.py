# SPDX-License-Identifier: MIT
"""Objects of many kinds, kept to the end. With an argument says, as JSON, what
tracemalloc has of each line of this file: [bytes, blocks]."""
import gc
import os
import sys
import tracemalloc

IS_TRACED = len(sys.argv) > 1
if IS_TRACED:
    tracemalloc.start(1)
kept = []
drained = []


def drain():
    """Python's lists of free objects are used up from now on."""
    gc.disable()
    for i in range(300):
        drained.append({i: i})
        drained.append([i])
        drained.append(i + 0.25)
        drained.append(10 ** 6 + i)
    for n in range(1, 21):
        drained.extend([tuple(range(i, i + n)) for i in range(200)])


class Thing:
    def __init__(self, i):
        self.name = "name %d" % i
        self.value = [i, i + 0.5]


def strings(n):
    for i in range(n):
        kept.append("string %d" % i)


def containers(n):
    for i in range(n):
        kept.append({"key": i, i: "value"})
        kept.append([None] * (i % 100))
        kept.append((i, n))
        kept.append({i, "x"})


def things(n):
    for i in range(n):
        kept.append(Thing(i))


def numbers(n):
    kept.extend(i * 1000003.5 for i in range(n))
    kept.extend([10 ** 30 + i for i in range(n)])


def blocks(n):
    for i in range(n):
        kept.append(bytearray(i * 10 + 600))
        kept.append(b"x" * (i + 700))
        bytes(i + 10)


drain()
strings(2000)
containers(1000)
things(2000)
numbers(2000)
blocks(300)
if IS_TRACED:
    snapshot = tracemalloc.take_snapshot()
    import json
    print(json.dumps({stat.traceback[0].lineno: [stat.size, stat.count]
                      for stat in snapshot.statistics("lineno")
                      if stat.traceback[0].filename == __file__}), flush=True)
os._exit(0)
