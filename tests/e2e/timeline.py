# SPDX-License-Identifier: MIT
"""Timelines, marks and snapshots of real programs."""

import os
import random
import re
import shutil
import signal
import subprocess
import time
import xml.dom.minidom

from harness import (MEMPROF, Case, clean_env, finish, main, start, sum_of,
                     sites_with, target)

LIVE = {"first": (1000, 100000), "second": (2000, 150000),
        "third": (1000, 100000)}


class Timeline(Case):
    def live(self, dump, *options):
        totals = self.json("report", "--limit", "0", *options,
                           dump)["totals"]
        return totals["live_blocks"], totals["live_bytes"]

    def test_marks_are_exact(self):
        run = self.record_target("phases")
        timeline = self.json("timeline", self.dump(run))
        self.assertEqual(
            [(e["name"], e["kind"], e["live_bytes"])
             for e in timeline["events"]],
            [("loaded", "mark", 100000), ("first", "snapshot", 100000),
             ("full", "mark", 150000), ("second", "snapshot", 150000),
             ("third", "snapshot", 100000), ("done", "mark", 100000)])
        self.assertTrue(all(e["rss_bytes"] > 1 << 16
                            for e in timeline["events"]))
        points = timeline["points"]
        self.assertEqual(points[0]["live_bytes"], 0)
        self.assertEqual(points[-1]["live_bytes"], 100000)
        self.assertEqual(points[-1]["allocations"], 2000)
        times = [point["ns"] for point in points]
        self.assertEqual(times, sorted(set(times)))
        self.assertTrue(timeline["ended"])
        self.assertEqual(timeline["lost_names"], 0)

    def test_snapshots_are_dumps(self):
        run = self.record_target("phases")
        dump = self.dump(run)
        for name, live in LIVE.items():
            with self.subTest(name=name):
                report = self.report(dump + "@" + name)
                self.assertEqual((report["totals"]["live_blocks"],
                                  report["totals"]["live_bytes"]), live)
                self.assertEqual(report["range"]["to"]["name"], name)
                self.assertTrue(report["range"]["to"]["exact"])
        report = self.report(dump + "@second")
        for function, count in (("take_kept", 100000), ("take_other", 50000)):
            self.assertEqual(sum_of(sites_with(report, function),
                                    "live_blocks", "live_bytes"),
                             (1000, count))
        # Every command takes it.
        for command in ("leaks", "peak", "top", "info", "report"):
            self.memprof(command, dump + "@third")
        self.memprof("lines", dump + "@third", "phases.c")
        # The peak of a snapshot is the one up to then.
        peak = self.report(dump + "@first")["totals"]
        self.assertEqual((peak["peak_blocks"], peak["peak_bytes"]),
                         (1000, 100000))
        peak = self.report(dump + "@third")["totals"]
        self.assertEqual((peak["peak_blocks"], peak["peak_bytes"]),
                         (2000, 150000))

    def test_ranges(self):
        dump = self.dump(self.record_target("phases"))
        report = self.json("report", "--limit", "0", "--from", "first",
                           "--to", "second", dump)
        totals = report["totals"]
        self.assertEqual(
            [totals[key] for key in ("allocations", "allocated_bytes",
                                     "frees", "live_blocks", "live_bytes",
                                     "peak_bytes")],
            [1000, 50000, 0, 2000, 150000, 150000])
        self.assertEqual(
            sum_of(sites_with(report, "take_other"), "allocations"), (1000,))
        self.assertEqual(
            sum_of(sites_with(report, "take_kept"), "allocations",
                   "live_blocks"), (0, 1000))
        totals = self.json("report", "--from", "second", dump)["totals"]
        self.assertEqual((totals["allocations"], totals["frees"],
                          totals["freed_bytes"], totals["live_bytes"]),
                         (0, 1000, 50000, 100000))
        self.assertEqual(self.live(dump, "--to", "start"), (0, 0))
        self.assertEqual(self.live(dump, "--to", "end"), (1000, 100000))
        # A mark has no details: the nearest moment that has is told.
        report = self.json("report", "--to", "full", dump)
        self.assertEqual(report["range"]["to"]["name"], "full")
        self.assertFalse(report["range"]["to"]["exact"])
        self.assertEqual(report["totals"]["live_bytes"], 150000)
        text = self.memprof("report", "--to", "full", dump).stdout.decode()
        self.assertIn("'full', ", text)
        self.assertIn("(the nearest to ", text)

    def test_instants_that_are_none(self):
        dump = self.dump(self.record_target("phases"))
        for bad in ("nowhere", "5x", "-1s", "101%", ""):
            with self.subTest(bad=bad):
                run = self.memprof("report", "--to", bad, dump, status=2)
                self.assertIn(b"is no instant of it", run.stderr)
        run = self.memprof("report", "--from", "third", "--to", "first",
                           dump, status=2)
        self.assertIn(b"ends before", run.stderr)
        run = self.memprof("leaks", dump + "@nowhere", status=2)
        self.assertIn(b"'nowhere' is no instant", run.stderr)
        # A file of that very name is the file.
        shutil.copy(dump, self.path("odd.mp@first"))
        self.assertEqual(self.live("odd.mp@first"), (1000, 100000))
        self.assertIsNone(
            self.json("report", self.path("odd.mp@first"))["range"])

    def test_off(self):
        run = self.record_target("phases", env={"MEMPROF_TIMELINE": "off"})
        self.report(run)
        info = self.info(run)
        self.assertFalse(info["timeline"]["recorded"])
        self.assertEqual(info["timeline"]["points"], 0)
        said = self.memprof("timeline", self.dump(run), status=3)
        self.assertIn(b"has no timeline", said.stderr)
        said = self.memprof("leaks", "--growing", self.dump(run), status=3)
        self.assertIn(b"has no timeline", said.stderr)
        said = self.memprof("report", self.dump(run) + "@first", status=2)
        self.assertIn(b"has no timeline", said.stderr)

    def test_forked_child_begins_anew(self):
        run = self.record_target("phases", "fork")
        child = run.stated()["child"]
        dump = self.dump(child)
        timeline = self.json("timeline", dump)
        self.assertEqual([e["name"] for e in timeline["events"]], ["child"])
        # It begins with what it inherited: 1000 x 100.
        self.assertEqual(timeline["points"][0]["live_bytes"], 100000)
        self.assertEqual(self.live(dump, "--to", "start"), (1000, 100000))
        self.assertEqual(self.live(dump + "@child"), (1500, 105000))
        totals = self.json("report", "--from", "start", "--to", "child",
                           dump)["totals"]
        self.assertEqual((totals["allocations"], totals["allocated_bytes"]),
                         (500, 5000))
        # And the parent's stays what it was.
        names = [e["name"] for e in
                 self.json("timeline", self.dump(run))["events"]]
        self.assertEqual(names, ["loaded", "first", "full", "second",
                                 "third", "done"])
        self.assertEqual(self.live(self.dump(run) + "@second"),
                         LIVE["second"])

    def test_threads(self):
        run = self.record_target("phases", "threads", "8")
        dump = self.dump(run)
        timeline = self.json("timeline", dump)
        self.assertEqual([e["name"] for e in timeline["events"]].count(
            "thread"), 80)
        # What is gone by then is gone in the snapshot.
        self.assertEqual(
            sum_of(sites_with(self.report(dump + "@after"), "take_kept"),
                   "allocations", "live_blocks"), (2400, 0))

    def test_sampled(self):
        run = self.record_target("phases", env={"MEMPROF_SAMPLE": "1KiB"})
        # Totals of an instant are exact in a sampled dump as well.
        self.assertEqual(self.live(self.dump(run) + "@second"),
                         LIVE["second"])
        self.memprof("timeline", self.dump(run))

    def test_growing(self):
        run = self.record_target("phases", "grow", seconds=60)
        growing = self.json("leaks", "--growing", self.dump(run))
        self.assertFalse(growing["too_short"])
        names = [row["stack"][0]["function"] for row in growing["growing"]]
        self.assertEqual(names, ["take_kept"])
        row = growing["growing"][0]
        self.assertEqual(row["grown"], row["floors"][3] - row["floors"][0])
        self.assertEqual(row["floors"], sorted(row["floors"]))
        self.memprof("leaks", "--growing", "--error-exitcode", "7",
                     self.dump(run), status=7)
        self.memprof("leaks", "--growing", "--error-exitcode", "7",
                     "--ignore", "take_kept", self.dump(run))
        with open(self.path("rules"), "w") as rules:
            rules.write("leak:^take_kept$\nleak:nothing\n")
        known = ("--growing", "--suppressions", self.path("rules"))
        none = self.json("leaks", *known, self.dump(run))
        self.assertEqual((none["growing"], none["growing_total"],
                          none["grown"]), ([], 0, 0))
        self.assertEqual((none["suppressed_sites"], none["suppressed_grown"]),
                         (1, row["grown"]))
        text = self.memprof("leaks", *known, "--error-exitcode", "7",
                            self.dump(run)).stdout.decode()
        self.assertIn("\nGrowing, but suppressed: 1 site, ", text)
        self.assertIn(": ^take_kept$ (", text)
        self.memprof("leaks", "--growing", "--suppressions", "/nowhere",
                     self.dump(run), status=2)
        short = self.json("leaks", "--growing",
                          self.dump(self.record_target("phases")))
        self.assertTrue(short["too_short"])
        self.assertEqual(short["growing"], [])


