/* SPDX-License-Identifier: MIT */
/* Reads argv by the tables, fills the caller's struct. */
#include "config.h"

#include "analyzer/base/options.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "analyzer/base/diag.h"
#include "analyzer/base/units.h"

/* Longest list of names in a message. */
#define NAMES_BYTES 1024

#define WORD_SHOWN 80 /* of a word of the user's in a message */

/* The precision of a word of len bytes in a message. */
static int shown(size_t len)
{
	return len < WORD_SHOWN ? (int)len : WORD_SHOWN;
}

/* Where a parse stands. */
struct parse {
	const struct options *options;
	char *values;
	char **argv;
	int argc;
	int next;     /* argument to be read next */
	int operands; /* kept so far, in argv[0..operands) */
};

/* An option that was given: its spec, and the struct its field is in. */
struct match {
	const struct option_spec *spec;
	size_t offset;
};

static const struct option_spec help_spec = {
	.type = OPTION_FLAG,
	.name = "help",
	.letter = 'h',
	.help = "print this help",
};

typedef bool spec_fn(const struct option_spec *spec, size_t offset, void *arg);

/* Calls fn for every option, --help included, until it says true. */
static bool each_spec(const struct option_table *tables, spec_fn *fn, void *arg)
{
	for (; tables && tables->specs; tables++)
		for (const struct option_spec *spec = tables->specs;
		     spec->type != OPTION_END; spec++)
			if (fn(spec, tables->offset, arg))
				return true;
	return fn(&help_spec, 0, arg);
}

/* A text of names being collected, "a, b or c" once it is finished. */
struct names {
	char text[NAMES_BYTES];
	size_t used;
	size_t last; /* where the last name begins */
	unsigned count;
};

static void names_add(struct names *names, const char *prefix, const char *name)
{
	int len = snprintf(names->text + names->used,
			   sizeof(names->text) - names->used, "%s%s%s",
			   names->count ? ", " : "", prefix, name);

	if (len < 0 || names->used + (size_t)len >= sizeof(names->text)) {
		names->text[names->used] = '\0';
		return;
	}
	names->last = names->used + (names->count ? 2 : 0);
	names->used += (size_t)len;
	names->count++;
}

static const char *names_finish(struct names *names)
{
	char last[NAMES_BYTES];

	if (names->count < 2)
		return names->text;
	snprintf(last, sizeof(last), "%s", names->text + names->last);
	snprintf(names->text + names->last - 2,
		 sizeof(names->text) - names->last + 2, " or %s", last);
	return names->text;
}

/* ---- the nearest name ---- */

#define NEAR_LENGTH 32 /* longer words are not compared */

static unsigned smaller(unsigned a, unsigned b)
{
	return a < b ? a : b;
}

/* Edits (insert, delete, replace, swap neighbours) between two short words. */
static unsigned distance(const char *a, const char *b)
{
	unsigned rows[3][NEAR_LENGTH + 1];
	size_t a_len = strlen(a), b_len = strlen(b);

	for (size_t j = 0; j <= b_len; j++)
		rows[0][j] = (unsigned)j;
	for (size_t i = 1; i <= a_len; i++) {
		unsigned *row = rows[i % 3];
		const unsigned *above = rows[(i - 1) % 3];
		const unsigned *second = rows[(i + 1) % 3];

		row[0] = (unsigned)i;
		for (size_t j = 1; j <= b_len; j++) {
			row[j] = smaller(smaller(row[j - 1], above[j]) + 1,
					 above[j - 1] + (a[i - 1] != b[j - 1]));
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] &&
			    a[i - 2] == b[j - 1])
				row[j] = smaller(row[j], second[j - 2] + 1);
		}
	}
	return rows[a_len % 3][b_len];
}

/* How far a name is from a word; a name it begins counts as near. */
static unsigned farness(const char *word, const char *name)
{
	size_t len = strlen(word);

	if (len == 0 || len > NEAR_LENGTH || strlen(name) > NEAR_LENGTH)
		return UINT32_MAX;
	if (len >= 2 && strncmp(word, name, len) == 0)
		return 1;
	return distance(word, name);
}

/* The largest distance at which somebody may have meant it. */
static unsigned near_limit(const char *word)
{
	size_t len = strlen(word);

	/* Two of three letters changed are another word. */
	return len <= 4 ? 1 : len <= 7 ? 2 : 3;
}

const char *options_nearest(const char *word, const char *const *names)
{
	unsigned best = near_limit(word) + 1;
	const char *found = NULL;

	for (; *names; names++) {
		unsigned far = farness(word, *names);

		/* Nothing of the word is left when all of it was edited. */
		if (far < best && far < strlen(word)) {
			best = far;
			found = *names;
		}
	}
	return found;
}

