/* SPDX-License-Identifier: MIT */
/* Without zlib: nothing is compressed. */
#include "config.h"

#include "analyzer/view/export/deflate.h"

#include <stdlib.h>

struct deflate {
	FILE *file;
};

struct deflate *deflate_open(FILE *file)
{
	struct deflate *deflate = calloc(1, sizeof(*deflate));

	if (deflate)
		deflate->file = file;
	return deflate;
}

void deflate_write(struct deflate *deflate, const void *bytes, size_t count)
{
	fwrite(bytes, 1, count, deflate->file);
}

int deflate_close(struct deflate *deflate)
{
	free(deflate);
	return 0;
}