class Pictures(Case):
    def test_text(self):
        run = self.record_target("phases")
        text = self.memprof("timeline", self.dump(run)).stdout.decode()
        self.assertIn("146.5 KiB^", text)
        self.assertRegex(text, r"(?m)^  b .*97\.7 KiB  snapshot first$")
        rows = [line for line in text.splitlines()
                if re.match(r" {12}\||.*\^", line)]
        self.assertEqual(len(rows), 20)
        # Wherever it is cut, the plot shows only that part.
        part = self.json("timeline", "--from", "second", self.dump(run))
        self.assertEqual([e["name"] for e in part["events"]],
                         ["second", "third", "done"])

    def test_several_over_one_axis(self):
        """The child's line begins where it was forked: behind all that the
        parent did before."""
        parent = self.record_target("phases", "fork")
        child = parent.stated()["child"]
        dumps = self.dump(parent), self.dump(child)
        both = self.json("timeline", *dumps)
        self.assertEqual(both["schema"], "memprof-timelines/1")
        self.assertEqual(both["timelines"],
                         [self.json("timeline", dump) for dump in dumps])
        plots = self.memprof("timeline", *dumps).stdout.decode().split(
            "Program ")[1:]
        self.assertEqual(len(plots), 2)
        ends = [re.search(r"(?m)^ {13}0 ns +(\S+ \S+)$", plot).group(1)
                for plot in plots]
        self.assertEqual(ends[0], ends[1])
        # Where the names are: the child's behind those of the parent, and
        # nothing of it is drawn before the parent's last one.
        letters = [re.search(r"(?m)^ {13}0 ns.*\n {13}( *)(\S.*)$", plot)
                   for plot in plots]
        last = len(letters[0].group(1)) + len(letters[0].group(2)) - 1
        self.assertGreaterEqual(len(letters[1].group(1)), last)
        rows = re.findall(r"(?m)^(?:.{12})[|^](.*)$", plots[1])
        self.assertEqual(len(rows), 10)
        drawn = [len(row) - len(row.lstrip()) for row in rows if row.strip()]
        self.assertTrue(drawn)
        self.assertGreaterEqual(min(drawn), last)
        # Alone, it begins at its own start.
        alone = self.memprof("timeline", dumps[1]).stdout.decode()
        rows = re.findall(r"(?m)^(?:.{12})[|^](.*)$", alone)
        self.assertEqual(len(rows), 20)

    def test_points_are_counted_alike(self):
        run = self.record_target("phases")
        counts = [int(re.search(pattern, self.memprof(
            command, self.dump(run)).stdout.decode()).group(1))
            for command, pattern in (
                ("report", r"  timeline +(\d+) points, 6 names"),
                ("info", r"  timeline +(\d+) points, of them \d+ detailed "
                         r"ones?, 3 snapshots, 3 marks"),
                ("timeline", r"(?m)^(\d+) points, \d+ of them detailed"))]
        self.assertEqual(counts[0], counts[1])
        self.assertEqual(counts[0], counts[2])
        self.assertEqual(counts[0], len(self.json(
            "timeline", self.dump(run))["points"]))

    def test_svg(self):
        parent = self.record_target("phases", "fork")
        child = parent.stated()["child"]
        self.memprof("timeline", "--svg", "out.svg", self.dump(parent),
                     self.dump(child))
        with open(self.path("out.svg")) as file:
            text = file.read()
        document = xml.dom.minidom.parseString(text)
        texts = [node.firstChild.data for node in
                 document.getElementsByTagName("text")]
        self.assertIn("loaded", texts)
        self.assertIn("child", texts)
        self.assertTrue(any("take_kept" in text for text in texts), texts)
        self.assertEqual(len([t for t in texts
                              if t.startswith("phases, process ")]), 2)
        # Static: nothing that runs, and nothing from elsewhere.
        self.assertNotIn("<script", text)
        self.assertNotIn("href", text)
        self.assertEqual(text.count("http"), 1)  # the name space
        run = self.memprof("timeline", "--svg", "/nowhere/x",
                           self.dump(parent), status=2)
        self.assertIn(b"cannot be written", run.stderr)


