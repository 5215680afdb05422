/* SPDX-License-Identifier: MIT */
/* Comma-separated values as RFC 4180 has them: a row for each stack. */
#include "config.h"

#include <inttypes.h>
#include <stdlib.h>

#include "analyzer/model/dump.h"
#include "analyzer/view/export/exporter.h"
#include "analyzer/view/export/frame_texts.h"
#include "analyzer/view/json_parts.h"

/* Within quotes: a quote is doubled. */
static void put_quoted(FILE *file, const char *text)
{
	char *clean = export_clean(text);

	for (const char *c = clean; c && *c; c++) {
		if (*c == '"')
			fputc('"', file);
		fputc(*c, file);
	}
	free(clean);
}

static void put_text(FILE *file, const char *text)
{
	fputs(",\"", file);
	if (text)
		put_quoted(file, text);
	fputc('"', file);
}

static void put_head(FILE *file, const struct catalog *catalog)
{
	for (int i = 0; i < METRIC_COUNT; i++)
		fprintf(file, "%s,", json_parts_metric((enum metric)i));
	fputs("function,file,line,module,build_id,offset,stack", file);
	/* Behind what there always is. */
	if (catalog->has_lifetimes)
		fputs(",lifetime_blocks,lifetime_ns,lifetime_allocations,"
		      "slack_bytes",
		      file);
	fputs("\r\n", file);
}

static void put_build_id(FILE *file, const struct module *module)
{
	fputs(",\"", file);
	for (size_t i = 0; i < module->build_id_bytes; i++)
		fprintf(file, "%02x", module->build_id[i]);
	fputc('"', file);
}

/* The innermost call, in columns of its own. */
static void put_place(FILE *file, const struct catalog *catalog)
{
	const struct catalog_frame *frame;
	const struct catalog_call *call;
	const struct catalog_function *function;

	if (catalog->stack_count == 0) {
		fputs(",,,,,,", file);
		return;
	}
	frame = &catalog->frames[catalog->stack[0]];
	call = &catalog->calls[frame->first];
	function = &catalog->functions[call->function];
	put_text(file, function->name);
	put_text(file, function->file);
	fprintf(file, ",%" PRIu32, call->line);
	if (frame->is_python) {
		fputs(",\"" EXPORT_PYTHON "\",\"\"", file);
	} else if (frame->module == CATALOG_NONE) {
		fputs(",\"\",\"\"", file);
	} else {
		put_text(file, catalog->modules[frame->module]->path);
		put_build_id(file, catalog->modules[frame->module]);
	}
	fprintf(file, ",%" PRIu64, frame->offset);
}

/* "f (a.c:9)" */
static void put_call(FILE *file, const struct catalog_frame *frame,
		     const struct catalog_function *function,
		     const struct catalog_call *call)
{
	(void)frame;
	put_quoted(file, function->name);
	if (function->file) {
		fputs(" (", file);
		put_quoted(file, function->file);
		fprintf(file, ":%" PRIu32 ")", call->line);
	}
}

static void put_frame(FILE *file, const struct catalog *catalog,
		      const struct catalog_frame *frame)
{
	frame_texts_calls(file, catalog, frame, put_call);
}

static void put_stack(FILE *file, const struct catalog *catalog,
		      const struct frame_texts *texts)
{
	fputs(",\"", file);
	frame_texts_stack(file, catalog, texts);
	fputc('"', file);
}

static void put_lifetime(FILE *file, const struct catalog *catalog,
			 const struct catalog_entry *entry)
{
	const struct lifetime *lifetime = &entry->lifetime;

	fprintf(file, ",%" PRIu64 ",", ages_rounded(lifetime->blocks));
	if (catalog->has_time)
		fprintf(file, "%" PRIu64, ages_rounded(lifetime->ns));
	fprintf(file, ",%" PRIu64 ",", ages_rounded(lifetime->allocs));
	if (catalog->has_usable)
		fprintf(file, "%" PRId64,
			lifetime_slack(lifetime,
				       entry->counts.of[METRIC_LIVE_BYTES]));
}

static int put_entry(FILE *file, struct catalog *catalog,
		     const struct frame_texts *texts,
		     const struct catalog_entry *entry)
{
	if (catalog_read(catalog, entry) < 0)
		return DUMP_MEMORY;
	for (int metric = 0; metric < METRIC_COUNT; metric++)
		fprintf(file, "%s%" PRId64, metric ? "," : "",
			entry->counts.of[metric]);
	put_place(file, catalog);
	put_stack(file, catalog, texts);
	if (catalog->has_lifetimes)
		put_lifetime(file, catalog, entry);
	fputs("\r\n", file);
	return 0;
}

static int csv_write(FILE *file, struct catalog *catalog,
		     const struct export_options *options)
{
	struct frame_texts texts;
	int ret = frame_texts_init(&texts, catalog, put_frame);

	(void)options;
	if (ret < 0)
		return ret;
	put_head(file, catalog);
	for (size_t i = 0; i < catalog->entry_count && ret == 0; i++)
		ret = put_entry(file, catalog, &texts, &catalog->entries[i]);
	frame_texts_done(&texts);
	return ret;
}

const struct exporter export_csv = {
	.name = "csv",
	.has_zeros = true,
	.write = csv_write,
};
