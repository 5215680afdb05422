/* SPDX-License-Identifier: MIT */
/* Budgets from options and from a file. */
#include "config.h"

#include "analyzer/cmd/budget_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "analyzer/base/diag.h"
#include "analyzer/model/dump.h"

#define LINE_SHOWN 80 /* bytes of a line that is not accepted */

static const char *expected(enum budget_name name)
{
	if (name == BUDGET_MAX_GROWTH)
		return "5% or peak=5%";
	return budget_is_bytes(name) ? "64MiB or parser.c=8MiB"
				     : "1000000 or parser.c=1000";
}

int budget_file_add_options(struct budgets *budgets, enum budget_name name,
			    const struct option_list *texts)
{
	for (size_t i = 0; i < texts->count; i++) {
		int ret = budgets_add(budgets, name, texts->items[i]);

		if (ret == DUMP_MEMORY)
			diag_error("--%s: out of memory", budget_name(name));
		else if (ret == BUDGET_TOO_MANY)
			diag_error("--%s: more than %u budgets",
				   budget_name(name), BUDGETS_MAX);
		else if (ret == BUDGET_TOO_LARGE)
			diag_error("--%s: '%s' is too large a number",
				   budget_name(name), texts->items[i]);
		else if (ret < 0)
			diag_error("--%s: '%s' is not accepted; give a limit "
				   "such as %s",
				   budget_name(name), texts->items[i],
				   expected(name));
		if (ret < 0)
			return -1;
	}
	return 0;
}

/* All of a regular file that is not too large. NULL: said. */
static char *read_file(const char *path, size_t *ret_bytes)
{
	/* A FIFO would wait for a writer. */
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	char *text = malloc(BUDGETS_FILE_MAX + 1);
	size_t used = 0;
	ssize_t count = 1;
	struct stat st;

	if (fd < 0 || !text) {
		diag_error("%s: cannot be read: %s", path, strerror(errno));
	} else if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode)) {
		diag_error("%s: is no regular file; name a file of budgets",
			   path);
	} else {
		while (count > 0 && used <= BUDGETS_FILE_MAX) {
			count = read(fd, text + used,
				     BUDGETS_FILE_MAX + 1 - used);
			if (count > 0)
				used += (size_t)count;
			else if (count < 0 && errno == EINTR)
				count = 1;
		}
		if (count >= 0 && used <= BUDGETS_FILE_MAX) {
			close(fd);
			*ret_bytes = used;
			return text;
		}
		if (count < 0)
			diag_error("%s: cannot be read: %s", path,
				   strerror(errno));
		else
			diag_error("%s: is larger than %llu bytes; it is no "
				   "file of budgets",
				   path, (unsigned long long)BUDGETS_FILE_MAX);
	}
	if (fd >= 0)
		close(fd);
	free(text);
	return NULL;
}

/* Of a file's contents that one by its number from 1, without blanks before
 * it; as much as a message needs. */
static const char *line_of(const char *text, size_t bytes, size_t number,
			   char buf[static LINE_SHOWN])
{
	const char *end = text + bytes, *newline;
	size_t len = 0;

	while (--number > 0) {
		newline = memchr(text, '\n', (size_t)(end - text));
		text = newline ? newline + 1 : end;
	}
	while (text < end && (*text == ' ' || *text == '\t'))
		text++;
	for (; len < LINE_SHOWN - 1 && text + len < end; len++) {
		if (text[len] == '\n' || text[len] == '\r')
			break;
		buf[len] = text[len] ? text[len] : '?';
	}
	buf[len] = '\0';
	return buf;
}

int budget_file_read(struct budgets *budgets, const char *path)
{
	size_t bytes, line = 0;
	char *text = read_file(path, &bytes);
	char shown[LINE_SHOWN];
	int ret;

	if (!text)
		return -1;
	ret = budgets_add_lines(budgets, text, bytes, &line);
	if (ret < 0)
		line_of(text, bytes, line, shown);
	free(text);
	switch (ret) {
	case 0:
		return 0;
	case DUMP_MEMORY:
		diag_error("%s: out of memory", path);
		break;
	case BUDGET_TOO_MANY:
		diag_error("%s:%zu: more than %u budgets", path, line,
			   BUDGETS_MAX);
		break;
	case BUDGET_TOO_LARGE:
		diag_error("%s:%zu: '%s' has too large a number", path, line,
			   shown);
		break;
	case BUDGET_UNKNOWN:
		diag_error("%s:%zu: '%s' is no budget; a line is max-peak, "
			   "max-leaked, max-allocations, max-temporary or "
			   "max-growth, a blank and a limit",
			   path, line, shown);
		break;
	default:
		diag_error("%s:%zu: '%s' has no limit that is accepted; give "
			   "one such as 64MiB, parser.c=8MiB or, for "
			   "max-growth, 5%%",
			   path, line, shown);
	}
	return -1;
}
