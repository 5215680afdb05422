/* SPDX-License-Identifier: MIT */
/* How long blocks lived and how old they are, checked. */
#include "config.h"

#include "analyzer/model/dump_private.h"

#include <string.h>

/* Sums over all elements so far, none of which may grow too large. */
struct sums {
	uint64_t blocks, bytes, freed_bytes, by_ticks, by_allocs;
};

static bool is_class(const struct dump *dump, uint32_t node)
{
	return node < dump->node_count &&
	       dump->node_kinds[node] == DUMP_NODE_CLASS;
}

static bool add(uint64_t *sum, uint64_t more)
{
	if (more > DUMP_MAX_COUNT - *sum)
		return false;
	*sum += more;
	return true;
}

static const char *lifetime_fault(const struct dump *dump,
				  const struct mpf_lifetime *lifetime,
				  struct sums *sums)
{
	if (!is_class(dump, lifetime->class_node))
		return "class of a lifetime";
	if (!add(&sums->blocks, lifetime->blocks) ||
	    !add(&sums->bytes, lifetime->usable_bytes) ||
	    !add(&sums->freed_bytes, lifetime->usable_freed_bytes))
		return "blocks of a lifetime";
	for (unsigned i = 0; i < MPF_AGE_TICKS; i++)
		if (!add(&sums->by_ticks, lifetime->by_ticks[i]))
			return "histogram of a lifetime";
	for (unsigned i = 0; i < MPF_AGE_ALLOCS; i++)
		if (!add(&sums->by_allocs, lifetime->by_allocs[i]))
			return "histogram of a lifetime";
	return NULL;
}

static const char *live_fault(const struct dump *dump,
			      const struct mpf_live *live, struct sums *sums)
{
	if (live->class_node != 0 && !is_class(dump, live->class_node))
		return "class of a live block";
	if (live->age >= MPF_AGE_TICKS)
		return "age of a live block";
	if (!add(&sums->blocks, live->blocks) ||
	    !add(&sums->bytes, live->bytes))
		return "size of a live block";
	return NULL;
}

static int check_lifetimes(struct dump_reader *reader)
{
	struct dump *dump = reader->dump;
	struct sums sums = { 0 };
	int ret = 0;

	for (size_t i = 0; i < dump->lifetime_count && ret == 0; i++) {
		struct mpf_lifetime *lifetime = &dump->lifetimes[i];
		const char *fault = NULL;

		if (lifetime->class_node != 0)
			fault = lifetime_fault(dump, lifetime, &sums);
		if (fault)
			ret = dump_drop_element(reader, fault,
						MPF_SEG_LIFETIMES, i);
		if (fault || lifetime->class_node == 0)
			memset(lifetime, 0, sizeof(*lifetime));
	}
	return ret;
}

static int check_live(struct dump_reader *reader)
{
	struct dump *dump = reader->dump;
	struct sums sums = { 0 };
	int ret = 0;

	for (size_t i = 0; i < dump->live_count && ret == 0; i++) {
		struct mpf_live *live = &dump->live[i];
		const char *fault = NULL;

		if (live->blocks != 0)
			fault = live_fault(dump, live, &sums);
		if (fault)
			ret = dump_drop_element(reader, fault, MPF_SEG_LIVE, i);
		if (fault || live->blocks == 0)
			memset(live, 0, sizeof(*live));
	}
	return ret;
}

int dump_check_ages(struct dump_reader *reader)
{
	struct dump *dump = reader->dump;
	int ret;

	if (!dump->has_live)
		memset(dump->live, 0, dump->live_count * sizeof(*dump->live));
	dump->has_lifetimes = dump->header.mode & MPF_MODE_LIFETIMES;
	if (!dump->has_lifetimes)
		memset(dump->lifetimes, 0,
		       dump->lifetime_count * sizeof(*dump->lifetimes));
	ret = check_lifetimes(reader);
	return ret == 0 ? check_live(reader) : ret;
}
