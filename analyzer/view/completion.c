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

/* The kind of file that an option's argument is, as far as its name says; "":
 * none. */
static const char *path_of(const struct option_spec *spec)
{
	static const char *const paths[] = { "FILE", "DIR", "DUMP", "PATTERN" };

	for (size_t i = 0; spec->argument && i < 4; i++)
		if (strcmp(spec->argument, paths[i]) == 0)
			return paths[i];
	return "";
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
		fputs("_memprof_words '", file);
		put_choices(file, spec);
		fputs("' ;;\n", file);
	} else {
		fprintf(file, "%s ;;\n",
			strcmp(path_of(spec), "DUMP") == 0
				? "_memprof_files '!*.mp'"
			: *path_of(spec) ? "_memprof_files"
					 : ":");
	}
}

/* What stands behind the options of a command, in a case of all commands. */
static void bash_operands(FILE *file, const struct completion_command *command)
{
	switch (command->operands) {
	case COMPLETION_DUMPS:
		fprintf(file, "\t%s) _memprof_files '!*.mp' ;;\n",
			command->name);
		break;
	case COMPLETION_FILES:
		fprintf(file, "\t%s) _memprof_files ;;\n", command->name);
		break;
	case COMPLETION_SHELLS:
		fprintf(file, "\t%s) _memprof_words 'bash zsh fish' ;;\n",
			command->name);
		break;
	case COMPLETION_COMMAND:
	case COMPLETION_OTHERS:
		break;
	}
}

/* The lines that do not depend on commands. */
static const char bash_head[] =
	"# bash completion for memprof\n"
	"_memprof_words()\n{\n"
	"\tmapfile -t COMPREPLY < <(compgen -W \"$1\" -- \"$cur\")\n"
	"}\n\n"
	"# Files but those of a pattern, and folders; if there is none, any "
	"file.\n"
	"_memprof_files()\n{\n"
	"\tcompopt -o filenames\n"
	"\t[ -z \"${1-}\" ] ||\n"
	"\t\tmapfile -t COMPREPLY < <(compgen -f -X \"$1\" -- \"$cur\"\n"
	"\t\t\tcompgen -d -- \"$cur\")\n"
	"\t[ ${#COMPREPLY[@]} != 0 ] ||\n"
	"\t\tmapfile -t COMPREPLY < <(compgen -f -- \"$cur\")\n"
	"}\n\n"
	"# The command line within ours, which begins with word $1.\n"
	"_memprof_command()\n{\n"
	"\tif [ \"$COMP_CWORD\" = \"$1\" ]; then\n"
	"\t\tcompopt -o filenames\n"
	"\t\tmapfile -t COMPREPLY < <(compgen -c -- \"$cur\"\n"
	"\t\t\tcompgen -d -- \"$cur\")\n"
	"\telif declare -F _command_offset >/dev/null; then\n"
	"\t\t_command_offset \"$1\"\n"
	"\telse\n"
	"\t\t_memprof_files\n"
	"\tfi\n"
	"}\n\n";

static const char bash_body[] =
	"_memprof()\n{\n"
	"\tlocal cur=${COMP_WORDS[COMP_CWORD]}\n"
	"\tlocal prev=${COMP_WORDS[COMP_CWORD-1]}\n"
	"\tlocal command=${COMP_WORDS[1]} i\n"
	"\tCOMPREPLY=()\n"
	"\tif [ \"$COMP_CWORD\" = 1 ]; then\n"
	"\t\t_memprof_words \"$_memprof_commands --help --version\"\n"
	"\t\tmapfile -t -O ${#COMPREPLY[@]} COMPREPLY < <(\n"
	"\t\t\tcompgen -f -X '!*.mp' -- \"$cur\")\n"
	"\t\treturn\n"
	"\tfi\n"
	"\t[ \"$prev\" = = ] && prev=${COMP_WORDS[COMP_CWORD-2]}\n"
	"\t[ \"$cur\" = = ] && cur=''\n"
	"\tcase $command in\n"
	"\thelp) _memprof_words \"$_memprof_commands\"; return ;;\n";

