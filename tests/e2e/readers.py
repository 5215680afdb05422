# SPDX-License-Identifier: MIT
"""What programs of others read out of exported files. Each function returns
totals under the names that memprof's JSON has for them."""

import csv
import gzip
import json
import re
import subprocess
import types

from harness import BUILD, SECONDS, clean_env

DHAT_VIEWER = "/usr/libexec/valgrind/dh_view.js"
JUNIT_PARSER = "/usr/lib/python3/dist-packages/junitparser"
SCHEMAS = BUILD + "/schemas"

# dh_view.js without its page: its own reading and checking, and what came out.
DHAT_DRIVER = """
const fs = require("fs");
global.document = {};
const viewer = fs.readFileSync(process.argv[1], "utf8");
const data = process.argv[2];
(0, eval)(viewer + `
gData = JSON.parse(require("fs").readFileSync(${JSON.stringify(data)}));
gSelect = { childNodes: gSelectData.map(() => ({})), selectedIndex: 1 };
buildTree();
console.log(JSON.stringify({
    allocated_bytes: gRoot._totalBytes, allocations: gRoot._totalBlocks,
    peak_bytes: gRoot._atTGmaxBytes, peak_blocks: gRoot._atTGmaxBlocks,
    live_bytes: gRoot._atTEndBytes, live_blocks: gRoot._atTEndBlocks }));
`);
"""


def run(*argv, status=0):
    done = subprocess.run(argv, env=clean_env(HOME="/nonexistent"), text=True,
                          stdin=subprocess.DEVNULL, capture_output=True,
                          timeout=SECONDS)
    assert done.returncode == status, "%s: %s\n%s" % (
        argv, done.returncode, done.stderr[-2000:] + done.stdout[-2000:])
    return done.stdout


def pprof(path, *args):
    # It would guess what to take off paths from the working directory's name.
    return run("go", "tool", "pprof", "-symbolize=none", "-trim_path=/nowhere",
               *args, path)


def pprof_totals(path, *others):
    text = pprof(path, "-raw", *others)
    names = {"alloc_objects": "allocations", "alloc_space": "allocated_bytes",
             "inuse_objects": "live_blocks", "inuse_space": "live_bytes"}
    head = re.search(r"^Samples:\n(.*)$", text, re.M).group(1)
    names = [names[word.split("/")[0]] for word in head.split()]
    rows = re.findall(r"^ *(\d+(?: +\d+)*): [\d ]*$", text, re.M)
    sums = [0] * 4
    for row in rows:
        for i, value in enumerate(row.split()):
            sums[i] += int(value)
    return dict(zip(names, sums))


PPROF_SAMPLES = {"alloc_objects": "allocations",
                 "alloc_space": "allocated_bytes",
                 "inuse_objects": "live_blocks", "inuse_space": "live_bytes"}


def messages(data):
    """The fields of a protocol buffer: (number, value), where a value is a
    number or the bytes of a text or message."""
    at = 0

    def varint():
        nonlocal at
        value = shift = 0
        while True:
            value |= (data[at] & 127) << shift
            shift += 7
            at += 1
            if data[at - 1] < 128:
                return value

    while at < len(data):
        key = varint()
        if key & 7 == 0:
            yield key >> 3, varint()
        else:
            assert key & 7 == 2, "wire type %d" % (key & 7)
            count = varint()
            at += count
            assert at <= len(data)
            yield key >> 3, data[at - count:at]


def packed(data):
    """Numbers one after another, as signed ones of 64 bits."""
    numbers, value, shift = [], 0, 0
    for byte in data:
        value |= (byte & 127) << shift
        shift += 7
        if byte < 128:
            numbers.append(value - (1 << 64) if value >> 63 else value)
            value = shift = 0
    return numbers


