# SPDX-License-Identifier: MIT
"""Surroundings that break other preloaded libraries: odd settings of the
dynamic linker and of malloc, sandboxes, objects with names of their own."""

import os

from harness import (CC, MODES, SHIM, Case, functions, in_both_modes, main,
                     sites_with, sum_of, target)


class Oddities(Case):
    def assert_as_ever(self, **env):
        for argv in (("peak", "middle"), ("threads", "4", "500"),
                     ("fork", "plain"), ("walk",)):
            for mode in MODES:
                run = self.record_target(*argv, env=dict(mode, **env))
                self.assertEqual(run.stderr, b"")
                self.totals(run)
                if argv[0] == "peak":
                    self.assert_exact_totals(run, run.stated())

    def test_everything_bound_at_the_start(self):
        self.assert_as_ever(LD_BIND_NOW="1")

    def test_malloc_without_caches_that_fills_blocks(self):
        self.assert_as_ever(GLIBC_TUNABLES="glibc.malloc.tcache_count=0:"
                            "glibc.malloc.perturb=165:"
                            "glibc.malloc.mmap_threshold=4096")

    def test_auditing_library(self):
        """The dynamic linker allocates before there are threads at all."""
        audit = self.compile(
            "audit.so", "unsigned la_version(unsigned v) { return v; }\n"
            "unsigned la_objopen(void *m, long l, void *c)\n"
            "{ (void)m; (void)l; (void)c; return 3; }\n", "-shared", "-fPIC")
        self.assert_as_ever(LD_AUDIT=audit)

    @in_both_modes
    def test_preloaded_twice(self):
        run = self.record_target("peak", "middle", preload=(SHIM,))
        self.assert_totals(self.report(run), run.stated())

    def test_not_preloaded_but_loaded(self):
        """Too late to see malloc; it must do no harm."""
        program = self.compile("late", """
            #include <dlfcn.h>
            #include <stdio.h>
            #include <stdlib.h>
            int main(int argc, char **argv)
            {
                void *block = malloc(10);
                void *object = dlopen(argv[argc - 1], RTLD_NOW | RTLD_GLOBAL);
                if (!object) { puts(dlerror()); return 1; }
                block = realloc(block, 100);
                free(block);
                dlclose(object);
                puts("done");
                return 0;
            }
            """)
        run = self.plain(program, SHIM,
                         env={"MEMPROF_OUT": self.path("x.mp")})
        self.assertEqual((run.status, run.stdout), (0, b"done\n"),
                         run.stderr)

    @in_both_modes
    def test_plugin_that_prefers_its_own_malloc(self):
        """RTLD_DEEPBIND: its blocks come from libc past us, and are freed
        through us; and the other way round."""
        plugin = self.compile("plugin.so", """
            #include <stdlib.h>
            void *get(void) { return malloc(100); }
            void put(void *block) { free(block); }
            """, "-shared", "-fPIC")
        program = self.compile("host", """
            #include <dlfcn.h>
            #include <stdlib.h>
            #include <unistd.h>
            int main(int argc, char **argv)
            {
                void *object = dlopen(argv[argc - 1],
                                      RTLD_NOW | RTLD_DEEPBIND);
                void *(*get)(void); void (*put)(void *);
                if (!object) return 1;
                *(void **)&get = dlsym(object, "get");
                *(void **)&put = dlsym(object, "put");
                for (int i = 0; i < 1000; i++) {
                    void *theirs = get(), *ours = malloc(200);
                    theirs = realloc(theirs, 300);
                    put(ours);
                    free(theirs);
                }
                return write(1, "done\\n", 5) != 5;
            }
            """)
        run = self.record(program, plugin)
        self.assertEqual((run.status, run.stdout), (0, b"done\n"),
                         run.stderr)
        report = self.report(run)
        # What is given back past us is gone when its address is given out
        # again: the last one of them is not known to be.
        self.assertEqual(report["losses"]["foreign_reallocs"], 1000)
        self.assertEqual(report["losses"]["foreign_frees"], 0)
        if not self.sample:
            own = [site for site in report["sites"]
                   if functions(site)[0] == "main"]
            self.assertEqual(sum_of(own, "allocations", "allocated_bytes",
                                    "live_bytes"), (2000, 500000, 200))

    @in_both_modes
    def test_second_namespace(self):
        """dlmopen: a libc of its own, of which we know nothing."""
        plugin = self.compile("plugin.so", """
            #include <stdlib.h>
            void *get(void) { void *p = malloc(100); free(p); return p; }
            """, "-shared", "-fPIC")
        program = self.compile("host", """
            #include <dlfcn.h>
            #include <unistd.h>
            int main(int argc, char **argv)
            {
                void *object = dlmopen(LM_ID_NEWLM, argv[argc - 1], RTLD_NOW);
                void *(*get)(void);
                if (!object) return 1;
                *(void **)&get = dlsym(object, "get");
                get();
                dlclose(object);
                return write(1, "done\\n", 5) != 5;
            }
            """)
        plain = self.plain(program, plugin)
        run = self.record(program, plugin)
        self.assertEqual((run.status, run.stdout),
                         (plain.status, plain.stdout), run.stderr)

    def test_sandbox_that_lets_no_file_be_opened(self):
        plain = self.plain(target("grow"), "15", "sandbox")
        run = self.record(target("grow"), "15", "sandbox", quiet=False)
        self.assertEqual((run.status, run.stdout),
                         (plain.status, plain.stdout), run.stderr)
        report = self.report(run)
        self.assertEqual(
            [report["totals"][key] for key in
             ("allocations", "allocated_bytes", "frees", "freed_bytes")],
            [run.stated()[key] for key in
             ("allocations", "allocated_bytes", "frees", "freed_bytes")])

    @in_both_modes
    def test_environment_that_is_wiped(self):
        program = self.compile("wipe", """
            #include <stdlib.h>
            #include <string.h>
            int main(int argc, char **argv)
            {
                clearenv();
                memset(argv[0], 'x', strlen(argv[0]));
                for (int i = 0; i < 1000; i++)
                    free(malloc(10 + argc));
                return 4;
            }
            """)
        run = self.record(program)
        self.assertEqual(run.status, 4)
        self.assertEqual(self.report(run)["totals"]["allocations"], 1000)

    def test_static_program_started_by_a_recorded_one(self):
        """The dynamic linker is not asked: no dump, no complaint."""
        with open(self.path("x.c"), "w") as file:
            file.write("int main(void) { return 3; }\n")
        built = self.plain(*CC.split(), "-static", "-o", "static", "x.c")
        if built.status:
            self.skipTest("no static C library")
        run = self.record("/bin/sh", "-c", "./static; exit $?",
                          out="%e.%p.mp")
        self.assertEqual((run.status, run.stderr), (3, b""))
        self.assertEqual(len(self.dumps()), 1)

    def test_names_of_the_program_are_not_ours(self):
        """Functions called as ours or as libc's inside a program stay its
        own."""
        program = self.compile("names", """
            #include <stdlib.h>
            #include <unistd.h>
            static int calls;
            int mp_recorder_alloc(void) { return calls++; }
            int mp_file_create(void) { return calls++; }
            int say(void) { return calls++; }
            void *mmap(void) { calls++; abort(); }
            int fallocate(void) { calls++; abort(); }
            int fstat(void) { calls++; abort(); }
            int getpid(void) { calls++; abort(); }
            int main(void)
            {
                for (int i = 0; i < 1000; i++)
                    free(malloc(5000));
                return calls;
            }
            """, "-rdynamic", "-w")
        plain = self.plain(program)
        run = self.record(program)
        self.assertEqual((run.status, plain.status), (0, 0), run.stderr)
        self.assertEqual(self.report(run)["totals"]["allocations"], 1000)

    def test_program_that_wraps_malloc(self):
        """An executable's own malloc in front of the next one: ours."""
        program = self.compile("wrap", """
            #include <dlfcn.h>
            #include <stddef.h>
            static unsigned long calls;
            void free(void *);
            void *malloc(size_t bytes)
            {
                static void *(*next)(size_t);
                if (!next)
                    *(void **)&next = dlsym(RTLD_NEXT, "malloc");
                calls++;
                return next(bytes);
            }
            int main(void)
            {
                for (int i = 0; i < 1000; i++)
                    free(malloc(50));
                return calls < 1000;
            }
            """, "-rdynamic")
        run = self.record(program)
        self.assertEqual(run.status, 0, run.stderr)
        report = self.report(run)
        sites = [site for site in report["sites"]
                 if site["allocated_bytes"] >= 50000]
        self.assertEqual(sum_of(sites, "allocations", "live_blocks"),
                         (1000, 0))

    def test_stacks_of_a_thread_pool_of_another_language_runtime(self):
        """perl's threads clone whole interpreters."""
        self.need("perl")
        script = ("use threads; my @t = map { my $n = $_; threads->create("
                  "sub { my %h = map { $_ => 1 } 1..500; return $n + keys "
                  "%h }) } 1..4; my $s = 0; $s += $_->join for @t; "
                  "print \"$s\\n\";")
        plain = self.plain("perl", "-e", script)
        if plain.status:
            self.skipTest("perl has no threads")
        run = self.record("perl", "-e", script)
        self.assertEqual((run.status, run.stdout),
                         (plain.status, plain.stdout), run.stderr)
        self.assertTrue(sites_with(self.report(run), "perl_clone"))

    def test_limits_of_address_space(self):
        for megabytes in (64, 128, 512):
            with self.subTest(megabytes):
                run = self.record(
                    "/bin/sh", "-c", "ulimit -v %d; exec %s middle" % (
                        megabytes * 1024, target("peak")))
                plain = self.plain(target("peak"), "middle")
                self.assertEqual((run.status, run.stdout),
                                 (plain.status, plain.stdout), run.stderr)

    def test_working_directory_that_is_gone(self):
        os.mkdir(self.path("gone"))
        run = self.record("/bin/sh", "-c", "rmdir ../gone; exec %s middle"
                          % target("peak"), cwd=self.path("gone"), out=None,
                          env={"TMPDIR": self.dir})
        plain = self.plain(target("peak"), "middle")
        self.assertEqual((run.status, run.stdout),
                         (plain.status, plain.stdout), run.stderr)


main()
