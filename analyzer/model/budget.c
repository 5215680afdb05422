/* SPDX-License-Identifier: MIT */
/* Budgets and their texts. */
#include "config.h"

#include "analyzer/model/budget.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "analyzer/base/units.h"
#include "analyzer/model/dump.h"

#define GROWTH_MAX 100000000 /* hundredths: a million percent */
#define LINE_MAX   4096u

static const struct {
	const char *name;
	const char *what; /* in --max-growth WHAT=PERCENT */
	enum metric metric;
	bool is_bytes;
} names[BUDGET_NAMES] = {
	[BUDGET_MAX_PEAK] = { "max-peak", "peak", METRIC_PEAK_BYTES, true },
	[BUDGET_MAX_LEAKED] = { "max-leaked", "leaked", METRIC_LIVE_BYTES,
				true },
	[BUDGET_MAX_ALLOCATIONS] = { "max-allocations", "allocations",
				     METRIC_ALLOCATIONS, false },
	[BUDGET_MAX_TEMPORARY] = { "max-temporary", "temporary",
				   METRIC_TEMPORARY, false },
	[BUDGET_MAX_GROWTH] = { "max-growth", "", METRIC_COUNT, false },
};

const char *budget_name(enum budget_name name)
{
	return names[name].name;
}

const char *budget_what(enum budget_name of)
{
	return names[of].what;
}

enum metric budget_metric(enum budget_name of)
{
	return names[of].metric;
}

bool budget_is_bytes(enum budget_name of)
{
	return names[of].is_bytes;
}

static int add(struct budgets *budgets, const struct budget *budget)
{
	struct budget *array;

	if (budgets->count >= BUDGETS_MAX)
		return BUDGET_TOO_MANY;
	array = reallocarray(budgets->array, budgets->count + 1,
			     sizeof(*array));
	if (!array)
		return DUMP_MEMORY;
	budgets->array = array;
	budgets->array[budgets->count++] = *budget;
	budgets->has_growth |= budget->is_growth;
	budgets->has_leaked |=
		!budget->is_growth && budget->of == BUDGET_MAX_LEAKED;
	return 0;
}

/* "1000000": digits only, or a size where a size is meant. */
static int parse_limit(const char *text, bool is_bytes, int64_t *ret_limit)
{
	uint64_t limit = 0;
	int ret = is_bytes || text[strspn(text, "0123456789")] == '\0'
			  ? units_parse_size(text, &limit)
			  : -EINVAL;

	if (ret == -ERANGE || limit > (uint64_t)DUMP_MAX_COUNT)
		return BUDGET_TOO_LARGE;
	if (ret < 0)
		return BUDGET_BAD;
	*ret_limit = (int64_t)limit;
	return 0;
}

/* "5%", "2.25%", "10": hundredths of a percent. */
static int parse_percent(const char *text, int64_t *ret_growth)
{
	int64_t growth = 0;
	int decimals = -1;

	if (!isdigit((unsigned char)*text))
		return BUDGET_BAD;
	for (; isdigit((unsigned char)*text) || (*text == '.' && decimals < 0);
	     text++) {
		if (*text == '.') {
			decimals = 0;
			continue;
		}
		if (decimals >= 2)
			return BUDGET_BAD;
		growth = growth * 10 + (*text - '0');
		if (decimals >= 0)
			decimals++;
		if (growth > GROWTH_MAX)
			return BUDGET_TOO_LARGE;
	}
	for (decimals = decimals < 0 ? 0 : decimals; decimals < 2; decimals++)
		growth *= 10;
	if (*text == '%')
		text++;
	*ret_growth = growth;
	return *text ? BUDGET_BAD : 0;
}

static int add_growth(struct budgets *budgets, const char *text)
{
	const char *equals = strchr(text, '=');
	struct budget budget = { .is_growth = true };
	bool is_known = false;
	int ret = parse_percent(equals ? equals + 1 : text, &budget.growth);

	for (int of = 0; of < BUDGET_MAX_GROWTH && ret == 0; of++) {
		size_t len = strlen(names[of].what);

		if (equals ? (size_t)(equals - text) != len ||
				     strncmp(text, names[of].what, len) != 0
			   : of == BUDGET_MAX_TEMPORARY)
			continue;
		is_known = true;
		budget.of = (enum budget_name)of;
		ret = add(budgets, &budget);
	}
	return ret < 0 || is_known ? ret : BUDGET_BAD;
}

int budgets_add(struct budgets *budgets, enum budget_name name,
		const char *text)
{
	/* Names of functions may hold a '=' themselves. */
	const char *equals = strrchr(text, '=');
	struct budget budget = { .of = name };
	int ret;

	if (name == BUDGET_MAX_GROWTH)
		return add_growth(budgets, text);
	if (equals == text)
		return BUDGET_BAD;
	ret = parse_limit(equals ? equals + 1 : text, names[name].is_bytes,
			  &budget.limit);
	if (ret < 0)
		return ret;
	if (equals) {
		budget.scope = strndup(text, (size_t)(equals - text));
		if (!budget.scope)
			return DUMP_MEMORY;
	}
	ret = add(budgets, &budget);
	if (ret < 0)
		free(budget.scope);
	return ret;
}

/* A line without its blanks at both ends, which is changed. */
static int add_line(struct budgets *budgets, char *line)
{
	size_t len = strcspn(line, " \t");
	char *text = line + len;

	if (*line == '\0' || *line == '#')
		return 0;
	text += strspn(text, " \t");
	for (int name = 0; name < BUDGET_NAMES; name++)
		if (strlen(names[name].name) == len &&
		    strncmp(names[name].name, line, len) == 0)
			return budgets_add(budgets, (enum budget_name)name,
					   text);
	return BUDGET_UNKNOWN;
}

int budgets_add_lines(struct budgets *budgets, const char *text, size_t bytes,
		      size_t *ret_line)
{
	const char *end = text + bytes;
	char line[LINE_MAX];
	size_t number = 0;
	int ret = 0;

	while (text < end && ret == 0) {
		const char *newline = memchr(text, '\n', (size_t)(end - text));
		size_t len = (size_t)((newline ? newline : end) - text);

		*ret_line = ++number;
		if (len >= sizeof(line) || memchr(text, '\0', len))
			return BUDGET_BAD;
		memcpy(line, text, len);
		while (len > 0 && strchr(" \t\r", line[len - 1]))
			len--;
		line[len] = '\0';
		ret = add_line(budgets, line + strspn(line, " \t"));
		text = newline ? newline + 1 : end;
	}
	return ret;
}

void budgets_done(struct budgets *budgets)
{
	for (size_t i = 0; i < budgets->count; i++)
		free(budgets->array[i].scope);
	free(budgets->array);
	*budgets = (struct budgets) { 0 };
}
