/* SPDX-License-Identifier: MIT */
/* The page: its code, and its data compressed and in base64. */
#include "config.h"

#include "analyzer/view/html.h"

#include <stdint.h>
#include <zlib.h>

#include "analyzer/model/dump.h"
#include "analyzer/view/html_page.h"

#define GZIP_WINDOW (15 + 16) /* of zlib: the largest, with gzip's header */
#define CHUNK	    (3 * 4096)

/* Three bytes at a time; only the last piece may have another length. */
static void put_base64(FILE *file, const unsigned char *from, size_t bytes)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				     "abcdefghijklmnopqrstuvwxyz0123456789+/";

	for (; bytes >= 3; from += 3, bytes -= 3) {
		putc(digits[from[0] >> 2], file);
		putc(digits[(from[0] & 3) << 4 | from[1] >> 4], file);
		putc(digits[(from[1] & 15) << 2 | from[2] >> 6], file);
		putc(digits[from[2] & 63], file);
	}
	if (bytes == 0)
		return;
	putc(digits[from[0] >> 2], file);
	if (bytes == 1) {
		putc(digits[(from[0] & 3) << 4], file);
		putc('=', file);
	} else {
		putc(digits[(from[0] & 3) << 4 | from[1] >> 4], file);
		putc(digits[(from[1] & 15) << 2], file);
	}
	putc('=', file);
}

static int put_data(FILE *file, const char *json, size_t bytes)
{
	unsigned char out[CHUNK];
	z_stream stream = { .next_in = (unsigned char *)(uintptr_t)json };
	size_t have = 0;
	int ret;

	if (deflateInit2(&stream, Z_BEST_COMPRESSION, Z_DEFLATED, GZIP_WINDOW,
			 8, Z_DEFAULT_STRATEGY) != Z_OK)
		return DUMP_MEMORY;
	do {
		/* zlib counts in 32 bits. */
		if (stream.avail_in == 0 && bytes) {
			stream.avail_in =
				bytes > (1u << 30) ? 1u << 30 : (uInt)bytes;
			bytes -= stream.avail_in;
		}
		stream.next_out = out + have;
		stream.avail_out = (uInt)(sizeof(out) - have);
		ret = deflate(&stream, bytes ? Z_NO_FLUSH : Z_FINISH);
		have = sizeof(out) - stream.avail_out;
		if (have == sizeof(out) || ret == Z_STREAM_END) {
			put_base64(file, out, have);
			have = 0;
		}
	} while (ret == Z_OK || ret == Z_BUF_ERROR);
	deflateEnd(&stream);
	return ret == Z_STREAM_END ? 0 : DUMP_MEMORY;
}

int html_print(FILE *file, const char *json, size_t bytes)
{
	int ret;

	fwrite(html_page_head, 1, (size_t)(html_page_head_end - html_page_head),
	       file);
	ret = put_data(file, json, bytes);
	fwrite(html_page_tail, 1, (size_t)(html_page_tail_end - html_page_tail),
	       file);
	return ret;
}
