/* SPDX-License-Identifier: MIT */
/* Files of results, replaced as a whole. */
#include "config.h"

#include "analyzer/base/outfile.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "analyzer/base/diag.h"

#define TRIES 16 /* names that may be in use already */

/* May the name be replaced? Says why not. */
static bool is_replaceable(const char *path)
{
	struct stat st;

	if (*path == '\0') {
		diag_error("--output: is empty; name a file, or - for "
			   "standard output");
		return false;
	}
	if (lstat(path, &st) < 0 || S_ISREG(st.st_mode))
		return true;
	if (S_ISLNK(st.st_mode))
		diag_error("%s: is a symbolic link, which is not followed; "
			   "name the file itself",
			   path);
	else
		diag_error("%s: is no regular file; name another, or - for "
			   "standard output",
			   path);
	return false;
}

/* A new file beside path. Its descriptor, or -1 with errno. */
static int create_beside(const char *path, char **ret_name)
{
	for (int i = 0; i < TRIES; i++) {
		unsigned random = 0;
		char *name;
		int fd;

		if (getrandom(&random, sizeof(random), GRND_NONBLOCK) < 0)
			random = (unsigned)getpid() + (unsigned)i;
		if (asprintf(&name, "%s.%08x.tmp", path, random) < 0) {
			errno = ENOMEM;
			return -1;
		}
		fd = open(name,
			  O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
			  0666);
		if (fd >= 0) {
			*ret_name = name;
			return fd;
		}
		free(name);
		if (errno != EEXIST)
			return -1;
	}
	return -1;
}

int outfile_open(struct outfile *ret_out, const char *path)
{
	struct outfile out = { .path = path };
	int fd;

	if (!is_replaceable(path))
		return -1;
	fd = create_beside(path, &out.temporary);
	if (fd < 0) {
		diag_error("%s: cannot be created: %s", path, strerror(errno));
		return -1;
	}
	out.file = fdopen(fd, "w");
	if (!out.file) {
		diag_error("%s: out of memory", path);
		close(fd);
		unlink(out.temporary);
		free(out.temporary);
		return -1;
	}
	*ret_out = out;
	return 0;
}

/* The mode that a file had is kept. */
static void keep_mode(const struct outfile *out)
{
	struct stat st;

	if (lstat(out->path, &st) == 0 && S_ISREG(st.st_mode))
		(void)!fchmod(fileno(out->file), st.st_mode & 0777);
}

int outfile_close(struct outfile *out, bool is_good)
{
	bool has_failed = ferror(out->file) || fflush(out->file) != 0;
	int error = has_failed ? errno : 0;

	if (is_good && !has_failed)
		keep_mode(out);
	if (fclose(out->file) != 0 && !has_failed) {
		has_failed = true;
		error = errno;
	}
	if (has_failed)
		diag_error("%s: cannot write: %s; nothing was kept", out->path,
			   error ? strerror(error) : "it failed");
	else if (is_good && rename(out->temporary, out->path) < 0) {
		diag_error("%s: cannot be put into place: %s", out->path,
			   strerror(errno));
		has_failed = true;
	} else if (is_good) {
		free(out->temporary);
		*out = (struct outfile) { 0 };
		return 0;
	}
	unlink(out->temporary);
	free(out->temporary);
	*out = (struct outfile) { 0 };
	return has_failed ? -1 : 0;
}
