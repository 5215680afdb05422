/* SPDX-License-Identifier: MIT */
/* The options that every command on a dump takes. */
#include "config.h"

#include "analyzer/cmd/cmd.h"

#define FIELD(field) .offset = offsetof(struct report_options, field)

/* In the order of enum units and enum term_color. */
static const char *const units_choices[] = { "iec", "si", "bytes", NULL };
static const char *const color_choices[] = { "auto", "always", "never", NULL };

/* In the order of enum tree_frames. */
static const char *const frames_choices[] = { "mixed", "native", "python",
					      NULL };

const struct option_spec report_option_specs[] = {
	{ OPTION_FLAG, "json", 'j', FIELD(is_json),
	  .help = "print JSON with all numbers as plain integers" },
	{ OPTION_INT, "limit", 'n', "N", FIELD(limit), .max = INT64_MAX,
	  .help = "print the first N only; 0: all" },
	{ OPTION_LIST, "focus", .argument = "REGEX", FIELD(focus),
	  .help = "keep only stacks with a function, file or module that "
		  "matches; given again: any of them" },
	{ OPTION_LIST, "ignore", .argument = "REGEX", FIELD(ignore),
	  .help = "drop the stacks with a function, file or module that "
		  "matches; given again: any of them" },
	{ OPTION_STRING, "from", .argument = "INSTANT", FIELD(from),
	  .help = "count what was allocated and freed from then on: a name "
		  "on the timeline, a time since the start (1.5s), a share "
		  "(50%), start or peak" },
	{ OPTION_STRING, "to", .argument = "INSTANT", FIELD(to),
	  .help = "show what was live then" },
	{ OPTION_ENUM, "units", .argument = "UNITS", FIELD(units),
	  .choices = units_choices, .help = "write sizes in" },
	{ OPTION_ENUM, "color", .argument = "WHEN", FIELD(color),
	  .choices = color_choices, .help = "use colours" },
	{ OPTION_ENUM, "python", .argument = "FRAMES", FIELD(frames),
	  .choices = frames_choices,
	  .help = "of a Python program, look at these frames" },
	{ OPTION_FLAG, "no-pager", FIELD(no_pager),
	  .help = "print straight to the terminal" },
	{ OPTION_STRING, "sysroot", .argument = "DIR", FIELD(sysroot),
	  .help = "look for the recorded program and its libraries under "
		  "DIR" },
	{ OPTION_LIST, "debug-dir", .argument = "DIR", FIELD(debug_dirs),
	  .help = "look for debug files in DIR first; may be given again" },
	{ OPTION_LIST, "source-dir", .argument = "DIR", FIELD(source_dirs),
	  .help = "look for source files in DIR; may be given again" },
	{ OPTION_FLAG, "salvage", FIELD(is_salvage),
	  .help = "show what is readable of a damaged dump" },
	{ OPTION_FLAG, "debuginfod", FIELD(use_debuginfod),
	  .help = "ask the servers in DEBUGINFOD_URLS for debug files" },
	{ 0 }
};

struct term_choice report_term_choice(const struct report_options *options)
{
	return (struct term_choice) {
		.color = (enum term_color)options->color,
		.units = (enum units)options->units,
		.no_pager = options->no_pager || options->is_json,
	};
}
