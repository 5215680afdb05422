/* SPDX-License-Identifier: MIT */
/* How long the blocks of a catalog's entries lived. */
#include "config.h"

#include "analyzer/model/analysis.h"
#include "analyzer/model/catalog.h"
#include "analyzer/model/dump.h"

int catalog_add_lifetimes(struct catalog *catalog)
{
	const struct analysis *analysis = catalog->analysis;
	struct ages ages;

	if (!analysis->dump->has_lifetimes)
		return 0;
	if (ages_init(&ages, analysis) < 0)
		return DUMP_MEMORY;
	catalog->has_lifetimes = true;
	catalog->has_time = ages.has_time;
	catalog->has_usable = ages.has_usable;
	for (size_t i = 0; i < analysis->sites.count; i++)
		if (catalog->entry_of[i] != CATALOG_NONE)
			lifetime_add(&catalog->entries[catalog->entry_of[i]]
					      .lifetime,
				     &ages.of_site[i]);
	ages_done(&ages);
	return 0;
}
