# SPDX-License-Identifier: MIT
# Tests that take long go into TESTS_SLOW (as .py) and run by `make check-slow`.
TESTS_SLOW =

# What every test gets; recorders and reports must not see the user's settings.
AM_TESTS_ENVIRONMENT = \
	top_srcdir='$(abs_top_srcdir)'; export top_srcdir; \
	top_builddir='$(abs_top_builddir)'; export top_builddir; \
	CC='$(CC)'; export CC; CXX='$(CXX)'; export CXX; \
	CLANG='$(CLANG)'; export CLANG; PYTHON3='$(PYTHON3)'; export PYTHON3; \
	unset LD_PRELOAD MEMPROF_OUT MEMPROF_QUIET MEMPROF_MAX_DEPTH \
		MEMPROF_UNWIND MEMPROF_CHECK MEMPROF_LIB MEMPROF_PAGER \
		MEMPROF_LEAK_CHECK; \
	LC_ALL=C.UTF-8; export LC_ALL; \
	MEMPROF_SYMBOL_CACHE=off; export MEMPROF_SYMBOL_CACHE;

# Tests in Python count each of their cases, see tests/e2e/harness.py.
TEST_EXTENSIONS = .py
PY_LOG_DRIVER = $(SHELL) $(top_srcdir)/tests/e2e/driver
EXTRA_DIST += tests/e2e/driver tests/skips-allowed

# In this order they are run: many short ones last, to fill what time is left.
include tests/e2e/local.mk
include tests/fuzz/local.mk
include tests/contract/local.mk
include tests/unit/local.mk
include tests/bench/local.mk

EXTRA_DIST += $(TESTS_SLOW)

check-slow: all $(check_PROGRAMS) $(check_LIBRARIES)
	$(MAKE) $(AM_MAKEFLAGS) check-TESTS TESTS='$(TESTS_SLOW)' \
		TEST_SUITE_LOG=test-slow.log
.PHONY: check-slow
MOSTLYCLEANFILES = test-slow.log
