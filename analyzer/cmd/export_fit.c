/* SPDX-License-Identifier: MIT */
/* How many sites of a dump fit into a file of a given size. */
#include "config.h"

#include "analyzer/cmd/export_fit.h"

#include <stdio.h>
#include <sys/types.h>

#include "analyzer/model/dump.h"

#define ROUNDS_MAX	 32
#define SPARE(max_bytes) ((max_bytes) / 16) /* not worth another round */

static void show_progress(void *progress, size_t done, size_t all)
{
	progress_show(progress, progress_now_ns(), done, all);
}

int export_write(const struct exporter *exporter, FILE *file,
		 struct catalog *catalog, const struct export_options *how,
		 struct progress *progress)
{
	catalog->progress = show_progress;
	catalog->progress_arg = progress;
	return exporter->write(file, catalog, how);
}

static ssize_t count_bytes(void *bytes, const char *text, size_t size)
{
	(void)text;
	*(uint64_t *)bytes += size;
	return (ssize_t)size;
}

/* What an export with what->limit comes to, in bytes and in sites. */
static int measure(const struct exporter *exporter, struct analysis *analysis,
		   const struct catalog_options *what,
		   const struct export_options *how, struct progress *progress,
		   uint64_t *ret_bytes, size_t *ret_sites)
{
	struct export_options stored = *how;
	const cookie_io_functions_t functions = { .write = count_bytes };
	struct catalog catalog;
	FILE *file;
	int ret;

	*ret_bytes = 0;
	stored.is_stored = true;
	ret = catalog_init(&catalog, analysis, what);
	if (ret < 0)
		return ret;
	file = fopencookie(ret_bytes, "w", functions);
	ret = file ? export_write(exporter, file, &catalog, &stored, progress)
		   : DUMP_MEMORY;
	if (file)
		fclose(file);
	*ret_sites = catalog.entry_count;
	catalog_done(&catalog);
	return ret;
}

int export_fit(const struct exporter *exporter, struct analysis *analysis,
	       struct catalog_options *what, const struct export_options *how,
	       uint64_t max_bytes, struct progress *progress)
{
	struct catalog_options tried = *what;
	size_t fits = 0, too_many = 0, sites;
	uint64_t bytes;
	int ret;

	/* Sites differ, so the guess is by what they were on average; where
	 * that does not help, by halves. */
	for (int round = 0; round < ROUNDS_MAX; round++) {
		ret = measure(exporter, analysis, &tried, how, progress, &bytes,
			      &sites);
		if (ret < 0)
			return ret;
		if (bytes <= max_bytes) {
			fits = tried.limit;
			if (too_many == 0 || too_many - fits <= 1 ||
			    bytes >= max_bytes - SPARE(max_bytes))
				break;
		} else {
			too_many =
				too_many && tried.limit ? tried.limit : sites;
			if (too_many <= 1)
				return EXPORT_FIT_NEVER;
		}
		tried.limit = fits + (too_many - fits) / 2;
		if (fits == 0 && round < ROUNDS_MAX / 2)
			tried.limit =
				(size_t)((double)too_many * (double)max_bytes /
					 (double)bytes);
		if (tried.limit <= fits)
			tried.limit = fits + 1;
		if (tried.limit >= too_many)
			tried.limit = too_many - 1;
	}
	what->limit = fits;
	return fits || too_many == 0 ? 0 : EXPORT_FIT_NEVER;
}