/* ---- finding an option ---- */

struct search {
	const char *name; /* not terminated */
	size_t len;
	char letter;
	struct match exact, prefix;
	struct names candidates;
	unsigned prefixes;
	unsigned best;
	const char *nearest;
};

static bool match_name(const struct option_spec *spec, size_t offset, void *arg)
{
	struct search *search = arg;

	if (strncmp(spec->name, search->name, search->len) != 0)
		return false;
	if (spec->name[search->len] == '\0') {
		search->exact = (struct match) { spec, offset };
		return true;
	}
	search->prefix = (struct match) { spec, offset };
	search->prefixes++;
	names_add(&search->candidates, "--", spec->name);
	return false;
}

static bool match_letter(const struct option_spec *spec, size_t offset,
			 void *arg)
{
	struct search *search = arg;

	if (spec->letter != search->letter)
		return false;
	search->exact = (struct match) { spec, offset };
	return true;
}

static bool match_nearest(const struct option_spec *spec, size_t offset,
			  void *arg)
{
	const char *names[] = { spec->name, NULL };
	struct search *search = arg;
	unsigned far = farness(search->name, spec->name);

	(void)offset;
	if (far < search->best && options_nearest(search->name, names)) {
		search->best = far;
		search->nearest = spec->name;
	}
	return false;
}

/* arg: what was given; part: what of it is unknown; name: that as a word. */
static void say_unknown(const struct options *options, const char *arg,
			const char *part, const char *name, size_t len)
{
	char word[NEAR_LENGTH + 2];
	struct search search = { .name = word, .best = UINT32_MAX };

	snprintf(word, sizeof(word), "%.*s", shown(len), name);
	each_spec(options->tables, match_nearest, &search);
	if (search.nearest)
		diag_error("%s: unknown option; did you mean --%s? "
			   "%s --help lists all",
			   arg, search.nearest, options->command);
	else
		diag_error("%s: unknown option; %s --help lists what is known",
			   part, options->command);
}

/* "--name" with len bytes of name. spec NULL when there is none, said. */
static struct match find_long(const struct options *options, const char *name,
			      size_t len)
{
	struct search search = { .name = name, .len = len };
	char arg[WORD_SHOWN + 3];

	if (len > 0 && each_spec(options->tables, match_name, &search))
		return search.exact;
	if (search.prefixes == 1)
		return search.prefix;
	snprintf(arg, sizeof(arg), "--%.*s", shown(len), name);
	if (search.prefixes > 1)
		diag_error("%s: ambiguous option; it may be %s", arg,
			   names_finish(&search.candidates));
	else
		say_unknown(options, arg, arg, name, len);
	return (struct match) { NULL, 0 };
}

/* ---- values ---- */

static int parse_int(const struct option_spec *spec, const char *given,
		     const char *text, int64_t *field)
{
	char *end;
	long long value;

	errno = 0;
	value = strtoll(text, &end, 10);
	if (end != text && *end == '\0' && !isspace((unsigned char)*text) &&
	    errno == 0 && value >= spec->min && value <= spec->max) {
		*field = value;
		return 0;
	}
	if (spec->max == INT64_MAX)
		diag_error("%s: '%s' is not accepted; "
			   "give a whole number of at least %" PRId64,
			   given, text, spec->min);
	else
		diag_error("%s: '%s' is not accepted; give a whole number "
			   "from %" PRId64 " to %" PRId64,
			   given, text, spec->min, spec->max);
	return -1;
}

static int parse_size(const struct option_spec *spec, const char *given,
		      const char *text, uint64_t *field)
{
	char low[UNITS_TEXT_BYTES], high[UNITS_TEXT_BYTES];
	uint64_t min = (uint64_t)spec->min, value = 0;
	uint64_t max = spec->max ? (uint64_t)spec->max : UINT64_MAX;
	int status = units_parse_size(text, &value);

	if (status == 0 && value >= min && value <= max) {
		*field = value;
		return 0;
	}
	if (status == -EINVAL)
		diag_error("%s: '%s' is not accepted; give a size such as "
			   "4096, 64KiB, 1.5MiB or 2MB",
			   given, text);
	else
		diag_error("%s: '%s' is not accepted; give a size from %s "
			   "to %s",
			   given, text, units_size(low, UNITS_BYTES, min),
			   units_size(high, UNITS_BYTES, max));
	return -1;
}

