/* SPDX-License-Identifier: MIT */
/* The table of formats, and words that all of them use. */
#include "config.h"

#include "analyzer/view/check/check_page.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *const check_names[] = { "text",   "json",  "junit",
				    "github", "sarif", NULL };

const struct check_format *const check_formats[] = {
	&check_text,   &check_json,  &check_junit,
	&check_github, &check_sarif, NULL,
};

char *check_title(const struct verdict *verdict)
{
	const struct budget *budget = verdict->budget;
	enum budget_name name =
		budget->is_growth ? BUDGET_MAX_GROWTH : budget->of;
	const char *scope =
		budget->is_growth ? budget_what(budget->of) : budget->scope;
	char *title, *clean;
	int len;

	if (scope)
		len = asprintf(&title, "%s of %s", budget_name(name), scope);
	else
		len = asprintf(&title, "%s", budget_name(name));
	if (len < 0)
		return NULL;
	clean = malloc((size_t)len + 1);
	if (clean)
		term_clean(clean, (size_t)len + 1, title, (size_t)len);
	free(title);
	return clean;
}

static char *number(char buf[static UNITS_TEXT_BYTES],
		    const struct verdict *verdict, int64_t value,
		    enum units units)
{
	uint64_t size = value < 0 ? 0 : (uint64_t)value;

	return budget_is_bytes(verdict->budget->of)
		       ? units_size(buf, units, size)
		       : units_count(buf, size);
}

char *check_value(char buf[static UNITS_TEXT_BYTES],
		  const struct verdicts *verdicts,
		  const struct verdict *verdict, size_t i, enum units units)
{
	return number(buf, verdict,
		      verdict_value(verdicts, verdict, verdict->entries[i]),
		      units);
}

char *check_growth(char buf[static UNITS_TEXT_BYTES],
		   const struct verdict *verdict, size_t i, enum units units)
{
	return number(buf, verdict, verdict->growth[verdict->entries[i]],
		      units);
}

char *check_numbers(char buf[static CHECK_NUMBERS_BYTES],
		    const struct verdict *verdict, enum units units)
{
	char value[UNITS_TEXT_BYTES], limit[UNITS_TEXT_BYTES];
	char more[UNITS_TEXT_BYTES];
	int64_t growth = verdict->budget->growth;

	number(value, verdict, verdict->value, units);
	number(limit, verdict, verdict->limit, units);
	if (verdict->budget->is_growth)
		snprintf(buf, CHECK_NUMBERS_BYTES,
			 "%s, was %s, at most %s (+%lld.%02lld%%)", value,
			 number(more, verdict, verdict->old, units), limit,
			 (long long)growth / 100, (long long)growth % 100);
	else if (verdict->suppressed)
		snprintf(buf, CHECK_NUMBERS_BYTES,
			 "%s, at most %s (%s suppressed)", value, limit,
			 number(more, verdict, verdict->suppressed, units));
	else
		snprintf(buf, CHECK_NUMBERS_BYTES, "%s, at most %s", value,
			 limit);
	return buf;
}

size_t check_shown(const struct verdict *verdict, const struct check_page *page)
{
	return page->limit && page->limit < verdict->entry_count
		       ? page->limit
		       : verdict->entry_count;
}

const char *check_path(const struct check_page *page, const char *path)
{
	size_t len = page->here ? strlen(page->here) : 0;

	return len > 1 && strncmp(path, page->here, len) == 0 &&
			       path[len] == '/'
		       ? path + len + 1
		       : path;
}
