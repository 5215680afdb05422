/* SPDX-License-Identifier: MIT */
/* gzip through zlib. */
#include "config.h"

#include "analyzer/view/export/deflate.h"

#include <stdlib.h>
#include <zlib.h>

#include "analyzer/base/worker.h"
#include "analyzer/view/export/exporter.h"

#define CHUNK	     16384
#define GZIP_WINDOW  (15 + 16) /* the largest window, in a gzip member */
#define MEMORY_LEVEL 8
#define INPUT_MAX    (1u << 30) /* zlib counts in unsigned */

struct deflate {
	struct worker *worker; /* whose the rest is until it is closed */
	FILE *file;
	z_stream stream;
	bool has_failed;
};

/* All of the input, and with Z_FINISH the end. */
static void push(struct deflate *to, int how)
{
	unsigned char out[CHUNK];
	int ret;

	do {
		to->stream.next_out = out;
		to->stream.avail_out = sizeof(out);
		ret = deflate(&to->stream, how);
		if (ret == Z_STREAM_ERROR) {
			to->has_failed = true;
			return;
		}
		fwrite(out, 1, sizeof(out) - to->stream.avail_out, to->file);
	} while (to->stream.avail_out == 0);
	if (how == Z_FINISH && ret != Z_STREAM_END)
		to->has_failed = true;
}

static void compress_bytes(void *context, const void *bytes, size_t count)
{
	struct deflate *to = context;
	const unsigned char *next = bytes;

	while (count > 0 && !to->has_failed) {
		size_t part = count < INPUT_MAX ? count : INPUT_MAX;

		/* zlib only reads it. */
		to->stream.next_in = (unsigned char *)(uintptr_t)next;
		to->stream.avail_in = (unsigned)part;
		push(to, Z_NO_FLUSH);
		next += part;
		count -= part;
	}
}

struct deflate *deflate_open(FILE *file, bool is_stored)
{
	struct deflate *deflate = calloc(1, sizeof(*deflate));

	if (!deflate)
		return NULL;
	deflate->file = file;
	if (deflateInit2(&deflate->stream,
			 is_stored ? Z_NO_COMPRESSION : Z_DEFAULT_COMPRESSION,
			 Z_DEFLATED, GZIP_WINDOW, MEMORY_LEVEL,
			 Z_DEFAULT_STRATEGY) != Z_OK) {
		free(deflate);
		return NULL;
	}
	deflate->worker = worker_open(compress_bytes, deflate);
	if (!deflate->worker) {
		deflateEnd(&deflate->stream);
		free(deflate);
		return NULL;
	}
	return deflate;
}

void deflate_write(struct deflate *to, const void *bytes, size_t count)
{
	worker_write(to->worker, bytes, count);
}

int deflate_close(struct deflate *to)
{
	int ret;

	worker_close(to->worker);
	to->stream.avail_in = 0;
	if (!to->has_failed)
		push(to, Z_FINISH);
	ret = to->has_failed ? EXPORT_LIBRARY : 0;
	deflateEnd(&to->stream);
	free(to);
	return ret;
}
