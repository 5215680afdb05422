# SPDX-License-Identifier: MIT
"""Exports of a program whose functions and files have names that formats are
made of. What a reader of others says of each name is what was allocated there,
to the byte."""

import atexit
import json
import os
import re
import shutil
import tempfile

import readers
from harness import Case, main

LONG = 65536  # bytes of the longest name

# As they are in the symbol table. Each has the number of its place.
NAMES = (
    b"new\nline", b"carriage\rreturn", b"semi;colon;", b'quo"te\'s"', b"ta\tb",
    b"\x1b[31mred\x1b]0;title\x07", b"\xff\xfe\x80 no text", b"\xc2\x9b31m",
    "direction\u202e and \u2028line".encode(), "\u00e9\u4e2d\U0001f41b".encode(),
    b"<script>alert(1)</script>", b"]]>&amp;", b"(7)", b"(8) other",
    b"ends in 123", b" blanks around ", b"%n%s%%", b"'); DROP TABLE sites;--",
    b"::error file=x::y", b"=1+1", b"back\\slash\\n", b"fn=(1) calls=1 2",
    b"n1: 5 0x1: f (g:1)", b"[root]", b"a:b::c", b"-", b"lambda()#1", b",,", b"{}[]",
    b"long " + b"x" * (LONG - 5))
FILE = b'dir;ec"tory\n\xff\t<b>/(3) source:7,.c'
DISTINCT = "place_%03d_"  # what is replaced in the program, as long

SOURCE = """
#include <stdlib.h>
static void *kept[%(count)d];
#line 1 "%(file)s"
%(functions)s
int main(void)
{
	%(calls)s
	return 0;
}
"""
FUNCTION = """__attribute__((noinline)) static void %(name)s(void)
{ kept[%(i)d] = malloc(%(size)d); free(malloc(%(size)d)); }"""


def clean(name):
    """What there is to see of a name: '?' for each byte that is no text, or
    that terminals or readers of lines act on."""
    text = name.decode("utf-8", "surrogateescape")
    return "".join("?" * len(c.encode("utf-8", "surrogateescape"))
                   if re.match("[\0-\x1f\x7f-\x9f\u061c\u200e\u200f"
                               "\u2028-\u202e\u2066-\u2069\ufeff"
                               "\udc80-\udcff]", c) else c for c in text)


def size_of(i):
    return 1000 + i


def plain(name):
    """The same for JSON, which has escapes for what is text at all."""
    return name.decode("utf-8", "replace")


def short(name):
    """For messages that can be read."""
    return name if len(name) < 100 else "%.20s... %d" % (name, len(name))


