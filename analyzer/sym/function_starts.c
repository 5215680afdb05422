/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "analyzer/sym/function_starts.h"

#include <gelf.h>
#include <string.h>

/* How pointers are written: what they are relative to, and their size. */
#define ENCODING_SIZE	   0x0f
#define ENCODING_BASE	   0x70
#define ENCODING_PLACE	   0x10 /* relative to where they stand */
#define ENCODING_TABLE	   0x3b /* relative to .eh_frame_hdr, signed, 4 bytes */
#define HEADER_BYTES	   12u	/* of .eh_frame_hdr, before the table */
#define ROW_BYTES	   8u
#define SEGMENTS_LIMIT	   64u /* looked at */
#define AUGMENTATION_LIMIT 8u

/* What is left of an entry of .eh_frame. */
struct reader {
	const struct function_starts *starts;
	const uint8_t *at, *end;
	bool is_bad; /* went beyond the end, or met what is not known */
};

static uint64_t read_number(struct reader *reader, size_t bytes)
{
	uint64_t value = 0;

	if ((size_t)(reader->end - reader->at) < bytes) {
		reader->is_bad = true;
		return 0;
	}
	for (size_t i = bytes; i-- > 0;)
		value = value << 8 | reader->at[i];
	reader->at += bytes;
	return value;
}

static uint64_t read_leb(struct reader *reader)
{
	uint64_t value = 0;
	unsigned int shift = 0;
	uint8_t byte;

	do {
		byte = (uint8_t)read_number(reader, 1);
		if (shift < 64)
			value |= (uint64_t)(byte & 0x7f) << shift;
		shift += 7;
	} while (byte & 0x80);
	return value;
}

static int64_t read_signed(const uint8_t *at)
{
	uint32_t value = (uint32_t)at[0] | (uint32_t)at[1] << 8 |
			 (uint32_t)at[2] << 16 | (uint32_t)at[3] << 24;

	return (int32_t)value;
}

static size_t size_of(uint8_t encoding)
{
	switch (encoding & ENCODING_SIZE) {
	case 0x0: /* as an address of the machine, of 64 bits */
	case 0x4:
	case 0xc:
		return 8;
	case 0x2:
	case 0xa:
		return 2;
	case 0x3:
	case 0xb:
		return 4;
	default:
		return 0;
	}
}

static uint64_t read_pointer(struct reader *reader, uint8_t encoding)
{
	size_t size = size_of(encoding);
	uint64_t place = reader->starts->address +
			 (uint64_t)(reader->at - reader->starts->segment);
	uint64_t value = read_number(reader, size);

	if (size == 0 || ((encoding & ENCODING_BASE) != 0 &&
			  (encoding & ENCODING_BASE) != ENCODING_PLACE)) {
		reader->is_bad = true;
		return 0;
	}
	if (size < 8 && (encoding & 0x8) != 0 && value >> (8 * size - 1))
		value |= UINT64_MAX << (8 * size);
	return (encoding & ENCODING_BASE) == ENCODING_PLACE ? place + value
							    : value;
}

/* The entry at an address, behind its length. */
static struct reader open_entry(const struct function_starts *starts,
				uint64_t address)
{
	struct reader reader = { .starts = starts, .is_bad = true };
	uint64_t bytes;

	if (address < starts->address ||
	    address - starts->address >= starts->bytes)
		return reader;
	reader.at = starts->segment + (address - starts->address);
	reader.end = starts->segment + starts->bytes;
	reader.is_bad = false;
	bytes = read_number(&reader, 4);
	/* 0 ends all entries; all ones would be the form of 64 bits. */
	if (bytes == 0 || bytes > (uint64_t)(reader.end - reader.at))
		reader.is_bad = true;
	else
		reader.end = reader.at + bytes;
	return reader;
}

