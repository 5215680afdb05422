/* SPDX-License-Identifier: MIT */
/* A file of the symbol cache, read. */
#include "config.h"

#include "analyzer/sym/cache_file.h"

#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "analyzer/sym/dwarf_index.h"
#include "analyzer/sym/object_file.h"

/* Cuts bytes from the front of what is left of the data. */
static const void *take(const uint8_t **at, uint64_t *left, uint64_t bytes)
{
	const void *part = *at;

	if (part == NULL || bytes > *left) {
		*at = NULL;
		return NULL;
	}
	*at += bytes;
	*left -= bytes;
	return part;
}

/* Where the parts are, if they fill the file exactly. */
static bool divide(struct cache_file *file, size_t bytes,
		   const uint8_t **ret_identity)
{
	const struct cache_file_header *header = &file->header;
	const uint8_t *at = file->data + sizeof(*header);
	uint64_t left = bytes - sizeof(*header);
	uint64_t answers = header->answer_count;

	file->addresses = take(&at, &left, 8 * answers);
	file->firsts = take(&at, &left, 4 * (answers + 1));
	file->frames =
		take(&at, &left,
		     sizeof(*file->frames) * (uint64_t)header->frame_count);
	file->starts = take(&at, &left, 4 * ((uint64_t)header->text_count + 1));
	file->texts = take(&at, &left, header->text_bytes);
	*ret_identity = take(&at, &left, header->identity_bytes);
	return *ret_identity != NULL && left == 0;
}

static bool are_answers_good(const struct cache_file *file)
{
	const struct cache_file_header *header = &file->header;

	for (uint32_t i = 1; i < header->answer_count; i++)
		if (file->addresses[i] <= file->addresses[i - 1])
			return false;
	for (uint32_t i = 0; i < header->answer_count; i++)
		if (file->firsts[i + 1] < file->firsts[i] ||
		    file->firsts[i + 1] - file->firsts[i] >
			    DWARF_INDEX_FRAME_LIMIT)
			return false;
	return file->firsts[0] == 0 &&
	       file->firsts[header->answer_count] == header->frame_count;
}

static bool is_text(const struct cache_file *file, uint32_t text)
{
	return text < file->header.text_count || text == CACHE_FILE_NO_TEXT;
}

static bool are_frames_good(const struct cache_file *file)
{
	for (uint32_t i = 0; i < file->header.frame_count; i++) {
		const struct cache_file_frame *frame = &file->frames[i];

		if (!is_text(file, frame->function) ||
		    !is_text(file, frame->mangled) ||
		    !is_text(file, frame->file) || frame->line > INT32_MAX ||
		    frame->column > INT32_MAX || frame->is_inlined > 1)
			return false;
	}
	return true;
}

/* Texts follow each other; each has one NUL, its last byte. */
static bool are_texts_good(const struct cache_file *file)
{
	const struct cache_file_header *header = &file->header;

	if (file->starts[0] != 0 ||
	    file->starts[header->text_count] != header->text_bytes)
		return false;
	for (uint32_t i = 0; i < header->text_count; i++) {
		uint32_t start = file->starts[i], end = file->starts[i + 1];
		const char *nul;

		if (end <= start || end > header->text_bytes ||
		    end - start > INTERN_STRING_LIMIT + 1)
			return false;
		nul = memchr(file->texts + start, '\0', end - start);
		if (nul != file->texts + end - 1)
			return false;
	}
	return true;
}

static bool is_verdict_good(const struct cache_file_header *header)
{
	return header->status <= SYM_NONE && header->source <= OBJECT_FILE_MAIN;
}

bool cache_file_open(struct cache_file *file, uint8_t *data, size_t bytes,
		     const uint8_t *identity, size_t identity_bytes)
{
	const size_t checked = offsetof(struct cache_file_header, answer_count);
	const uint8_t *have = NULL;
	uint32_t crc;

	*file = (struct cache_file) { .data = data };
	if (bytes >= sizeof(file->header)) {
		memcpy(&file->header, data, sizeof(file->header));
		crc = (uint32_t)crc32_z(0, data + checked, bytes - checked);
		if (file->header.magic == CACHE_FILE_MAGIC &&
		    file->header.crc == crc && divide(file, bytes, &have) &&
		    file->header.identity_bytes == identity_bytes &&
		    memcmp(have, identity, identity_bytes) == 0 &&
		    is_verdict_good(&file->header) && are_answers_good(file) &&
		    are_texts_good(file) && are_frames_good(file))
			file->interned = calloc(file->header.text_count + 1u,
						sizeof(*file->interned));
	}
	if (file->interned != NULL)
		return true;
	cache_file_close(file);
	return false;
}

void cache_file_close(struct cache_file *file)
{
	free(file->data);
	free(file->interned);
	*file = (struct cache_file) { 0 };
}

uint32_t cache_file_find(const struct cache_file *file, uint64_t address)
{
	uint32_t low = 0;
	uint32_t high = file->header.answer_count;

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;

		if (file->addresses[middle] < address)
			low = middle + 1;
		else
			high = middle;
	}
	return low < file->header.answer_count &&
			       file->addresses[low] == address
		       ? low
		       : UINT32_MAX;
}

/* Whether it could be kept; what is no text is NULL. */
static bool set_text(struct cache_file *file, uint32_t text,
		     struct intern *intern, const char **ret_text)
{
	*ret_text = NULL;
	if (text == CACHE_FILE_NO_TEXT)
		return true;
	if (file->interned[text] == NULL)
		file->interned[text] =
			intern_string(intern, file->texts + file->starts[text]);
	*ret_text = file->interned[text];
	return *ret_text != NULL;
}

const struct answer *cache_file_answer(struct cache_file *file, uint32_t number,
				       struct intern *intern)
{
	uint32_t first = file->firsts[number];
	uint32_t count = file->firsts[number + 1] - first;
	struct answer *answer = answer_new(intern, count);

	if (answer == NULL)
		return NULL;
	for (uint32_t i = 0; i < count; i++) {
		const struct cache_file_frame *from = &file->frames[first + i];
		struct sym_frame *to = &answer->frames[i];

		if (!set_text(file, from->function, intern, &to->function) ||
		    !set_text(file, from->mangled, intern, &to->mangled) ||
		    !set_text(file, from->file, intern, &to->file))
			return NULL;
		to->line = from->line;
		to->column = from->column;
		to->is_inlined = from->is_inlined != 0;
		to->start = (uint64_t)from->start_high << 32 | from->start_low;
	}
	return answer;
}
