/* SPDX-License-Identifier: MIT */
/* The names that the recorder may have given to a dump. */
#include "config.h"

#include "analyzer/cmd/dump_name.h"

#include <fcntl.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "analyzer/model/dump.h"

#define OUT_DEFAULT  "%e.%p.mp"
#define TEMP_DEFAULT "/tmp"

/* Appends a pattern of MEMPROF_OUT as one for glob(). */
static void print_pattern(FILE *out, const char *pattern, pid_t pid)
{
	for (; *pattern; pattern++) {
		if (*pattern == '%' && pattern[1] == 'p') {
			fprintf(out, "%ld", (long)pid);
			pattern++;
		} else if (*pattern == '%' && pattern[1] &&
			   strchr("eht", pattern[1])) {
			fputc('*', out);
			pattern++;
		} else {
			if (*pattern == '%' && pattern[1] == '%')
				pattern++;
			if (strchr("*?[\\", *pattern))
				fputc('\\', out);
			fputc(*pattern, out);
		}
	}
}

/*
 * folder/pattern for glob(), with a suffix not NULL also .PID and it. To be
 * freed; NULL when memory is out.
 */
static char *glob_pattern(const char *folder, const char *pattern,
			  const char *suffix, pid_t pid)
{
	char *buf = NULL;
	size_t bytes = 0;
	FILE *out = open_memstream(&buf, &bytes);
	bool has_failed;

	if (!out)
		return NULL;
	if (*folder)
		fprintf(out, "%s/", folder);
	print_pattern(out, pattern, pid);
	if (suffix)
		fprintf(out, ".%ld%s", (long)pid, suffix);
	has_failed = ferror(out);
	if (fclose(out) != 0 || has_failed) {
		free(buf);
		return NULL;
	}
	return buf;
}

static bool is_before(const struct timespec *a, const struct timespec *b)
{
	return a->tv_sec < b->tv_sec ||
	       (a->tv_sec == b->tv_sec && a->tv_nsec < b->tv_nsec);
}

/* The newest file so far. */
struct newest {
	char *path; /* NULL: none */
	struct timespec changed;
};

/* Takes over the newest match if it is newer. False when memory is out. */
static bool newest_take(struct newest *newest, const char *wanted)
{
	const char *found = NULL;
	glob_t matches;
	int status = glob(wanted, 0, NULL, &matches);
	bool has_memory = true;

	if (status != 0)
		return status != GLOB_NOSPACE;
	for (size_t i = 0; i < matches.gl_pathc; i++) {
		struct stat st;

		if (lstat(matches.gl_pathv[i], &st) < 0 ||
		    !S_ISREG(st.st_mode) ||
		    is_before(&st.st_mtim, &newest->changed))
			continue;
		newest->changed = st.st_mtim;
		found = matches.gl_pathv[i];
	}
	if (found) {
		free(newest->path);
		newest->path = strdup(found);
		has_memory = newest->path != NULL;
	}
	globfree(&matches);
	return has_memory;
}

char *dump_name_find(const char *pattern, pid_t pid,
		     const struct timespec *since)
{
	/* Where a file of the name is in use, the recorder adds the pid, and
	 * then a number: as when a program replaces itself by another. */
	static const char *const suffixes[] = { NULL, "", ".*" };
	struct newest newest = { NULL, *since };
	const char *temp = getenv("TMPDIR");
	const char *base;
	bool has_memory = true;

	if (!pattern || !*pattern)
		pattern = OUT_DEFAULT;
	if (!temp || !*temp)
		temp = TEMP_DEFAULT;
	base = strrchr(pattern, '/');
	base = base ? base + 1 : pattern;
	for (size_t i = 0; i < 6 && has_memory; i++) {
		char *wanted =
			glob_pattern(i < 3 ? "" : temp, i < 3 ? pattern : base,
				     suffixes[i % 3], pid);

		has_memory = wanted && newest_take(&newest, wanted);
		free(wanted);
	}
	return newest.path;
}

bool dump_name_was_said(const char *path)
{
	struct mpf_header header = { .mode = 0 };
	int fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	ssize_t got = fd < 0 ? -1 : pread(fd, &header, sizeof(header), 0);

	if (fd >= 0)
		close(fd);
	return got != (ssize_t)sizeof(header) ||
	       memcmp(header.magic, MPF_MAGIC, sizeof(header.magic)) != 0 ||
	       header.mode & (MPF_MODE_NAMED | MPF_MODE_FORKED);
}
