/* SPDX-License-Identifier: MIT */
/*
 * Is the process that a dump names still the one that records into it? A pid
 * alone does not tell: it may be another process by now, or of another boot
 * or machine.
 */
#include "config.h"

#include "analyzer/model/dump_private.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool is_this_boot(const uint8_t boot_id[16])
{
	FILE *file = fopen("/proc/sys/kernel/random/boot_id", "re");
	size_t digits = 0;
	uint8_t here[16] = { 0 };
	int c;

	if (!file)
		return false;
	while (digits < 32 && (c = fgetc(file)) != EOF) {
		unsigned digit;

		if (!isxdigit(c))
			continue;
		digit = isdigit(c) ? (unsigned)(c - '0')
				   : (unsigned)(tolower(c) - 'a' + 10);
		here[digits / 2] = (uint8_t)(here[digits / 2] << 4 | digit);
		digits++;
	}
	fclose(file);
	return digits == 32 && memcmp(here, boot_id, sizeof(here)) == 0;
}

/* Field 22 of /proc/PID/stat; 0 when there is no such process. The name in
 * field 2 may hold anything, so count from its last parenthesis. */
static uint64_t start_ticks(uint32_t pid)
{
	char path[64], line[4096], *at;
	unsigned long long ticks = 0;
	FILE *file;
	size_t n;

	snprintf(path, sizeof(path), "/proc/%" PRIu32 "/stat", pid);
	file = fopen(path, "re");
	if (!file)
		return 0;
	n = fread(line, 1, sizeof(line) - 1, file);
	fclose(file);
	line[n] = '\0';
	at = strrchr(line, ')');
	for (int field = 2; at && field < 22; field++)
		at = strchr(at + 1, ' ');
	if (at)
		ticks = strtoull(at, NULL, 10);
	return ticks;
}

/*
 * Does a line of /proc/PID/maps name the file? The device is not compared,
 * because btrfs and overlayfs show another one there; overlayfs may show
 * another inode too, but then the name is the same.
 */
static bool is_mapping_of(char *line, uint64_t inode, const char *name)
{
	size_t bytes, name_bytes = strlen(name);
	char *at = line;

	/* address perms offset device inode path */
	for (int field = 1; field < 5; field++) {
		at = strchr(at, ' ');
		if (!at)
			return false;
		at++;
	}
	if (strtoull(at, NULL, 10) == inode)
		return true;
	line[strcspn(line, "\n")] = '\0';
	bytes = strlen(at);
	return bytes > name_bytes && at[bytes - name_bytes - 1] == '/' &&
	       strcmp(at + bytes - name_bytes, name) == 0;
}

/* 1 when the file is mapped there, 0 when not, -1 when one may not look. */
static int maps_file(uint32_t pid, uint64_t inode, const char *dump_path)
{
	const char *slash = strrchr(dump_path, '/');
	const char *name = slash ? slash + 1 : dump_path;
	char path[64], *line = NULL;
	size_t size = 0;
	int ret = 0;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%" PRIu32 "/maps", pid);
	file = fopen(path, "re");
	if (!file)
		return errno == EACCES || errno == EPERM ? -1 : 0;
	while (ret == 0 && getline(&line, &size, file) > 0) {
		if (is_mapping_of(line, inode, name))
			ret = 1;
	}
	if (ret == 0 && ferror(file))
		ret = -1;
	free(line);
	fclose(file);
	return ret;
}

bool dump_process_is_same(const struct mpf_header *header)
{
	if (header->pid == 0 || header->process_ticks == 0)
		return false;
	if (!is_this_boot(header->boot_id))
		return false;
	return start_ticks(header->pid) == header->process_ticks;
}

bool dump_process_is_alive(const struct mpf_header *header, uint64_t inode,
			   const char *path)
{
	if (!dump_process_is_same(header))
		return false;
	return maps_file(header->pid, inode, path) != 0;
}
