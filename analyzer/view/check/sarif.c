/* SPDX-License-Identifier: MIT */
/*
 * Budgets as SARIF 2.1.0: a rule for each kind of budget, a result for each
 * site that broke one, with its stack. Fingerprints are made of functions and
 * files, not of addresses, so that they outlive a build.
 */
#include "config.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "analyzer/model/dump.h"
#include "analyzer/view/check/check_page.h"
#include "analyzer/view/json.h"

#define SCHEMA                                                       \
	"https://docs.oasis-open.org/sarif/sarif/v2.1.0/os/schemas/" \
	"sarif-schema-2.1.0.json"

static const struct {
	const char *id;
	const char *text;
} rules[] = {
	[BUDGET_MAX_PEAK] = { "memprof/peak",
			      "The heap was larger than its budget." },
	[BUDGET_MAX_LEAKED] = { "memprof/leak",
				"Memory was not freed (CWE-401)." },
	[BUDGET_MAX_ALLOCATIONS] = { "memprof/allocations",
				     "There were more allocations than the "
				     "budget has." },
	[BUDGET_MAX_TEMPORARY] = { "memprof/temporary",
				   "There were more temporary allocations "
				   "than the budget has." },
};

static void put_message(struct json *json, const char *key, const char *text)
{
	json_begin_object(json, key);
	json_text(json, "text", text);
	json_end(json);
}

static void put_tool(struct json *json)
{
	json_begin_object(json, "tool");
	json_begin_object(json, "driver");
	json_text(json, "name", PACKAGE_NAME);
	json_text(json, "version", PACKAGE_VERSION);
	json_begin_array(json, "rules");
	for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++) {
		json_begin_object(json, NULL);
		json_text(json, "id", rules[i].id);
		put_message(json, "shortDescription", rules[i].text);
		json_end(json);
	}
	json_end(json);
	json_end(json);
	json_end(json);
}

/* A path as a URI reference. */
static int put_uri(struct json *json, const char *path)
{
	char *uri = NULL;
	size_t bytes = 0;
	FILE *memory = open_memstream(&uri, &bytes);

	if (!memory)
		return DUMP_MEMORY;
	if (*path == '/')
		fputs("file://", memory);
	for (const char *c = path; *c; c++)
		if (isalnum((unsigned char)*c) || strchr("/._-~+", *c))
			fputc(*c, memory);
		else
			fprintf(memory, "%%%02X", (unsigned char)*c);
	if (fclose(memory) != 0) {
		free(uri);
		return DUMP_MEMORY;
	}
	json_text(json, "uri", uri);
	free(uri);
	return 0;
}

/* The members of a location. */
static int put_location(struct json *json, const struct check_page *page,
			const struct catalog_call *call)
{
	const struct catalog_function *function =
		&page->verdicts->catalog->functions[call->function];
	int ret = 0;

	if (function->file) {
		json_begin_object(json, "physicalLocation");
		json_begin_object(json, "artifactLocation");
		ret = put_uri(json, check_path(page, function->file));
		json_end(json);
		if (call->line) {
			json_begin_object(json, "region");
			json_unsigned(json, "startLine", call->line);
			json_end(json);
		}
		json_end(json);
	}
	put_message(json, "message", function->name);
	return ret;
}

static int put_stack(struct json *json, const struct check_page *page)
{
	const struct catalog *catalog = page->verdicts->catalog;
	int ret = 0;

	json_begin_array(json, "stacks");
	json_begin_object(json, NULL);
	json_begin_array(json, "frames");
	for (size_t i = 0; i < catalog->stack_count && ret == 0; i++) {
		const struct catalog_frame *frame =
			&catalog->frames[catalog->stack[i]];

		for (uint32_t n = 0; n < frame->count && ret == 0; n++) {
			json_begin_object(json, NULL);
			json_begin_object(json, "location");
			ret = put_location(json, page,
					   &catalog->calls[frame->first + n]);
			json_end(json);
			json_end(json);
		}
	}
	json_end(json);
	json_end(json);
	json_end(json);
	return ret;
}

static uint64_t hash(uint64_t sum, const char *text)
{
	for (; *text; text++)
		sum = (sum ^ (unsigned char)*text) * UINT64_C(0x100000001b3);
	return sum * 31;
}

static void put_fingerprint(struct json *json, const struct catalog *catalog)
{
	uint64_t sum = UINT64_C(0xcbf29ce484222325);
	char digits[20];

	for (size_t i = 0; i < catalog->stack_count; i++) {
		const struct catalog_frame *frame =
			&catalog->frames[catalog->stack[i]];

		for (uint32_t n = 0; n < frame->count; n++) {
			const struct catalog_function *function =
				&catalog->functions
					 [catalog->calls[frame->first + n]
						  .function];

			sum = hash(sum, function->name);
			sum = hash(sum, function->file ? function->file : "");
		}
	}
	snprintf(digits, sizeof(digits), "%016" PRIx64, sum);
	json_begin_object(json, "partialFingerprints");
	json_text(json, "memprofStack/v1", digits);
	json_end(json);
}

static int put_result(struct json *json, const struct check_page *page,
		      const struct verdict *verdict, size_t place)
{
	struct catalog *catalog = page->verdicts->catalog;
	uint32_t number = verdict->entries[place];
	const struct catalog_frame *frame;
	/* It reads the stack, too. */
	const struct catalog_call *call =
		verdict_place(catalog, number, &frame);
	char numbers[CHECK_NUMBERS_BYTES], value[UNITS_TEXT_BYTES];
	char more[UNITS_TEXT_BYTES];
	char *title = check_title(verdict), *text = NULL;
	int ret = 0;

	check_value(value, page->verdicts, verdict, place, UNITS_IEC);
	if (title &&
	    asprintf(&text, "%s%s%s here; %s: %s", value,
		     verdict->growth ? ", +" : "",
		     verdict->growth
			     ? check_growth(more, verdict, place, UNITS_IEC)
			     : "",
		     title, check_numbers(numbers, verdict, UNITS_IEC)) < 0)
		text = NULL;
	free(title);
	if (!text)
		return DUMP_MEMORY;
	json_begin_object(json, NULL);
	json_text(json, "ruleId", rules[verdict->budget->of].id);
	json_number(json, "ruleIndex", verdict->budget->of);
	json_text(json, "level", "error");
	put_message(json, "message", text);
	free(text);
	json_begin_array(json, "locations");
	if (call) {
		json_begin_object(json, NULL);
		ret = put_location(json, page, call);
		json_end(json);
	}
	json_end(json);
	if (ret == 0)
		ret = put_stack(json, page);
	put_fingerprint(json, catalog);
	json_end(json);
	return ret;
}

static int print(struct term *term, const struct check_page *page)
{
	const struct verdicts *verdicts = page->verdicts;
	struct json json;
	int ret = 0;

	json_init(&json, term->file);
	json_begin_object(&json, NULL);
	json_text(&json, "$schema", SCHEMA);
	json_text(&json, "version", "2.1.0");
	json_begin_array(&json, "runs");
	json_begin_object(&json, NULL);
	put_tool(&json);
	json_begin_array(&json, "results");
	for (size_t i = 0; i < verdicts->count; i++) {
		const struct verdict *verdict = &verdicts->array[i];

		for (size_t n = 0; n < check_shown(verdict, page) && ret == 0;
		     n++)
			ret = put_result(&json, page, verdict, n);
	}
	json_end(&json);
	json_end(&json);
	json_end(&json);
	json_end(&json);
	return ret;
}

const struct check_format check_sarif = { .name = "sarif", .print = print };
