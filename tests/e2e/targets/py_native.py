# SPDX-License-Identifier: MIT
"""The situations of py_native.c. Prints the lines that must have a block."""
import ctypes
import sys
import threading

path = sys.argv[1]
free = ctypes.CDLL(path)  # calls without the interpreter's lock
held = ctypes.PyDLL(path)  # calls with it
for lib in free, held:
    lib.native_block.restype = ctypes.c_void_p
    lib.native_block.argtypes = [ctypes.c_size_t]
callback = ctypes.CFUNCTYPE(None)


def here(bytes):
    print(bytes, sys._getframe(1).f_lineno, sys._getframe(1).f_code.co_name)


def with_lock():
    held.native_block(2000001), here(2000001)


def without_lock():
    free.native_block(2000002), here(2000002)


def in_thread():
    free.native_block(2000003), here(2000003)
    held.native_block(2000004), here(2000004)


def called_back():
    free.native_block(2000005), here(2000005)
    held.native_block(2000006), here(2000006)


def holds():
    free.native_hold()


with_lock()
without_lock()
thread = threading.Thread(target=in_thread)
thread.start()
thread.join()
free.native_call_back(callback(called_back))

held.native_join()
free.native_join()
threads = [threading.Thread(target=holds) for _ in range(3)]
for thread in threads:
    thread.start()
for _ in range(100):
    held.native_wait()
for thread in threads:
    thread.join()
