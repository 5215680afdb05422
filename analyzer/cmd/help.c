/* SPDX-License-Identifier: MIT */
/* What memprof says of itself. */
#include "config.h"

#include <dlfcn.h>
#include <stddef.h>

#include "analyzer/cmd/cmd.h"

/* jemalloc's; NULL where it is not linked. */
extern int mallctl(const char *name, void *old, size_t *old_bytes, void *new_,
		   size_t new_bytes) __attribute__((weak));

void cmd_print_help(const struct cmd *cmd, FILE *file, unsigned width)
{
	fprintf(file, "usage: memprof %s %s\n\n%s: %s\n\n", cmd->name,
		cmd->usage, cmd->name, cmd->summary);
	options_print(file, cmd->tables, width);
	fprintf(file, "\nmemprof-%s(1) tells more.\n", cmd->name);
}

void cmd_print_overview(FILE *file, unsigned width)
{
	(void)width;
	fputs("usage: memprof COMMAND [options] [operands]\n"
	      "       memprof DUMP\n\n"
	      "memprof: records every heap allocation of a program and tells "
	      "what leaked,\nwhat filled the heap and which lines allocate\n\n"
	      "Commands:\n",
	      file);
	for (const struct cmd *const *cmd = cmd_table; *cmd; cmd++)
		fprintf(file, "  %-10s %s\n", (*cmd)->name, (*cmd)->summary);
	fputs("  help       what a command does and takes: memprof help run\n"
	      "\n"
	      "Without a DUMP the newest *.mp in the working directory is "
	      "read.\n\n"
	      "Options:\n"
	      "  -h, --help    print this help\n"
	      "  -V, --version print the version and the allocator in use\n\n"
	      "memprof(1) tells more.\n",
	      file);
}

/* What serves malloc in this very process, whatever it was linked with. */
static void print_allocator(FILE *file)
{
	const char *version = NULL;
	size_t bytes = sizeof(version);
	Dl_info info = { 0 }, jemalloc = { 0 };
	void *address = dlsym(RTLD_DEFAULT, "malloc");

	if (!address || !dladdr(address, &info) || !info.dli_fname) {
		fputs("allocator: unknown\n", file);
		return;
	}
	/* It is linked in, or a library that others may come before. */
	address = mallctl ? dlsym(RTLD_DEFAULT, "mallctl") : NULL;
	if (mallctl && mallctl("version", &version, &bytes, NULL, 0) == 0 &&
	    (!address || (dladdr(address, &jemalloc) &&
			  jemalloc.dli_fbase == info.dli_fbase)))
		fprintf(file, "allocator: jemalloc %s (%s)\n", version,
			address ? info.dli_fname : "linked in");
	else
		fprintf(file, "allocator: %s\n", info.dli_fname);
}

void cmd_print_version(FILE *file)
{
	fprintf(file, "memprof %s\n", PACKAGE_VERSION);
	print_allocator(file);
}