def pprof_by_the_rules(path):
    """Decoded without pprof: what Parca's server checks before it takes a
    profile. Samples as (functions innermost first, values)."""
    with gzip.open(path) as file:
        data = file.read()
    of = {}
    for number, value in messages(data):
        of.setdefault(number, []).append(value)
    texts = [text.decode("utf-8") for text in of[6]]
    assert texts[0] == "", "the first text is not the empty one"

    def text(number):
        assert 0 <= number < len(texts)
        return texts[number]

    def numbered(field):
        all_ = [list(messages(message)) for message in of.get(field, ())]
        for i, fields in enumerate(all_):
            assert dict(fields)[1] == i + 1, "numbers are not 1, 2, 3 ..."
        return all_

    mappings = numbered(3)
    for fields in map(dict, mappings):
        assert fields.get(2, 0) < fields[3]
        text(fields.get(5, 0))
        assert re.fullmatch("([0-9a-f]{2})*", text(fields.get(6, 0)))
    functions = []
    for fields in map(dict, numbered(5)):
        assert text(fields[2]) and text(fields[3]) is not None
        text(fields.get(4, 0))
        functions.append(text(fields[2]))
    locations = []
    for fields in numbered(4):
        assert dict(fields).get(2, 0) <= len(mappings)
        lines = [dict(messages(value)) for number, value in fields
                 if number == 4]
        assert all(1 <= line[1] <= len(functions) for line in lines)
        locations.append([functions[line[1] - 1] for line in lines] or [""])
    samples = []
    for message in of.get(2, ()):
        fields = dict(messages(message))
        stack = packed(fields[1])
        assert stack and all(1 <= place <= len(locations) for place in stack)
        values = packed(fields[2])
        assert len(values) == len(of[1]) and min(values) >= 0, values
        samples.append(([name for place in stack
                         for name in locations[place - 1]], values))
    assert len({message for message in of.get(2, ())}) == len(samples)
    types_ = [dict(messages(message)) for message in of[1] + of[11]]
    return types.SimpleNamespace(
        bytes=len(data), samples=samples, locations=len(locations),
        depth=max((len(s[0]) for s in samples), default=0),
        longest=max(len(t) for t in of[6]),
        types=[(text(t[1]), text(t[2])) for t in types_],
        shown=text(of[14][0]), period=of[12][0])


def pprof_list(path, source, sample):
    """{line: value} of a source file: what pprof -list charges to the line
    itself when frames of other files are not looked at."""
    text = pprof(path, "-sample_index=" + sample, "-unit=B", "-list=.",
                 "-show=^" + re.escape(source) + "$")
    lines = {}
    for part in text.split("ROUTINE ")[1:]:
        assert part.splitlines()[0].endswith(" in " + source), part
        for flat, number in re.findall(r"^ *([\d.]+)B? +\S+ +(\d+):", part,
                                       re.M):
            if flat != ".":
                number = int(number)
                lines[number] = lines.get(number, 0) + int(flat)
    return lines


def folded(path):
    """{stack: value}, each line taken apart as flamegraph.pl does it."""
    stacks = {}
    with open(path) as file:
        for line in file:
            stack, value = re.fullmatch(r"(.*) (\d+)\n", line).groups()
            stacks[stack] = stacks.get(stack, 0) + int(value)
    return stacks


def validate(path, schema):
    """The schema, as the jsonschema of Debian's Python understands it."""
    run("/usr/bin/python3", "-c", "import json, sys, jsonschema\n"
        "jsonschema.validate(*[json.load(open(p)) for p in sys.argv[1:]])",
        path, schema)


def speedscope_totals(path):
    validate(path, SCHEMAS + "/speedscope.json")
    names = {"bytes at the peak": "peak_bytes",
             "bytes live at the end": "live_bytes",
             "bytes allocated": "allocated_bytes",
             "blocks at the peak": "peak_blocks",
             "blocks live at the end": "live_blocks",
             "allocations": "allocations",
             "temporary allocations": "temporary"}
    with open(path) as file:
        data = json.load(file)
    frames = len(data["shared"]["frames"])
    totals = {}
    for profile in data["profiles"]:
        assert len(profile["samples"]) == len(profile["weights"])
        assert all(0 <= frame < frames
                   for stack in profile["samples"] for frame in stack)
        assert sum(profile["weights"]) == profile["endValue"]
        totals[names[profile["name"]]] = sum(profile["weights"])
    return totals


def dhat_totals(path):
    return json.loads(run("node", "-e", DHAT_DRIVER, DHAT_VIEWER, path))


def massif_snapshots(path):
    """The rows of ms_print: [(bytes, has a tree)], and which it marks."""
    text = run("ms_print", path)
    marked = re.search(r"Detailed snapshots: \[(.*)\]", text)
    marks = re.findall(r"(\d+)( \(peak\))?",
                       marked.group(1)) if marked else []
    detailed = [int(number) for number, peak in marks]
    peaks = [int(number) for number, peak in marks if peak]
    found = re.findall(r"^ +\d+ +[\d,]+ +([\d,]+) +[\d,]+ +0 +0\n(100.00%)?",
                       text, re.M)
    rows = [(int(size.replace(",", "")), bool(tree)) for size, tree in found]
    assert detailed == [i for i, row in enumerate(rows) if row[1]], text
    return rows, peaks


