/* SPDX-License-Identifier: MIT */
/* A file that a command writes. */
#include "config.h"

#include "analyzer/cmd/output.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "analyzer/base/diag.h"

#define PLAIN_MODE 0666 /* without what the umask takes */

/* Does the file begin like one of ours? An empty one does. */
static bool is_ours(const char *path, const char *mark)
{
	FILE *file = fopen(path, "re");
	char begin[128] = { 0 };
	size_t bytes;

	if (!file)
		return false;
	bytes = fread(begin, 1, sizeof(begin) - 1, file);
	fclose(file);
	return bytes == 0 || strncmp(begin, mark, strlen(mark)) == 0;
}

static int open_beside(struct output *output)
{
	int fd;

	if (asprintf(&output->temporary, "%s.%ld.new", output->path,
		     (long)getpid()) < 0) {
		diag_error("%s: out of memory", output->path);
		return -1;
	}
	fd = open(output->temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC,
		  PLAIN_MODE);
	output->file = fd >= 0 ? fdopen(fd, "w") : NULL;
	if (output->file)
		return 0;
	diag_error("%s: cannot be written: %s", output->path, strerror(errno));
	if (fd >= 0) {
		close(fd);
		unlink(output->temporary);
	}
	free(output->temporary);
	return -1;
}

int output_open(struct output *output, const char *path, const char *mark,
		bool is_forced)
{
	struct stat st;

	*output = (struct output) { .path = path };
	if (strcmp(path, "-") == 0) {
		output->file = stdout;
		return 0;
	}
	if (stat(path, &st) == 0) {
		if (!S_ISREG(st.st_mode)) {
			output->file = fopen(path, "we");
			if (output->file)
				return 0;
			diag_error("%s: cannot be written: %s", path,
				   strerror(errno));
			return -1;
		}
		if (!is_forced && !is_ours(path, mark)) {
			diag_error("%s: is there already and is no output of "
				   "this command; --force replaces it",
				   path);
			return -1;
		}
	}
	return open_beside(output);
}

int output_close(struct output *output, bool is_good)
{
	bool is_written = fflush(output->file) == 0 && !ferror(output->file);
	int saved = errno;

	if (output->file != stdout && fclose(output->file) != 0 && is_written) {
		is_written = false;
		saved = errno;
	}
	if (is_good && is_written && output->temporary &&
	    rename(output->temporary, output->path) < 0) {
		is_written = false;
		saved = errno;
	}
	if (output->temporary && !(is_good && is_written))
		unlink(output->temporary);
	free(output->temporary);
	if (is_good && !is_written)
		diag_error("%s: cannot be written: %s", output->path,
			   strerror(saved));
	return is_written ? 0 : -1;
}

char *output_name(const char *dump, const char *ending)
{
	const char *slash = strrchr(dump, '/'),
		   *name = slash ? slash + 1 : dump;
	size_t bytes = strlen(name);
	char *ret;

	if (bytes > 3 && strcmp(name + bytes - 3, ".mp") == 0)
		bytes -= 3;
	if (asprintf(&ret, "%.*s%s", (int)bytes, name, ending) < 0)
		return NULL;
	return ret;
}