class Names(Case):
    recording, folder = [], []  # made once for all cases

    def setUp(self):
        super().setUp()
        if not self.recording:
            folder = tempfile.mkdtemp(prefix="memprof-e2e-")
            atexit.register(shutil.rmtree, folder, ignore_errors=True)
            program = os.path.join(folder, "names")
            self.folder.append(self.dir)
            with open(program, "wb") as file:
                file.write(self.program())
            os.chmod(program, 0o755)
            self.recording.append(program + ".mp")
            run = self.record(program, env={"MEMPROF_OUT": program + ".mp"})
            self.assertEqual(run.status, 0, run.stderr)
        self.dump_, = self.recording

    def want(self, seen=clean, blocks=2):
        want = {seen(name): blocks * size_of(i)
                for i, name in enumerate(NAMES)}
        self.assertEqual(len(want), len(NAMES))
        return want

    def assert_bytes(self, pairs, want):
        """The pairs of a name and a number, names of ours among others."""
        have = dict.fromkeys(want, 0)
        for name, number in pairs:
            if name in have:
                have[name] += number
        self.assertEqual({short(name): have[name] for name in have},
                         {short(name): want[name] for name in want})

    def program(self):
        """The program with its names, which no compiler would take, put in
        place of others in the file."""
        stand_ins = [self.stand_in(i, name) for i, name in enumerate(NAMES)]
        file = self.stand_in(len(NAMES), FILE)
        self.compile("named", SOURCE % {
            "count": len(NAMES), "file": file,
            "functions": "\n".join(
                FUNCTION % {"name": name, "i": i, "size": size_of(i)}
                for i, name in enumerate(stand_ins)),
            "calls": " ".join("%s();" % name for name in stand_ins)},
            "-g", "-O0", "-fno-builtin")
        with open(self.path("named"), "rb") as program:
            data = program.read()
        for stand_in, name in zip(stand_ins + [file], NAMES + (FILE,)):
            padded = name + b"\0" * (len(stand_in) - len(name))
            self.assertIn(stand_in.encode() + b"\0", data)
            data = data.replace(stand_in.encode() + b"\0", padded + b"\0")
        return data

    @staticmethod
    def stand_in(i, name):
        return (DISTINCT % i).ljust(len(name), "_")

    def export(self, form, *args):
        path = self.path("out." + form)
        self.memprof("export", "-f", form, "-o", path, *args, self.dump_)
        with open(path, "rb") as file:
            data = file.read()
        if form not in ("pprof", "sqlite"):
            self.assertFalse(re.search(rb"[\0-\x08\x0b\x0c\x0e-\x1f\x7f]",
                                       data))
            data.decode("utf-8")
        return path

    def file(self, seen=clean):
        """The name of the source as it is to be seen."""
        return seen(self.folder[0].encode() + b"/" + FILE)

    def test_json(self):
        with open(self.export("json")) as file:
            data = json.load(file)
        frames = data["frames"]
        self.assert_bytes(
            ((frames[site["stack"][0]]["function"], site["allocated_bytes"])
             for site in data["sites"]), self.want(plain))
        self.assertIn(self.file(plain), {frame["file"] for frame in frames})

    def test_csv(self):
        self.assert_bytes(
            ((row["function"], int(row["allocated_bytes"]))
             for row in readers.csv_rows(self.export("csv"))
             if row["file"] == self.file()), self.want())

    def test_sqlite(self):
        self.need("sqlite3")
        rows = readers.sqlite_rows(
            self.export("sqlite"), "select function, file, "
            "sum(allocated_bytes) as n from frames join stacks on frame_id = "
            "frames.id join sites on site_id = sites.id where depth = 0 "
            "group by 1")
        self.assert_bytes(((row["function"], row["n"]) for row in rows
                           if row["file"] == self.file()), self.want())

    def test_folded(self):
        """Where a ';' is between functions, none has one."""
        stacks = readers.folded(self.export("folded", "-m", "bytes"))
        self.assert_bytes(
            ((stack.split(";")[-1], number)
             for stack, number in stacks.items()),
            self.want(lambda name: clean(name).replace(";", "?")))

    def test_pprof(self):
        path = self.export("pprof")
        profile = readers.pprof_by_the_rules(path)
        self.assert_bytes(((stack[0], values[1])
                           for stack, values in profile.samples), self.want())
        self.need("go")
        text = readers.pprof(path, "-top", "-nodecount=0", "-unit=B",
                             "-sample_index=alloc_space")
        rows = re.findall(r"^ *(\d+)B? +\S+% +\S+% +\d+B? +\S+%  (.*)$",
                          text, re.M)
        self.assert_bytes(((name, int(number)) for number, name in rows),
                          self.want())

    def test_speedscope(self):
        self.need(readers.SCHEMAS + "/speedscope.json", "/usr/bin/python3")
        path = self.export("speedscope")
        readers.speedscope_totals(path)
        with open(path) as file:
            data = json.load(file)
        names = [frame["name"] for frame in data["shared"]["frames"]]
        profile, = [p for p in data["profiles"]
                    if p["name"] == "bytes allocated"]
        self.assert_bytes(
            ((names[stack[-1]], weight) for stack, weight in
             zip(profile["samples"], profile["weights"])), self.want(plain))

    def test_dhat(self):
        self.need("node", readers.DHAT_VIEWER)
        path = self.export("dhat")
        totals = readers.dhat_totals(path)
        with open(path) as file:
            data = json.load(file)
        place = re.compile(r"0x[0-9A-F]+: (.*) \(%s:\d+\)" %
                           re.escape(self.file()))
        found = [place.fullmatch(frame) for frame in data["ftbl"]]
        self.assertGreaterEqual(totals["allocated_bytes"],
                                sum(self.want().values()))
        self.assert_bytes(
            ((found[point["fs"][0]].group(1), point["tb"])
             for point in data["pps"] if found[point["fs"][0]]), self.want())

    def test_massif(self):
        """Those that are live at the end, a half of each."""
        self.need("ms_print")
        text = readers.run("ms_print", self.export("massif"))
        last = text[text.rindex("heap allocation functions"):]
        found = re.findall(
            r"^->\d+\.\d\d%% \(([\d,]+)B\) 0x[0-9A-F]+: (.*) \(%s:\d+\)$" %
            re.escape(self.file()), last, re.M)
        self.assert_bytes(((name, int(number.replace(",", "")))
                           for number, name in found), self.want(
                               lambda name: clean(name).replace("#", "?"), 1))

    def test_callgrind(self):
        self.need("callgrind_annotate")
        totals, rows = readers.callgrind_totals(self.export("callgrind"))
        # It has the object behind each name, and takes off what is blank.
        self.assert_bytes(
            ((re.sub(r" \[[^]]*\]$", "", name), row["allocated_bytes"])
             for name, row in rows.items()),
            self.want(lambda name: "%s:%s" % (self.file(),
                                              clean(name).strip())))

    def test_heaptrack(self):
        self.need("heaptrack_print")
        path = self.export("heaptrack")
        readers.run("heaptrack_print", "--disable-builtin-suppressions",
                    "--flamegraph-cost-type", "leaked", "-F",
                    self.path("scratch"), path)
        with open(self.path("scratch")) as file:
            text = file.read()
        # It has the file's name behind the function's, and shows nothing of
        # what is between < and >.
        file = re.escape(" (%s);" % self.file().rsplit("/", 1)[1])
        self.assert_bytes(
            ((name, int(number)) for name, number in
             re.findall("^main%s(.*)%s (\\d+)$" % (file, file), text, re.M)),
            self.want(lambda name: {b"<script>alert(1)</script>":
                                    "<>alert(1)<>", b"]]>&amp;": "]]"}.get(
                                        name, clean(name)), blocks=1))

    def test_what_check_says_of_them(self):
        """In formats whose readers act on what they are made of."""
        self.need(readers.SCHEMAS + "/sarif.json", readers.JUNIT_PARSER)
        path = self.path("out")

        def check(form):
            self.memprof("check", "-f", form, "-o", path, "--limit", "0",
                         "--max-leaked", "0", self.dump_, status=1)
            with open(path, "rb") as file:
                return file.read().decode("utf-8")

        check("sarif")
        readers.validate(path, readers.SCHEMAS + "/sarif.json")
        with open(path) as file:
            results = json.load(file)["runs"][0]["results"]
        names = {r["locations"][0]["message"]["text"] for r in results}
        self.assertEqual(set(map(short, self.want(plain))) -
                         set(map(short, names)), set())
        self.assertEqual(len({r["partialFingerprints"]["memprofStack/v1"]
                              for r in results}), len(results))
        check("junit")
        (message, text, kind), = readers.junit_cases(path)["max-leaked"]
        for name, size in self.want(blocks=1).items():
            self.assertTrue("{:,} B\n    {} ({}:".format(
                size, name, self.file()) in text, short(name))
        lines = check("github").splitlines()
        self.assertEqual(len(lines), 11)
        for line in lines[:10]:
            self.assertRegex(line, r"^::error file=%s,line=\d+,title="
                             r"max-leaked::\S+ K?i?B here; in all " % re.escape(
                                 self.file().replace("%", "%25").replace(
                                     ",", "%2C").replace(":", "%3A")))


main()