static void print_bash(FILE *file, const struct completion_command *commands,
		       size_t count)
{
	fprintf(file, "%s_memprof_commands='help", bash_head);
	for (size_t i = 0; i < count; i++)
		fprintf(file, " %s", commands[i].name);
	fputs("'\n\n# Does option $2 of command $1 have an argument? Completes "
	      "it.\n"
	      "_memprof_argument()\n{\n\tcase $1:$2 in\n",
	      file);
	for (size_t i = 0; i < count; i++)
		each_option(file, &commands[i], bash_argument);
	fprintf(file, "\t*) return 1 ;;\n\tesac\n}\n\n%s\t", bash_body);
	for (size_t i = 0, n = 0; i < count; i++)
		if (commands[i].operands == COMPLETION_COMMAND)
			fprintf(file, "%s%s", n++ ? "|" : "", commands[i].name);
	fputs(")\n"
	      "\t\tfor ((i = 2; i <= COMP_CWORD; i++)); do\n"
	      "\t\t\tcase ${COMP_WORDS[i]} in\n"
	      "\t\t\t--) ((i < COMP_CWORD)) || break\n"
	      "\t\t\t\t_memprof_command $((i + 1)); return ;;\n"
	      "\t\t\t-*) ! _memprof_argument \"$command\" \\\n"
	      "\t\t\t\t\"${COMP_WORDS[i]}\" 2>/dev/null || ((i++))\n"
	      "\t\t\t\t[ \"${COMP_WORDS[i]-}\" != = ] || ((i++)) ;;\n"
	      "\t\t\t*) _memprof_command $i; return ;;\n"
	      "\t\t\tesac\n"
	      "\t\tdone\n"
	      "\t\tCOMPREPLY=() ;;\n"
	      "\tesac\n"
	      "\t_memprof_argument \"$command\" \"$prev\" && return\n"
	      "\tcase $cur:$command in\n",
	      file);
	for (size_t i = 0; i < count; i++) {
		fprintf(file, "\t-*:%s) _memprof_words '", commands[i].name);
		each_option(file, &commands[i], bash_option);
		fputs("' ;;\n", file);
	}
	fputs("\tesac\n"
	      "\t[ \"${cur#-}\" = \"$cur\" ] || return\n"
	      "\tcase $command in\n",
	      file);
	for (size_t i = 0; i < count; i++)
		bash_operands(file, &commands[i]);
	fputs("\tesac\n"
	      "}\n"
	      "complete -F _memprof memprof\n",
	      file);
}

/* ---- zsh ---- */

static void zsh_option(FILE *file, const struct completion_command *command,
		       const struct option_spec *spec)
{
	/* An argument of its own or behind these. */
	const char *plus = spec->type == OPTION_FLAG ? "" : "+";
	const char *equals = spec->type == OPTION_FLAG ? "" : "=";

	(void)command;
	fputs(" \\\n\t\t\t", file);
	if (spec->type == OPTION_LIST)
		fputs("'*", file);
	else if (spec->letter)
		fprintf(file, "'(-%c --%s)'", spec->letter, spec->name);
	if (spec->letter)
		fprintf(file, "%s{-%c%s,--%s%s}'",
			spec->type == OPTION_LIST ? "'" : "", spec->letter,
			plus, spec->name, equals);
	else
		fprintf(file, "%s--%s%s", spec->type == OPTION_LIST ? "" : "'",
			spec->name, equals);
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
		} else if (*path_of(spec)) {
			fputs("_files", file);
		}
	}
	fputc('\'', file);
}

static void print_zsh(FILE *file, const struct completion_command *commands,
		      size_t count)
{
	static const char *const operands[] = {
		[COMPLETION_DUMPS] = " \\\n\t\t\t'*:dump:_files -g \"*.mp\"'",
		[COMPLETION_FILES] = " \\\n\t\t\t'*:file:_files'",
		[COMPLETION_COMMAND] = " \\\n\t\t\t'*::: :_normal'",
		[COMPLETION_SHELLS] = " \\\n\t\t\t'1:shell:(bash zsh fish)'",
		[COMPLETION_OTHERS] = "",
	};

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
		fprintf(file, "\t%s)\n\t\t_arguments -s -S", commands[i].name);
		each_option(file, &commands[i], zsh_option);
		fprintf(file, "%s ;;\n", operands[commands[i].operands]);
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
		fputs(*path_of(spec) ? " -r -F" : " -x", file);
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

/* Those with an argument of their own, for who looks what is behind them. */
static void fish_word(FILE *file, const struct completion_command *command,
		      const struct option_spec *spec)
{
	(void)command;
	if (spec->type == OPTION_FLAG)
		return;
	fprintf(file, " --%s", spec->name);
	if (spec->letter)
		fprintf(file, " -%c", spec->letter);
}

static void fish_operands(FILE *file, const struct completion_command *command)
{
	/* What dumps are called comes first there, and then other files. */
	static const char *const operands[] = {
		[COMPLETION_DUMPS] = "-k -a '(__fish_complete_suffix .mp)'",
		[COMPLETION_COMMAND] =
			"-x -a '(__fish_complete_subcommand --fcs-skip=2",
		[COMPLETION_SHELLS] = "-f -a 'bash zsh fish'",
		[COMPLETION_OTHERS] = NULL,
	};

	if (!operands[command->operands])
		return;
	fprintf(file,
		"complete -c memprof -n '__fish_seen_subcommand_from %s' %s",
		command->name, operands[command->operands]);
	if (command->operands == COMPLETION_COMMAND) {
		each_option(file, command, fish_word);
		fputs(")'", file);
	}
	fputc('\n', file);
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
		fish_operands(file, &commands[i]);
	}
	fputs("complete -c memprof -n '__fish_seen_subcommand_from help' -f "
	      "-a '",
	      file);
	for (size_t i = 0; i < count; i++)
		fprintf(file, "%s%s", i ? " " : "", commands[i].name);
	fputs("'\n", file);
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
