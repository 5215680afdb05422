# SPDX-License-Identifier: MIT
"""Programs that nobody here wrote: the same output and exit status with the
shim as without, every compared walk equal to the reference, and a report with
names in it. MEMPROF_EVERY=N compares every Nth walk."""

import os
import re
import shutil
import subprocess

from harness import (MODES, Case, clean_env, finish, functions, main,
                     sites_with, start, target)

EVERY = os.environ.get("MEMPROF_EVERY", "7")
PYTHON = "/usr/bin/python3"


class Programs(Case):
    def compare(self, argv, names=(), program=None, env=None, input=None,
                every=EVERY, least=100, truncated=0):
        """Runs argv without and with the shim. program: whose dump to read,
        when argv starts others. names: functions that its report must have.
        Returns the report."""
        plain = self.plain(*argv, env=env, input=input)
        recorded = self.record(
            *argv, env=dict(env or {}, MEMPROF_CHECK=every), input=input,
            out="%e.%p.mp")
        self.assertEqual(recorded.status, plain.status, recorded.stderr)
        self.assertEqual(recorded.stdout, plain.stdout)
        self.assertEqual(recorded.stderr, plain.stderr)
        return self.read(program or argv[0], names, least, truncated)

    def read(self, program, names, least, truncated=0):
        prefix = os.path.basename(os.path.realpath(
            shutil.which(program) or program)) + "."
        dumps = [path for path in self.dumps()
                 if os.path.basename(path).startswith(prefix)]
        self.assertTrue(dumps, os.listdir(self.dir))
        # The one with most in it, where there are several.
        dump = max(dumps, key=lambda path: self.report(path, limit=1)
                   ["totals"]["allocations"])
        report = self.report(dump, limit=3000)
        self.assertGreaterEqual(report["totals"]["allocations"], least)
        self.assert_checked(dump, truncated)
        for name in names:
            self.assertTrue(sites_with(report, name),
                            "no site has %s" % name)
        frames = [name for site in report["sites"]
                  for name in functions(site)]
        self.assertGreater(sum(1 for name in frames if name), 0)
        text = self.memprof("report", "--no-pager", dump).stdout
        self.assertGreater(len(text.splitlines()), 10)
        for path in self.dumps():
            self.report(path, limit=100)
        return report

    def test_sqlite3(self):
        self.need("sqlite3")
        sql = b"""
            create table t(id integer primary key, k int, name text);
            with recursive n(i) as
                (select 1 union all select i + 1 from n where i < 300000)
            insert into t select i, i * 7919 % 1009, 'name ' || i from n;
            create index by_k on t(k);
            select k, count(*), max(name) from t group by k order by 2, 1
                limit 20;
            select count(*), sum(length(name)) from t;
            """
        self.compare(["sqlite3", "test.db"], ["sqlite3_step"],
                     input=b"drop table if exists t;" + sql)

    def test_sqlite3_one_by_one(self):
        """Each insert is a statement: much parsing, many small blocks."""
        self.need("sqlite3")
        lines = ["begin;", "create table t(a, b);"]
        lines += ["insert into t values(%d, 'x%d');" % (i, i)
                  for i in range(20000)]
        lines += ["select count(*) from t;", "commit;"]
        self.compare(["sqlite3", ":memory:"], ["sqlite3_prepare_v2"],
                     input="\n".join(lines).encode(), least=20000)

    def test_python(self):
        self.need(PYTHON)
        script = (
            "import json\n"
            "data = {'k%d' % i: [i, str(i), {'deep': [None, 1.5 * i]}]\n"
            "        for i in range(5000)}\n"
            "for i in range(3):\n"
            "    text = json.dumps(data, indent=1)\n"
            "    data = json.loads(text)\n"
            "print(len(text), sum(map(len, data)))\n")
        # Python's frames stand in the place of those that evaluate them.
        self.compare([PYTHON, "-c", script],
                     ["_make_iterencode.<locals>._iterencode_dict"],
                     env={"PYTHONMALLOC": "malloc", "PYTHONHASHSEED": "1",
                          "MEMPROF_PYTHON": "stack"},
                     least=100000)

    def test_cc1plus(self):
        self.need("g++")
        few = """
            #include <map>
            #include <string>
            int count(const std::string &text)
            {
                static std::map<std::string, int> seen;
                return ++seen[text];
            }
            """
        many = """
            #include <bits/stdc++.h>
            bool matches(const std::string &text)
            {
                static const std::regex word("([a-z]+)-([0-9]{2,4})");
                return std::regex_match(text, word);
            }
            """
        with open(self.path("x.cc"), "w") as file:
            file.write(many if EVERY == "1" else few)
        argv = ["g++", "-O1", "-c", "x.cc", "-o", "x.o"]
        plain = self.plain(*argv)
        with open(self.path("x.o"), "rb") as file:
            want = file.read()
        recorded = self.record(*argv, env={"MEMPROF_CHECK": EVERY},
                               out="%e.%p.mp")

        self.assertEqual((recorded.status, recorded.stdout, recorded.stderr),
                         (plain.status, plain.stdout, plain.stderr))
        with open(self.path("x.o"), "rb") as file:
            self.assertEqual(file.read(), want)
        self.read("cc1plus", [], 50000)

    def test_git(self):
        self.need("git")
        lines = []
        for i in range(150):
            data = "".join("line %d of %d\n" % (j, i * j % 97)
                           for j in range(120))
            lines += ["commit refs/heads/main", "mark :%d" % (i + 1),
                      "committer A <a@b> %d +0000" % (1600000000 + i),
                      "data <<E", "change %d" % i, "E"]
            lines += ["M 100644 inline dir%d/file%d" % (i % 5, i % 17),
                      "data %d" % len(data), data]
        env = {"GIT_CONFIG_NOSYSTEM": "1", "HOME": self.dir,
               "GIT_CONFIG_GLOBAL": "/dev/null", "GIT_DIR": self.path("r")}
        made = self.plain("git", "init", "-q", "-b", "main", env=env)
        self.assertEqual(made.status, 0, made.stderr)
        made = self.plain("git", "fast-import", "--quiet", env=env,
                          input="\n".join(lines + [""]).encode())
        self.assertEqual(made.status, 0, made.stderr)
        self.compare(["git", "log", "--stat", "main"], env=env, least=3000)

    def test_perl(self):
        self.need("perl")
        script = (
            "my %h; for my $i (1..30000) { $h{\"key $i\"}{$i % 7} = "
            "[$i, \"v\" x ($i % 50)]; } my $n = 0; "
            "for my $k (sort keys %h) { $n += length($_->[1]) "
            "for values %{$h{$k}}; delete $h{$k} if $n % 3; } "
            "print scalar(keys %h), \" $n\\n\";")
        self.compare(["perl", "-e", script], ["Perl_runops_standard"],
                     env={"PERL_HASH_SEED": "0"}, least=100000)

    def redis(self, folder, env):
        """Runs a server in folder, a load and a few questions on it; returns
        (status, answers)."""
        os.mkdir(folder)
        # Debian has the server's program in redis-tools, under another name.
        server = os.path.join(folder, "redis-server")
        os.symlink(shutil.which("redis-check-rdb"), server)
        socket = os.path.join(folder, "s")
        process = start(
            [server, "--port", "0", "--unixsocket", socket, "--save", "",
             "--daemonize", "no", "--dir", folder, "--enable-debug-command",
             "yes", "--hash-max-listpack-entries", "16"],
            env=env, cwd=folder, stderr=subprocess.STDOUT)
        try:
            for line in process.stdout:
                if b"eady to accept connections" in line:
                    break
            else:
                self.fail("the server did not start")
            load = self.plain(
                "redis-benchmark", "-s", socket, "-n", "10000", "-r", "5000",
                "-q", "-P", "8", "-t", "set,get,lpush,hset,zadd,spop")
            self.assertEqual(load.status, 0, load.stderr)
            questions = b"\n".join(
                [b"flushall"] +
                [b"set k%d %d" % (i, i * i) for i in range(200)] +
                [b"rpush l%d a b c" % (i % 9) for i in range(100)] +
                [b"hset h f%d %d" % (i, i) for i in range(100)] +
                [b"dbsize", b"get k99", b"lrange l3 0 -1", b"hlen h",
                 b"debug digest", b"object encoding h"]) + b"\n"
            answers = self.plain("redis-cli", "-s", socket,
                                 input=questions).stdout
            self.plain("redis-cli", "-s", socket, "shutdown", "nosave")
            return finish(process).status, answers
        finally:
            if process.poll() is None:
                process.kill()
                process.communicate()

    def test_redis(self):
        self.need("redis-check-rdb", "redis-benchmark", "redis-cli")
        plain = self.redis(self.path("plain"), clean_env())
        env = self.shim_env({"MEMPROF_CHECK": EVERY}, out="%e.%p.mp")
        recorded = self.redis(self.path("recorded"), env)

        self.assertEqual(recorded, plain)
        self.assertEqual(plain[0], 0)
        report = self.read("redis-check-rdb", [], 10000)
        self.assertIn("jemalloc", report["program"]["allocator"])
        self.assertGreater(report["totals"]["frees"], 0)

    def test_node(self):
        self.need("node")
        script = (
            "const m = new Map(); for (let i = 0; i < 20000; i++) "
            "m.set('k' + i, Buffer.alloc(i % 300)); "
            "let n = 0; for (const v of m.values()) n += v.length; "
            "const z = require('zlib'); "
            "const t = JSON.stringify([...m.keys()]); "
            "console.log(n, z.inflateSync(z.deflateSync(t)).length, "
            "/k(\\d+)/.exec(t)[1]);")
        # What V8 compiles, at run time or as its builtins, has no unwind data.
        self.compare(["node", "-e", script], least=1000, truncated=0.25)

    def test_node_with_a_map(self):
        """What V8 compiled has names, from the copy of its map alone."""
        self.need("node")
        with open(self.path("a.js"), "w") as file:
            file.write("const kept = [];\n"
                       "function inner(n) { kept.push(Buffer.alloc(n)); }\n"
                       "function outer(n) { inner(n); inner(n + 1); }\n"
                       "outer(3000001);\n")
        argv = ("node", "--perf-basic-prof",
                "--interpreted-frames-native-stack", "a.js")

        def names(run):
            peak = self.json("peak", "--limit", "1", self.dump(run))
            stacks = [site["stack"] for site in peak["sites"]]
            # "JS:~inner a.js:2:15"; before V8 10.4 "LazyCompile:~inner ...".
            return [[name.split()[0].split(":")[1] for name in
                     (frame["function"] or "" for frame in stack)
                     if re.match("(JS|LazyCompile|Function):", name)]
                    for stack in stacks]

        run = self.record(*argv)
        self.assertEqual(run.status, 0, run.stderr)
        os.unlink("/tmp/perf-%d.map" % run.pid)
        found = names(run)
        self.assertTrue(found)
        for stack in found:
            at = stack.index("~inner")  # below it is node's own code
            self.assertEqual(stack[at:at + 2], ["~inner", "~outer"])
        # That of another recording names nothing, and what somebody else
        # has under that name is left alone.
        with open(self.dump(run) + ".map", "w") as file:
            file.write("0 0 memprof 1 1\n0 ffffffffffff JS:no\n")
        self.assertFalse(any(names(run)))
        out = "fixed.mp"
        with open(self.path(out + ".map"), "w") as file:
            file.write("mine\n")
        run = self.record(*argv, out=out, quiet=False)
        os.unlink("/tmp/perf-%d.map" % run.pid)
        self.assertIn(b"cannot write", run.stderr)
        with open(self.path(out + ".map")) as file:
            self.assertEqual(file.read(), "mine\n")

    def test_valgrind(self):
        """It runs a program that has the recorder, and says nothing of it."""
        self.need("valgrind")
        argv = ("valgrind", "-q", "--error-exitcode=3", target("peak"),
                "middle")
        plain = self.plain(*argv)
        self.assertEqual((plain.status, plain.stderr), (0, b""))
        for env in MODES:
            run = self.record(*argv, env=env, out="%e.%p.mp")
            self.assertEqual((run.status, run.stdout, run.stderr),
                             (0, plain.stdout, b""))
            self.assertFalse([path for path in self.dumps()
                              if "/peak." in path])
        run = self.record(*argv, quiet=False, out="%e.%p.mp")
        self.assertIn(b"valgrind's malloc is in place of all others",
                      run.stderr)

    def test_valgrind_with_a_tool_that_leaves_malloc_alone(self):
        """It remarks on how we ask the kernel whether a page can be read."""
        self.need("valgrind")
        run = self.record("valgrind", "-q", "--tool=none", target("peak"),
                          "middle", out="%e.%p.mp")
        self.assertEqual(run.status, 0)
        for line in run.stderr.splitlines():
            self.assertRegex(line, rb"--\d+-- .*sigprocmask")
        dump, = [path for path in self.dumps() if "/peak." in path]
        self.assert_totals(self.report(dump), run.stated())

    def test_java_with_a_map(self):
        """What Java compiled has names too: the map is written at its end."""
        self.need("java", "javac")
        with open(self.path("A.java"), "w") as file:
            file.write("""
                import java.nio.ByteBuffer;
                public class A {
                    static ByteBuffer[] kept = new ByteBuffer[4000];
                    static int made;
                    static void inner(int n)
                    {
                        kept[made++ % 4000] = ByteBuffer.allocateDirect(n);
                    }
                    static void middle(int n) { inner(n); }
                    public static void main(String[] args)
                    {
                        for (int i = 0; i < 20000; i++)
                            middle(1000 + i % 7);
                        System.out.println(made);
                    }
                }
                """)
        built = self.plain("javac", "A.java")
        self.assertEqual(built.status, 0, built.stderr)
        # Compiled when it is called often, not when there is time for it.
        run = self.record(
            "java", "-Xbatch", "-XX:+PreserveFramePointer",
            "-XX:+UnlockDiagnosticVMOptions", "-XX:+DumpPerfMapAtExit", "A")
        self.assertEqual((run.status, run.stdout, run.stderr),
                         (0, b"20000\n", b""))
        os.unlink("/tmp/perf-%d.map" % run.pid)
        report = self.report(run)
        counts = {}
        for site in report["sites"]:
            names = [name or "" for name in functions(site)]
            if "Unsafe_AllocateMemory0" not in names:
                continue
            for name in ("A.middle(", "A.inner(",
                         "java.nio.DirectByteBuffer.<init>("):
                if any(name in frame for frame in names):
                    counts[name] = counts.get(name, 0) + site["allocations"]
        # All but those before it was compiled; callees are inlined.
        self.assertGreater(max(counts.values(), default=0), 10000, counts)

    def test_gdb(self):
        self.need("gdb")
        self.compare(["gdb", "--version"], least=100)

    def test_bash(self):
        self.need("/bin/bash")
        script = """
            declare -A count
            for i in {1..3000}; do
                word=$(( i * 7919 % 101 ))
                count[$word]=$(( ${count[$word]:-0} + 1 ))
                text+="$word "
            done
            echo "${#text}" "${count[7]}" "${text:10:30}"
            for i in {1..10}; do
                echo "$(echo "$i" | tr 0-9 a-j)" $(( $(echo 5) * i ))
            done
            printf '%s\\n' "${!count[@]}" | sort -n | tail -n 3
            trap 'echo bye; exit 7' EXIT
            false
            """
        self.compare(["/bin/bash", "-c", script], least=5000)

    def test_many_small_programs(self):
        """What a build or a script starts: one dump each, all readable."""
        for argv in (["/bin/ls", "-l", "/usr/bin"], ["/bin/ps", "--version"],
                     ["/usr/bin/find", "/usr/include", "-name", "std*.h"],
                     ["/usr/bin/sort", "-R", "--random-source=/bin/true",
                      "/etc/passwd"],
                     ["/usr/bin/awk", "BEGIN { for (i = 0; i < 5000; i++) "
                      "a[i % 91] = a[i % 91] i; print length(a[5]) }"],
                     ["/bin/sed", "--version"], ["/bin/tar", "cf", "-",
                                                 "/etc/hostname"],
                     ["/usr/bin/env", "true"], ["/bin/date", "-d", "@0"]):
            with self.subTest(argv[0]):
                self.need(argv[0])
                plain = self.plain(*argv)
                recorded = self.record(*argv, env={"MEMPROF_CHECK": "1"})
                self.assertEqual(
                    (recorded.status, recorded.stdout, recorded.stderr),
                    (plain.status, plain.stdout, plain.stderr))
                if argv[0] != "/usr/bin/env":
                    self.report(recorded)
                    self.assertEqual(
                        self.info(recorded)["checks"]["differences"], 0)


main()
