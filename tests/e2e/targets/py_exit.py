# SPDX-License-Identifier: MIT
"""Ends while daemon threads allocate, with and without the lock."""
import hashlib
import os
import sys
import threading
import time
import zlib

data = os.urandom(1 << 16)


def compress():
    while True:
        zlib.compress(data, 1)


def digest():
    while True:
        hashlib.sha256(data).hexdigest()


def objects():
    while True:
        [bytearray(1000 + i) for i in range(100)]


def deep(n=200):
    if n:
        return deep(n - 1)
    while True:
        zlib.decompress(zlib.compress(data, 0))


for target in (compress, digest, objects, deep) * 2:
    threading.Thread(target=target, daemon=True).start()
time.sleep(int(sys.argv[1]) % 7 / 200)
print("end", flush=True)
