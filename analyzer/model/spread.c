/* SPDX-License-Identifier: MIT */
/* The middle and the ends of a few numbers. */
#include "config.h"

#include "analyzer/model/spread.h"

#include <stdlib.h>

static int compare(const void *left, const void *right)
{
	const int64_t *a = left, *b = right;

	return *a < *b ? -1 : *a > *b;
}

void spread_init(struct spread *ret_spread, int64_t *numbers, size_t count)
{
	qsort(numbers, count, sizeof(*numbers), compare);
	*ret_spread = (struct spread) { .median = numbers[(count - 1) / 2],
					.least = numbers[0],
					.greatest = numbers[count - 1] };
}