class Requests(Case):
    """Snapshots that others ask for."""

    def begin(self, **env):
        process = start([target("phases"), "wait"], cwd=self.dir,
                        stdin=subprocess.PIPE, env=self.shim_env(env))
        pid = int(process.stdout.readline().partition(b"=")[2])
        self.addCleanup(process.stdout.close)
        return process, pid

    def round(self, process, blocks):
        process.stdin.write(b"%d\n" % blocks)
        process.stdin.flush()
        self.assertEqual(process.stdout.readline(), b"done\n")

    def end(self, process):
        process.stdin.close()
        self.assertEqual(process.wait(60), 0)
        process.stderr.close()

    def names(self, pid):
        return [e["name"] for e in
                self.json("timeline", self.dump(pid))["events"]]

    def test_by_the_command(self):
        process, pid = self.begin()
        self.round(process, 1000)
        asked = start([MEMPROF, "snapshot", "--timeout", "60", str(pid),
                       "asked"], env=clean_env(), cwd=self.dir)
        while asked.poll() is None:
            self.round(process, 512)
        run = finish(asked)
        self.assertEqual(run.status, 0, run.stderr)
        self.assertEqual(run.stdout.decode(),
                         "%s@asked\n" % self.dump(pid))
        # While it runs.
        self.assertEqual(self.report(self.dump(pid) + "@asked")
                         ["range"]["to"]["name"], "asked")
        self.end(process)
        self.assertEqual(self.names(pid), ["asked"])

    def test_of_a_program_that_does_not_allocate(self):
        process, pid = self.begin()
        self.round(process, 1000)
        run = self.memprof("snapshot", "--timeout", "0", str(pid), "late",
                           status=1)
        self.assertIn(b"the request stays", run.stderr)
        run = self.memprof("snapshot", "--timeout", "0", str(pid), "later",
                           status=1)
        self.assertIn(b"an earlier request still waits", run.stderr)
        self.round(process, 256)
        self.end(process)
        self.assertEqual(self.names(pid), ["late"])

    def test_by_signal(self):
        process, pid = self.begin(MEMPROF_SNAPSHOT_SIGNAL="USR1")
        self.round(process, 1)
        # No allocation is needed.
        run = self.memprof("snapshot", "--timeout", "60", str(pid), "now")
        self.assertEqual(run.stdout.decode(), "%s@now\n" % self.dump(pid))
        os.kill(pid, signal.SIGUSR1)
        self.round(process, 1)
        self.end(process)
        self.assertEqual(self.names(pid), ["now", "signal-1"])

    def test_line_of_a_running_program_reaches_now(self):
        process, pid = self.begin()
        self.round(process, 100)
        totals = self.report(pid)["totals"]
        timeline = self.json("timeline", self.dump(pid))
        text = self.memprof("timeline", self.dump(pid)).stdout.decode()
        self.end(process)

        self.assertGreater(totals["live_bytes"], 0)
        self.assertFalse(timeline["ended"])
        for key in ("live_bytes", "live_blocks", "allocations",
                    "allocated_bytes"):
            self.assertEqual(timeline["points"][-1][key], totals[key], key)
        self.assertEqual(timeline["layers"][-1]["live_bytes"],
                         totals["live_bytes"])
        self.assertIn("still running", text)
        self.assertNotIn("No point", text)
        self.assertNotRegex(text, r"(?m)^ +0 B  \S")

    def test_no_handler_unless_asked(self):
        for env, caught in (({}, 0), ({"MEMPROF_SNAPSHOT_SIGNAL": "USR2"},
                                      1 << (signal.SIGUSR2 - 1))):
            with self.subTest(env=env):
                process, pid = self.begin(**env)
                with open("/proc/%d/status" % pid) as file:
                    found = re.search(r"SigCgt:\s*(\w+)", file.read())
                self.assertEqual(int(found.group(1), 16), caught)
                self.end(process)

    def test_bad_settings_are_said(self):
        for name, value, says in (
                ("MEMPROF_SNAPSHOT_SIGNAL", "KILL", b"no signal takes"),
                ("MEMPROF_SNAPSHOT_SIGNAL", "11", b"no signal takes"),
                ("MEMPROF_SNAPSHOT_EVERY", "x", b"takes a number from 1"),
                ("MEMPROF_TIMELINE", "maybe", b"takes on or off")):
            with self.subTest(name=name, value=value):
                run = self.record_target("phases", quiet=False,
                                         env={name: value})
                self.assertIn(says, run.stderr)
                self.assertEqual(self.report(run)["totals"]["live_bytes"],
                                 100000)

    def test_who_cannot_be_asked(self):
        plain = start(["cat"], stdin=subprocess.PIPE, env=clean_env())
        run = self.memprof("snapshot", str(plain.pid), status=3)
        self.assertIn(b"no dump of it is in sight", run.stderr)
        finish(plain, input=b"")
        run = self.memprof("snapshot", str(plain.pid), status=3)
        self.assertIn(b"no such process", run.stderr)
        run = self.memprof("snapshot", "x", status=2)
        self.assertIn(b"is no process id", run.stderr)
        process, pid = self.begin(MEMPROF_TIMELINE="off")
        self.round(process, 1)
        run = self.memprof("snapshot", str(pid), status=3)
        self.assertIn(b"MEMPROF_TIMELINE=off", run.stderr)
        self.end(process)

    def test_options_of_run(self):
        self.memprof("run", "-q", "-o", "a.mp", "--timeline", "off",
                     target("phases"))
        self.assertFalse(self.info("a.mp")["timeline"]["recorded"])
        self.memprof("run", "-q", "-o", "b.mp", "--snapshot-signal", "USR2",
                     "--snapshot-every", "5", "--snapshot-peak", "300",
                     target("phases"))
        settings = self.json("report", "b.mp")["program"]["settings"]
        for setting in ("MEMPROF_SNAPSHOT_SIGNAL=USR2",
                        "MEMPROF_SNAPSHOT_EVERY=5",
                        "MEMPROF_SNAPSHOT_PEAK=300"):
            self.assertIn(setting, settings)

    def test_at_each_peak(self):
        run = self.record_target("phases", "grow", seconds=60,
                                 env={"MEMPROF_SNAPSHOT_PEAK": "10"})
        events = self.json("timeline", self.dump(run))["events"]
        # How many there is time for, between two, nobody can tell.
        self.assertGreater(len(events), 0)
        for number, event in enumerate(events, 1):
            self.assertEqual(event["name"], "peak-%d" % number)


