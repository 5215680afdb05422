/* SPDX-License-Identifier: MIT */
/*
 * What a fuzz target defines: any bytes are to do no harm. With clang,
 * -fsanitize=fuzzer and without driver.c it is a libFuzzer target.
 */
#ifndef MEMPROF_TESTS_FUZZ_DRIVER_H
#define MEMPROF_TESTS_FUZZ_DRIVER_H

#include <stddef.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#endif
