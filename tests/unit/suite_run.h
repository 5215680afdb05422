/* SPDX-License-Identifier: MIT */
/* The end of every test program that runs one suite. */
#ifndef MEMPROF_TESTS_UNIT_SUITE_RUN_H
#define MEMPROF_TESTS_UNIT_SUITE_RUN_H

#include <check.h>

/* What main() returns. The suite is freed. */
int suite_run(Suite *suite);

#endif
