# SPDX-License-Identifier: MIT
"""What programs of others read out of exports of real recordings is what
memprof says: of every format, exact and sampled, whole and a part."""

import json
import os
import shutil
import subprocess

import readers
from harness import (CXX, EXACT, SAMPLED, SOURCES, TOP, Case, finish, main, start,
                     target)

SQL = """create table t(a, b);
with recursive c(x) as (select 1 union all select x+1 from c where x<20000)
insert into t select x, hex(randomblob(20)) from c;
create index i on t(b); select count(*) from t where b like 'A%';"""
PERL = ("my %h; $h{\"k$_\"} = 'v' x ($_ % 90) for 1..20000; "
        "use Data::Dumper; print length(Dumper(\\%h)), \"\\n\"")


def json_totals(path):
    with open(path) as file:
        sites = json.load(file)["sites"]
    return {key: sum(site[key] for site in sites) for key in readers.COUNTS}


def massif_totals(path):
    """A part in which nothing was allocated has no peak to be marked."""
    rows, peaks = readers.massif_snapshots(path)
    return {"peak_bytes": rows[peaks[0]][0] if peaks else 0,
            "live_bytes": rows[-1][0]}


def pprof_totals(path):
    readers.pprof_by_the_rules(path)
    return readers.pprof_totals(path)


READERS = {
    "pprof": ("go", pprof_totals),
    "folded": ("/", lambda path: {
        "peak_bytes": sum(readers.folded(path).values())}),
    "speedscope": (readers.SCHEMAS + "/speedscope.json",
                   readers.speedscope_totals),
    "dhat": (readers.DHAT_VIEWER, readers.dhat_totals),
    "massif": ("ms_print", massif_totals),
    "callgrind": ("callgrind_annotate",
                  lambda path: readers.callgrind_totals(path)[0]),
    "heaptrack": ("heaptrack_print", lambda path: readers.heaptrack_totals(
        path, path + ".scratch")),
    "sqlite": ("sqlite3", readers.sqlite_totals),
    "csv": ("sqlite3", readers.csv_totals),
    "json": ("/", json_totals),
}


SCHEMA = READERS["speedscope"][0]  # not had everywhere: see its own case


def readers_here():
    return {form: reader for form, reader in READERS.items()
            if reader[0] != SCHEMA or os.path.exists(SCHEMA)}


class Real(Case):
    def test_speedscope(self):
        """That the other cases read it too."""
        self.need(SCHEMA)

    def agree(self, *argv, modes=(EXACT, SAMPLED), input=None, env=None,
              least=100):
        self.need(argv[0], *(need for need, read in readers_here().values()))
        for mode in modes:
            run = self.record(*argv, env=dict(env or {}, **mode), input=input)
            self.assertEqual(run.status, 0, run.stderr)
            self.agree_on(self.dump(run), mode, least)

    def agree_on(self, dump, mode, least):
        """All readers of all formats, and of how it was halfway."""
        for part in ((), ("--to", "50%")):
            report = self.json("report", "--limit", "0", *part, dump)
            totals = {key: sum(site[key] for site in report["sites"])
                      for key in readers.COUNTS}
            if mode is EXACT:
                self.assertEqual(totals, {key: report["totals"][key]
                                          for key in totals})
                if not part:
                    self.assertGreater(len(report["sites"]), least)
            for form, (need, read) in readers_here().items():
                if form == "heaptrack" and (mode is not EXACT or part):
                    continue  # it holds single calls
                with self.subTest(form, mode=mode, part=part):
                    path = self.path("out." + form)
                    self.memprof("export", "-f", form, "-o", path, *part,
                                 dump)
                    have = read(path)
                    self.assertEqual(have, {key: totals[key]
                                            for key in have})

    def test_sqlite3(self):
        self.agree("/usr/bin/sqlite3", ":memory:", input=SQL.encode())

    def test_perl(self):
        self.agree("/usr/bin/perl", "-e", PERL)

    def test_python(self):
        self.agree("/usr/bin/python3", "-c", "import json, email.message\n"
                   "kept = [str(i) * 500 for i in range(500)]\n"
                   "def text(): return json.dumps(kept)\n"
                   "print(len(json.loads(text())))")

    def test_python_objects(self):
        self.agree("/usr/bin/python3", "-c", "import json", modes=(EXACT,),
                   env={"MEMPROF_PYTHON": "objects"})

    def test_inlined_cxx(self):
        self.agree(target("inline"), least=1)

    def test_cc1plus(self):
        path = subprocess.run(CXX.split() + ["-print-prog-name=cc1plus"],
                              capture_output=True, text=True).stdout.strip()
        self.agree(path, "-quiet", "-O1", "-imultiarch", "x86_64-linux-gnu",
                   "-D_GNU_SOURCE", "-I", TOP,
                   os.path.join(SOURCES, "inline.cc"), "-o",
                   self.path("out.s"))

    def test_redis(self):
        """It has threads, and jemalloc behind it."""
        self.need("redis-check-rdb", "redis-benchmark", "redis-cli",
                  *(need for need, read in readers_here().values()))
        # Debian has the server's program in redis-tools, under another name.
        program = self.path("redis-server")
        os.symlink(shutil.which("redis-check-rdb"), program)
        for mode in (EXACT, SAMPLED):
            socket, dump = self.path("s"), self.path("redis.mp")
            server = start(
                [program, "--port", "0", "--unixsocket", socket,
                 "--save", "", "--dir", self.dir],
                env=self.shim_env(dict(mode, MEMPROF_OUT=dump)),
                cwd=self.dir, stderr=subprocess.STDOUT)
            self.addCleanup(server.kill)
            for line in server.stdout:
                if b"eady to accept connections" in line:
                    break
            load = self.plain("redis-benchmark", "-s", socket, "-n", "5000",
                              "-r", "500", "-q", "-t", "set,lpush,hset")
            self.assertEqual(load.status, 0, load.stderr)
            self.plain("redis-cli", "-s", socket, "shutdown", "nosave")
            self.assertEqual(finish(server).status, 0)
            self.agree_on(dump, mode, 100)


main()
