# SPDX-License-Identifier: MIT
"""How long blocks live, in allocations exactly and in time by what must be
longer than what; how old the live ones are, what the allocator gives for them,
and where they are."""

import collections
import csv
import json
import os
import re
import subprocess
import sys

import readers
from harness import TOP, Case, finish, functions, in_both_modes, main, start, \
    target

LIFETIMES = {"MEMPROF_LIFETIMES": "1"}
ADDRESSES = {"MEMPROF_ADDRESSES": "1"}
BOTH = {**LIFETIMES, **ADDRESSES}


class Ages(Case):
    def top(self, path, *args):
        return self.json("top", "--limit", "0", *args, path)

    def rows(self, path, by="function"):
        return {row["function"]: row
                for row in self.top(path, "--by", by)["rows"]}

    def in_allocations(self, row):
        lifetime = row["lifetime"]
        return (lifetime["blocks"], lifetime["total_allocations"],
                lifetime["longest_allocations"])


class Lifetimes(Ages):
    def test_in_allocations(self):
        """Per site: freed blocks, the sum of their lifetimes, the longest."""
        run = self.record_target("ages", "one", env=LIFETIMES)
        rows = self.rows(self.dump(run))
        made = 1000 + 100 + 6 + 10 + 1 + 100  # while the first one lived

        self.assertEqual(self.in_allocations(rows["outer"]), (1, made, made))
        self.assertEqual(self.in_allocations(rows["churn"]), (1000, 0, 0))
        self.assertEqual(self.in_allocations(rows["ring_of"]), (92, 92 * 8, 8))
        self.assertEqual(self.in_allocations(rows["grow"]), (6, 10, 2))
        self.assertEqual(self.in_allocations(rows["growing"]), (10, 0, 0))
        self.assertEqual(self.in_allocations(rows["napping"]), (1, 0, 0))
        self.assertEqual(self.in_allocations(rows["small"]),
                         (100, sum(range(100)), 99))

    def test_in_time(self):
        """What naps for 20 ms lives that long, and what lived around it longer;
        neither longer than the program."""
        run = self.record_target("ages", "one", env=LIFETIMES)
        rows = self.rows(self.dump(run))
        nap = rows["napping"]["lifetime"]["total_ns"]
        outer = rows["outer"]["lifetime"]["total_ns"]
        program = self.report(run)["program"]["duration_ns"]

        self.assertGreater(nap, 19000000)
        self.assertGreater(outer, nap)
        self.assertLess(outer, program * 1.1)
        self.assertEqual(rows["outer"]["lifetime"]["longest_ns"], outer)

    def test_histograms(self):
        run = self.record_target("ages", "one", env=LIFETIMES)
        path = self.dump(run)

        def histogram(*args):
            return [(row["first"], row["end"], row["self"]["frees"])
                    for row in self.top(path, *args)["rows"]]

        self.assertEqual(
            histogram("--by", "lifetime-allocations", "--focus", "^ring_of$"),
            [(8, 16, 92)])
        self.assertEqual(
            histogram("--by", "lifetime-allocations", "--focus", "^grow$"),
            [(0, 1, 1), (2, 4, 5)])
        everything = histogram("--by", "lifetime")
        self.assertEqual(sum(row[2] for row in everything),
                         self.totals(run)["frees"])
        self.assertEqual(everything, sorted(everything, key=lambda r: r[0]))
        napping, = histogram("--by", "lifetime", "--focus", "^napping$")
        self.assertGreater(napping[1], 19000000)
        self.assertEqual(napping[2], 1)

    def test_slack(self):
        """Usable less requested bytes of what is live, as the program asks
        its allocator."""
        run = self.record_target("ages", "one", env=LIFETIMES)
        rows = self.rows(self.dump(run))
        stated = run.stated()

        self.assertEqual(rows["ring_of"]["self"]["live_bytes"],
                         stated["requested"])
        self.assertEqual(rows["ring_of"]["slack_bytes"],
                         stated["usable"] - stated["requested"])
        self.assertEqual(rows["churn"]["slack_bytes"], 0)
        order = [row["function"] for row in self.top(
            self.dump(run), "--sort", "slack")["rows"]]
        self.assertEqual(order[0], "ring_of")

    def test_ages_of_live_blocks(self):
        run = self.record_target("ages", "one", env=LIFETIMES)
        rows = self.top(self.dump(run), "--by", "age", "--focus",
                        "^ring_of$")["rows"]

        self.assertEqual(sum(row["self"]["live_blocks"] for row in rows), 8)
        self.assertEqual(sum(row["self"]["live_bytes"] for row in rows),
                         8 * 41)
        # They are older than the nap after them.
        for row in rows:
            self.assertGreater(row["end"], 19000000)

    def test_sorted(self):
        run = self.record_target("ages", "one", env=LIFETIMES)
        text = self.memprof("top", "--sort", "lifetime", "--by", "site",
                            self.dump(run)).stdout.decode()
        names = re.findall(r"\d  (\w+)  \S*ages\.c:\d+", text)

        self.assertEqual(names[:2], ["outer", "napping"], text)
        self.assertIn("longest", text)

    def test_blocks_that_other_threads_free(self):
        run = self.record_target("ages", "threads", env=LIFETIMES)
        rows = self.rows(self.dump(run))

        # The one at i lives while 99 - i are made after it, and i * 1000.
        self.assertEqual(self.in_allocations(rows["give"])[0], 100)
        self.assertEqual(self.in_allocations(rows["give"])[1:],
                         (sum(99 - i + 1000 * i for i in range(100)), 99000))

    def test_children_know_what_they_inherited(self):
        run = self.record_target("ages", "fork", env=LIFETIMES)
        for pid in (run.pid, run.stated()["child"]):
            rows = self.rows(self.dump(pid))
            self.assertEqual(self.in_allocations(rows["handed_down"]),
                             (1, 2000, 2000))
            self.assertEqual(rows["handed_down"]["slack_bytes"], 0)

    def test_blocks_of_pools(self):
        run = self.record_target("ages", "pools", env=LIFETIMES)
        row = self.rows(self.dump(run))["from_pool"]

        self.assertEqual(self.in_allocations(row),
                         (5, sum(1000 + 9 - i for i in range(5)), 1009))
        self.assertEqual(row["self"]["live_blocks"], 5)
        self.assertEqual(row["slack_bytes"], 0)

    @in_both_modes
    def test_every_freed_block_has_one(self):
        """A sample too: totals are of all blocks."""
        run = self.record_target("ages", "one", env=LIFETIMES)
        totals = self.totals(run)
        info = self.info(run)

        self.assertEqual(info["lifetimes"]["blocks"], totals["frees"])
        self.assertEqual(info["lifetimes"]["total_allocations"],
                         1217 + 92 * 8 + 10 + sum(range(100)))

    def test_changes(self):
        """From dump to dump each class has what top says of each dump."""
        one = self.dump(self.record_target("ages", "one", env=LIFETIMES))
        again = self.dump(self.record_target("ages", "one", env=LIFETIMES))
        stay = self.dump(self.record(target("ages"), "stay", env=LIFETIMES))
        by = ("--by", "lifetime-allocations")
        tops = [{row["first"]: row["self"]["frees"]
                 for row in self.top(path, *by)["rows"]}
                for path in (one, stay)]
        same = self.json("diff", *by, one, again)
        diff = self.json("diff", *by, one, stay)

        self.assertEqual((same["rows_total"], same["rows_same"]),
                         (0, len(tops[0])))
        want = {first: tuple(top.get(first, 0) for top in tops)
                for first in set(tops[0]) | set(tops[1])}
        self.assertEqual(
            {row["first"]: tuple(c["frees"] for c in row["counts"])
             for row in diff["rows"]},
            {first: counts for first, counts in want.items()
             if counts[0] != counts[1]})
        self.assertTrue(diff["rows"])
        text = self.memprof("diff", "--units", "bytes", *by, one,
                            stay).stdout.decode()
        totals = [self.json("report", "--limit", "1", path)["totals"]
                  for path in (one, stay)]
        self.assertRegex(text, r"(?m)^ +%s B +%s B .* allocated$" % tuple(
            "{:,}".format(of["allocated_bytes"]) for of in totals))
        self.assertRegex(text, r"(?m)^ +1,013 +0 +-1,013 +gone  0 allocations$")
        ages = {row["first"]: row["self"]["live_bytes"]
                for row in self.top(one, "--by", "age")["rows"]}
        rows = self.json("diff", "--by", "age", one, stay)["rows"]
        self.assertTrue(rows)
        self.assertEqual({row["first"]: row["counts"][0]["live_bytes"]
                          for row in rows if row["first"] in ages},
                         {row["first"]: ages[row["first"]] for row in rows
                          if row["first"] in ages})

    def test_dumps_without_them_say_so(self):
        run = self.record_target("ages", "one")
        path = self.dump(run)

        for args in (("--sort", "lifetime"), ("--sort", "slack"),
                     ("--by", "lifetime"), ("--by", "age")):
            said = self.memprof("top", *args, path, status=2).stderr.decode()
            self.assertIn("memprof run --lifetimes", said)
        for by in ("lifetime", "age"):
            said = self.memprof("diff", "--by", by, path, path,
                                status=2).stderr.decode()
            self.assertIn("memprof run --lifetimes", said)
        self.assertEqual({row["lifetime"] for row in
                          self.rows(path).values()}, {None})
        self.assertIsNone(self.info(path)["lifetimes"])

    def test_they_are_of_the_whole_recording(self):
        run = self.record(target("ages"), "stay", env=LIFETIMES)
        path = self.dump(run) + "@here"
        said = self.memprof("top", "--sort", "lifetime", path,
                            status=2).stderr.decode()

        self.assertIn("of the whole recording", said)

    def test_by_the_launcher(self):
        run = self.launch(target("ages"), "one", options=("--lifetimes",))
        rows = self.rows(self.dumps()[0])

        self.assertEqual(run.status, 0)
        self.assertEqual(self.in_allocations(rows["ring_of"]), (92, 736, 8))

    def exported(self, form, path):
        out = self.path("out." + form)
        self.memprof("export", "-f", form, "-o", out, path)
        return out

    def test_exports_have_them(self):
        """JSON by its schema, CSV behind its other columns, and DHAT's total
        of all blocks, live ones to the end."""
        run = self.record_target("ages", "one", env=LIFETIMES)
        path = self.dump(run)
        rows = [row["lifetime"] for row in
                self.top(path, "--by", "site")["rows"]]
        whole = {key: sum(row[key] for row in rows)
                 for key in ("blocks", "total_ns", "total_allocations")}
        age = sum(row["self"]["live_blocks"] * (row["end"] or 0)
                  for row in self.top(path, "--by", "age")["rows"])

        out = self.exported("json", path)
        readers.validate(out, os.path.join(
            TOP, "man", "memprof-export.schema.json"))
        with open(out) as file:
            sites = json.load(file)["sites"]
        self.assertEqual({key: sum(site["lifetime"][key] for site in sites)
                          for key in whole}, whole)
        stated = run.stated()
        self.assertEqual(sum(site["slack_bytes"] for site in sites),
                         stated["usable"] - stated["requested"])
        with open(self.exported("csv", path), newline="") as file:
            table = list(csv.DictReader(file, strict=True))
        self.assertEqual(
            [sum(int(row[key]) for row in table) for key in (
                "lifetime_blocks", "lifetime_ns", "lifetime_allocations",
                "slack_bytes")],
            [whole["blocks"], whole["total_ns"], whole["total_allocations"],
             stated["usable"] - stated["requested"]])
        with open(self.exported("dhat", path)) as file:
            total = sum(point["tl"] for point in json.load(file)["pps"])
        self.assertGreaterEqual(total, whole["total_ns"] // 1000 - len(rows))
        self.assertLess(total, (whole["total_ns"] + age) / 1000 + len(rows))

    def test_with_another_allocator(self):
        """jemalloc has blocks of 8 bytes, each with a birth of its own."""
        jemalloc = "/usr/lib/x86_64-linux-gnu/libjemalloc.so.2"
        self.need(jemalloc)
        run = self.record_target("ages", "one", env=LIFETIMES,
                                 preload=(jemalloc,))
        rows = self.rows(self.dump(run))
        stated = run.stated()

        self.assertEqual(self.in_allocations(rows["ring_of"]), (92, 92 * 8, 8))
        self.assertEqual(self.in_allocations(rows["growing"]), (10, 0, 0))
        self.assertEqual(self.in_allocations(rows["small"]),
                         (100, sum(range(100)), 99))
        self.assertEqual(rows["ring_of"]["slack_bytes"],
                         stated["usable"] - stated["requested"])

    def test_of_an_interpreter_and_its_objects(self):
        """Objects lie side by side, and malloc knows nothing of them: only
        its own blocks have slack."""
        run = self.record(sys.executable, "-S", "-c",
                          "keep = [[object()] * 2 for _ in range(1000)]\n"
                          "import ctypes\nmalloc = ctypes.CDLL(None).malloc\n"
                          "for _ in range(100): malloc(1001)",
                          env={**BOTH, "MEMPROF_PYTHON": "objects"})
        info = self.info(run)
        rows = self.json("top", "--by", "line", "--python=python",
                         "--limit", "0", self.dump(run))["rows"]
        lines = collections.Counter()
        for row in rows:
            if row["file"] == "<string>":
                lines[row["line"], "count"] += row["self"]["allocations"]
                lines[row["line"], "slack"] += row["slack_bytes"]

        self.assertEqual((run.status, run.stderr), (0, b""))
        self.assertEqual(info["lifetimes"]["blocks"], info["totals"]["frees"])
        self.assertGreaterEqual(lines[1, "count"], 2000)
        self.assertEqual(lines[4, "slack"], 100 * (1016 - 1001))
        sites = self.json("top", "--by", "site", "--limit", "0",
                          self.dump(run))["rows"]
        # Of objects, not of what malloc gives for the tables of arenas.
        small = [row["slack_bytes"] for row in sites
                 if any((frame["file"], frame["line"]) == ("<string>", 1)
                        for frame in row["stack"]) and
                 row["self"]["allocated_bytes"] <=
                 512 * row["self"]["allocations"]]
        self.assertGreater(len(small), 1)
        self.assertEqual(set(small), {0})
        self.assertEqual(sum(row["slack_bytes"] for row in sites),
                         info["lifetimes"]["slack_bytes"])


class Find(Ages):
    def find(self, address, path, status=0):
        run = self.memprof("find", "--json", hex(address), path,
                           status=status)
        return json.loads(run.stdout)

    def start(self, env):
        """The target and what it stated; it waits for its input to end."""
        process = start((target("ages"), "stay"), cwd=self.dir,
                        env=self.shim_env(env), stdin=subprocess.PIPE)
        self.addCleanup(process.kill)
        stated = dict(line.split(b"=") for line in process.stdout)
        return process, {key.decode(): int(value)
                         for key, value in stated.items()}

    def test_in_a_running_program(self):
        process, stated = self.start(BOTH)
        path = self.dump(process.pid)
        big = stated["big"]

        for offset in (0, 1, 99):
            found = self.find(big + offset, path)
            self.assertEqual(found["program"]["state"], "running")
            block, = found["blocks"]
            self.assertEqual((block["address"], block["bytes"],
                              block["offset"]), (big, 100, offset))
            self.assertEqual(functions(block["site"])[:2],
                             ["outer", "stay"])
            # The other of outer(), the ring; nothing else.
            self.assertEqual(block["age_allocations"], 101)
            self.assertGreater(block["age_ns"], 0)
        behind = self.find(big + 100, path, status=1)
        self.assertEqual((behind["found"], behind["before"]["address"],
                          behind["before"]["offset"]), (False, big, 100))
        freed = self.find(stated["freed"], path, status=1)
        self.assertFalse(freed["found"])
        self.assertEqual(functions(self.find(
            stated["ring"], path)["blocks"][0]["site"])[0], "ring_of")

        # What is freed is in the next list no more.
        process.stdin.write(b"x")
        process.stdin.flush()
        self.assertEqual(process.stderr.readline(), b"done\n")
        self.assertFalse(self.find(big, path, status=1)["found"])
        self.assertEqual(finish(process).status, 0)
        self.assertFalse(self.find(big, path, status=1)["found"])
        self.assertTrue(self.find(stated["ring"], path)["found"])

    def test_while_blocks_come_and_go(self):
        """Four threads allocate while the blocks are listed 50 times; the list
        is made in the same place each time."""
        run = self.record_target("ages", "race", env=BOTH)
        path = self.dump(run)
        rows = self.rows(path)

        self.assertTrue(self.find(run.stated()["big"], path)["found"])
        self.assertEqual(rows["ring_of"]["self"]["live_blocks"], 32)
        self.assertEqual(self.in_allocations(rows["ring_of"])[0],
                         4 * 30 * 100 - 32)
        self.assertEqual(sum(row["self"]["live_blocks"] for row in self.top(
            path, "--by", "age", "--focus", "^ring_of$")["rows"]), 32)
        self.assertLess(os.path.getsize(path), 3 << 20)

    def test_as_text(self):
        run = self.record_target("ages", "stay", env=BOTH)
        big, path = run.stated()["big"], self.dump(run)
        text = self.memprof("find", hex(big + 4), path).stdout.decode()

        self.assertIn("0x%x is at offset 4 of a block of 100 B at 0x%x\n" % (
            big + 4, big), text)
        self.assertIn("101 allocations ago\n", text)
        self.assertRegex(text, r"\n +outer +\S*ages\.c:\d+\n +stay ")
        text = self.memprof("find", str(run.stated()["freed"]), path,
                            status=1).stdout.decode()
        self.assertIn(" is in no live block\n", text)

    def test_blocks_of_pools(self):
        """Of any alignment; their chunk is no block."""
        run = self.record_target("ages", "pools", env=ADDRESSES)
        at, path = run.stated()["pooled"], self.dump(run)
        block, = self.find(at + 1, path)["blocks"]

        self.assertEqual((block["address"], block["bytes"], block["offset"],
                          block["age_ns"]), (at, 3, 1, None))
        self.assertEqual(functions(block["site"])[0], "from_pool")
        self.assertFalse(self.find(at - 1, path, status=1)["found"])

    def test_after_it_was_killed(self):
        """There is the list of the last snapshot."""
        process, stated = self.start(ADDRESSES)
        process.kill()
        finish(process)

        self.assertTrue(self.find(stated["big"],
                                  self.dump(process.pid))["found"])

    def test_a_program_that_sandboxed_itself_lives(self):
        """Its filter kills for what a list needs: there is none."""
        run = self.record_target("confined", "prctl", "6", status=4, env=BOTH)
        path = self.dump(run)
        said = self.memprof("find", "0x10", path, status=2).stderr.decode()

        self.assert_totals(self.report(path), run.stated())
        self.assertIn("ended before it listed", said)
        self.assertEqual(self.info(path)["lifetimes"]["blocks"],
                         run.stated()["frees"])

    def test_what_was_no_sample_is_found_without_a_stack(self):
        run = self.record_target("ages", "stay", env={
            **ADDRESSES, "MEMPROF_SAMPLE": "1024GiB"})
        block, = self.find(run.stated()["big"] + 9, self.dump(run))["blocks"]

        self.assertEqual((block["bytes"], block["offset"], block["site"]),
                         (100, 9, None))

    def test_what_is_not_there_is_said(self):
        plain = self.dump(self.record_target("ages", "one", env=LIFETIMES))
        listed = self.dump(self.record_target("ages", "stay", env=ADDRESSES))

        def said(*args):
            return self.memprof("find", *args, status=2).stderr.decode()

        self.assertIn("memprof run --addresses", said("0x10", plain))
        self.assertIn("leave the instant out", said("0x10", listed + "@here"))
        for wrong in ("", "0x", "ffff", "-1", "0x1g", "1" * 30):
            self.assertIn("is no address", said("--", wrong, listed))

    def test_by_the_launcher(self):
        run = self.launch(target("ages"), "stay", options=("--addresses",))

        self.assertTrue(self.find(run.stated()["big"],
                                  self.dumps()[0])["found"])


main()