class Enemies(Case):
    def test_kills_at_any_instant(self):
        seed = random.randrange(1 << 32)
        print("seed %d" % seed, flush=True)
        instants = random.Random(seed)
        snapshots = 0
        for _ in range(12):
            process = start([target("phases"), "busy"], cwd=self.dir,
                            env=self.shim_env())
            self.assertEqual(process.stdout.readline(), b"ready\n")
            # Not to wait for anything: the instant is to be random.
            time.sleep(instants.random() * 0.08)
            process.send_signal(signal.SIGKILL)
            run = finish(process)
            self.report(run)
            timeline = self.json("timeline", self.dump(run))
            snapshots += len(timeline["events"])
            for event in timeline["events"][-3:]:
                if event["kind"] == "snapshot":
                    self.report("%s@%s" % (self.dump(run), event["name"]))
            os.unlink(self.dump(run))
        self.assertGreater(snapshots, 12)

    def test_a_storm_of_signals(self):
        """Handlers interrupt everything, the snapshots themselves too."""
        process = start([target("phases"), "busy"], cwd=self.dir,
                        env=self.shim_env({"MEMPROF_SNAPSHOT_SIGNAL": "34"}))
        self.assertEqual(process.stdout.readline(), b"ready\n")
        for _ in range(3000):
            process.send_signal(34)
        # It goes on, and so does its timeline.
        run = self.memprof("snapshot", "--timeout", "60", str(process.pid),
                           "survived", status=None)
        self.assertIn(run.status, (0, 1), run.stderr)
        self.assertNotIn(b"not taken yet", run.stderr)
        process.kill()
        run = finish(process)
        self.assertEqual(run.status, -signal.SIGKILL)
        self.report(run)
        names = [e["name"] for e in
                 self.json("timeline", self.dump(run))["events"]]
        self.assertIn("signal-1", names)

    def test_more_names_than_there_is_room_for(self):
        process = start([target("phases"), "busy"], cwd=self.dir,
                        env=self.shim_env())
        self.assertEqual(process.stdout.readline(), b"ready\n")
        lost = 0
        while not lost:
            lost = self.info(self.dump(process.pid))["timeline"]["lost"]
            self.assertIsNone(process.poll())
        process.kill()
        run = finish(process)
        info = self.info(run)["timeline"]
        self.assertEqual(info["marks"] + info["snapshots"], 1952)
        self.assertIn("no room for", self.memprof(
            "info", self.dump(run)).stdout.decode())

    def test_no_room_in_the_file(self):
        """The dump may not grow: the program does not notice, totals stay
        exact, and what there is of the timeline can be read."""
        run = self.record("sh", "-c", "ulimit -f 600; exec \"$0\"",
                          target("phases"), out="dump.mp", quiet=False)
        self.assertEqual(run.status, 0)
        dump = self.path("dump.mp")
        dump = [d for d in self.dumps()
                if self.info(d)["program"]["path"].endswith("phases")][0]
        totals = self.json("report", dump)["totals"]
        self.assertEqual((totals["live_blocks"], totals["live_bytes"]),
                         (1000, 100000))
        self.json("timeline", dump)


main()
