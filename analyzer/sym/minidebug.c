/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "analyzer/sym/minidebug.h"

#include <elfutils/libdwfl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "analyzer/sym/elf_file.h"

#define XZ_STREAM_HEADER_BYTES 12u

struct minidebug {
	Dwfl *dwfl; /* owns elf */
	Elf *elf;
};

/* What is left of the data. */
struct reader {
	const uint8_t *at;
	size_t left;
};

static bool skip(struct reader *reader, size_t bytes)
{
	if (reader->left < bytes)
		return false;
	reader->at += bytes;
	reader->left -= bytes;
	return true;
}

/*
 * The chunks of one block. Each tells its size in clear: control byte, then 16
 * bits of size (a packed one has five more bits in the control byte, and 16
 * bits of packed size, and a byte of properties when these change).
 */
static bool add_chunks(struct reader *reader, uint64_t *unpacked)
{
	const uint8_t *p;

	while (p = reader->at, reader->left > 0 && *p != 0) {
		size_t header = *p >= 0xc0 ? 6 : *p >= 0x80 ? 5 : 3;
		size_t size;

		if ((*p > 2 && *p < 0x80) || reader->left < header)
			return false;
		size = ((size_t)p[1] << 8 | p[2]) + 1;
		if (*p >= 0x80) {
			*unpacked += ((uint64_t)(*p & 0x1f) << 16) + size;
			size = ((size_t)p[3] << 8 | p[4]) + 1;
		} else {
			*unpacked += size;
		}
		if (!skip(reader, header + size))
			return false;
	}
	return skip(reader, 1);
}

uint64_t minidebug_unpacked_bytes(const uint8_t *data, size_t bytes)
{
	static const uint8_t magic[] = { 0xfd, '7', 'z', 'X', 'Z', 0 };
	struct reader reader = { data, bytes };
	uint64_t unpacked = 0;
	size_t check;

	if (bytes < XZ_STREAM_HEADER_BYTES ||
	    memcmp(data, magic, sizeof(magic)) != 0)
		return UINT64_MAX;
	/* The kinds of check come in threes of 4, 8, 16, 32 and 64 bytes. */
	check = data[7] & 15;
	check = check == 0 ? 0 : (size_t)4 << (check - 1) / 3;
	skip(&reader, XZ_STREAM_HEADER_BYTES);
	/* A block header begins with its size; the index with a zero. */
	while (reader.left > 0 && *reader.at != 0) {
		const uint8_t *block;

		if (!skip(&reader, ((size_t)*reader.at + 1) * 4))
			return UINT64_MAX;
		block = reader.at;
		if (!add_chunks(&reader, &unpacked) ||
		    !skip(&reader, (size_t) - (reader.at - block) & 3) ||
		    !skip(&reader, check))
			return UINT64_MAX;
	}
	return reader.left > 0 ? unpacked : UINT64_MAX;
}

static int file_of(const uint8_t *data, size_t bytes)
{
	int fd = memfd_create("minidebug", MFD_CLOEXEC);

	while (fd >= 0 && bytes > 0) {
		ssize_t put = write(fd, data, bytes);

		if (put <= 0) {
			close(fd);
			return -1;
		}
		data += put;
		bytes -= (size_t)put;
	}
	return fd;
}

/* libdwfl unpacks a file that turns out to be compressed. */
static int unpack(struct minidebug *mini, int fd)
{
	static const Dwfl_Callbacks callbacks = {
		.find_elf = dwfl_build_id_find_elf,
		.section_address = dwfl_offline_section_address,
	};
	Dwfl_Module *module;
	GElf_Addr bias;

	mini->dwfl = dwfl_begin(&callbacks);
	if (mini->dwfl == NULL) {
		close(fd);
		return -1;
	}
	dwfl_report_begin(mini->dwfl);
	module = dwfl_report_offline(mini->dwfl, "minidebug", "minidebug", fd);
	if (module == NULL) {
		close(fd);
		return -1;
	}
	dwfl_report_end(mini->dwfl, NULL, NULL);
	mini->elf = dwfl_module_getelf(module, &bias);
	return mini->elf == NULL ? -1 : 0;
}

struct minidebug *minidebug_open(Elf *elf)
{
	struct minidebug *mini;
	GElf_Shdr header;
	Elf_Scn *section = elf_file_section(elf, ".gnu_debugdata", &header);
	Elf_Data *data = section == NULL ? NULL : elf_rawdata(section, NULL);
	int fd;

	if (data == NULL || data->d_buf == NULL ||
	    minidebug_unpacked_bytes(data->d_buf, data->d_size) >
		    MINIDEBUG_LIMIT)
		return NULL;
	mini = calloc(1, sizeof(*mini));
	if (mini == NULL)
		return NULL;
	fd = file_of(data->d_buf, data->d_size);
	if (fd < 0 || unpack(mini, fd) != 0) {
		minidebug_close(mini);
		return NULL;
	}
	return mini;
}

void minidebug_close(struct minidebug *mini)
{
	if (mini == NULL)
		return;
	dwfl_end(mini->dwfl);
	free(mini);
}

Elf *minidebug_elf(const struct minidebug *mini)
{
	return mini->elf;
}
