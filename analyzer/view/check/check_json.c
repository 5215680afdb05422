/* SPDX-License-Identifier: MIT */
/* Budgets as JSON. */
#include "config.h"

#include "analyzer/model/dump.h"
#include "analyzer/view/check/check_page.h"
#include "analyzer/view/json_leaks.h"
#include "analyzer/view/json_parts.h"

static int put_sites(struct json *json, const struct check_page *page,
		     const struct verdict *verdict, struct stack *stack)
{
	const struct catalog *catalog = page->verdicts->catalog;

	json_begin_array(json, "sites");
	for (size_t i = 0; i < check_shown(verdict, page); i++) {
		const struct catalog_entry *entry =
			&catalog->entries[verdict->entries[i]];
		const struct site site = {
			.kind = entry->node ? SITE_STACK : SITE_OVERFLOW,
			.node = entry->node,
		};

		if (stack_read(stack, &page->analysis->names, &site) < 0)
			return DUMP_MEMORY;
		json_begin_object(json, NULL);
		json_parts_counts(json, &entry->counts);
		json_number(json, "value",
			    verdict_value(page->verdicts, verdict,
					  verdict->entries[i]));
		if (verdict->growth)
			json_number(json, "growth",
				    verdict->growth[verdict->entries[i]]);
		else
			json_null(json, "growth");
		json_parts_stack(json, "stack", stack);
		json_end(json);
	}
	json_end(json);
	return 0;
}

static int put_verdict(struct json *json, const struct check_page *page,
		       const struct verdict *verdict, struct stack *stack)
{
	int ret;

	json_begin_object(json, NULL);
	json_text(json, "budget", budget_name(verdict->budget->of));
	json_text(json, "scope", verdict->budget->scope);
	json_text(json, "metric", json_parts_metric(verdict->metric));
	json_number(json, "value", verdict->value);
	json_number(json, "limit", verdict->limit);
	if (verdict->budget->is_growth)
		json_number(json, "old", verdict->old);
	else
		json_null(json, "old");
	json_number(json, "suppressed", verdict->suppressed);
	json_bool(json, "broken", verdict->is_broken);
	json_bool(json, "matched", !verdict->is_unmatched);
	json_unsigned(json, "sites_total", verdict->entry_count);
	ret = put_sites(json, page, verdict, stack);
	json_end(json);
	return ret;
}

static int print(struct term *term, const struct check_page *page)
{
	const struct verdicts *verdicts = page->verdicts;
	struct stack stack = { 0 };
	struct json json;
	int ret = 0;

	json_parts_begin(&json, term->file, "memprof-check/1",
			 &page->analysis->summary);
	json_parts_totals(&json, "totals", page->analysis);
	if (page->leaks)
		json_leaks_scan(&json, page->leaks, page->rules);
	else
		json_null(&json, "leak_check");
	json_unsigned(&json, "broken", verdicts->broken);
	json_begin_array(&json, "budgets");
	for (size_t i = 0; i < verdicts->count && ret == 0; i++)
		ret = put_verdict(&json, page, &verdicts->array[i], &stack);
	json_end(&json);
	json_end(&json);
	stack_done(&stack);
	return ret;
}

const struct check_format check_json = { .name = "json", .print = print };