static int parse_enum(const struct option_spec *spec, const char *given,
		      const char *text, int *field)
{
	struct names accepted = { .used = 0 };
	size_t len = strlen(text);
	int prefix = -1, prefixes = 0;

	for (int i = 0; spec->choices[i]; i++) {
		names_add(&accepted, "", spec->choices[i]);
		if (len == 0 || strncmp(spec->choices[i], text, len) != 0)
			continue;
		prefix = i;
		prefixes++;
		if (spec->choices[i][len] == '\0') {
			prefixes = 1;
			break;
		}
	}
	if (prefixes == 1) {
		*field = prefix;
		return 0;
	}
	diag_error("%s: '%s' is not accepted; give %s", given, text,
		   names_finish(&accepted));
	return -1;
}

static int list_add(const char *given, const char *text,
		    struct option_list *list)
{
	if (list->count == OPTION_LIST_MAX) {
		diag_error("%s: given too often; at most %d times", given,
			   OPTION_LIST_MAX);
		return -1;
	}
	list->items[list->count++] = text;
	return 0;
}

/* given: the option as the user wrote it, for messages. */
static int set_value(struct parse *parse, struct match match, const char *given,
		     const char *text)
{
	const struct option_spec *spec = match.spec;
	void *field = parse->values + match.offset + spec->offset;

	switch (spec->type) {
	case OPTION_FLAG:
		*(bool *)field = true;
		return 0;
	case OPTION_STRING:
		*(const char **)field = text;
		return 0;
	case OPTION_LIST:
		return list_add(given, text, field);
	case OPTION_INT:
		return parse_int(spec, given, text, field);
	case OPTION_SIZE:
		return parse_size(spec, given, text, field);
	case OPTION_ENUM:
		return parse_enum(spec, given, text, field);
	case OPTION_END:
		break;
	}
	bug("option --%s has type %d", spec->name, (int)spec->type);
}

/* The argument after the present one as a value; NULL when there is none. */
static const char *next_value(struct parse *parse, const char *given,
			      const struct option_spec *spec)
{
	struct names accepted = { .used = 0 };
	const char *what = spec->argument;

	if (parse->next < parse->argc)
		return parse->argv[parse->next++];
	if (!what) {
		for (int i = 0; spec->choices[i]; i++)
			names_add(&accepted, "", spec->choices[i]);
		what = names_finish(&accepted);
	}
	diag_error("%s: a value is missing; give %s %s", given, given, what);
	return NULL;
}

static int parse_long(struct parse *parse, const char *arg)
{
	const char *name = arg + 2;
	size_t len = strcspn(name, "=");
	const char *value = name[len] ? name + len + 1 : NULL;
	struct match match = find_long(parse->options, name, len);
	char given[NEAR_LENGTH * 2];

	if (!match.spec)
		return OPTIONS_BAD;
	snprintf(given, sizeof(given), "--%s", match.spec->name);
	if (match.spec->type == OPTION_FLAG) {
		if (value) {
			diag_error("%s: takes no value; write only %s", arg,
				   given);
			return OPTIONS_BAD;
		}
		if (match.spec == &help_spec)
			return OPTIONS_HELP;
	} else if (!value) {
		value = next_value(parse, given, match.spec);
		if (!value)
			return OPTIONS_BAD;
	}
	return set_value(parse, match, given, value) < 0 ? OPTIONS_BAD : 0;
}

static int parse_letters(struct parse *parse, const char *arg)
{
	for (const char *at = arg + 1; *at; at++) {
		struct search search = { .letter = *at };
		char given[] = { '-', *at, '\0' };
		const char *value = NULL;

		if (!each_spec(parse->options->tables, match_letter, &search)) {
			/* The whole argument may be a long name, once dashed.
			 */
			say_unknown(parse->options, arg, given, arg + 1,
				    strlen(arg + 1));
			return OPTIONS_BAD;
		}
		if (search.exact.spec == &help_spec)
			return OPTIONS_HELP;
		if (search.exact.spec->type != OPTION_FLAG) {
			value = at[1] ? at + 1
				      : next_value(parse, given,
						   search.exact.spec);
			if (!value)
				return OPTIONS_BAD;
		}
		if (set_value(parse, search.exact, given, value) < 0)
			return OPTIONS_BAD;
		if (value)
			break;
	}
	return 0;
}

int options_parse(const struct options *options, void *values, int argc,
		  char **argv)
{
	struct parse parse = { options, values, argv, argc, 0, 0 };
	bool is_ended = false;

	while (parse.next < argc) {
		char *arg = argv[parse.next++];
		int status;

		if (is_ended || arg[0] != '-' || arg[1] == '\0') {
			argv[parse.operands++] = arg;
			is_ended |= options->stops_at_operand;
			continue;
		}
		if (strcmp(arg, "--") == 0) {
			is_ended = true;
			continue;
		}
		status = arg[1] == '-' ? parse_long(&parse, arg)
				       : parse_letters(&parse, arg);
		if (status < 0)
			return status;
	}
	return parse.operands;
}
