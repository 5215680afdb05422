# SPDX-License-Identifier: MIT
# Built by "make check" so that they stay buildable; run by scripts/bench.
check_PROGRAMS += tests/bench/micro tests/bench/spawn
tests_bench_micro_SOURCES = tests/bench/micro.c
tests_bench_micro_LDADD = -lpthread
tests_bench_spawn_SOURCES = tests/bench/spawn.c
check_PROGRAMS += tests/bench/big_dump
tests_bench_big_dump_SOURCES = tests/bench/big_dump.c
tests_bench_big_dump_LDADD = tests/unit/libdumps.a
EXTRA_DIST += tests/bench/big_binary
