/* SPDX-License-Identifier: MIT */
/* The heap's size over the time of a recording. */
#include "config.h"

#include "analyzer/model/moments.h"

#include <stdlib.h>

#include "analyzer/model/analysis.h"
#include "analyzer/model/catalog.h"
#include "analyzer/model/dump.h"

#define MOMENTS 3

int moments_init(struct moments *ret_moments, const struct catalog *catalog)
{
	const struct summary *summary = &catalog->analysis->summary;
	const struct counts *sum = &catalog->sum;
	struct moments moments = { 0 };
	uint64_t peak_ns = summary->has_peak_time ? summary->peak_ns : 0;
	uint64_t end_ns = summary->has_duration ? summary->duration_ns : 0;

	moments.array = calloc(MOMENTS, sizeof(*moments.array));
	if (!moments.array)
		return DUMP_MEMORY;
	/* The peak may be the very end, and who was killed left no end. */
	if (catalog->analysis->sites.is_peak_now && end_ns > peak_ns)
		peak_ns = end_ns;
	if (end_ns < peak_ns)
		end_ns = peak_ns;
	moments.array[moments.count++] = (struct moment) { 0 };
	moments.array[moments.count++] =
		(struct moment) { .kind = MOMENT_PEAK,
				  .time_ns = peak_ns,
				  .bytes = sum->of[METRIC_PEAK_BYTES],
				  .metric = METRIC_PEAK_BYTES };
	moments.array[moments.count++] =
		(struct moment) { .kind = MOMENT_END,
				  .time_ns = end_ns,
				  .bytes = sum->of[METRIC_LIVE_BYTES],
				  .metric = METRIC_LIVE_BYTES };
	*ret_moments = moments;
	return 0;
}

void moments_done(struct moments *moments)
{
	free(moments->array);
	*moments = (struct moments) { 0 };
}
