/* SPDX-License-Identifier: MIT */
/*
 * The rules that a program made for LeakSanitizer brings along: the text that
 * its function __lsan_default_suppressions() returns, and the file that an
 * option names, of LSAN_OPTIONS or of what __lsan_default_options() returns.
 * Where it is not built with that sanitizer nobody refers to the functions, so
 * they are looked for in the symbols of the files, and called in the copy,
 * where they can harm nobody: the verdicts are done, and the copy is ended when
 * that takes too long.
 *
 * Context: the copy, one thread, after the scan.
 */
#ifndef MEMPROF_PRELOAD_LEAK_DEFAULTS_H
#define MEMPROF_PRELOAD_LEAK_DEFAULTS_H

#include "preload/leak/scan.h"

/* Into the verdicts, or nothing. */
void mp_defaults_read(struct mp_scan *scan);

#endif
