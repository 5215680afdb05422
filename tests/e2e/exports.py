# SPDX-License-Identifier: MIT
"""memprof export: what programs of others read out of each format is what
memprof says itself, to the byte."""

import atexit
import json
import os
import pty
import re
import shutil
import stat
import tempfile

import readers
from harness import (MEMPROF, SOURCES, TOP, Case, clean_env, finish, main,
                     marked_lines, start, target)

FORMATS = ("json", "csv", "folded", "pprof", "speedscope", "dhat", "massif",
           "callgrind", "heaptrack", "sqlite")
SCHEMA = os.path.join(TOP, "man", "memprof-export.schema.json")


class Exports(Case):
    def export(self, form, dump, *args, status=0, name="out"):
        path = self.path(name)
        self.memprof("export", "--format", form, "-o", path, *args, dump,
                     status=status)
        return path

    def recorded(self, *argv, env=None):
        if os.path.exists(target(argv[0])):
            argv = (target(argv[0]),) + argv[1:]
        return self.dump(self.record(*argv, env=env))

    # Peaks in the middle and at the end, inlined frames and templates,
    # threads, deep stacks that are cut, many stacks, and no block at all.
    PROGRAMS = (("peak", "middle"), ("peak", "twice"), ("peak", "random"),
                ("inline",), ("temporary",), ("deep", "300"), ("grow", "10"),
                ("/bin/true",))
    recordings = []  # (program, dump, totals), made once for all cases

    def programs(self):
        if not self.recordings:
            folder = tempfile.mkdtemp(prefix="memprof-e2e-")
            atexit.register(shutil.rmtree, folder, ignore_errors=True)
            for argv in self.PROGRAMS:
                dump = os.path.join(folder, "%d.mp" % len(self.recordings))
                self.recorded(*argv, env={
                    "MEMPROF_MAX_DEPTH": "7" if argv[0] == "deep" else "128",
                    "MEMPROF_OUT": dump})
                self.recordings.append(
                    (" ".join(argv), dump, self.report(dump)["totals"]))
        return self.recordings

    def agree(self, read):
        """read(dump) gives totals that are those of the report."""
        for name, dump, totals in self.programs():
            with self.subTest(name):
                have = read(dump)
                self.assertTrue(have)
                self.assertEqual(have, {key: totals[key] for key in have},
                                 "left: exported, right: reported")

    # Totals by a foreign reader.

    def test_pprof(self):
        self.need("go")
        self.agree(lambda dump: readers.pprof_totals(
            self.export("pprof", dump)))

    def test_pprof_traces(self):
        """Each stack with what it allocated, innermost function first."""
        self.need("go")
        dump = self.recorded("peak", "middle")
        text = readers.pprof(self.export("pprof", dump), "-traces", "-unit=B",
                             "-sample_index=alloc_space")
        found = re.findall(r"(?m)^ +(\d+)B   (\S+)$", text)
        sites = self.report(dump)["sites"]

        self.assertEqual(sorted((int(n), name) for n, name in found),
                         sorted((site["allocated_bytes"],
                                 site["stack"][0]["function"])
                                for site in sites))

    def test_pprof_at_the_peak(self):
        self.need("go")
        dump = self.recorded("peak", "middle")
        have = readers.pprof_totals(self.export("pprof", dump, "--at", "peak"))
        totals = self.report(dump)["totals"]

        self.assertEqual(have["live_bytes"], totals["peak_bytes"])
        self.assertEqual(have["live_blocks"], totals["peak_blocks"])
        self.assertNotEqual(totals["peak_bytes"], totals["live_bytes"])

    def test_pprof_lists_the_lines_that_memprof_lists(self):
        """Each line of each file, by each of the four samples."""
        self.need("go")
        compared = 0
        sources = {"inline": "inline.cc", "peak random": "peak.c",
                   "temporary": "temporary.c"}
        for name, dump, totals in self.programs():
            if name not in sources:
                continue
            path = self.export("pprof", dump)
            file, = self.json("lines", dump, os.path.join(
                SOURCES, sources[name]))["files"]
            for sample, key in readers.PPROF_SAMPLES.items():
                with self.subTest(name, sample=sample):
                    ours = {line["line"]: line[key]
                            for line in file["lines"] if line[key]}
                    self.assertEqual(sum(ours.values()), file["sum"][key])
                    if ours:  # pprof fails where there is nothing to list
                        self.assertEqual(readers.pprof_list(
                            path, file["file"], sample), ours)
                    compared += len(ours)
        self.assertGreater(compared, 20)

    def test_folded(self):
        metrics = {"peak": "peak_bytes", "live": "live_bytes",
                   "bytes": "allocated_bytes", "blocks": "allocations",
                   "live-blocks": "live_blocks",
                   "peak-blocks": "peak_blocks", "temporary": "temporary"}
        self.agree(lambda dump: {key: sum(readers.folded(self.export(
            "folded", dump, "--metric", metric)).values())
            for metric, key in metrics.items()})

    def test_speedscope(self):
        self.need(readers.SCHEMAS + "/speedscope.json", "/usr/bin/python3")
        self.agree(lambda dump: readers.speedscope_totals(
            self.export("speedscope", dump)))

    def test_dhat(self):
        self.need("node", readers.DHAT_VIEWER)
        self.agree(lambda dump: readers.dhat_totals(
            self.export("dhat", dump)))

    def test_massif(self):
        self.need("ms_print")

        def read(dump):
            rows, peaks = readers.massif_snapshots(
                self.export("massif", dump))
            self.assertEqual(rows[0], (0, False))
            self.assertEqual(rows[-1][1], rows[-1][0] > 0)
            # One that allocates nothing has none to mark.
            return {"peak_bytes": rows[peaks[0]][0] if peaks else 0,
                    "live_bytes": rows[-1][0]}

        self.agree(read)

    def test_massif_of_a_part_ends_with_it(self):
        """The process goes on for 20 ms, so the two ends are no same one."""
        self.need("/usr/bin/python3")
        dump = self.recorded("/usr/bin/python3", "-c", """
import ctypes, time
kept = bytearray(1000001)
ctypes.CDLL(None).memprof_snapshot(b"half")
time.sleep(0.02)
""")

        def end_ms(*args):
            with open(self.export("massif", dump, *args)) as file:
                return int(re.findall(r"^time=(\d+)$", file.read(), re.M)[-1])

        report = self.json("report", "--to", "half", dump)
        duration = report["program"]["duration_ns"]
        half = report["range"]["to"]["ns"]
        self.assertGreaterEqual(duration - half, 20000000)
        self.assertEqual(end_ms(), duration // 1000000)
        self.assertEqual(end_ms("--to", "half"), half // 1000000)

    def test_massif_draws_the_timeline(self):
        """The points of the timeline, and trees where all sites are known."""
        self.need("ms_print")
        dump = self.recorded("phases")
        path = self.export("massif", dump)
        rows, peaks = readers.massif_snapshots(path)
        points = self.json("timeline", dump)["points"]

        self.assertEqual([rows[i] for i in peaks], [(150000, True)])
        self.assertEqual(rows[-1], (100000, True))
        # The recorder takes some by itself, more on a slow machine.
        known = [point["live_bytes"] for point in points
                 if point["detailed"]]
        trees = [size for i, (size, has_tree) in enumerate(rows)
                 if has_tree and i not in peaks][:-1]
        if len(known) <= 10:
            self.assertEqual(trees, [size for size in known if size])
            self.assertIn(150000, trees)
        if len(points) <= 100:
            self.assertLessEqual({point["live_bytes"] for point in points},
                                 {size for size, has_tree in rows})
        line = marked_lines("phases.c")["other"]
        self.assertRegex(readers.run("ms_print", path),
                         r"->33.33%% \(50,000B\) .*phases.c:%d\)" % line)
        # Of a function the points in between are not known.
        rows, peaks = readers.massif_snapshots(self.export(
            "massif", dump, "--focus", "take_other"))
        self.assertEqual([rows[i] for i in peaks], [(50000, True)])
        self.assertEqual(rows[-1], (0, False))

    def test_callgrind(self):
        self.need("callgrind_annotate")
        self.agree(lambda dump: readers.callgrind_totals(
            self.export("callgrind", dump))[0])

    def test_heaptrack(self):
        self.need("heaptrack_print")
        self.agree(lambda dump: readers.heaptrack_totals(
            self.export("heaptrack", dump), self.path("scratch")))

    def test_sqlite(self):
        self.need("sqlite3")
        self.agree(lambda dump: readers.sqlite_totals(
            self.export("sqlite", dump)))

    def test_sqlite_without_its_library(self):
        """Missing, or older than what is asked of it: what is there stays."""
        dump = self.recorded("peak", "start")
        with open(self.path("out"), "w") as file:
            file.write("mine")
        os.mkdir(self.path("lib"))
        library = self.path("lib", "libsqlite3.so.0")
        self.compile("lib/old.so", "int sqlite3_open(void);"
                     "int sqlite3_open(void) { return 0; }", "-shared",
                     "-fPIC")
        for make, why in ((lambda: open(library, "w").close(), b"too short"),
                          (lambda: os.replace(self.path("lib", "old.so"),
                                              library),
                           b"undefined symbol: sqlite3_")):
            make()
            run = self.plain(MEMPROF, "export", "-f", "sqlite", "-o", "out",
                             dump, env={"LD_LIBRARY_PATH": self.path("lib")})
            self.assertEqual((run.status, run.stdout), (2, b""), run.stderr)
            self.assertRegex(run.stderr, b"^memprof: sqlite: the library that "
                             b"writes it cannot be loaded: .*%s.*; install "
                             b"SQLite [^\n]*\n$" % why)
            with open(self.path("out")) as file:
                self.assertEqual(file.read(), "mine")

    def test_csv(self):
        self.need("sqlite3")
        self.agree(lambda dump: readers.csv_totals(self.export("csv", dump)))

    def test_json(self):
        self.need("/usr/bin/python3")

        def read(dump):
            path = self.export("json", dump)
            readers.validate(path, SCHEMA)
            with open(path) as file:
                data = json.load(file)
            for site in data["sites"]:
                for frame in site["stack"]:
                    self.assertLess(frame, len(data["frames"]))
            for frame in data["frames"]:
                self.assertLess(frame["module"] or 0, len(data["modules"]))
            self.assertEqual(data["totals"], self.report(dump)["totals"])
            return {key: sum(site[key] for site in data["sites"])
                    for key in readers.COUNTS}

        self.agree(read)

    def test_frames_of_python_are_told_from_native_ones(self):
        """By what each format has for it; native_block() is C."""
        self.need("/usr/bin/python3")
        library = self.build("native.so", "py_native.c", "-shared", "-fPIC")
        path = os.path.join(SOURCES, "py_columns.py")
        dump = self.dump(self.record("/usr/bin/python3", path, library,
                                     env={"MEMPROF_PYTHON": "stack"}))

        def text(form, *args):
            with open(self.export(form, dump, *args, name=form),
                      errors="replace") as file:
                return file.read()

        def languages(frames):
            return {(frame["function"], frame["language"]) for frame in frames
                    if frame["function"] in ("leaf", "native_block")}

        both = {("leaf", "python"), ("native_block", "native")}
        self.assertEqual(languages(json.loads(text("json"))["frames"]), both)
        rows = readers.sqlite(
            self.export("sqlite", dump, name="db"),
            "select distinct function, language from frames where function "
            "in ('leaf', 'native_block')")
        self.assertEqual({tuple(row) for row in rows}, both)
        folded = text("folded")
        self.assertRegex(folded, r";leaf \(py_columns\.py\);[^\n]*"
                                 r";native_block \d")
        self.assertNotRegex(folded, r";leaf[; ](?!\()")
        self.assertNotRegex(folded, r"native_block \(")
        csv = text("csv", "--python=python")
        self.assertRegex(csv, r'"leaf","%s",17,"\[Python\]",""' % path)
        self.assertNotIn("[Python]", text("csv", "--python=native"))
        frames = json.loads(text("speedscope"))["shared"]["frames"]
        self.assertEqual({os.path.basename(frame["file"]) for frame in frames
                          if frame["name"] == "leaf"}, {"py_columns.py"})
        for form in "dhat", "massif":
            have = text(form)
            self.assertRegex(have, r"0x0: leaf \(%s:15\)" % path)
            self.assertRegex(have, r"0x[1-9A-F]\w*: native_block \(\S+\.c:")
        self.assertRegex(readers.callgrind_names(text("callgrind")),
                         r"f[li]=%s\nc?fn=leaf\n" % path)
        self.assert_python_of_heaptrack(
            text("heaptrack").splitlines(), path)
        if shutil.which("go"):
            raw = readers.pprof(self.export("pprof", dump), "-raw")
            self.assertRegex(raw, r"\d+: 0x0 leaf %s:15" % path)
            self.assertRegex(raw, r"\d+: 0x[1-9a-f]\w* M=\d+ native_block ")

    def assert_python_of_heaptrack(self, lines, path):
        texts = [line.split(" ", 2)[2] for line in lines if line[:2] == "s "]
        found = {"leaf": set(), "native_block": set()}
        for line in lines:
            if line[:2] != "i ":
                continue
            numbers = [int(number, 16) for number in line.split()[1:]]
            name = texts[numbers[2] - 1] if len(numbers) > 2 else None
            if name in found:
                found[name].add((texts[numbers[1] - 1],
                                 texts[numbers[3] - 1]))
        self.assertEqual(found["leaf"], {("[Python]", path)})
        (module, _), = found["native_block"]
        self.assertEqual(os.path.basename(module), "native.so")

    def test_json_option_is_the_json_format(self):
        dump = self.recorded("inline")
        self.assertEqual(self.memprof("export", "--json", dump).stdout,
                         self.memprof("export", "-f", "json", dump).stdout)

    # Places.

    def test_inlined_frames_and_build_ids_reach_pprof(self):
        self.need("go", "readelf")
        dump = self.recorded("inline")
        text = readers.pprof(self.export("pprof", dump), "-raw")
        lines = marked_lines("inline.cc")
        found = re.search(
            r"make_node<long int> \S+inline.cc:%d s=0\n"
            r" +list<long>::push\(long const&\) \S+inline.cc:%d s=0\n"
            r" +worker \S+inline.cc:%d s=0\n" % (
                lines["make_node"], lines["push"], lines["worker"]), text)
        notes = readers.run("readelf", "-n", target("inline"))
        build_id = re.search(r"Build ID: ([0-9a-f]+)", notes).group(1)

        self.assertTrue(found, text)
        self.assertIn(build_id, text)

    def test_pprof_numbers_have_no_gaps(self):
        """Parca refuses others; the main program is mapping 1."""
        self.need("go")
        path = self.export("pprof", self.recorded("inline"))
        readers.pprof_by_the_rules(path)
        text = readers.pprof(path, "-raw")
        locations = re.findall(
            r"^ +(\d+): 0x", text.split("Locations\n")[1].split("Mappings")[0],
            re.M)
        mappings = re.findall(r"^(\d+): 0x\S+ (\S+)",
                              text.split("Mappings\n")[1], re.M)

        self.assertEqual([int(n) for n in locations],
                         list(range(1, len(locations) + 1)))
        self.assertEqual([int(n) for n, _ in mappings],
                         list(range(1, len(mappings) + 1)))
        self.assertTrue(mappings[0][1].endswith("/inline"), mappings)

    def test_pprof_difference_with_itself_is_nothing(self):
        self.need("go")
        path = self.export("pprof", self.recorded("inline"))
        text = readers.pprof(path, "-diff_base", path, "-top")

        self.assertIn("Showing nodes accounting for 0, 0% of ", text)

    def test_callgrind_sums_recursion_once(self):
        self.need("callgrind_annotate")
        dump = self.recorded("deep", "300")
        totals, rows = readers.callgrind_totals(self.export("callgrind", dump))
        top = self.json("top", "--limit", "0", "--cumulative",
                        dump)["rows"]
        want = {row["function"]: row["cumulative"]["allocated_bytes"]
                for row in top if row["function"]}
        seen = 0
        for name, row in rows.items():
            function = name.split(":", 1)[-1]
            if function in want:
                self.assertEqual(row["allocated_bytes"], want[function], name)
                seen += 1

        self.assertGreaterEqual(seen, 4, rows)
        self.assertIn("descend", want)

    def test_callgrind_annotates_the_source(self):
        self.need("callgrind_annotate")
        dump = self.recorded("peak", "middle")
        path = self.export("callgrind", dump)
        text = readers.run("callgrind_annotate", "--auto=yes", path)
        lines = self.json("lines", "--limit", "0", dump, "peak.c")["files"][0]["lines"]

        for row in lines:
            if row["allocated_bytes"]:
                self.assertIn(" %s (" % "{:,}".format(row["allocated_bytes"]),
                              text)

    def test_documented_queries(self):
        """Every query of the page gives an answer that the report has."""
        self.need("sqlite3")
        path = self.export("sqlite", self.recorded(
            "phases", env={"MEMPROF_LIFETIMES": "1"}))
        with open(os.path.join(TOP, "man", "memprof-export.1")) as file:
            queries = re.findall(r'^\$ sqlite3 x\.db "((?:[^"])*)"$',
                                 file.read(), re.M)
        self.assertGreaterEqual(len(queries), 6)
        for query in queries:
            self.assertTrue(readers.sqlite(path, query.replace("\\", "")),
                            query)
        self.assertEqual(readers.sqlite(path, queries[-1]), [
            ["loaded", "100000"], ["first", "0"], ["full", "50000"],
            ["second", "0"], ["third", "-50000"], ["done", "0"]])
        dump = self.recorded("peak", "middle")
        path = self.export("sqlite", dump)
        line = self.json("top", "--by", "line", "--limit", "1",
                         dump)["rows"][0]
        row, = readers.sqlite(
            path, "select self_allocated_bytes from lines where file like "
            "'%%/peak.c' and line = %d" % line["line"])
        self.assertEqual(int(row[0]), line["self"]["allocated_bytes"])

    def test_sqlite_has_the_timeline(self):
        self.need("sqlite3")
        dump = self.recorded("phases")
        path = self.export("sqlite", dump)
        timeline = self.json("timeline", dump)
        keys = ("ns", "live_bytes", "live_blocks", "rss_bytes",
                "allocations", "allocated_bytes", "detailed")

        self.assertEqual(
            readers.sqlite(path, "select * from timeline order by ns"),
            [["" if point[key] is None else str(int(point[key]))
              for key in keys] for point in timeline["points"]])
        self.assertEqual(
            readers.sqlite(path, "select name, kind, ns from events"),
            [[event["name"], event["kind"], str(event["ns"])]
             for event in timeline["events"]])
        # A part of it has no points of its own, and no lifetimes are nothing.
        self.assertEqual(readers.sqlite(path, "select * from lifetimes"), [])
        path = self.export("sqlite", dump + "@second")
        self.assertEqual(readers.sqlite(path, "select * from timeline"), [])

    def test_sqlite_has_lifetimes(self):
        """Of each site those that JSON has."""
        self.need("sqlite3")
        dump = self.recorded("ages", "one", env={"MEMPROF_LIFETIMES": "1"})
        with open(self.export("json", dump)) as file:
            sites = json.load(file)["sites"]
        keys = ("blocks", "total_ns", "longest_ns", "total_allocations",
                "longest_allocations")
        want = [[site["lifetime"][key] for key in keys] + [
            site["slack_bytes"]] for site in sites]
        rows = readers.sqlite(self.export("sqlite", dump), "select %s, "
                              "slack_bytes from lifetimes order by site_id" %
                              ", ".join(keys))

        self.assertEqual([[int(value) for value in row] for row in rows], want)
        self.assertGreater(sum(row[0] for row in want), 0)
        self.assertGreater(sum(row[1] for row in want), 0)

    # What is selected.

    def test_parts_of_a_recording(self):
        """An instant, a snapshot, and from one to another, by each reader."""
        dump = self.recorded("phases")
        parts = ((dump + "@second",), (dump, "--to", "full"),
                 (dump, "--from", "first", "--to", "second"),
                 (dump, "--from", "second"))
        read = {"pprof": ("go", readers.pprof_totals),
                "dhat": ("node", readers.dhat_totals),
                "callgrind": ("callgrind_annotate", lambda path:
                              readers.callgrind_totals(path)[0]),
                "sqlite": ("sqlite3", readers.sqlite_totals),
                "csv": ("sqlite3", readers.csv_totals)}
        for name, *part in parts:
            totals = self.json("report", *part, name)["totals"]
            self.assertEqual(totals["peak_bytes"], 150000)
            for form, (command, reader) in read.items():
                if shutil.which(command):
                    have = reader(self.export(form, name, *part))
                    self.assertEqual(have, {key: totals[key] for key in have},
                                     (form, name, part))
        # Calls one by one need a beginning.
        run = self.memprof("export", "-f", "heaptrack", "--from", "second",
                           dump, status=2)
        self.assertRegex(run.stderr.decode(), r"heaptrack: .*--from")
        self.assertFalse(run.stdout)

    def test_recordings_that_pprof_adds(self):
        """As top adds them."""
        self.need("go")
        dumps = [self.recorded("peak", "middle"), self.recorded("inline"),
                 self.recorded("peak", "middle")]
        paths = [self.export("pprof", dump, name=str(i))
                 for i, dump in enumerate(dumps)]
        have = readers.pprof_totals(paths[0], *paths[1:])
        rows = self.json("top", "--limit", "0", *dumps)["rows"]

        for key, value in have.items():
            self.assertEqual(value, sum(row["self"][key] for row in rows), key)
        text = readers.pprof(paths[0], "-top", "-unit=B",
                             "-sample_index=alloc_space", *paths[1:])
        hill, = [row["self"]["allocated_bytes"] for row in rows
                 if row["function"] == "hill"]
        self.assertRegex(text, r"(?m)^ *%dB .* hill$" % hill)

    def test_what_servers_accept(self):
        """Pyroscope takes no more samples and bytes than are published."""
        dump = self.recorded("grow", "12")
        totals = self.report(dump)["totals"]
        whole = readers.pprof_by_the_rules(self.export("pprof", dump))
        self.assertGreater(len(whole.samples), 4000)
        self.assertEqual(whole.types, [
            ("alloc_objects", "count"), ("alloc_space", "bytes"),
            ("inuse_objects", "count"), ("inuse_space", "bytes"),
            ("space", "bytes")])
        self.assertEqual((whole.shown, whole.period), ("inuse_space", 1))
        for limit in (100, len(whole.samples) - 1):
            part = readers.pprof_by_the_rules(self.export(
                "pprof", dump, "--limit", str(limit)))
            self.assertEqual(len(part.samples), limit + 1)
            self.assertEqual(part.samples[-1][0], ["[other sites]"])
        for size in (3000, 10000, whole.bytes - 1, whole.bytes + 4096):
            part = readers.pprof_by_the_rules(self.export(
                "pprof", dump, "--max-size", str(size)))
            self.assertLessEqual(part.bytes, size)
            self.assertGreater(part.bytes, min(size, whole.bytes) * 0.9)
            for i, key in enumerate(("allocations", "allocated_bytes",
                                     "live_blocks", "live_bytes")):
                self.assertEqual(sum(values[i] for stack, values
                                     in part.samples), totals[key])
        self.assertEqual(part.bytes, whole.bytes)
        path = self.export("csv", dump, "--max-size", "20KiB")
        self.assertLessEqual(os.path.getsize(path), 20480)
        self.assertIn(b"--max-size", self.memprof(
            "export", "-f", "pprof", "--max-size", "500", dump,
            status=2).stderr)

    def test_a_limit_keeps_the_totals(self):
        dump = self.recorded("peak", "middle")
        totals = self.report(dump)["totals"]
        stacks = readers.folded(self.export("folded", dump, "--limit", "1"))

        self.assertEqual(len(stacks), 2)
        self.assertIn("[other sites]", stacks)
        self.assertEqual(sum(stacks.values()), totals["peak_bytes"])
        if shutil.which("go"):
            have = readers.pprof_totals(
                self.export("pprof", dump, "--limit", "1"))
            self.assertEqual(have["allocations"], totals["allocations"])
        if shutil.which("heaptrack_print"):
            have = readers.heaptrack_totals(
                self.export("heaptrack", dump, "--limit", "1"),
                self.path("scratch"))
            self.assertEqual(have["peak_bytes"], totals["peak_bytes"])

    def test_focus_and_ignore(self):
        run = self.record_target("peak", "middle")
        dump = self.dump(run)
        kept = readers.folded(self.export("folded", dump, "--focus", "^hill"))
        rest = readers.folded(self.export("folded", dump, "--ignore",
                                          "^hill"))

        self.assertEqual(sum(kept.values()), run.stated("hill")["peak_bytes"])
        self.assertTrue(all("hill" in stack for stack in kept))
        self.assertEqual(sum(kept.values()) + sum(rest.values()),
                         run.stated()["peak_bytes"])

    def test_cut_stacks_say_so(self):
        dump = self.recorded("deep", "300", env={"MEMPROF_MAX_DEPTH": "7"})
        stacks = readers.folded(self.export("folded", dump, "-m", "bytes"))

        self.assertTrue(any(stack.startswith("[deeper frames not kept];")
                            for stack in stacks), stacks)

    def test_estimates(self):
        """Sites of a sampled dump are exported as they are reported."""
        dump = self.recorded("sampled", env={"MEMPROF_SAMPLE": "4096"})
        sites = self.report_sampled(dump)
        for metric, key in (("bytes", "allocated_bytes"),
                            ("blocks", "allocations")):
            stacks = readers.folded(self.export("folded", dump, "-m", metric))
            self.assertEqual(sum(stacks.values()),
                             sum(site[key] for site in sites))
        run = self.memprof("export", "-f", "heaptrack", dump, status=2)
        self.assertIn(b"estimates", run.stderr)
        self.assertFalse(run.stdout)

    def report_sampled(self, dump):
        return self.json("report", "--limit", "0", dump)["sites"]

    # Hostile names.

    def test_names_that_break_formats(self):
        """A program whose path has what formats are made of, and a word of
        its command line that is no text at all."""
        folder = self.path('a";,\n\x1b[31m<b>\\x')
        os.mkdir(folder)
        program = os.path.join(folder, "s;\n= 'ü")
        shutil.copy(target("peak"), program)
        os.mkdir(self.path("dumps"))
        run = self.record(program, "middle", out="dumps/x.mp",
                          env={"MEMPROF_OUT": self.path("dumps", "x.mp")})
        self.assertEqual(run.status, 0, run.stderr)
        dump = self.path("dumps", "x.mp")
        totals = self.report(dump)["totals"]
        for form in FORMATS:
            with open(self.export(form, dump, name=form + ".out"),
                      "rb") as file:
                data = file.read()
            if form in ("pprof", "sqlite"):
                continue
            self.assertNotIn(b"\x1b", data, form)
            data.decode("utf-8")
        checks = (
            ("go", lambda: readers.pprof_totals(self.path("pprof.out"))),
            ("node", lambda: readers.dhat_totals(self.path("dhat.out"))),
            ("sqlite3", lambda: readers.csv_totals(self.path("csv.out"))),
            ("sqlite3", lambda: readers.sqlite_totals(
                self.path("sqlite.out"))),
            ("callgrind_annotate", lambda: readers.callgrind_totals(
                self.path("callgrind.out"))[0]),
            ("heaptrack_print", lambda: readers.heaptrack_totals(
                self.path("heaptrack.out"), self.path("scratch"))),
            ("ms_print", lambda: {"live_bytes": readers.massif_snapshots(
                self.path("massif.out"))[0][-1][0]}))
        for command, read in checks:
            if shutil.which(command):
                have = read()
                self.assertEqual(have, {key: totals[key] for key in have},
                                 command)

    # Where it goes.

    def test_standard_output(self):
        dump = self.recorded("peak", "middle")
        for form in FORMATS:
            to_file = self.export(form, dump, name=form + ".out")
            run = self.memprof("export", "-f", form, dump)
            dash = self.memprof("export", "-f", form, "-o", "-", dump)
            with open(to_file, "rb") as file:
                data = file.read()
            self.assertEqual(run.stdout, data, form)
            self.assertEqual(dash.stdout, data, form)
        self.assertFalse([name for name in os.listdir(self.dir)
                          if name.endswith(".tmp")])

    def test_links_and_devices_are_left_alone(self):
        dump = self.recorded("peak", "middle")
        with open(self.path("precious"), "w") as file:
            file.write("mine")
        os.symlink("precious", self.path("link"))
        os.symlink("nowhere", self.path("dangling"))
        os.mkdir(self.path("folder"))
        os.mkfifo(self.path("fifo"))
        for name in ("link", "dangling", "folder", "fifo", "/dev/null",
                     "no/such/folder/x", ""):
            path = self.path(name) if name[:1] != "/" and name else name
            run = self.memprof("export", "-f", "csv", "-o", path, dump,
                               status=2)
            self.assertEqual(len(run.stderr.decode().splitlines()), 1)
        with open(self.path("precious")) as file:
            self.assertEqual(file.read(), "mine")
        self.assertTrue(stat.S_ISCHR(os.stat("/dev/null").st_mode))
        self.assertFalse(os.path.exists(self.path("nowhere")))

    def test_an_older_file_stays_until_the_new_one_is_whole(self):
        dump = self.recorded("sampled", env={"MEMPROF_SAMPLE": "4096"})
        with open(self.path("out"), "w") as file:
            file.write("older")
        os.chmod(self.path("out"), 0o640)
        self.export("heaptrack", dump, status=2)
        with open(self.path("out")) as file:
            self.assertEqual(file.read(), "older")
        os.link(self.path("out"), self.path("other-name"))
        self.export("csv", dump)
        with open(self.path("other-name")) as file:
            self.assertEqual(file.read(), "older")
        with open(self.path("out")) as file:
            self.assertTrue(file.read().startswith("allocations,"))
        self.assertEqual(os.stat(self.path("out")).st_mode & 0o777, 0o640)

    def test_a_full_disk_is_said(self):
        self.need("/dev/full")
        dump = self.recorded("peak", "middle")
        for form in FORMATS:
            with open("/dev/full", "w") as full:
                run = finish(start([MEMPROF, "export", "-f", form, dump],
                                   env=clean_env(), cwd=self.dir,
                                   stdout=full))
            self.assertEqual(run.status, 2, form)
            self.assertIn(b"cannot write", run.stderr, form)

    def test_binary_formats_refuse_a_terminal(self):
        dump = self.recorded("peak", "middle")
        for form in ("pprof", "sqlite"):
            master, slave = pty.openpty()
            run = finish(start([MEMPROF, "export", "-f", form, dump],
                               env=clean_env(), cwd=self.dir, stdout=slave))
            os.close(slave)
            os.close(master)
            self.assertEqual(run.status, 2)
            self.assertIn(b"not for a terminal", run.stderr)

    def test_a_format_must_be_named(self):
        dump = self.recorded("peak", "middle")
        self.assertIn(b"--format", self.memprof("export", dump,
                                                status=2).stderr)
        self.assertIn(b"folded", self.memprof(
            "export", "-f", "foldde", dump, status=2).stderr)


main()
