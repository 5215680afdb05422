/* SPDX-License-Identifier: MIT */
/*
 * The recorder's only voice: one line, one write, to the stderr that the
 * program had at the start, and nothing when that is gone or when
 * MEMPROF_QUIET asks for silence.
 *
 * Context: any thread; may run inside malloc; may run in a signal handler:
 * yes; locks taken: none; errno kept.
 */
#ifndef MEMPROF_PRELOAD_BASE_SAY_H
#define MEMPROF_PRELOAD_BASE_SAY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A bounded text being built; what does not fit is cut. Always terminated. */
struct mp_text {
	char *buf;
	size_t size; /* of buf, terminator included; at least 1 */
	size_t used; /* without terminator */
	bool is_cut;
};

void mp_text_init(struct mp_text *text, char *buf, size_t size);
void mp_text_str(struct mp_text *text, const char *str);
void mp_text_bytes(struct mp_text *text, const char *bytes, size_t len);
void mp_text_dec(struct mp_text *text, uint64_t value);
void mp_text_hex(struct mp_text *text, uint64_t value);

/* Remembers which file fd 2 is. Without it nothing is ever said. */
void mp_say_init(bool is_quiet);

/* Whether mp_say() would try at all. */
bool mp_say_is_on(void);

/*
 * "memprof: " a b c "\n"; NULL parts are left out; control characters are
 * replaced; longer than MP_SAY_BYTES is cut. True when it was written.
 */
#define MP_SAY_BYTES 1024
bool mp_say(const char *a, const char *b, const char *c);

#endif
