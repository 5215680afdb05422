# SPDX-License-Identifier: MIT
"""Processes, sub-interpreters and code that comes and goes."""
import multiprocessing
import sys


def work(n):
    kept = bytearray(1500000 + n)
    return len(kept)


def main():
    for method in ("fork", "spawn", "forkserver"):
        with multiprocessing.get_context(method).Pool(2) as pool:
            print(method, sum(pool.map(work, range(4))))
    try:
        import _xxsubinterpreters as interpreters
    except ImportError:
        try:
            import _interpreters as interpreters
        except ImportError:
            interpreters = None
    if interpreters:
        for i in range(3):
            inner = interpreters.create()
            interpreters.run_string(
                inner, "import json\nx = [bytearray(1000)] * 10\n"
                "json.loads('[1, 2, 3]')\n")
            interpreters.destroy(inner)
    print("end")


if __name__ == "__main__":
    main()
