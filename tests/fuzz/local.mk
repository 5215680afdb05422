# SPDX-License-Identifier: MIT
# What reads files of others against any bytes. No fuzzer is needed: the corpus is
# replayed, and changed at random from a fixed seed. For the real thing:
#	configure CC=clang --with-sanitizers=address,undefined
#	make tests/fuzz/fuzz_dump && FUZZ_CASES=1000000 make check \
#		TESTS=tests/fuzz/replay-dump
check_PROGRAMS += tests/fuzz/fuzz_dump tests/fuzz/fuzz_object \
	tests/fuzz/fuzz_perf_map tests/fuzz/fuzz_suppressions \
	tests/fuzz/make_corpus
fuzz_replays = tests/fuzz/replay-dump tests/fuzz/replay-object \
	tests/fuzz/replay-perf-map tests/fuzz/replay-suppressions
dist_check_SCRIPTS += $(fuzz_replays)
TESTS += $(fuzz_replays)

fuzz_corpus = tests/fuzz/corpus/dump/ages.dump \
	tests/fuzz/corpus/dump/deep.dump \
	tests/fuzz/corpus/dump/leaks.dump \
	tests/fuzz/corpus/dump/losses.dump \
	tests/fuzz/corpus/dump/no_events.dump \
	tests/fuzz/corpus/dump/roots.dump \
	tests/fuzz/corpus/dump/sample.dump \
	tests/fuzz/corpus/dump/sampled.dump \
	tests/fuzz/corpus/dump/timeline.dump \
	tests/fuzz/corpus/object/compressed.so \
	tests/fuzz/corpus/object/debugdata.so \
	tests/fuzz/corpus/object/dwarf4.so \
	tests/fuzz/corpus/object/dwarf5.so \
	tests/fuzz/corpus/object/stripped.so \
	tests/fuzz/corpus/object/symbols.so \
	tests/fuzz/corpus/object/templates.so \
	tests/fuzz/corpus/perf_map/node.map \
	tests/fuzz/corpus/perf_map/nonsense.map \
	tests/fuzz/corpus/perf_map/overlaps.map \
	tests/fuzz/corpus/suppressions/memcheck.supp \
	tests/fuzz/corpus/suppressions/sanitizer.txt \
	tests/fuzz/corpus/suppressions/stars.supp
EXTRA_DIST += $(fuzz_corpus) tests/fuzz/make-corpus tests/fuzz/make-objects

fuzz_driver = tests/fuzz/driver.c tests/fuzz/driver.h
tests_fuzz_fuzz_suppressions_SOURCES = tests/fuzz/fuzz_suppressions.c \
	$(fuzz_driver)
tests_fuzz_fuzz_suppressions_CFLAGS = $(ANALYZER_CFLAGS)
tests_fuzz_fuzz_suppressions_LDADD = libanalyzer.a $(ANALYZER_LIBS)
tests_fuzz_fuzz_object_SOURCES = tests/fuzz/fuzz_object.c $(fuzz_driver)
tests_fuzz_fuzz_object_CFLAGS = $(ANALYZER_CFLAGS)
tests_fuzz_fuzz_object_LDADD = libanalyzer.a $(ANALYZER_LIBS)
tests_fuzz_fuzz_perf_map_SOURCES = tests/fuzz/fuzz_perf_map.c $(fuzz_driver)
tests_fuzz_fuzz_perf_map_CFLAGS = $(ANALYZER_CFLAGS)
tests_fuzz_fuzz_perf_map_LDADD = libanalyzer.a $(ANALYZER_LIBS)
tests_fuzz_fuzz_dump_SOURCES = tests/fuzz/fuzz_dump.c $(fuzz_driver)
tests_fuzz_fuzz_dump_CFLAGS = $(ANALYZER_CFLAGS)
tests_fuzz_fuzz_dump_LDADD = tests/unit/libdumps.a libanalyzer.a $(ANALYZER_LIBS)
tests_fuzz_make_corpus_SOURCES = tests/fuzz/make_corpus.c
tests_fuzz_make_corpus_CFLAGS = $(ANALYZER_CFLAGS)
tests_fuzz_make_corpus_LDADD = tests/unit/libdumps.a

TESTS_SLOW += tests/fuzz/minute.py
