# SPDX-License-Identifier: MIT
"""Blocks of malloc's that an extension loses, beside some that objects hold
and some that objects held which are gone."""
import ctypes
import os

libc = ctypes.CDLL(None)
libc.malloc.restype = ctypes.c_void_p
libc.malloc.argtypes = [ctypes.c_size_t]
libc.memset.argtypes = [ctypes.c_void_p, ctypes.c_int, ctypes.c_size_t]


class Holder:
    pass


def lose(n):
    for i in range(n):
        libc.memset(libc.malloc(7777), 1, 7777)  # line: lost


def hold(n):
    holder = Holder()
    holder.kept = {i: ctypes.c_void_p(libc.malloc(5555)) for i in range(n)}
    return holder


def forget(n):
    # Small enough for an arena, where what it held stays when it is gone.
    for i in range(n):
        (ctypes.c_void_p * 50)(*[libc.malloc(3333) for k in range(50)])


lose(20)
held = hold(300)
forget(6)
# From 3.14 on ints that are gone wait in a list, with their values: addresses.
numbers = [10 ** 6 + i for i in range(1000)]
os._exit(0)
