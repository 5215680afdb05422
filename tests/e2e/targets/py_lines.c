/* SPDX-License-Identifier: MIT */
/*
 * Reads line tables and the lines that the interpreter finds in them, and
 * finds the lines itself. Numbers are of 32 bits: for each table its kind, the
 * first line, the count of bytes, the bytes, the count of instructions, and
 * the line of each, 0 for none. Prints how many were compared and differ.
 */
#include "config.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "analyzer/model/code_lines.h"

static uint64_t compared, different;

static int compare(const struct code_table *table, uint32_t units)
{
	for (uint32_t i = 0; i < units; i++) {
		uint32_t want, have;

		if (fread(&want, sizeof(want), 1, stdin) != 1)
			return 0;
		have = code_lines_find(table, i).line;
		compared++;
		if (have == want)
			continue;
		if (different++ < 10)
			printf("unit %" PRIu32 " of code at line %" PRIu32
			       ": %" PRIu32 ", not %" PRIu32 "\n",
			       i, table->first_line, have, want);
	}
	return 1;
}

int main(void)
{
	uint32_t head[3], units;

	while (fread(head, sizeof(head), 1, stdin) == 1) {
		uint8_t *bytes = malloc(head[2] + 1);
		const struct code_table table = {
			.kind = head[0],
			.first_line = head[1],
			.bytes = bytes,
			.count = head[2],
		};

		if (!bytes || fread(bytes, 1, head[2], stdin) != head[2] ||
		    fread(&units, sizeof(units), 1, stdin) != 1 ||
		    !compare(&table, units))
			return 1;
		free(bytes);
	}
	printf("compared=%" PRIu64 "\ndifferent=%" PRIu64 "\n", compared,
	       different);
	return different != 0;
}
