/* SPDX-License-Identifier: MIT */
/* The files of suppressions that a command was given. */
#include "config.h"

#include "analyzer/cmd/rules.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "analyzer/base/diag.h"
#include "analyzer/cmd/cmd.h"
#include "analyzer/cmd/recorder.h"
#include "analyzer/model/leaks.h"

#define DEFAULT "default.supp"

/* False after having said why. */
static bool read_file(struct suppressions *rules, const char *file)
{
	struct suppressions_error error;

	switch (suppressions_read(rules, file, &error)) {
	case SUPPRESSIONS_OK:
		return true;
	case SUPPRESSIONS_MISSING:
		diag_error("%s: cannot be read: %s; name a file of "
			   "suppressions",
			   file, strerror(error.system_errno));
		break;
	case SUPPRESSIONS_MEMORY:
		diag_error("%s: out of memory", file);
		break;
	default:
		diag_error("%s: line %u: %s; lines are leak:PATTERN, rules "
			   "stand in braces as valgrind writes them",
			   file, error.line, error.what);
		break;
	}
	return false;
}

/* The file that is installed with us; it may be missing. */
static bool read_defaults(struct suppressions *rules)
{
	static const char *const relative[] = { "/" DEFAULT,
						"/../share/memprof/" DEFAULT };
	static char path[PATH_MAX + 64]; /* rules keep its name */
	char folder[PATH_MAX];

	recorder_own_folder(folder);
	for (size_t i = 0; *folder && i < 2; i++) {
		snprintf(path, sizeof(path), "%s%s", folder, relative[i]);
		if (access(path, R_OK) == 0)
			return read_file(rules, path);
	}
	if (access(MEMPROF_DATADIR "/" DEFAULT, R_OK) == 0)
		return read_file(rules, MEMPROF_DATADIR "/" DEFAULT);
	return true;
}

int rules_read(struct suppressions *rules, const struct option_list *files,
	       bool with_defaults)
{
	if (with_defaults && !read_defaults(rules))
		return CMD_FAILED;
	for (size_t i = 0; i < files->count; i++)
		if (!read_file(rules, files->items[i]))
			return CMD_USAGE;
	return CMD_DONE;
}

void rules_add_own(struct suppressions *rules, const struct analysis *analysis)
{
	struct suppressions_error error;
	const char *text, *source;
	size_t next = 0, bytes = 0;

	while ((text = leaks_own_rules(analysis->dump, &next, &source, &bytes)))
		if (suppressions_add(rules, source, text, bytes, &error) !=
		    SUPPRESSIONS_OK)
			diag_warn("%s: rules of the program's %s from line %u "
				  "on are not used: %s",
				  analysis->summary.dump_path, source,
				  error.line,
				  error.what ? error.what : "out of memory");
}
