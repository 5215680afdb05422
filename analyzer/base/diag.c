/* SPDX-License-Identifier: MIT */
/*
 * The one place that writes to stderr. A line is built in a buffer on the
 * stack, so that a message about missing memory needs none.
 */
#include "config.h"

#include "analyzer/base/diag.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "analyzer/base/term.h"

/* prefix, message, newline: cleaned and written at once. */
static void emit(const char *prefix, const char *format, va_list args)
	__attribute__((format(printf, 2, 0)));

static void emit(const char *prefix, const char *format, va_list args)
{
	char text[DIAG_LINE_BYTES];
	char line[DIAG_LINE_BYTES + 32];
	size_t used;
	int wanted;
	int saved = errno;

	/* What the program said so far stands before what we say now. */
	fflush(stdout);
	wanted = vsnprintf(text, sizeof(text), format, args);
	if (wanted < 0) /* EOVERFLOW, EILSEQ: say at least what it was about */
		snprintf(text, sizeof(text), "%s", format);
	used = strlen(prefix);
	memcpy(line, prefix, used);
	term_clean(line + used, sizeof(text), text, strlen(text));
	used += strlen(line + used);
	if (wanted >= (int)sizeof(text)) {
		memcpy(line + used, "...", 3);
		used += 3;
	}
	line[used++] = '\n';
	/* Nobody is left to tell when this fails. */
	while (write(STDERR_FILENO, line, used) < 0 && errno == EINTR)
		;
	errno = saved;
}

void diag_error(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	emit("memprof: ", format, args);
	va_end(args);
}

void diag_warn(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	emit("memprof: warning: ", format, args);
	va_end(args);
}

void diag_note(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	emit("memprof: ", format, args);
	va_end(args);
}

void bug(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	emit("memprof: bug: ", format, args);
	va_end(args);
	abort();
}
