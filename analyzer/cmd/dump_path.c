/* SPDX-License-Identifier: MIT */
/* Which dump a command is about. */
#include "config.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "analyzer/base/diag.h"
#include "analyzer/cmd/cmd.h"

#define SUFFIX ".mp"
#define FORGOT "record one with memprof run, or name a dump"

/* Does name, its first len bytes, end in ".mp" with something before it? */
static bool has_suffix(const char *name, size_t len)
{
	const size_t suffix = strlen(SUFFIX);

	return len > suffix && name[len - suffix - 1] != '/' &&
	       memcmp(name + len - suffix, SUFFIX, suffix) == 0;
}

static bool is_dump_name(const char *operand, size_t len)
{
	size_t end = len;

	/* Without ".PID" and ".NUMBER". */
	for (int i = 0; i < 2 && !has_suffix(operand, len); i++) {
		while (end > 0 && isdigit((unsigned char)operand[end - 1]))
			end--;
		if (end == 0 || end == len || operand[end - 1] != '.')
			break;
		len = --end;
	}
	return has_suffix(operand, len);
}

const char *cmd_cut_instant(char *path)
{
	char *at = strrchr(path, '@');

	if (!at || at == path || at[1] == '\0' || access(path, F_OK) == 0)
		return NULL;
	*at = '\0';
	return at + 1;
}

bool cmd_is_dump(const char *operand)
{
	const char *at = strrchr(operand, '@');
	size_t len = strlen(operand);

	return is_dump_name(operand, len) ||
	       (at && is_dump_name(operand, (size_t)(at - operand)));
}

static bool is_before(const struct timespec *a, const struct timespec *b)
{
	return a->tv_sec < b->tv_sec ||
	       (a->tv_sec == b->tv_sec && a->tv_nsec < b->tv_nsec);
}

/* Name of the newest dump in the working directory; errno 0: there is none. */
static char *newest(void)
{
	DIR *dir = opendir(".");
	struct dirent *entry;
	struct timespec best = { 0, 0 };
	struct stat st;
	char *name = NULL, *copy;

	if (!dir)
		return NULL;
	while ((entry = readdir(dir))) {
		if (entry->d_name[0] == '.' ||
		    !has_suffix(entry->d_name, strlen(entry->d_name)) ||
		    fstatat(dirfd(dir), entry->d_name, &st, 0) < 0 ||
		    !S_ISREG(st.st_mode) || is_before(&st.st_mtim, &best))
			continue;
		copy = strdup(entry->d_name);
		if (!copy)
			break;
		free(name);
		name = copy;
		best = st.st_mtim;
	}
	closedir(dir);
	errno = 0;
	return name;
}

bool cmd_has_dump(void)
{
	char *name = newest();

	free(name);
	return name != NULL;
}

char *cmd_dump_path(const char *operand)
{
	char *path;

	if (operand) {
		path = strdup(operand);
		if (!path)
			diag_error("%s: out of memory", operand);
		return path;
	}
	path = newest();
	if (path)
		diag_note("reading %s, the newest dump here", path);
	else if (errno)
		diag_error("the working directory: cannot be read: %s; "
			   "name a dump",
			   strerror(errno));
	else
		diag_error("no dump: there is no *" SUFFIX " here; " FORGOT);
	return path;
}
