/* SPDX-License-Identifier: MIT */
/* Which instants are meant. */
#include "config.h"

#include "analyzer/model/range.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "analyzer/model/dump.h"

#define NS_PER_S 1e9

uint64_t range_duration(const struct dump *dump)
{
	const struct mpf_header *header = &dump->header;
	uint64_t last = header->start_ns;

	if (header->end_ns > last &&
	    header->end_ns - header->start_ns <= DUMP_MAX_COUNT)
		return header->end_ns - header->start_ns;
	for (size_t i = 0; i < dump->point_count; i++)
		if (dump->points[i].ns > last)
			last = dump->points[i].ns;
	for (size_t i = 0; i < dump->moment_count; i++)
		if (dump->moments[i].ns > last)
			last = dump->moments[i].ns;
	return last - header->start_ns;
}

static bool is_detailed(const struct mpf_moment *moment)
{
	return moment->ns != 0 && moment->kind != MPF_MOMENT_MARK;
}

/* "1.5s" and "50%" as nanoseconds after the start. */
static bool parse_time(const char *text, uint64_t duration, uint64_t *ret_ns)
{
	static const struct {
		const char *unit;
		double ns;
	} units[] = { { "", 1e9 },   { "s", 1e9 },    { "ms", 1e6 },
		      { "us", 1e3 }, { "ns", 1 },     { "min", 60e9 },
		      { "m", 60e9 }, { "h", 3600e9 }, { "d", 86400e9 } };
	char *end;
	double value;

	if (!strchr("0123456789.", text[0]) || text[0] == '\0')
		return false;
	value = strtod(text, &end);
	if (end == text || !isfinite(value) || value < 0)
		return false;
	if (*end == ' ')
		end++;
	if (strcmp(end, "%") == 0) {
		if (value > 100)
			return false;
		*ret_ns = (uint64_t)((double)duration * value / 100);
		return true;
	}
	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		if (strcmp(end, units[i].unit) != 0)
			continue;
		value *= units[i].ns;
		if (value > (double)DUMP_MAX_COUNT)
			return false;
		*ret_ns = (uint64_t)(value + 0.5);
		return true;
	}
	return false;
}

static bool has_name(const struct dump *dump, const struct mpf_moment *moment,
		     const char *name)
{
	size_t bytes;
	const char *text = dump_text(dump, moment->name, &bytes);

	return moment->ns != 0 && bytes == strlen(name) && bytes != 0 &&
	       memcmp(text, name, bytes) == 0;
}

/* The latest moment of a name. */
static const struct mpf_moment *find_name(const struct dump *dump,
					  const char *name)
{
	for (size_t i = dump->moment_count; i-- > 0;)
		if (has_name(dump, &dump->moments[i], name))
			return &dump->moments[i];
	return NULL;
}

static uint64_t distance(uint64_t a, uint64_t b)
{
	return a > b ? a - b : b - a;
}

/* What the dump holds that is nearest to the instant asked for. Marks do not
 * come before the detailed moment at the same time. */
static void take_nearest(struct range_edge *edge, const struct dump *dump)
{
	const uint64_t start = dump->header.start_ns;
	const uint64_t duration = range_duration(dump);
	uint64_t best = edge->asked_ns;

	/* A forked child begins with what it inherited, which is a moment. */
	edge->kind = RANGE_START;
	edge->ns = 0;
	if (dump->header.mode & MPF_MODE_FORKED)
		best = UINT64_MAX;
	for (size_t i = 0; i < dump->moment_count; i++) {
		uint64_t ns = dump->moments[i].ns - start;

		if (!is_detailed(&dump->moments[i]) ||
		    distance(ns, edge->asked_ns) >= best)
			continue;
		best = distance(ns, edge->asked_ns);
		edge->kind = RANGE_MOMENT;
		edge->moment = i;
		edge->ns = ns;
	}
	if (distance(duration, edge->asked_ns) <= best) {
		best = distance(duration, edge->asked_ns);
		edge->kind = RANGE_END;
		edge->ns = duration;
	}
	edge->is_exact = best == 0;
}

/* False when the text is no instant. */
static bool resolve(struct range_edge *edge, const struct dump *dump,
		    const char *text)
{
	const struct mpf_header *header = &dump->header;
	const struct mpf_moment *named = find_name(dump, text);
	const uint64_t duration = range_duration(dump);

	*edge = (struct range_edge) { .kind = RANGE_END };
	if (named) {
		memcpy(edge->name, text, strlen(text));
		edge->asked_ns = named->ns - header->start_ns;
		if (!is_detailed(named)) {
			take_nearest(edge, dump);
			return true;
		}
		edge->kind = RANGE_MOMENT;
		edge->moment = (size_t)(named - dump->moments);
		edge->ns = edge->asked_ns;
		edge->is_exact = true;
		return true;
	}
	if (strcmp(text, "end") == 0)
		edge->asked_ns = duration;
	else if (strcmp(text, "start") == 0)
		edge->asked_ns = 0;
	else if (strcmp(text, "peak") == 0 &&
		 header->peak_ns >= header->start_ns)
		edge->asked_ns = header->peak_ns - header->start_ns;
	else if (!parse_time(text, duration, &edge->asked_ns))
		return false;
	take_nearest(edge, dump);
	/* It need not lie within: the last known instant is meant. */
	return true;
}

int range_resolve(struct range *ret_range, const struct dump *dump,
		  const struct range_options *options, const char **ret_text)
{
	const char *to = options->to ? options->to : options->at;

	*ret_range = (struct range) { 0 };
	*ret_text = to ? to : options->from;
	if (!to && !options->from)
		return 0;
	if (!(dump->header.mode & MPF_MODE_TIMELINE))
		return RANGE_NOTHING;
	ret_range->is_set = true;
	if (!resolve(&ret_range->to, dump, to ? to : "end"))
		return RANGE_BAD;
	*ret_text = options->from;
	if (!options->from)
		return 0;
	ret_range->has_from = true;
	if (!resolve(&ret_range->from, dump, options->from))
		return RANGE_BAD;
	if (ret_range->from.asked_ns > ret_range->to.asked_ns)
		return RANGE_EMPTY;
	return 0;
}
