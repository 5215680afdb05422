/* SPDX-License-Identifier: MIT */
/* Several dumps over one axis of time. */
#include "config.h"

#include "analyzer/model/recordings.h"

#define SPAN_MAX 1e18 /* ns, of starts that a dump may claim */

struct timeline_axis recordings_axis(const struct recordings *recordings)
{
	struct timeline_axis axis = { 0 };

	for (size_t i = 0; i < recordings->count; i++) {
		const struct timeline *timeline =
			&recordings->array[i].timeline;
		double start = (double)timeline->start_unix_ns;
		double from = start + (double)timeline->from_ns;
		double to = start + (double)timeline->to_ns;

		if (i == 0 || from < axis.from)
			axis.from = from;
		if (i == 0 || to > axis.to)
			axis.to = to;
	}
	if (axis.to - axis.from > SPAN_MAX)
		axis.to = axis.from + SPAN_MAX;
	return axis;
}

struct timeline_axis recordings_axis_of(const struct recordings *recordings,
					size_t number)
{
	const struct timeline *timeline = &recordings->array[number].timeline;
	struct timeline_axis axis = recordings_axis(recordings);

	/* Alone it is exact: a double does not hold all Unix nanoseconds. */
	if (recordings->count == 1)
		return timeline_own_axis(timeline);
	axis.from -= (double)timeline->start_unix_ns;
	axis.to -= (double)timeline->start_unix_ns;
	return axis;
}
