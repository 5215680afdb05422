/* SPDX-License-Identifier: MIT */
/*
 * The one of LeakSanitizer's options that means something here: "suppressions",
 * a file of rules. It is read where the program runs, as it may be gone later.
 *
 * Context: init(): boot only; rules(): the copy, one thread.
 */
#ifndef MEMPROF_PRELOAD_LEAK_OPTIONS_H
#define MEMPROF_PRELOAD_LEAK_OPTIONS_H

#include <stdbool.h>

#include "preload/leak/verdicts.h"

/* options: LSAN_OPTIONS, or NULL. */
void mp_options_init(const char *options);

/* What they were; NULL: there are none. */
const char *mp_options_text(void);

/* Reads the file that these options name, if it can be read. False: they (NULL:
 * none) name none. */
bool mp_options_rules(const char *options, struct mp_verdicts_rules *rules);

#endif
