/* SPDX-License-Identifier: MIT */
/* How many sites of a dump fit into a file of a given size. */
#ifndef MEMPROF_ANALYZER_CMD_EXPORT_FIT_H
#define MEMPROF_ANALYZER_CMD_EXPORT_FIT_H

#include "analyzer/base/progress.h"
#include "analyzer/view/export/exporter.h"

enum { EXPORT_FIT_NEVER = -310 /* not even one site does */ };

/*
 * As many of the largest sites as fit into max_bytes, before compression, up
 * to what->limit, which it becomes; other sites are one more. Writes to
 * nowhere to find that out. 0, EXPORT_FIT_NEVER, or what the exporter says.
 */
int export_fit(const struct exporter *exporter, struct analysis *analysis,
	       struct catalog_options *what, const struct export_options *how,
	       uint64_t max_bytes, struct progress *progress);

/* Writes a catalog and says how far that is. */
int export_write(const struct exporter *exporter, FILE *file,
		 struct catalog *catalog, const struct export_options *how,
		 struct progress *progress);

#endif
