/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "tests/unit/sym_fixture.h"

#include <check.h>
#include <fcntl.h>
#include <gelf.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "analyzer/sym/elf_file.h"

static char directory[PATH_MAX];
static char real[PATH_MAX], sources[PATH_MAX];
static pid_t owner;

static void set_default(const char *name, const char *value)
{
	const char *have = getenv(name);

	if (have == NULL || have[0] == '\0')
		setenv(name, value, 1);
}

void fixture_begin(void)
{
	const char *top = getenv("top_srcdir");
	const char *temporary = getenv("TMPDIR");

	if (top == NULL || realpath(top, real) == NULL ||
	    snprintf(sources, sizeof(sources), "%s/tests/unit/fixtures",
		     real) >= PATH_MAX) {
		fprintf(stderr, "top_srcdir must name the source tree\n");
		exit(1);
	}
	setenv("S", sources, 1);
	set_default("CC", "cc");
	/* Compilers name lambdas differently; CLANG has cases of its own. */
	setenv("CXX", "g++", 1);
	set_default("CLANG", "clang");
	unsetenv("DEBUGINFOD_URLS");
	snprintf(directory, sizeof(directory), "%s/memprof-sym-XXXXXX",
		 temporary == NULL ? "/tmp" : temporary);
	owner = getpid();
	if (mkdtemp(directory) == NULL || chdir(directory) != 0 ||
	    atexit(fixture_end) != 0) {
		perror(directory);
		exit(1);
	}
}

void fixture_end(void)
{
	char command[PATH_MAX + 16];

	/* Tests run in children that leave through exit() too. */
	if (getpid() != owner || directory[0] == '\0' || chdir("/") != 0)
		return;
	snprintf(command, sizeof(command), "rm -rf '%s'", directory);
	if (system(command) != 0)
		fprintf(stderr, "%s was left behind\n", directory);
	directory[0] = '\0';
}

bool fixture_has(const char *program)
{
	char command[256];

	/* $CC may be a compiler with options. */
	snprintf(command, sizeof(command),
		 "set -- %s && command -v \"$1\" >/dev/null 2>&1", program);
	return system(command) == 0;
}

void fixture_need(const char *program)
{
	if (fixture_has(program))
		return;
	printf("skipped: %s is not installed\n", program);
	exit(77);
}

void fixture_run(const char *command)
{
	char line[8192];

	snprintf(line, sizeof(line), "{ %s\n} >log 2>&1", command);
	if (system(line) == 0)
		return;
	(void)!system("cat log >&2");
	ck_abort_msg("failed: %s", command);
}

const char *fixture_path(const char *name)
{
	static char paths[4][PATH_MAX + 256];
	static size_t turn;
	char *path = paths[turn++ % 4];

	snprintf(path, sizeof(paths[0]), "%s/%s", directory, name);
	return path;
}

static uint64_t find_symbol(Elf *elf, const char *symbol)
{
	GElf_Shdr header;
	Elf_Scn *section = elf_file_section_of_type(elf, SHT_SYMTAB, &header);
	Elf_Data *data = section == NULL ? NULL : elf_getdata(section, NULL);
	GElf_Sym one;

	for (int i = 0; data != NULL && gelf_getsym(data, i, &one); i++) {
		const char *name = elf_strptr(elf, header.sh_link, one.st_name);

		if (name != NULL && strcmp(name, symbol) == 0)
			return one.st_value;
	}
	return 0;
}

uint64_t fixture_mark(const char *file, const char *symbol)
{
	struct elf_file *opened;
	uint64_t address;

	elf_version(EV_CURRENT);
	ck_assert_int_eq(elf_file_open("", fixture_path(file), &opened),
			 ELF_FILE_OK);
	address = find_symbol(opened->elf, symbol);
	elf_file_close(opened);
	ck_assert_msg(address != 0, "%s is not in %s", symbol, file);
	return address;
}

uint32_t fixture_line(const char *source, const char *tag)
{
	char path[PATH_MAX + 256];
	char wanted[128];
	char text[1024];
	uint32_t line = 0;
	uint32_t found = 0;
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", sources, source);
	snprintf(wanted, sizeof(wanted), "LINE:%s ", tag);
	file = fopen(path, "re");
	ck_assert_ptr_nonnull(file);
	while (fgets(text, sizeof(text) - 1, file) != NULL) {
		size_t bytes = strcspn(text, "\n");

		/* The tag may end the line. */
		memcpy(text + bytes, " ", 2);
		line++;
		if (strstr(text, wanted) != NULL)
			found = line;
	}
	fclose(file);
	ck_assert_msg(found != 0, "%s has no line %s", source, tag);
	return found;
}

void fixture_record(struct fixture_object *recorded, const char *file)
{
	struct elf_file *opened;

	elf_version(EV_CURRENT);
	memset(recorded, 0, sizeof(*recorded));
	snprintf(recorded->path, sizeof(recorded->path), "%s",
		 fixture_path(file));
	recorded->object.path = recorded->path;
	ck_assert_int_eq(elf_file_open("", recorded->path, &opened),
			 ELF_FILE_OK);
	ck_assert_uint_le(opened->build_id_bytes, sizeof(recorded->build_id));
	if (opened->build_id_bytes > 0)
		memcpy(recorded->build_id, opened->build_id,
		       opened->build_id_bytes);
	recorded->object.build_id = recorded->build_id;
	recorded->object.build_id_bytes = opened->build_id_bytes;
	recorded->object.file_bytes = opened->bytes;
	recorded->object.file_mtime_ns = opened->mtime_ns;
	elf_file_close(opened);
}

const char *fixture_build_id_path(const struct fixture_object *recorded)
{
	static char path[160];
	size_t at = 0;

	for (size_t i = 0; i < recorded->object.build_id_bytes; i++)
		at += (size_t)snprintf(path + at, sizeof(path) - at, "%s%02x",
				       i == 1 ? "/" : "",
				       recorded->build_id[i]);
	return path;
}

void fixture_check(const struct sym_frame *frame, const char *function,
		   const char *source, const char *line_tag, bool is_inlined)
{
	const char *slash;

	ck_assert_pstr_eq(frame->function, function);
	ck_assert_int_eq(frame->is_inlined, is_inlined);
	if (line_tag == NULL) {
		ck_assert_ptr_null(frame->file);
		ck_assert_uint_eq(frame->line, 0);
		return;
	}
	ck_assert_ptr_nonnull(frame->file);
	ck_assert_int_eq(frame->file[0], '/');
	slash = strrchr(frame->file, '/');
	ck_assert_str_eq(slash + 1, source);
	ck_assert_uint_eq(frame->line, fixture_line(source, line_tag));
}
