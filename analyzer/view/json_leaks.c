/* SPDX-License-Identifier: MIT */
/* Leaks as JSON. */
#include "config.h"

#include "analyzer/view/json_leaks.h"

#include "analyzer/model/ranking.h"
#include "analyzer/view/json_parts.h"

static const char *const verdicts[LEAKS_VERDICTS] = {
	[MPF_VERDICT_LOST] = "definitely_lost",
	[MPF_VERDICT_INDIRECT] = "indirectly_lost",
	[MPF_VERDICT_POSSIBLE] = "possibly_lost",
	[MPF_VERDICT_REACHABLE] = "still_reachable",
};

static const char *failure_name(uint32_t failure)
{
	static const char *const names[] = {
		[MPF_LEAK_NO_MEMORY] = "no memory",
		[MPF_LEAK_NO_FORK] = "no fork",
		[MPF_LEAK_NO_PROC] = "no proc",
		[MPF_LEAK_KILLED] = "killed",
		[MPF_LEAK_NO_TIME] = "no time",
		[MPF_LEAK_NO_SPACE] = "no space",
		[MPF_LEAK_SANDBOXED] = "sandboxed",
	};

	return failure < sizeof(names) / sizeof(names[0]) ? names[failure]
							  : NULL;
}

static void put_sum(struct json *json, const char *key,
		    const struct counts *counts)
{
	json_begin_object(json, key);
	json_number(json, "blocks", counts->of[METRIC_LIVE_BLOCKS]);
	json_number(json, "bytes", counts->of[METRIC_LIVE_BYTES]);
	json_end(json);
}

void json_leaks_scan(struct json *json, const struct leaks *leaks,
		     const struct suppressions *suppressions)
{
	static const char *const methods[] = {
		[MPF_LEAK_ALONE] = "alone",
		[MPF_LEAK_STOPPED] = "stopped",
		[MPF_LEAK_UNSEEN] = "unseen",
	};
	const struct mpf_header *scan = leaks->scan;
	struct counts hidden = { 0 };

	json_begin_object(json, "leak_check");
	json_bool(json, "judged", leaks->is_judged);
	json_text(json, "failure", failure_name(scan->leak_failure));
	json_text(json, "method",
		  leaks->is_judged ? methods[scan->leak_method] : NULL);
	json_unsigned(json, "threads", scan->leak_threads);
	json_unsigned(json, "unseen_threads", scan->leak_unseen);
	json_unsigned(json, "duration_ns", scan->leak_ns);
	json_unsigned(json, "stopped_ns", scan->leak_stopped_ns);
	json_unsigned(json, "scanned_bytes", scan->leak_scanned_bytes);
	for (int v = MPF_VERDICT_LOST; v < LEAKS_VERDICTS; v++)
		put_sum(json, verdicts[v], &leaks->totals[v]);
	for (int v = 0; v < LEAKS_VERDICTS; v++)
		counts_add(&hidden, &leaks->suppressed[v]);
	put_sum(json, "suppressed", &hidden);
	json_begin_array(json, "suppressions");
	for (size_t i = 0; i < suppressions->count; i++) {
		const struct suppression *rule = &suppressions->rules[i];

		if (!rule->hit_blocks)
			continue;
		json_begin_object(json, NULL);
		json_text(json, "name", rule->name);
		json_text(json, "file", rule->file);
		json_unsigned(json, "blocks", rule->hit_blocks);
		json_unsigned(json, "bytes", rule->hit_bytes);
		json_end(json);
	}
	json_end(json);
	json_end(json);
}

static void put_holder(struct json *json, struct analysis *analysis,
		       const struct leaks *leaks, const struct mpf_leak *leak)
{
	uint64_t offset = 0;
	static const char *const held[] = {
		[MPF_HELD_MODULE] = "variable",
		[MPF_HELD_TLS] = "tls",
		[MPF_HELD_STACK] = "stack",
		[MPF_HELD_REGISTER] = "register",
		[MPF_HELD_MAPPING] = "mapping",
		[MPF_HELD_REGION] = "region",
		[MPF_HELD_IGNORED] = "ignored",
	};
	const struct mpf_root *root = leaks_root(leaks, leak->root);
	char path[DUMP_MAX_PATH + 1];

	leaks_root_path(leaks, leak->root, path);
	json_text(json, "held", root ? held[root->held] : NULL);
	if (root && root->tid)
		json_unsigned(json, "thread", root->tid);
	else
		json_null(json, "thread");
	json_text(json, "thread_name", root && root->tid ? root->name : NULL);
	json_text(json, "object", path[0] ? path : NULL);
	json_text(json, "variable",
		  leaks_variable(leaks, &analysis->names, leak, &offset));
	json_unsigned(json, "held_at", leak->held_at);
}

static void put_verdicts(struct json *json, struct analysis *analysis,
			 const struct leaks *leaks, size_t site)
{
	json_begin_array(json, "verdicts");
	for (unsigned v = MPF_VERDICT_LOST; v < LEAKS_VERDICTS; v++) {
		const struct leaks_holder *holder = &leaks->holders[v][site];
		const struct suppression *rule = leaks->rules[v][site];

		if (!holder->leak)
			continue;
		json_begin_object(json, NULL);
		json_text(json, "verdict", verdicts[v]);
		json_number(json, "blocks",
			    leaks->of_site[v][site].of[METRIC_LIVE_BLOCKS]);
		json_number(json, "bytes",
			    leaks->of_site[v][site].of[METRIC_LIVE_BYTES]);
		put_holder(json, analysis, leaks, holder->leak);
		json_text(json, "suppressed", rule ? rule->name : NULL);
		json_end(json);
	}
	json_end(json);
}

int json_leaks_print(FILE *file, struct analysis *analysis,
		     const struct leaks *leaks,
		     const struct suppressions *suppressions, enum metric sort,
		     size_t limit)
{
	const struct ranking_source source = filter_source(&analysis->filter);
	struct ranking ranking;
	struct stack stack = { 0 };
	struct json json;
	int ret = ranking_init(&ranking, &source, sort, limit);

	if (ret < 0)
		return ret;
	json_parts_begin(&json, file, "memprof-leaks/1", &analysis->summary);
	json_parts_totals(&json, "totals", analysis);
	json_parts_selection(&json, "selection", analysis);
	json_leaks_scan(&json, leaks, suppressions);
	json_text(&json, "sort", json_parts_metric(sort));
	json_unsigned(&json, "sites_total", ranking.count);
	json_begin_array(&json, "sites");
	for (size_t i = 0; i < ranking.shown && ret == 0; i++) {
		const struct suppression *rule =
			leaks->rules[0][ranking.numbers[i]];

		json_begin_object(&json, NULL);
		ret = json_parts_site_members(
			&json, analysis,
			&analysis->sites.array[ranking.numbers[i]], &stack);
		put_verdicts(&json, analysis, leaks, ranking.numbers[i]);
		json_text(&json, "suppressed", rule ? rule->name : NULL);
		json_end(&json);
	}
	json_end(&json);
	/* Last: now it is known which code had no names. */
	json_parts_losses(&json, "losses", analysis);
	json_end(&json);
	stack_done(&stack);
	ranking_done(&ranking);
	return ret;
}
