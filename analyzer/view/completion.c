/* SPDX-License-Identifier: MIT */
/* Completion of command lines for three shells. */
#include "config.h"

#include "analyzer/view/completion.h"

#include <string.h>

typedef void option_fn(FILE *file, const struct completion_command *command,
		       const struct option_spec *spec);

static void each_option(FILE *file, const struct completion_command *command,
			option_fn *fn)
{
	static const struct option_spec help = { .type = OPTION_FLAG,
						 .name = "help",
						 .letter = 'h',
						 .help = "print this help" };

	for (const struct option_table *table = command->tables;
	     table && table->specs; table++)
		for (const struct option_spec *spec = table->specs;
		     spec->type != OPTION_END; spec++)
			fn(file, command, spec);
	fn(file, command, &help);
}

/* What an option's argument is, as far as its name says. */
static bool is_path(const struct option_spec *spec)
{
	static const char *const paths[] = { "FILE", "DIR", "DUMP", "PATTERN" };

	for (size_t i = 0; spec->argument && i < 4; i++)
		if (strcmp(spec->argument, paths[i]) == 0)
			return true;
	return false;
}

static void put_choices(FILE *file, const struct option_spec *spec)
{
	for (const char *const *choice = spec->choices; *choice; choice++)
		fprintf(file, "%s%s", choice == spec->choices ? "" : " ",
			*choice);
}

/* Our own phrases, within single quotes of a shell; with escapes before the
 * characters that zsh's descriptions give a meaning. */
static void put_phrase(FILE *file, const char *text, const char *special)
{
	for (; *text; text++) {
		if (*text == '\'')
			fputs("'\\'", file);
		else if (strchr(special, *text))
			fputc('\\', file);
		fputc(*text, file);
	}
}

/* ---- bash ---- */

static void bash_option(FILE *file, const struct completion_command *command,
			const struct option_spec *spec)
{
	(void)command;
	fprintf(file, " --%s", spec->name);
}

/* The cases of options whose argument has something to complete. */
static void bash_argument(FILE *file, const struct completion_command *command,
			  const struct option_spec *spec)
{
	if (spec->type == OPTION_FLAG)
		return;
	fprintf(file, "\t%s:--%s", command->name, spec->name);
	if (spec->letter)
		fprintf(file, "|%s:-%c", command->name, spec->letter);
	fputs(") ", file);
	if (spec->choices) {
		fputs("words='", file);
		put_choices(file, spec);
		fputs("' ;;\n", file);
	} else {
		fprintf(file, "%s ;;\n", is_path(spec) ? "files=1" : "none=1");
	}
}

static void print_bash(FILE *file, const struct completion_command *commands,
		       size_t count)
{
	fputs("# bash completion for memprof\n"
	      "_memprof()\n{\n"
	      "\tlocal cur=${COMP_WORDS[COMP_CWORD]}\n"
	      "\tlocal prev=${COMP_WORDS[COMP_CWORD-1]}\n"
	      "\tlocal command=${COMP_WORDS[1]} words='' files='' none=''\n"
	      "\tlocal commands='help",
	      file);
	for (size_t i = 0; i < count; i++)
		fprintf(file, " %s", commands[i].name);
	fputs("'\n"
	      "\tCOMPREPLY=()\n"
	      "\tif [ \"$COMP_CWORD\" = 1 ]; then\n"
	      "\t\tmapfile -t COMPREPLY < <(compgen -W \"$commands --help "
	      "--version\" -- \"$cur\"; compgen -f -X '!*.mp' -- \"$cur\")\n"
	      "\t\treturn\n"
	      "\tfi\n"
	      "\tif [ \"$command\" = help ]; then\n"
	      "\t\tmapfile -t COMPREPLY < <(compgen -W \"$commands\" -- "
	      "\"$cur\")\n"
	      "\t\treturn\n"
	      "\tfi\n"
	      "\t[ \"$prev\" = = ] && prev=${COMP_WORDS[COMP_CWORD-2]}\n"
	      "\t[ \"$cur\" = = ] && cur=''\n"
	      "\tcase $command:$prev in\n",
	      file);
	for (size_t i = 0; i < count; i++)
		each_option(file, &commands[i], bash_argument);
	fputs("\tesac\n"
	      "\tif [ -n \"$words\" ]; then\n"
	      "\t\tmapfile -t COMPREPLY < <(compgen -W \"$words\" -- "
	      "\"$cur\")\n"
	      "\t\treturn\n"
	      "\tfi\n"
	      "\t[ -n \"$none\" ] && return\n"
	      "\tif [ -n \"$files\" ] || [ \"${cur#-}\" = \"$cur\" ]; then\n"
	      "\t\tcompopt -o filenames\n"
	      "\t\tmapfile -t COMPREPLY < <(compgen -f -- \"$cur\")\n"
	      "\t\treturn\n"
	      "\tfi\n"
	      "\tcase $command in\n",
	      file);
	for (size_t i = 0; i < count; i++) {
		fprintf(file, "\t%s) words='", commands[i].name);
		each_option(file, &commands[i], bash_option);
		fputs("' ;;\n", file);
	}
	fputs("\tesac\n"
	      "\tmapfile -t COMPREPLY < <(compgen -W \"$words\" -- \"$cur\")\n"
	      "}\n"
	      "complete -F _memprof memprof\n",
	      file);
}

