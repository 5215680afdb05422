/* SPDX-License-Identifier: MIT */
/* Annotated sources as files of a folder. */
#include "config.h"

#include "analyzer/cmd/annotate.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "analyzer/base/diag.h"
#include "analyzer/view/text_lines.h"

#define NAME_MAX_BYTES 200u /* of a name as it is made from a path */
#define KEPT_BYTES     160u /* of one that is longer: its end */
#define TEMPORARY_NAME ".memprof-annotate.tmp"

static uint64_t hash_text(const char *text)
{
	uint64_t hash = UINT64_C(0xcbf29ce484222325);

	for (; *text; text++)
		hash = (hash ^ (unsigned char)*text) * UINT64_C(0x100000001b3);
	return hash;
}

static bool is_plain(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	       (c >= '0' && c <= '9') || (c != '\0' && strchr(".-_+", c));
}

/* The columns a byte takes in a name. */
static size_t bytes_of(char c)
{
	return c == '/' || is_plain(c) ? 1 : 3;
}

void annotate_name(char buf[static ANNOTATE_NAME_BYTES], const char *path)
{
	const char *from = path;
	size_t bytes = 0, used = 0;

	for (const char *at = path; *at; at++)
		bytes += bytes_of(*at);
	if (bytes > NAME_MAX_BYTES) {
		used = (size_t)snprintf(buf, ANNOTATE_NAME_BYTES,
					"%016" PRIx64 "~", hash_text(path));
		for (; bytes > KEPT_BYTES; from++)
			bytes -= bytes_of(*from);
	}
	for (; *from; from++) {
		if (*from == '/')
			buf[used++] = '#';
		else if (is_plain(*from))
			buf[used++] = *from;
		else
			used += (size_t)snprintf(
				buf + used, ANNOTATE_NAME_BYTES - used,
				"%%%02X", (unsigned char)*from);
	}
	buf[used] = '\0';
}

int annotate_open(struct annotate *ret_annotate, const char *path)
{
	struct annotate annotate = { .path = path };

	if (mkdir(path, 0777) < 0 && errno != EEXIST) {
		diag_error("%s: cannot be made: %s", path, strerror(errno));
		return CMD_FAILED;
	}
	annotate.dir =
		open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (annotate.dir < 0) {
		diag_error("%s: is no folder that can be written to: %s", path,
			   errno == ELOOP || errno == ENOTDIR
				   ? "it is a link or a file"
				   : strerror(errno));
		return CMD_FAILED;
	}
	*ret_annotate = annotate;
	return CMD_DONE;
}

void annotate_close(struct annotate *annotate)
{
	close(annotate->dir);
	diag_note("%zu annotated %s in %s%s", annotate->written,
		  annotate->written == 1 ? "file is" : "files are",
		  annotate->path,
		  annotate->without_source
			  ? "; sources that are not here were left out "
			    "(--source-dir helps)"
			  : "");
}

static int say_failed(const struct annotate *annotate, const char *name)
{
	diag_error("%s/%s: cannot be written: %s", annotate->path, name,
		   strerror(errno));
	unlinkat(annotate->dir, TEMPORARY_NAME, 0);
	return CMD_FAILED;
}

int annotate_write(struct annotate *annotate, const struct term *term,
		   struct analysis *analysis, const struct lines *lines)
{
	const struct term_choice choice = { .color = TERM_COLOR_NEVER,
					    .units = term->units };
	char name[ANNOTATE_NAME_BYTES];
	struct term to;
	FILE *file = NULL;
	bool is_written;
	int fd;

	if (!lines->source.path) {
		annotate->without_source++;
		return CMD_DONE;
	}
	annotate_name(name, lines->file);
	/* A new file that takes the name when it is complete: whatever had
	 * the name, a link for one, is replaced and never written through. */
	unlinkat(annotate->dir, TEMPORARY_NAME, 0);
	fd = openat(annotate->dir, TEMPORARY_NAME,
		    O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0666);
	if (fd >= 0)
		file = fdopen(fd, "w");
	if (!file) {
		if (fd >= 0)
			close(fd);
		return say_failed(annotate, name);
	}
	term_init(&to, file, &choice);
	text_lines_print(&to, analysis, lines, TEXT_LINES_ALL);
	is_written = !ferror(file);
	if (fclose(file) != 0 || !is_written ||
	    renameat(annotate->dir, TEMPORARY_NAME, annotate->dir, name) < 0)
		return say_failed(annotate, name);
	annotate->written++;
	return CMD_DONE;
}
