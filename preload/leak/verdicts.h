/* SPDX-License-Identifier: MIT */
/*
 * The verdicts of a scan, added up by class and root, in memory that the copy
 * of the process and the process itself share.
 *
 * Context: root(), count(): the copy, one thread. The reader looks at it when
 * the copy is gone, and trusts nothing in it but the limits.
 */
#ifndef MEMPROF_PRELOAD_LEAK_VERDICTS_H
#define MEMPROF_PRELOAD_LEAK_VERDICTS_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "preload/format/format.h"

#define MP_VERDICTS_LEAKS (UINT32_C(1) << 17)
#define MP_VERDICTS_ROOTS (UINT32_C(1) << 12)
#define MP_VERDICTS_PATH  232u
#define MP_VERDICTS_RULES 65536u /* bytes of one text of them */
#define MP_VERDICTS_TEXTS 2u	 /* of rules */

struct mp_verdicts_root {
	uint32_t held; /* enum mpf_held */
	uint32_t tid;
	char name[MPF_NAME_BYTES];
	char path[MP_VERDICTS_PATH];
};

/* Rules that the program brings, see defaults.h. */
struct mp_verdicts_rules {
	_Atomic uint32_t bytes; /* of text, which is not terminated */
	char source[MPF_NAME_BYTES];
	char text[MP_VERDICTS_RULES];
};

struct mp_verdicts {
	_Atomic uint32_t is_done;
	uint32_t failure; /* enum mpf_leak_failure */
	int32_t err;
	uint32_t leak_count, root_count; /* indices from 1 on are used */
	uint64_t blocks, lost_blocks, scanned_bytes;
	struct mp_verdicts_root roots[MP_VERDICTS_ROOTS];
	struct mpf_leak leaks[MP_VERDICTS_LEAKS];
	struct mp_verdicts_rules rules[MP_VERDICTS_TEXTS];
	/* Indices into leaks by hash; 0: free. At most half full. */
	uint32_t table[2 * MP_VERDICTS_LEAKS];
};

/* So many bytes of the text were filled in; half a rule is none. */
void mp_verdicts_rules(struct mp_verdicts_rules *rules, uint32_t bytes);

/* A new root. One for all of its kind when there are too many. */
uint32_t mp_verdicts_root(struct mp_verdicts *verdicts, enum mpf_held held,
			  uint32_t tid, const char *name, const char *path);

/* Adds the block of leak (blocks is 1) to those of its class, verdict, root
 * and by_class. */
void mp_verdicts_count(struct mp_verdicts *verdicts,
		       const struct mpf_leak *leak);

#endif
