/* SPDX-License-Identifier: MIT */
/*
 * Numbers as people read and write them. Every function fills the caller's
 * buffer, returns it, and never depends on the locale.
 */
#ifndef MEMPROF_ANALYZER_BASE_UNITS_H
#define MEMPROF_ANALYZER_BASE_UNITS_H

#include <stdint.h>

/* Enough for every function below, terminator included. */
#define UNITS_TEXT_BYTES 40

/* --units; the order is that of the option's choices. */
enum units {
	UNITS_IEC,  /* KiB MiB GiB TiB PiB EiB, powers of 1024 */
	UNITS_SI,   /* kB MB GB TB PB EB, powers of 1000 */
	UNITS_BYTES /* 1,234,567 B */
};

/*
 * "0 B", "1,023 B" (below 1024 or, si, 1000: exact), then one decimal, rounded
 * half up: "1.5 KiB", "1,023.9 MiB"; what rounds up to the next unit is
 * written in that unit ("1.0 MiB", never "1,024.0 KiB").
 */
char *units_size(char buf[static UNITS_TEXT_BYTES], enum units units,
		 uint64_t bytes);

/*
 * The same number for a second value beside one that units_size() wrote: in
 * the unit that whole is written in, without its name: "0.9", "1,234".
 */
char *units_size_beside(char buf[static UNITS_TEXT_BYTES], enum units units,
			uint64_t bytes, uint64_t whole);

/* "1,234,567" */
char *units_count(char buf[static UNITS_TEXT_BYTES], uint64_t count);

/*
 * Share of a whole with one decimal: "12.3%". A non-zero part that rounds to
 * nothing is "<0.1%", a part less than the whole is never "100.0%" but
 * ">99.9%". Whole 0: "-".
 */
char *units_percent(char buf[static UNITS_TEXT_BYTES], uint64_t part,
		    uint64_t whole);

/* "850 ns", "12.3 us", "1.5 ms", "59.9 s", "2 min 03 s", "5 h 02 min" */
char *units_duration(char buf[static UNITS_TEXT_BYTES], uint64_t ns);

/*
 * "64", "64B", "4K", "4k", "4KiB", "1.5MiB", "2MB", "1G"...: K M G T P E and
 * KiB ... are powers of 1024, kB (KB) MB ... powers of 1000; case does not
 * matter, one space may stand before the unit; a fraction is cut to whole
 * bytes. 0, -EINVAL when it is no such text, -ERANGE when it does not fit;
 * *ret_bytes is untouched then.
 */
int units_parse_size(const char *text, uint64_t *ret_bytes);

#endif