def callgrind_totals(path):
    """PROGRAM TOTALS, and what each function has in all."""
    text = run("callgrind_annotate", "--inclusive=yes", "--threshold=100",
               "--auto=no", path)
    names = {"peak_B": "peak_bytes", "live_B": "live_bytes",
             "alloc_B": "allocated_bytes", "allocs": "allocations",
             "temporary": "temporary"}
    events = re.search(r"^Events recorded: +(.*)$", text, re.M).group(1)
    rows = {}
    for line in text.splitlines():
        numbers = []
        while len(numbers) < len(events.split()):
            found = re.match(r" *([\d,]+|\.)(?: \( *[\d.]+%\))?(?= )", line)
            if not found:
                break
            numbers.append(int(found.group(1).replace(",", "")
                               .replace(".", "0")))
            line = line[found.end():]
        if len(numbers) == len(events.split()):
            rows[line.strip() or "?"] = {
                names[event]: number
                for event, number in zip(events.split(), numbers)}
    for name in ("PROGRAM TOTALS", "PROGRAM TOTALS (calculated)"):
        if name in rows:
            return rows.pop(name), rows
    raise AssertionError(text)


def callgrind_names(text):
    """The text with names in the place of their numbers."""
    names = {}

    def name(found):
        kind = found.group(1)[-1] == "n", found.group(2)
        if found.group(3):
            names[kind] = found.group(3)[1:]
        return found.group(1) + "=" + names[kind]

    return re.sub(r"(?m)^(c?f[nile])=\((\d+)\)( .*)?$", name, text)


def heaptrack_totals(path, scratch):
    """Sums of what heaptrack_print writes for single stacks and sizes, which
    it does not round."""
    totals = {}
    for cost, name in (("allocations", "allocations"),
                       ("temporary", "temporary"), ("leaked", "live_bytes"),
                       ("peak", "peak_bytes")):
        run("heaptrack_print", "--disable-builtin-suppressions",
            "--flamegraph-cost-type", cost, "-F", scratch, path)
        totals[name] = 0
        with open(scratch) as file:
            for line in file:
                totals[name] += int(line.rsplit(" ", 1)[1])
    run("heaptrack_print", "-H", scratch, path)
    with open(scratch) as file:
        totals["allocated_bytes"] = sum(
            int(size) * int(count) for size, count in
            (line.split() for line in file))
    return totals


def sqlite(path, query):
    return [line.split("|") for line in
            run("sqlite3", path, query).splitlines()]


def sqlite_rows(path, query):
    return json.loads(run("sqlite3", "-json", path, query) or "[]")


COUNTS = ("allocations", "allocated_bytes", "frees", "freed_bytes", "reallocs",
          "live_blocks", "live_bytes", "peak_blocks", "peak_bytes",
          "temporary")


def sqlite_totals(path):
    assert sqlite(path, "pragma integrity_check") == [["ok"]]
    assert sqlite(path, "pragma foreign_key_check") == []
    row, = sqlite(path, "select %s from sites" % ", ".join(
        "sum(%s)" % name for name in COUNTS))
    return {name: int(value or 0) for name, value in zip(COUNTS, row)}


def csv_rows(path):
    csv.field_size_limit(1 << 24)
    with open(path, newline="") as file:
        return list(csv.DictReader(file, strict=True))


JUNIT_READER = """
import json, sys, junitparser
suite = junitparser.JUnitXml.fromfile(sys.argv[1])
said = suite.tests, suite.failures, suite.errors, suite.skipped
suite.update_statistics()
assert said == (suite.tests, suite.failures, suite.errors, suite.skipped)
cases = [(case.name, [(result.message, result.text, result.type)
                      for result in case.result]) for case in suite]
assert len(dict(cases)) == len(cases), "a name comes twice"
print(json.dumps(dict(cases)))
"""


def junit_cases(path):
    """{name: its failures as (message, text, type)}, by junitparser."""
    return json.loads(run("/usr/bin/python3", "-c", JUNIT_READER, path))


def csv_totals(path):
    """As sqlite3 imports it; Python's reader must agree."""
    row, = [line.split("|") for line in run(
        "sqlite3", ":memory:", "-cmd", ".import --csv %s t" % path,
        "select %s from t" % ", ".join(
            "sum(%s)" % name for name in COUNTS)).splitlines()]
    rows = csv_rows(path)
    for name, value in zip(COUNTS, row):
        assert sum(int(r[name]) for r in rows) == int(value or 0), name
    return {name: int(value or 0) for name, value in zip(COUNTS, row)}
