# SPDX-License-Identifier: MIT
check_PROGRAMS += demo-program
demo_program_SOURCES = scripts/demo-program.c
demo_program_CFLAGS = -g -O1 $(WARN_CFLAGS)

dist_noinst_SCRIPTS += scripts/bench scripts/bench-analysis \
	scripts/demo scripts/format scripts/lint scripts/newer-pythons \
	scripts/schemas scripts/setup scripts/test
EXTRA_DIST += .clang-format