/* ---- zsh ---- */

static void zsh_option(FILE *file, const struct completion_command *command,
		       const struct option_spec *spec)
{
	(void)command;
	fputs(" \\\n\t\t\t", file);
	if (spec->type == OPTION_LIST)
		fputs("'*", file);
	else if (spec->letter)
		fprintf(file, "'(-%c --%s)'", spec->letter, spec->name);
	if (spec->letter)
		fprintf(file, "%s{-%c,--%s}'",
			spec->type == OPTION_LIST ? "'" : "", spec->letter,
			spec->name);
	else
		fprintf(file, "%s--%s", spec->type == OPTION_LIST ? "" : "'",
			spec->name);
	fputc('[', file);
	put_phrase(file, spec->help, "[]:\\");
	fputc(']', file);
	if (spec->type != OPTION_FLAG) {
		fputc(':', file);
		put_phrase(file, spec->argument ? spec->argument : spec->name,
			   "[]:\\");
		fputc(':', file);
		if (spec->choices) {
			fputc('(', file);
			put_choices(file, spec);
			fputc(')', file);
		} else if (is_path(spec)) {
			fputs("_files", file);
		}
	}
	fputc('\'', file);
}

static void print_zsh(FILE *file, const struct completion_command *commands,
		      size_t count)
{
	fputs("#compdef memprof\n"
	      "_memprof_commands()\n{\n"
	      "\tlocal -a commands\n\tcommands=(\n",
	      file);
	for (size_t i = 0; i < count; i++) {
		fprintf(file, "\t\t'%s:", commands[i].name);
		put_phrase(file, commands[i].summary, ":\\");
		fputs("'\n", file);
	}
	fputs("\t\t'help:what a command does and takes'\n\t)\n"
	      "\t_describe command commands\n}\n\n"
	      "_memprof()\n{\n"
	      "\tif (( CURRENT == 2 )); then\n"
	      "\t\t_memprof_commands\n"
	      "\t\t_files -g '*.mp'\n"
	      "\t\treturn\n"
	      "\tfi\n"
	      "\tlocal command=$words[2]\n"
	      "\tshift words\n"
	      "\t(( CURRENT-- ))\n"
	      "\tcase $command in\n"
	      "\thelp) _memprof_commands ;;\n",
	      file);
	for (size_t i = 0; i < count; i++) {
		fprintf(file, "\t%s)\n\t\t_arguments -s", commands[i].name);
		each_option(file, &commands[i], zsh_option);
		fputs(commands[i].takes_command ? " \\\n\t\t\t'*::: :_normal'"
						: " \\\n\t\t\t'*:file:_files'",
		      file);
		fputs(" ;;\n", file);
	}
	fputs("\tesac\n}\n\n"
	      "if [ \"$funcstack[1]\" = _memprof ]; then\n"
	      "\t_memprof \"$@\"\n"
	      "else\n"
	      "\tcompdef _memprof memprof\n"
	      "fi\n",
	      file);
}

/* ---- fish ---- */

static void fish_option(FILE *file, const struct completion_command *command,
			const struct option_spec *spec)
{
	fprintf(file,
		"complete -c memprof -n '__fish_seen_subcommand_from %s' -l %s",
		command->name, spec->name);
	if (spec->letter)
		fprintf(file, " -s %c", spec->letter);
	if (spec->type != OPTION_FLAG)
		fputs(is_path(spec) ? " -r -F" : " -x", file);
	if (spec->choices) {
		fputs(" -a '", file);
		put_choices(file, spec);
		fputc('\'', file);
	}
	fputs(" -d '", file);
	/* fish knows escapes within single quotes. */
	for (const char *c = spec->help; *c; c++)
		fprintf(file, "%s%c", *c == '\'' || *c == '\\' ? "\\" : "", *c);
	fputs("'\n", file);
}

static void print_fish(FILE *file, const struct completion_command *commands,
		       size_t count)
{
	fputs("# fish completion for memprof\n", file);
	for (size_t i = 0; i < count; i++) {
		fprintf(file,
			"complete -c memprof -n __fish_use_subcommand -a %s "
			"-d '",
			commands[i].name);
		for (const char *c = commands[i].summary; *c; c++)
			fprintf(file, "%s%c",
				*c == '\'' || *c == '\\' ? "\\" : "", *c);
		fputs("'\n", file);
		each_option(file, &commands[i], fish_option);
	}
}

void completion_print(FILE *file, enum completion_shell shell,
		      const struct completion_command *commands, size_t count)
{
	switch (shell) {
	case COMPLETION_BASH:
		print_bash(file, commands, count);
		break;
	case COMPLETION_ZSH:
		print_zsh(file, commands, count);
		break;
	case COMPLETION_FISH:
		print_fish(file, commands, count);
		break;
	}
}
