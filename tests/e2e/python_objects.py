# SPDX-License-Identifier: MIT
"""Every object of Python's own allocators, one by one, whatever allocators the
interpreter was told to have."""

import glob
import json
import os
import subprocess

import harness
import python_life
from python_life import EVERY, pythons, source
from python_stacks import python_stack, version_of

# Which lines may differ from what tracemalloc says, and by how much: Python
# keeps a few freed objects of these types and uses them again. tracemalloc
# moves such a block to the line that uses it, here it stays with the line that
# first made it: from 3.14 on ints too. And the list of arenas grows on any
# line.
DRAINED = ("drained.", "import ", "snapshot =")
LISTS = ("self.value = [", "kept.extend([")
REUSED, REUSED_FROM_3_14 = 1, 2  # blocks
ARENAS_LIST = 1600  # bytes
HASHES = {"PYTHONHASHSEED": "0"}


def named_lines(path):
    with open(path) as file:
        return {text.partition("# line: ")[2].strip(): number
                for number, text in enumerate(file, 1) if "# line: " in text}


class Objects(python_life.Life):
    MODE = "objects"
    # What these say of sizes holds without objects only.
    test_asked_from_within = None
    test_code_that_comes_and_goes = None
    test_lines = None
    test_memory_of_many_stacks = None
    test_off = None
    test_on_unless_told_otherwise = None
    test_order_of_native_and_python_frames = None
    test_source_that_is_newer_than_the_recording = None
    test_threads_without_python_state = None
    test_unknown_interpreters = None
    test_server = None
    test_stripped = None
    test_tables_of_lines_tell_how_to_see_python_alone = None
    if not EVERY:
        test_real_programs = None

    def python(self, run):
        return self.brief(run)["program"]["python"]

    def brief(self, run, *options):
        return self.json("report", *(options or ("--limit", "1")),
                         self.dump(run))

    def rows(self, run, path, charge="self"):
        data = self.json("lines", "--charge", charge, self.dump(run), path)
        return {row["line"]: row for row in data["files"][0]["lines"]}

    def test_tracemalloc(self):
        """The same bytes and blocks, line by line."""
        path = source("py_tracemalloc.py")
        with open(path) as file:
            texts = {number: text.strip()
                     for number, text in enumerate(file, 1)}
        for python in pythons():
            has_ints = version_of(python) >= (3, 14)
            reused = REUSED_FROM_3_14 if has_ints else REUSED
            traced = self.plain(python, path, "traced", env=HASHES)
            stated = {int(line): counts for line, counts in
                      json.loads(traced.stdout).items()}
            run = self.record(python, path, env=HASHES)
            have = {line: [row["live_bytes"], row["live_blocks"]]
                    for line, row in self.rows(run, path).items()
                    if row["live_blocks"]}
            for line in sorted(set(stated) | set(have)):
                text, want = texts[line], stated.get(line, [0, 0])
                size, count = have.get(line, [0, 0])
                if text.startswith(DRAINED):
                    continue
                if [size, count] == want:
                    continue
                self.assertLessEqual(abs(count - want[1]), reused,
                                     (python, text))
                if python == "/usr/bin/python3":
                    self.assertTrue(text.startswith(LISTS), (python, text))
                    self.assertLessEqual(abs(size - want[0]), 64, text)
                else:
                    self.assertLessEqual(abs(size - want[0]), ARENAS_LIST,
                                         (python, text))
            # The first of the drained ints had been others before.
            lines = [line for line in stated if not has_ints or
                     not texts[line].startswith(DRAINED)]
            for i in 0, 1:
                total = sum(stated[line][i] for line in lines)
                mine = sum(have.get(line, [0, 0])[i] for line in lines)
                self.assertLessEqual(abs(mine - total), total * 0.0005)
            self.assertGreater(len(stated), 25)

    def test_variants(self):
        """Each allocator that Python may be told to use."""
        with open(self.path("v.py"), "w") as file:
            file.write("import os\n"
                       "kept = []\n"
                       "def f(n):\n"
                       "    for i in range(n):\n"
                       "        kept.append(b'%0300d' % i)\n"
                       "        kept.append(b'%0900d' % i)\n"
                       "f(1000)\n"
                       "print(len(kept), flush=True)\n"
                       "os._exit(0)\n")
        variants = (
            ((), {}), (("-X", "dev"), {}), ((), {"PYTHONMALLOC": "malloc"}),
            ((), {"PYTHONMALLOC": "pymalloc"}),
            ((), {"PYTHONMALLOC": "debug"}),
            ((), {"PYTHONMALLOC": "malloc_debug"}),
            ((), {"PYTHONMALLOC": "pymalloc_debug"}),
            (("-X", "tracemalloc=5"), {}),
            (("-X", "dev", "-X", "tracemalloc"), {}),
            (("-I",), {}), (("-E",), {"PYTHONMALLOC": "malloc"}))
        if not EVERY:
            variants = variants[:3] + variants[7:9]
        for python in pythons():
            for flags, env in variants:
                with self.subTest(python=python, flags=flags, env=env):
                    run = self.same(python, *flags, "v.py", env=env)
                    about = self.python(run)
                    self.assertEqual(about["mode"], "objects")
                    is_malloc = "-E" not in flags and "malloc" in \
                        env.get("PYTHONMALLOC", "")[:6]
                    self.assertEqual(about["objects"]["arena_bytes"] > 0,
                                     not is_malloc)
                    self.assertEqual(
                        about["objects"]["arena_bytes"] % (256 << 10), 0)
                    rows = self.rows(run, self.path("v.py"))
                    # An object of n bytes is asked for with 33 more. The
                    # bytes of tracemalloc's own lie on the same lines.
                    if "tracemalloc" in " ".join(flags):
                        self.assertGreaterEqual(rows[5]["live_blocks"], 1000)
                        continue
                    for line, size in (5, 333), (6, 933):
                        # And the list's own block, on one of both lines.
                        self.assertIn(rows[line]["live_blocks"] - 1000,
                                      (0, 1))
                        extra = rows[line]["live_bytes"] - 1000 * size
                        self.assertGreaterEqual(extra, 0)
                        self.assertLess(extra, 20000)
                        self.assertEqual(
                            extra > 0, rows[line]["live_blocks"] > 1000)

    def test_what_was_given_before_ours_stood_there(self):
        """An address within a block of malloc's, which has a size there, is
        given back to an allocator that keeps books before it."""
        for python in pythons():
            with self.subTest(python=python):
                run = self.same(python, "-c", "print(1)",
                                env={"PYTHONMALLOC": "malloc_debug"})
                self.assertEqual(self.python(run)["mode"], "objects")
                totals = self.brief(run, "--limit", "1")["totals"]
                self.assertEqual(
                    totals["allocations"] - totals["frees"],
                    totals["live_blocks"])
                self.assertGreater(totals["frees"], 10000)

    def test_arenas_that_are_nearly_empty(self):
        for python in pythons():
            # Without what the machine has installed for this interpreter.
            run = self.same(python, "-S", source("py_arenas.py"))
            objects = self.python(run)["objects"]
            # 100,000 objects of 133 bytes.
            self.assertGreaterEqual(objects["arena_bytes_most"], 13300000)
            self.assertGreaterEqual(objects["arena_bytes"], 13300000)
            self.assertLess(objects["arena_live_bytes"], 3000000)
            self.assertLessEqual(objects["arena_live_bytes"],
                                 objects["live_bytes"])
            totals = self.brief(run)["totals"]
            self.assertLess(totals["live_bytes"], objects["arena_bytes"])
            self.assertIn(b" of them unused", self.memprof(
                "report", self.dump(run)).stdout)

    def test_every_block_is_counted_once(self):
        """With all objects from malloc: the same blocks as malloc's."""
        path = self.path("once.py")
        with open(path, "w") as file:
            file.write("import os\n"
                       "kept = [bytes(2000 + i) for i in range(500)]\n"
                       "for i in range(500): kept[i] = bytearray(3000)\n"
                       "for k in kept: k.extend(b'x' * 5000)\n"
                       "os._exit(0)\n")
        for python in pythons():
            totals = []
            for mode in "stack", "objects":
                run = self.record(python, path, env={
                    "MEMPROF_PYTHON": mode, "PYTHONMALLOC": "malloc",
                    "PYTHONHASHSEED": "0"})
                self.assertEqual(run.status, 0, run.stderr)
                totals.append(self.brief(run)["totals"])
            # Two runs differ by a few objects whose fate hangs on addresses;
            # there are 15,000.
            self.assertEqual(totals[0]["failed"], totals[1]["failed"])
            for key in "allocations", "frees", "reallocs", "live_blocks":
                self.assertLessEqual(abs(totals[0][key] - totals[1][key]), 50,
                                     key)
            # malloc is asked for a byte where Python asks for none.
            for key in "live_bytes", "peak_bytes", "allocated_bytes":
                self.assertLessEqual(
                    abs(totals[0][key] - totals[1][key]), 5000, key)

    def test_interpreter_that_is_loaded_and_starts_twice(self):
        libraries = sorted(glob.glob(
            "/usr/lib/x86_64-linux-gnu/libpython3*.so.1.0"))
        if EVERY:
            libraries += sorted(glob.glob(os.path.expanduser(
                "~/.pyenv/versions/3.*/lib/libpython3.*.so.1.0")))
        libraries = [name for name in libraries
                     if not name.split("libpython")[1].startswith(
                         ("3.6", "3.7"))]
        if not libraries:
            self.skipTest("no libpython is installed")
        program = self.build("py_embed.c", "embed", "-ldl")
        for library in libraries:
            for env in {}, {"PYTHONMALLOC": "debug"}:
                with self.subTest(library=library, env=env):
                    home = (library.split("/lib/libpython")[0]
                            if ".pyenv" in library else "/usr")
                    run = self.same(program, library,
                                    env=dict(env, PYTHONHOME=home))
                    self.assertEqual(run.stdout, b"500\n500\n")
                    self.assertEqual(self.python(run)["mode"], "objects")
                    # Both made 500, and those of the second are left,
                    # with the list of them.
                    found = [site for site in self.brief(
                        run, "--limit", "0", "--focus", "^keep")["sites"]
                             if python_stack(site) and
                             python_stack(site)[0][:2] == ("<string>", 2)]
                    strings = [site for site in found
                               if site["live_blocks"] >= 400]
                    self.assertEqual(
                        [(site["allocations"], site["live_blocks"])
                         for site in strings], [(1000, 500)])

    def test_leaks_beside_what_the_interpreter_keeps(self):
        path = source("py_leak.py")
        line = named_lines(path)["leak"]
        run = self.same("/usr/bin/python3", path)
        listed = self.memprof("leaks", "--limit", "1", self.dump(run))
        self.assertRegex(listed.stdout.decode(), r"#1 .* in 1,000 blocks")
        leaks = self.json("leaks", "--limit", "0", "--focus", "^leak$",
                          self.dump(run))
        found = [python_stack(site)[0] for site in leaks["sites"]
                 if (site["live_blocks"], site["live_bytes"]) ==
                 (1000, 133000)]
        self.assertEqual(found, [(path, line, "leak")])
        leaks = self.json("leaks", "--limit", "1", self.dump(run))
        apart = {entry["name"]: entry["blocks"] for entry in
                 leaks["leak_check"]["suppressions"]}
        self.assertGreater(apart["Python: the interpreter's start"], 100)
        self.assertGreater(
            apart["Python: modules while they are imported"], 100)
        self.assertGreaterEqual(self.rows(run, path)[line]["live_blocks"],
                                1000)

    def test_what_an_extension_loses(self):
        """Objects are heap to a leak check, and hold what they point at."""
        path = source("py_lost.py")
        for python in pythons():
            run = self.same(python, path, env={"MEMPROF_LEAK_CHECK": "1"})
            leaks = self.json("leaks", "--limit", "0", "--reachable",
                              "--focus", "^(lose|hold|forget)$",
                              self.dump(run))
            found = {}
            for site in leaks["sites"]:
                for verdict in site["verdicts"]:
                    size = verdict["bytes"] // (verdict["blocks"] or 1)
                    if size in (7777, 5555, 3333):
                        key = size, verdict["verdict"]
                        found[key] = found.get(key, 0) + verdict["blocks"]
            with self.subTest(python=python):
                self.assertEqual(found.pop((5555, "still_reachable")), 300)
                # A word that is left on a stack may hold one.
                self.assertGreaterEqual(
                    found.pop((7777, "definitely_lost")), 18)
                self.assertGreaterEqual(
                    found.pop((3333, "definitely_lost")), 290)
                self.assertLessEqual(sum(found.values()), 10)
                # And what the interpreter leaves is no such noise.
                lost = leaks["leak_check"]["definitely_lost"]
                self.assertLessEqual(lost["blocks"], 330)
            self.assertEqual(self.brief(run)["losses"]["foreign_frees"], 0)

    def test_numpy(self):
        python = "/usr/bin/python3"
        if subprocess.run([python, "-c", "import numpy"],
                          stderr=subprocess.DEVNULL).returncode != 0:
            self.skipTest("numpy is missing")
        path = source("py_numpy.py")
        lines = named_lines(path)
        for mode in "stack", "objects":
            run = self.same(python, path, env={"MEMPROF_PYTHON": mode})
            rows = self.rows(run, path, "in-file")
            array, temporary = rows[lines["array"]], rows[lines["temporary"]]
            for row, key, size in ((array, "live_bytes", 100000000),
                                   (temporary, "allocated_bytes", 50000000)):
                self.assertGreaterEqual(row[key], size)
                self.assertLess(row[key], size + 20000)
            self.assertLess(temporary["live_bytes"], 1000)
            site = max(self.brief(run)["sites"],
                       key=lambda site: site["live_bytes"])
            self.assertGreaterEqual(site["live_bytes"], 100000000)
            # numpy's own frames lie beneath the line that called it.
            languages = [frame["language"] for frame in site["stack"]]
            first = languages.index("python")
            self.assertGreater(first, 0)
            self.assertTrue(any("numpy" in (frame["module"] or "")
                                for frame in site["stack"][:first]))
            self.assertEqual(
                (site["stack"][first]["function"],
                 os.path.basename(site["stack"][first]["file"])),
                ("ones", "numeric.py"))


if __name__ == "__main__":
    harness.main()
