# SPDX-License-Identifier: MIT
"""How objects come into a process: in every way that the dynamic linker has,
and those in which it cannot take us along."""

import os
import shutil

from harness import (CC, MEMPROF, MODES, SHIM, Case, clean_env, finish,
                     functions, main, sites_with, start, sum_of, target)

# Every block of more than 40 bytes is a sample, so sites are exact too.
EVERY_BLOCK = ({}, {"MEMPROF_SAMPLE": "1"})
LOADER = "/lib64/ld-linux-x86-64.so.2"

HOST = """
    #include <dlfcn.h>
    #include <stdio.h>
    int main(int argc, char **argv)
    {
        for (int i = 1; i < argc; i++) {
            void *object = dlopen(argv[i], RTLD_NOW | RTLD_LOCAL);
            void (*go)(void);
            if (!object) { puts(dlerror()); return 1; }
            *(void **)&go = dlsym(object, "go");
            go();
        }
        puts("done");
        return 0;
    }
    """


class Loading(Case):
    def same(self, *argv, modes=MODES, **options):
        """Runs of both modes that end and print as without us."""
        plain = self.plain(*argv)
        for env in modes:
            with self.subTest(**env):
                run = self.record(*argv, env=env, **options)
                self.assertEqual((run.status, run.stdout, run.stderr),
                                 (plain.status, plain.stdout, plain.stderr))
                yield run

    # What the dynamic linker loads while the program runs.

    def test_another_object_where_one_was(self):
        """Stacks through an object that is gone keep its names."""
        a, b = target("plugin_a.so"), target("plugin_b.so")
        for env in EVERY_BLOCK:
            run = self.record_target("load", "20", a, "plugin_a", b,
                                     "plugin_b", env=env)
            self.assertGreater(run.stated()["reused"], 0)
            report = self.report(run)
            for name, size in (("plugin_a", 71), ("plugin_b", 72)):
                sites = sites_with(report, name)
                self.assertEqual(sum_of(sites, "live_blocks", "live_bytes"),
                                 (20, 20 * size))
                for site in sites:
                    self.assertIn(name + ".so", site["stack"][0]["module"])

    def test_objects_that_keep_their_names_to_themselves(self):
        """RTLD_LOCAL: the same name in two of them is two functions."""
        host = self.compile("host", HOST)
        plugins = [self.compile("%s.so" % name, """
            #include <stdlib.h>
            void *kept;
            void go(void) { kept = malloc(%d); }
            """ % size, "-shared", "-fPIC")
            for name, size in (("one", 100), ("two", 200))]
        for run in self.same(host, *plugins, modes=EVERY_BLOCK):
            found = {site["live_bytes"]:
                     os.path.basename(site["stack"][0]["module"])
                     for site in sites_with(self.report(run), "go")}
            self.assertEqual(found, {100: "one.so", 200: "two.so"})

    def test_second_namespace_is_said(self):
        """dlmopen() brings a libc of its own, of which we see nothing."""
        plugin = self.compile("plugin.so", """
            #include <stdlib.h>
            void *kept;
            void go(void) { for (int i = 0; i < 9; i++) kept = malloc(77); }
            """, "-shared", "-fPIC")
        host = self.compile("host", HOST.replace(
            "dlopen(argv[i], RTLD_NOW | RTLD_LOCAL)",
            "dlmopen(LM_ID_NEWLM, argv[i], RTLD_NOW)"))
        for run in self.same(host, plugin, plugin):
            sites = self.json("report", "--limit", "0", self.dump(run))
            self.assertFalse(sites_with(sites, "go"))
            self.assertIs(sites["losses"]["namespaces"], True)
            for command in ("report", "info"):
                text = self.memprof(command, "--no-pager", self.dump(run))
                self.assertIn(b"a namespace of their own", text.stdout)
                self.assertIn(b"Unseen   up to ", text.stdout)
        loud = self.record(host, plugin, quiet=False)
        self.assertIn(b"namespace of its own", loud.stderr)
        self.assertIs(self.report(self.record(target("peak"), "middle"))
                      ["losses"]["namespaces"], False)
        self.assertNotIn(b"namespace", self.record(
            target("peak"), "middle", quiet=False).stderr)

    def test_search_path_of_the_library_that_loads(self):
        """dlopen() of a bare name looks into the caller's RUNPATH: a hook in
        front of it would be the caller instead."""
        os.mkdir(self.path("inner"))
        self.compile("inner/libinner.so", """
            #include <stdlib.h>
            void *inner(void) { return malloc(123); }
            """, "-shared", "-fPIC")
        outer = self.compile("outer.so", """
            #include <dlfcn.h>
            #include <stdio.h>
            void *kept;
            void go(void)
            {
                void *object = dlopen("libinner.so", RTLD_NOW);
                void *(*inner)(void);
                if (!object) { puts(dlerror()); return; }
                *(void **)&inner = dlsym(object, "inner");
                kept = inner();
                puts("found");
            }
            """, "-shared", "-fPIC", "-Wl,-rpath,$ORIGIN/inner",
                              "-Wl,--enable-new-dtags")
        host = self.compile("host", HOST)
        for run in self.same(host, outer, modes=EVERY_BLOCK):
            self.assertEqual(run.stdout, b"found\ndone\n")
            self.assertEqual(sum_of(sites_with(self.report(run), "inner"),
                                    "live_bytes"), (123,))

    def test_what_the_c_library_loads_for_itself(self):
        """Name services and character sets are plug-ins of libc's."""
        program = self.compile("names", """
            #include <grp.h>
            #include <iconv.h>
            #include <netdb.h>
            #include <pwd.h>
            #include <stdio.h>
            #include <string.h>
            static void convert(const char *to, const char *from)
            {
                char text[] = "plain text", out[100], *in = text, *at = out;
                size_t left = strlen(text), room = sizeof(out);
                iconv_t state = iconv_open(to, from);
                if (state == (iconv_t)-1) { puts("none"); return; }
                iconv(state, &in, &left, &at, &room);
                printf("%s %zu\\n", to, sizeof(out) - room);
                iconv_close(state);
            }
            int main(void)
            {
                struct addrinfo *list = NULL;
                struct passwd *root = getpwnam("root");
                struct group *group = getgrgid(0);
                printf("%s %s\\n", root ? root->pw_name : "?",
                       group ? group->gr_name : "?");
                printf("%d\\n", getaddrinfo("127.0.0.1", "80", NULL, &list));
                if (list) freeaddrinfo(list);
                printf("%d\\n", getaddrinfo("localhost", NULL, NULL, &list));
                for (int i = 0; i < 3; i++) {
                    convert("UTF-16LE", "EUC-JP");
                    convert("ISO-8859-15", "UTF-8");
                    convert("IBM1047", "KOI8-R");
                }
                return 0;
            }
            """)
        for run in self.same(program):
            report = self.json("report", "--limit", "0", self.dump(run))
            self.assertGreater(report["totals"]["allocations"], 20)
            self.assertEqual(report["losses"]["foreign_frees"], 0)
            if not self.info(run)["mode"]["sample_bytes"]:
                self.assertTrue(sites_with(report, "iconv_open"))
        self.assert_checked(self.record(program, env={"MEMPROF_CHECK": "1"}))

    def test_errors_of_the_dynamic_linker_are_the_programs(self):
        """What we looked for in vain is no error of its, and no block that
        it frees without having asked for it."""
        program = self.compile("errors", """
            #include <dlfcn.h>
            #include <stdio.h>
            int main(void)
            {
                char *error = dlerror();
                puts(error ? error : "none");
                puts(dlopen("/nonexistent", RTLD_NOW) ? "there" : dlerror());
                puts(dlsym(RTLD_DEFAULT, "nowhere") ? "there" : dlerror());
                puts(dlopen("libc.so.6", RTLD_NOW) ? "there" : dlerror());
                return 4;
            }
            """)
        for run in self.same(program):
            self.assertTrue(run.stdout.startswith(b"none\n"))
            self.assertEqual(
                self.report(run)["losses"]["foreign_frees"], 0)

    def test_program_with_a_dlsym_of_its_own(self):
        """As overlays have: what is next to them is us."""
        program = self.compile("overlay", """
            #include <dlfcn.h>
            #include <stdlib.h>
            static int calls;
            void *dlsym(void *handle, const char *name)
            {
                static void *(*next)(void *, const char *);
                calls++;
                if (!next)
                    *(void **)&next = dlvsym(RTLD_NEXT, "dlsym",
                                             "GLIBC_2.2.5");
                free(malloc(50));
                return next(handle, name);
            }
            int main(void)
            {
                void *volatile kept = NULL;
                for (int i = 0; i < 100; i++)
                    kept = realloc(kept, 1000 + i);
                free(aligned_alloc(64, 640));
                return kept && dlsym(RTLD_DEFAULT, "malloc") ? 6 : 7;
            }
            """, "-rdynamic", "-fno-optimize-sibling-calls")
        for run in self.same(program, modes=EVERY_BLOCK):
            self.assertEqual(run.status, 6)
            self.assertEqual(
                sum_of([site for site in self.report(run)["sites"]
                        if functions(site)[0] == "main"],
                       "allocations", "live_bytes"), (101, 1099))

    def test_objects_that_a_forked_child_loads(self):
        program = self.compile("forks", """
            #include <dlfcn.h>
            #include <sys/wait.h>
            #include <unistd.h>
            static int load(const char *path)
            {
                void *object = dlopen(path, RTLD_NOW);
                void (*go)(void);
                if (!object) return 1;
                *(void **)&go = dlsym(object, "go");
                go();
                return 0;
            }
            int main(int argc, char **argv)
            {
                int status = load(argv[1]);
                pid_t child = fork();
                if (child == 0)
                    return status + load(argv[2]);
                waitpid(child, &status, 0);
                return status + load(argv[3]);
            }
            """)
        plugins = [self.compile("%s.so" % name, """
            #include <stdlib.h>
            void *kept;
            void go(void) { kept = malloc(%d); }
            """ % size, "-shared", "-fPIC")
            for name, size in (("one", 100), ("two", 200), ("three", 300))]
        for run in self.same(program, *plugins, modes=EVERY_BLOCK):
            found = {path == self.dump(run): {
                site["live_bytes"]: os.path.basename(
                    site["stack"][0]["module"])
                for site in sites_with(self.report(path), "go")
                if functions(site)[0] == "go"} for path in self.dumps()}
            self.assertEqual(found, {
                True: {100: "one.so", 300: "three.so"},
                False: {100: "one.so", 200: "two.so"}})

    # Before main().

    def test_code_that_runs_before_we_do(self):
        """Resolvers, preinit_array and constructors of libraries come before
        our constructor; nothing of theirs is missed, nor foreign."""
        library = self.compile("libearly.so", """
            #include <stdlib.h>
            void *early_block;
            __attribute__((constructor(101))) static void early(void)
            {
                for (int i = 0; i < 10; i++)
                    free(malloc(1001));
                early_block = malloc(1002);
            }
            __attribute__((destructor)) static void late(void)
            {
                free(early_block);
                early_block = malloc(1003);
            }
            """, "-shared", "-fPIC")
        program = self.compile("program", """
            #include <stdlib.h>
            extern void *early_block;
            void *first;
            static void before_all(int argc, char **argv, char **envp)
            {
                (void)argc; (void)argv; (void)envp;
                first = malloc(1004);
            }
            __attribute__((section(".preinit_array"), used))
            static void (*hook)(int, char **, char **) = before_all;
            static int chosen_one(void) { first = realloc(first, 1005);
                                          return first != early_block; }
            static int (*choose(void))(void) { return chosen_one; }
            int chosen(void) __attribute__((ifunc("choose")));
            int main(void) { return chosen() ? 5 : 6; }
            """, library, "-Wl,-rpath," + self.dir)
        for run in self.same(program, modes=EVERY_BLOCK):
            self.assertEqual(run.status, 5)
            report = self.report(run)
            self.assertEqual(sum_of(sites_with(report, "early"),
                                    "allocations", "live_blocks"), (11, 0))
            self.assertEqual(sum_of(sites_with(report, "late"),
                                    "live_bytes"), (1003,))
            self.assertEqual(sum_of(sites_with(report, "before_all"),
                                    "allocations", "frees"), (1, 1))
            self.assertEqual(sum_of(sites_with(report, "chosen_one"),
                                    "live_bytes"), (1005,))
            self.assertEqual(report["losses"]["foreign_frees"], 0)

    def test_resolver_that_allocates(self):
        """An IFUNC is resolved while objects are still being bound."""
        program = self.compile("program", """
            #include <stdlib.h>
            void *block;
            static int one(void) { return block != NULL; }
            static int (*choose(void))(void)
            {
                block = malloc(77);
                return one;
            }
            int chosen(void) __attribute__((ifunc("choose")));
            int main(void) { int is = chosen(); free(block); return is; }
            """, "-Wl,-z,lazy")
        for bind in ({}, {"LD_BIND_NOW": "1"}):
            plain = self.plain(program, env=bind)
            for mode in MODES:
                run = self.record(program, env=dict(mode, **bind))
                self.assertEqual((run.status, run.stderr),
                                 (plain.status, plain.stderr))
                if plain.status == 1:
                    self.assertEqual(self.totals(run)["live_blocks"], 0)

    def test_program_given_to_the_dynamic_linker(self):
        for run in self.same(LOADER, target("peak"), "middle"):
            self.assert_exact_totals(run, run.stated())

    # Where nothing can be preloaded.

    def refused(self, program, word, **popen):
        run = finish(start((MEMPROF, "run", program), env=clean_env(),
                           cwd=self.dir, **popen))
        lines = run.stderr.decode().splitlines()
        self.assertEqual((run.status, run.stdout, len(lines)), (125, b"", 1),
                         lines)
        self.assertIn(word, lines[0])

    def static(self, *flags):
        with open(self.path("x.c"), "w") as file:
            file.write("int main(void) { return 3; }\n")
        built = self.plain(*CC.split(), *flags, "-o", "static", "x.c")
        if built.status:
            self.skipTest("%s: cannot be linked here" % " ".join(flags))
        return self.path("static")

    def test_static_programs(self):
        for flags in (("-static",), ("-static-pie",)):
            with self.subTest(flags):
                program = self.static(*flags)
                self.refused(program, "static")
                for run in self.same(program):
                    self.assertEqual((run.status, self.dumps()), (3, []))

    def test_program_of_32_bits(self):
        with open(self.path("x.c"), "w") as file:
            file.write("""
                void _start(void)
                {
                    __asm__ volatile("int $0x80" : : "a"(1), "b"(3));
                }
                """)
        built = self.plain(*CC.split(), "-m32", "-static", "-nostdlib",
                           "-fno-pie", "-no-pie", "-o", "small", "x.c")
        if built.status:
            self.skipTest("no compiler for 32-bit programs")
        self.refused(self.path("small"), "32-bit")
        plain = self.plain(self.path("small"))
        run = self.record(self.path("small"))
        self.assertEqual((run.status, run.stderr), (plain.status, b""))

    def test_program_with_capabilities(self):
        """The kernel raises its privileges, so the loader ignores us; for
        root it does not."""
        self.need("setcap", "setpriv")
        if os.geteuid() != 0:
            self.skipTest("only root can give capabilities away")
        program = self.path("program")
        shutil.copy(target("peak"), program)
        os.chmod(self.dir, 0o777)
        marked = self.plain("setcap", "cap_net_raw+ep", program)
        if marked.status:
            self.skipTest("this file system keeps no capabilities")
        self.refused(program, "capabilities",
                     preexec_fn=lambda: os.setuid(65534))
        want = self.plain(program, "middle")
        run = self.record("setpriv", "--reuid=65534", "--clear-groups",
                          program, "middle")
        self.assertEqual((run.status, run.stdout, run.stderr),
                         (want.status, want.stdout, b""))
        for path in self.dumps():  # setpriv's own
            self.assertNotIn("program", self.report(path)["program"]["path"])
        for run in self.same(program, "middle"):
            self.assert_exact_totals(run, run.stated())

    def test_shim_that_is_not_there(self):
        """The dynamic linker says so, and the program runs."""
        run = self.plain(target("peak"), "middle",
                         env={"LD_PRELOAD": SHIM + ".gone"})
        self.assertEqual(run.status, 0)


main()
