# SPDX-License-Identifier: MIT
"""Writes the line tables of the standard library, as py_lines.c reads them.
The argument is how the names of the modules begin."""
import array
import ctypes
import glob
import os
import struct
import sys
import warnings

warnings.simplefilter("ignore")
MINOR = sys.version_info[1]
KIND = 2 if MINOR < 10 else 3 if MINOR == 10 else 4
line_of = ctypes.pythonapi.PyCode_Addr2Line
line_of.argtypes = [ctypes.py_object, ctypes.c_int]
out = sys.stdout.buffer


def lines_of(code):
    units = len(code.co_code) // 2
    if MINOR < 10:
        return [line_of(code, 2 * i) for i in range(units)]
    lines = [0] * units
    for start, end, line in code.co_lines():
        for i in range(start // 2, min(end // 2, units)):
            lines[i] = line or 0
    return lines


def write(code):
    table = code.co_lnotab if MINOR < 10 else code.co_linetable
    lines = lines_of(code)
    out.write(struct.pack("=III", KIND, code.co_firstlineno, len(table)))
    out.write(table)
    out.write(struct.pack("=I", len(lines)))
    out.write(array.array("I", lines).tobytes())
    for const in code.co_consts:
        if hasattr(const, "co_code"):
            write(const)


here = os.path.dirname(os.__file__)
for path in sorted(glob.glob(here + "/" + sys.argv[1] + "*.py") +
                   glob.glob(here + "/" + sys.argv[1] + "*/*.py")):
    try:
        with open(path, "rb") as file:
            code = compile(file.read(), path, "exec")
    except (SyntaxError, ValueError, UnicodeError, FileNotFoundError):
        continue  # some are wrong on purpose, or links to nothing
    write(code)
