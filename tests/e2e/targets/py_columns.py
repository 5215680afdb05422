# SPDX-License-Identifier: MIT
"""Blocks of known sizes for `memprof lines`: kept ones, temporary ones, some
by the interpreter and some by native code, recursion on two lines."""
import ctypes
import os
import sys

native = ctypes.PyDLL(sys.argv[1])
native.native_block.restype = ctypes.c_void_p
native.native_block.argtypes = [ctypes.c_size_t]
kept = []


def leaf(n):
    kept.append(bytearray(n - 1))  # line: kept
    bytearray(n - 1)  # line: temporary
    native.native_block(n)  # line: native


def recurse(n, depth):
    if depth:
        return recurse(n, depth - 1)  # line: recursion
    return leaf(n)  # line: call


for i in range(10):
    recurse(100000, 5)  # line: loop
sys.stdout.flush()
os._exit(0)  # what is kept is live at the end