/* How the common part at an address has pointers to code written. */
static bool find_encoding(const struct function_starts *starts,
			  uint64_t address, uint8_t *ret_encoding)
{
	struct reader reader = open_entry(starts, address);
	char augmentation[AUGMENTATION_LIMIT];
	size_t count = 0;
	uint8_t version;

	if (read_number(&reader, 4) != 0)
		return false;
	version = (uint8_t)read_number(&reader, 1);
	do {
		if (count == AUGMENTATION_LIMIT)
			return false;
		augmentation[count] = (char)read_number(&reader, 1);
	} while (augmentation[count++] != '\0');
	read_leb(&reader); /* code and data alignment, return address */
	read_leb(&reader);
	if (version == 1)
		read_number(&reader, 1);
	else
		read_leb(&reader);
	*ret_encoding = 0;
	if (augmentation[0] == '\0')
		return !reader.is_bad;
	read_leb(&reader);
	for (size_t i = 1; augmentation[0] == 'z' && !reader.is_bad; i++) {
		uint8_t byte;

		switch (augmentation[i]) {
		case '\0':
			return true;
		case 'R':
			*ret_encoding = (uint8_t)read_number(&reader, 1);
			break;
		case 'L':
			read_number(&reader, 1);
			break;
		case 'P':
			byte = (uint8_t)read_number(&reader, 1);
			if (size_of(byte) == 0)
				return false;
			read_number(&reader, size_of(byte));
			break;
		case 'S':
		case 'B':
			break;
		default:
			return false;
		}
	}
	return false;
}

/* Does the entry at an address say that a function is there? */
static bool covers(const struct function_starts *starts, uint64_t entry,
		   uint64_t start, uint64_t address)
{
	struct reader reader = open_entry(starts, entry);
	uint64_t place = entry + 4;
	uint64_t back = read_number(&reader, 4);
	uint64_t from, bytes;
	uint8_t encoding;

	if (reader.is_bad || back == 0 ||
	    !find_encoding(starts, place - back, &encoding))
		return false;
	from = read_pointer(&reader, encoding);
	bytes = read_pointer(&reader, encoding & ENCODING_SIZE);
	return !reader.is_bad && from == start && address - start < bytes;
}

void function_starts_init(struct function_starts *ret_starts, Elf *elf)
{
	struct function_starts starts = { 0 };
	GElf_Phdr header = { 0 }, load = { 0 };
	size_t bytes = 0, count = 0;
	const char *file = elf_rawfile(elf, &bytes);
	const uint8_t *at;

	*ret_starts = starts;
	if (file == NULL || bytes < EI_NIDENT || file[EI_CLASS] != ELFCLASS64 ||
	    file[EI_DATA] != ELFDATA2LSB || elf_getphdrnum(elf, &count) != 0)
		return;
	if (count > SEGMENTS_LIMIT)
		count = SEGMENTS_LIMIT;
	for (size_t i = 0; i < count; i++)
		if (gelf_getphdr(elf, (int)i, &header) != NULL &&
		    header.p_type == PT_GNU_EH_FRAME)
			break;
	if (header.p_type != PT_GNU_EH_FRAME)
		return;
	for (size_t i = 0; i < count; i++)
		if (gelf_getphdr(elf, (int)i, &load) != NULL &&
		    load.p_type == PT_LOAD && load.p_offset <= bytes &&
		    load.p_filesz <= bytes - load.p_offset &&
		    header.p_vaddr >= load.p_vaddr &&
		    header.p_vaddr - load.p_vaddr < load.p_filesz)
			break;
		else
			load.p_type = PT_NULL;
	if (load.p_type != PT_LOAD)
		return;
	starts.segment = (const uint8_t *)file + load.p_offset;
	starts.address = load.p_vaddr;
	starts.bytes = load.p_filesz;
	starts.header = header.p_vaddr;
	at = starts.segment + (header.p_vaddr - load.p_vaddr);
	bytes = starts.bytes - (size_t)(header.p_vaddr - load.p_vaddr);
	if (bytes < HEADER_BYTES || at[0] != 1 || size_of(at[1]) != 4 ||
	    size_of(at[2]) != 4 || at[3] != ENCODING_TABLE)
		return;
	starts.count = (uint32_t)read_signed(at + 8);
	if (starts.count > (bytes - HEADER_BYTES) / ROW_BYTES)
		return;
	starts.table = at + HEADER_BYTES;
	*ret_starts = starts;
}

/* A word of a row: where the function begins, or its entry is. */
static uint64_t word_of(const struct function_starts *starts, size_t row,
			size_t word)
{
	return starts->header +
	       (uint64_t)read_signed(starts->table + row * ROW_BYTES +
				     4 * word);
}

bool function_starts_find(const struct function_starts *starts,
			  uint64_t address, uint64_t *ret_start)
{
	size_t low = 0, high = starts->count;
	uint64_t start;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (word_of(starts, middle, 0) <= address)
			low = middle + 1;
		else
			high = middle;
	}
	if (low == 0)
		return false;
	start = word_of(starts, low - 1, 0);
	if (start == 0 ||
	    !covers(starts, word_of(starts, low - 1, 1), start, address))
		return false;
	*ret_start = start;
	return true;
}
