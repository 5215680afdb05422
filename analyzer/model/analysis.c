/* SPDX-License-Identifier: MIT */
/* A dump taken in as a whole. */
#include "config.h"

#include "analyzer/model/analysis.h"

#include "analyzer/model/dump.h"
#include "analyzer/model/walk.h"

int analysis_open(struct analysis *analysis, const char *path,
		  const struct analysis_options *options,
		  struct dump_error *error,
		  char fault[static FILTER_FAULT_BYTES], const char **ret_regex)
{
	const struct dump_options dump_options = { .salvage =
							   options->salvage };
	int ret;

	*analysis = (struct analysis) { 0 };
	ret = dump_open(path, &dump_options, &analysis->dump, error);
	if (ret < 0)
		return ret;
	*error = (struct dump_error) { .code = DUMP_MEMORY };
	ret = range_resolve(&analysis->range, analysis->dump, &options->range,
			    ret_regex);
	if (ret == 0 && !options->range.is_for_series)
		ret = range_apply(&analysis->range, analysis->dump);
	if (ret == DUMP_CORRUPT)
		*error = (struct dump_error) { .code = DUMP_CORRUPT,
					       .what = "value of a change" };
	if (ret < 0) {
		analysis_close(analysis);
		return ret;
	}
	ret = tree_init(&analysis->tree, analysis->dump, options->frames);
	analysis->python_first = options->python_first && ret == 0 &&
				 tree_has_python(&analysis->tree);
	if (ret == 0)
		ret = sites_init(&analysis->sites, &analysis->tree,
				 options->salvage, error);
	if (ret == 0)
		ret = summary_init(&analysis->summary, analysis->dump);
	if (ret == 0 && analysis->range.is_set)
		analysis->summary.range = &analysis->range;
	if (ret == 0 && !options->without_names) {
		analysis->sym = sym_new(&options->sym);
		if (!analysis->sym)
			ret = DUMP_MEMORY;
	}
	if (ret == 0)
		ret = names_init(&analysis->names, &analysis->tree,
				 analysis->sym);
	if (ret == 0)
		ret = names_add_map(&analysis->names, analysis->dump, path);
	if (ret == 0) {
		analysis->names.progress = options->progress;
		analysis->names.progress_arg = options->progress_arg;
	}
	if (ret == 0)
		ret = filter_init(&analysis->filter, &analysis->sites,
				  &analysis->names, &options->filter, fault,
				  ret_regex);
	if (ret < 0)
		analysis_close(analysis);
	return ret;
}

void analysis_close(struct analysis *analysis)
{
	walk_done(analysis);
	filter_done(&analysis->filter);
	names_done(&analysis->names);
	if (analysis->sym)
		sym_save(analysis->sym);
	sym_free(analysis->sym);
	summary_done(&analysis->summary);
	sites_done(&analysis->sites);
	tree_done(&analysis->tree);
	dump_close(analysis->dump);
	*analysis = (struct analysis) { 0 };
}
