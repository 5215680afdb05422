# SPDX-License-Identifier: MIT
"""jemalloc's own calls, mallocx and its kin."""

from harness import MODES, Case, functions, main, sites_with, sum_of

JEMALLOC = "/usr/lib/x86_64-linux-gnu/libjemalloc.so.2"
# Lazily bound and writable; bound at the start and sealed; without PLT; at a
# fixed address.
LINKS = {
    "lazy": ("-Wl,-z,lazy", "-Wl,-z,norelro"),
    "now": ("-Wl,-z,now", "-Wl,-z,relro"),
    "no-plt": ("-fno-plt", "-Wl,-z,now", "-Wl,-z,relro"),
    "no-pie": ("-no-pie", "-fno-pie", "-Wl,-z,lazy"),
}


class Mallocx(Case):
    def linked(self, name):
        self.need(JEMALLOC)
        return self.build(name, "mallocx.c", *LINKS[name],
                          "-Wl,--no-as-needed", "-l:libjemalloc.so.2")

    def recorded(self, *argv, **options):
        run = self.record(*argv, **options)
        self.assertEqual((run.status, run.stderr), (0, b""), run.stdout)
        return run

    def assert_main(self, run):
        """jemalloc's own start allocates too: only what main() did."""
        sites = sites_with(self.report(run), "main")
        stated = run.stated()
        keys = ("allocations", "allocated_bytes", "live_blocks",
                "live_bytes")

        self.assertEqual(sum_of(sites, *keys),
                         tuple(stated[key] for key in keys))
        return sites

    def test_every_call_is_recorded_however_the_program_is_linked(self):
        for name in LINKS:
            program = self.linked(name)
            plain = self.plain(program, "calls")
            for env in MODES:
                with self.subTest(name, **env):
                    run = self.recorded(program, "calls", env=env)
                    self.assertEqual(run.stdout, plain.stdout)
                    totals = self.totals(run)
                    stated = run.stated()
                    self.assertEqual(totals["failed"], stated["failed"])
                    self.assertGreaterEqual(totals["allocations"],
                                            stated["allocations"])
                    if not env:
                        lost = [site for site in self.assert_main(run)
                                if site["live_bytes"] == 333]
                        self.assertEqual(functions(lost[0])[:3],
                                         ["get", "test_calls", "main"])

    def test_calls_through_constant_pointers(self):
        for name in LINKS:
            with self.subTest(name):
                self.assert_main(self.recorded(self.linked(name), "table"))

    def test_preloaded_jemalloc_too(self):
        self.need(JEMALLOC)
        program = self.build("weak", "mallocx.c")
        self.assert_main(self.recorded(program, "calls",
                                       preload=(JEMALLOC,)))

    def test_without_jemalloc_they_are_not_there(self):
        for flags in LINKS.values():
            program = self.build("weak", "mallocx.c", *flags)
            run = self.recorded(program, "weak")
            self.assertEqual(run.stated("is"), {"weak": 0, "found": 0})

    def test_with_jemalloc_they_are_there(self):
        run = self.recorded(self.linked("now"), "weak")
        self.assertEqual(run.stated("is"), {"weak": 1, "found": 1})

    def test_what_dlsym_finds_is_counted_as_unseen(self):
        run = self.recorded(self.linked("now"), "lookup")
        self.assertEqual(self.report(run)["losses"]["foreign_frees"], 10)

    def test_walks_equal_the_reference(self):
        run = self.recorded(self.linked("now"), "calls",
                            env={"MEMPROF_CHECK": "1"})
        self.assert_checked(run)


main()
