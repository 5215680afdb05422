/* SPDX-License-Identifier: MIT */
/* What is lost, by verdict and site, with a rule that suppresses it. */
#include "config.h"

#include "analyzer/view/html_leaks.h"

#include "analyzer/model/dump.h"
#include "analyzer/model/leaks.h"
#include "analyzer/view/html_text.h"
#include "analyzer/view/json_leaks.h"
#include "analyzer/view/supp.h"
#include "analyzer/view/text_leaks.h"

struct printer {
	struct json *json;
	struct analysis *analysis;
	struct leaks leaks;
	enum units units;
};

static int put_holder(struct printer *printer, size_t site, unsigned verdict)
{
	struct html_text text;
	int ret = html_text_open(&text, printer->units);

	if (ret < 0)
		return ret;
	ret = text_leaks_print_holder(&text.term, printer->analysis,
				      &printer->leaks, verdict, site);
	if (html_text_lines(&text, printer->json, "holder", true) < 0)
		ret = DUMP_MEMORY;
	return ret;
}

static int put_rule(struct printer *printer, size_t site, unsigned verdict)
{
	struct html_text text;
	int ret = html_text_open(&text, printer->units);

	if (ret < 0)
		return ret;
	ret = supp_print_site(text.term.file, printer->analysis, site, verdict);
	if (html_text_whole(&text, printer->json, "rule") < 0)
		ret = DUMP_MEMORY;
	return ret;
}

static int put_site(struct printer *printer, size_t site, unsigned verdict,
		    uint32_t row)
{
	const struct counts *counts = &printer->leaks.of_site[verdict][site];
	int ret;

	json_begin_object(printer->json, NULL);
	json_unsigned(printer->json, "row", row);
	json_unsigned(printer->json, "verdict", verdict);
	json_number(printer->json, "blocks", counts->of[METRIC_LIVE_BLOCKS]);
	json_number(printer->json, "bytes", counts->of[METRIC_LIVE_BYTES]);
	ret = put_holder(printer, site, verdict);
	if (ret == 0)
		ret = put_rule(printer, site, verdict);
	json_end(printer->json);
	return ret;
}

static int put_sites(struct printer *printer, const struct html_links *links)
{
	int ret = 0;

	json_begin_array(printer->json, "sites");
	for (size_t i = 0; i < printer->analysis->sites.count; i++)
		for (unsigned v = 0; v < LEAKS_VERDICTS && ret == 0; v++)
			if (links->rows[i] != UINT32_MAX &&
			    printer->leaks.of_site[v][i].of[METRIC_LIVE_BLOCKS])
				ret = put_site(printer, i, v, links->rows[i]);
	json_end(printer->json);
	return ret;
}

/* By verdict, without what is suppressed. */
static void put_sums(const struct printer *printer)
{
	json_begin_array(printer->json, "sums");
	for (unsigned v = 0; v < LEAKS_VERDICTS; v++) {
		struct counts sum = printer->leaks.totals[v];

		counts_subtract(&sum, &printer->leaks.suppressed[v]);
		json_begin_object(printer->json, NULL);
		json_number(printer->json, "blocks",
			    sum.of[METRIC_LIVE_BLOCKS]);
		json_number(printer->json, "bytes", sum.of[METRIC_LIVE_BYTES]);
		json_end(printer->json);
	}
	json_end(printer->json);
}

static int put_scan_text(struct printer *printer)
{
	struct html_text text;
	int ret = html_text_open(&text, printer->units);

	if (ret < 0)
		return ret;
	text_leaks_print_scan(&text.term, &printer->leaks);
	return html_text_lines(&text, printer->json, "text", false);
}

int html_leaks_put(struct json *json, struct analysis *analysis,
		   const struct html_options *options,
		   const struct html_links *links)
{
	struct suppressions none = { 0 };
	struct suppressions *rules =
		options->suppressions ? options->suppressions : &none;
	struct printer printer = { .json = json,
				   .analysis = analysis,
				   .units = options->units };
	int ret = leaks_init(&printer.leaks, analysis, rules, true);

	if (ret < 0)
		return ret;
	json_begin_object(json, "leaks");
	json_leaks_scan(json, &printer.leaks, rules);
	put_sums(&printer);
	ret = put_sites(&printer, links);
	if (ret == 0)
		ret = put_scan_text(&printer);
	json_end(json);
	leaks_done(&printer.leaks);
	return ret;
}
