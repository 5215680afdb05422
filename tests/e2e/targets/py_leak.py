# SPDX-License-Identifier: MIT
"""Objects that nobody holds and nobody frees, beside what an import keeps."""
import ctypes
import json


def leak(n):
    for i in range(n):
        value = b"%0100d" % i  # line: leak
        ctypes.pythonapi.Py_IncRef(ctypes.py_object(value))


leak(1000)
print(json.dumps({"a": [1, 2]}))
