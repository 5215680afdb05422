# SPDX-License-Identifier: MIT
"""Allocates blocks of sizes that nothing else has, in every situation that a
Python stack can be in, and writes down what sys._getframe() says of each.

take() is called in the same expression as the allocation, so that both are at
the same line of the same frames. Output: one JSON object a line, {"pid", "bytes",
"stack": [[file, line, function] ...]}, innermost first.
"""
import asyncio
import contextlib
import ctypes
import functools
import gc
import itertools
import json
import os
import signal
import sys
import threading
import weakref

BASE = 777216
HAS_QUALNAME = sys.version_info >= (3, 11)
OUT = os.open(sys.argv[1], os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
numbers = itertools.count(1)
B = bytearray  # asks for one byte more, for a final zero, and:
HEADER = 32 if sys.version_info >= (3, 15) else 0


def take(k):
    """What the caller's frame and those around it are."""
    frame = sys._getframe(1)
    stack = []
    while frame:
        code = frame.f_code
        stack.append([os.path.abspath(code.co_filename)
                      if code.co_filename[0] not in "</"
                      else code.co_filename, frame.f_lineno,
                      code.co_qualname if HAS_QUALNAME else code.co_name])
        frame = frame.f_back
    line = json.dumps({"pid": os.getpid(), "bytes": BASE + k + HEADER,
                       "stack": stack}) + "\n"
    os.write(OUT, line.encode("utf-8", "surrogatepass"))


def number():
    return next(numbers)


def sample():
    k = number()
    B(BASE + k - 1), take(k)


def repeat():
    for _ in range(400):
        pass
    k = number()
    return (B(BASE + k - 1), take(k)) and None


def recursion(depth):
    if depth:
        return recursion(depth - 1)
    k = number()
    B(BASE + k - 1), take(k)
    return 0


def hot():
    # Specialised by the time of the last call; two lines with equal natives.
    for i in range(60):
        k = number(); B(BASE + k - 1), take(k)
        k = number()
        B(BASE + k - 1), take(k)
        sample(); sample()
        (
            sample(),
            sample()
        )


def gen(n):
    for i in range(n):
        sample()
        yield i
        k = number(); yield B(BASE + k - 1) and take(k)


def delegating(n):
    yield from gen(n)
    sample()


async def inner():
    sample()
    await asyncio.sleep(0)
    sample()


async def agen():
    for i in range(3):
        sample()
        yield i
        await asyncio.sleep(0)


async def outer():
    await inner()
    async for _ in agen():
        sample()
    await asyncio.gather(inner(), inner(), inner())


class Meta(type):
    def __new__(cls, name, bases, space):
        sample()
        return super().__new__(cls, name, bases, space)

    def __call__(cls, *args):
        sample()
        return super().__call__(*args)


class Odd(metaclass=Meta):
    sample()

    def __init__(self):
        sample()

    @property
    def prop(self):
        sample()
        return self

    def __getattr__(self, name):
        sample()
        return 1

    def __del__(self):
        sample()

    def __lt__(self, other):
        sample()
        return id(self) < id(other)

    def __eq__(self, other):
        sample()
        return self is other

    def __hash__(self):
        sample()
        return 1

    def __repr__(self):
        sample()
        return "odd"

    def __enter__(self):
        sample()

    def __exit__(self, *args):
        sample()


@contextlib.contextmanager
def managed():
    sample()
    try:
        yield
    finally:
        sample()


def objects():
    odd = Odd()
    odd.prop.missing
    sorted([odd, Odd(), Odd()])
    {odd: 1}[odd]
    "%r" % odd
    with odd, managed():
        sample()
    del odd
    ring = Odd()
    ring.ring = ring
    del ring
    gc.collect()
    target = Odd()
    ref = weakref.ref(target, lambda _: sample())
    del target
    return ref


def callbacks():
    sorted([3, 1, 2], key=lambda v: sample() or v)
    list(map(lambda v: sample(), range(3)))
    list(filter(lambda v: sample(), range(3)))
    functools.reduce(lambda a, b: sample(), range(4))
    functools.partial(sample)()
    functools.lru_cache(None)(lambda: sample())()
    json.loads('{"a": {"b": 1}}', object_hook=lambda d: sample())
    [sample() for _ in range(3)]
    {k: sample() for k in range(3)}
    {sample() for _ in range(2)}
    list(sample() for _ in range(3))
    max([1, 2], key=lambda v: sample() or v)
    exec("sample()")
    exec("def made():\n\n    sample()\nmade()", globals())
    eval("sample()")
    exec(compile("\n" * 300 + "sample()\nsample()\n", "/made/up.py", "exec"))
    compare = ctypes.CFUNCTYPE(
        ctypes.c_int, ctypes.POINTER(ctypes.c_int),
        ctypes.POINTER(ctypes.c_int))(lambda a, b: sample() or a[0] - b[0])
    array = (ctypes.c_int * 4)(4, 2, 3, 1)
    ctypes.CDLL(None).qsort(array, 4, ctypes.sizeof(ctypes.c_int), compare)


def tracing():
    inside = []

    def trace(*args):
        if not inside:
            inside.append(1)
            sample()
            inside.pop()
        return trace

    sys.setprofile(trace)
    repeat()
    sys.setprofile(None)
    sys.settrace(trace)
    repeat()
    sample()
    sys.settrace(None)


def errors():
    try:
        sample()
        raise ValueError
    except ValueError:
        sample()
    finally:
        sample()
    try:
        try:
            1 / 0
        finally:
            sample()
    except ZeroDivisionError as error:
        k = number(); B(BASE + k - 1), take(k)


def spread(*args, **kwargs):
    sample()
    if args:
        spread(*args[1:], **kwargs)


def signals():
    signal.signal(signal.SIGUSR1, lambda *args: sample())
    os.kill(os.getpid(), signal.SIGUSR1)
    sample()


def threads():
    def run(depth):
        for _ in range(5):
            recursion(depth)
            sample()
            list(gen(2))

    all = [threading.Thread(target=run, args=(n,)) for n in range(6)]
    for thread in all:
        thread.start()
    sample()
    for thread in all:
        thread.join()


def unusual_names():
    for i, name in enumerate(("/x/caf\u00e9.py", "/x/\u6f22\u5b57.py",
                              "/x/\U0001f40d.py")):
        scope = {"sample": sample}
        exec(compile("def \u00fcber():\n  sample()\n\u00fcber()\n", name,
                     "exec"), scope)


def churn(n):
    """Code made, run and dropped, so that addresses are used again: names and
    lines differ, all else is as alike as can be."""
    for i in range(n):
        scope = {"sample": sample}
        exec("def f%03d():\n%s    sample()\nf%03d()\n" %
             (i % 500, "\n" * (i % 7), i % 500), scope)


def main():
    sample()
    repeat()
    for depth in (1, 2, 3, 10, 50, 200, 500, 900):
        recursion(depth)
    sys.setrecursionlimit(3000)
    recursion(1200)
    hot()
    list(gen(3))
    list(delegating(3))
    asyncio.run(outer())
    objects()
    callbacks()
    tracing()
    errors()
    spread(1, 2, 3, a=1)
    signals()
    threads()
    unusual_names()
    churn(600)
    if hasattr(os, "fork") and os.fork() == 0:
        sample()
        os._exit(0)
    os.wait()
    sample()


main()
