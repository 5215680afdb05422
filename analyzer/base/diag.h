/* SPDX-License-Identifier: MIT */
/*
 * What memprof says to people on stderr. Every message is one line made by
 * one write, so that lines of several processes never mix; control characters
 * in it (from file names, from a dump) are replaced, never passed on.
 *
 * The form of a message is "OBJECT: reason; what to do", without a full stop:
 *	diag_error("%s: is not a dump; name a file made by memprof run", path);
 * Nothing here exits (but bug()); errno is kept. Used by cmd/ and base/ only:
 * model/, sym/ and view/ return codes and leave the words to their callers.
 */
#ifndef MEMPROF_ANALYZER_BASE_DIAG_H
#define MEMPROF_ANALYZER_BASE_DIAG_H

/* Longest line, terminator included; what is beyond is cut with "...". */
#define DIAG_LINE_BYTES 4096

/* "memprof: " message: why the command fails. */
void diag_error(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* "memprof: warning: " message: the result is less than was asked for. */
void diag_warn(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* "memprof: " message: good to know (which dump was chosen). */
void diag_note(const char *format, ...) __attribute__((format(printf, 1, 2)));

/*
 * "memprof: bug: " message, then abort(). For broken invariants of ours only,
 * never for anything that input, memory or the system can cause.
 */
_Noreturn void bug(const char *format, ...)
	__attribute__((format(printf, 1, 2)));

#endif
