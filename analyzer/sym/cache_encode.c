/* SPDX-License-Identifier: MIT */
/* A file of the symbol cache, made. */
#include "config.h"

#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "analyzer/sym/cache_file.h"
#include "analyzer/sym/word_map.h"

/* The texts met so far; a text's number + 1 is what its pointer leads to. */
struct texts {
	struct word_map numbers;
	const char **array;
	size_t count, room;
	uint64_t bytes;
};

static bool number_text(struct texts *texts, const char *text,
			uint32_t *ret_number)
{
	const void *known;

	*ret_number = CACHE_FILE_NO_TEXT;
	if (text == NULL)
		return true;
	known = word_map_get(&texts->numbers, (uintptr_t)text);
	if (known != NULL) {
		*ret_number = (uint32_t)(uintptr_t)known - 1;
		return true;
	}
	if (texts->count == texts->room) {
		size_t room = texts->room ? 2 * texts->room : 64;
		void *larger =
			reallocarray(texts->array, room, sizeof(*texts->array));

		if (larger == NULL)
			return false;
		texts->array = larger;
		texts->room = room;
	}
	if (word_map_add(&texts->numbers, (uintptr_t)text,
			 (const void *)(uintptr_t)(texts->count + 1)) != 0)
		return false;
	*ret_number = (uint32_t)texts->count;
	texts->array[texts->count++] = text;
	texts->bytes += strlen(text) + 1;
	return true;
}

static bool fill_frames(const struct cache_file_contents *contents,
			struct texts *texts, struct cache_file_frame *frames)
{
	for (size_t i = 0; i < contents->count; i++) {
		const struct answer *answer = contents->answers[i];

		for (size_t j = 0; j < answer->count; j++, frames++) {
			const struct sym_frame *from = &answer->frames[j];

			frames->line = from->line;
			frames->column = from->column;
			frames->is_inlined = from->is_inlined;
			frames->start_low = (uint32_t)from->start;
			frames->start_high = (uint32_t)(from->start >> 32);
			if (!number_text(texts, from->function,
					 &frames->function) ||
			    !number_text(texts, from->mangled,
					 &frames->mangled) ||
			    !number_text(texts, from->file, &frames->file))
				return false;
		}
	}
	return true;
}

static uint8_t *put(uint8_t *at, const void *from, size_t bytes)
{
	memcpy(at, from, bytes);
	return at + bytes;
}

static uint8_t *put_number(uint8_t *at, uint32_t number)
{
	return put(at, &number, sizeof(number));
}

static void fill(uint8_t *data, struct cache_file_header *header,
		 const struct cache_file_contents *contents,
		 const struct texts *texts,
		 const struct cache_file_frame *frames, size_t bytes)
{
	const size_t checked = offsetof(struct cache_file_header, answer_count);
	uint8_t *at = data + sizeof(*header);
	uint32_t sum = 0;

	at = put(at, contents->addresses, 8 * contents->count);
	for (size_t i = 0; i < contents->count; i++) {
		at = put_number(at, sum);
		sum += (uint32_t)contents->answers[i]->count;
	}
	at = put_number(at, sum);
	at = put(at, frames, header->frame_count * sizeof(*frames));
	sum = 0;
	for (size_t i = 0; i < texts->count; i++) {
		at = put_number(at, sum);
		sum += (uint32_t)strlen(texts->array[i]) + 1;
	}
	at = put_number(at, sum);
	for (size_t i = 0; i < texts->count; i++)
		at = put(at, texts->array[i], strlen(texts->array[i]) + 1);
	put(at, contents->identity, contents->identity_bytes);

	put(data, header, sizeof(*header));
	header->crc = (uint32_t)crc32_z(0, data + checked, bytes - checked);
	put(data, header, sizeof(*header));
}

uint8_t *cache_file_encode(const struct cache_file_contents *contents,
			   uint64_t bytes_limit, size_t *ret_bytes)
{
	struct cache_file_frame *frames = NULL;
	struct cache_file_header header;
	struct texts texts = { 0 };
	uint64_t frame_count = 0, bytes;
	uint8_t *data = NULL;

	for (size_t i = 0; i < contents->count; i++)
		frame_count += contents->answers[i]->count;
	bytes = sizeof(header) + 12 * (uint64_t)contents->count +
		frame_count * sizeof(*frames) + contents->identity_bytes;
	if (bytes > bytes_limit || contents->count > bytes_limit)
		return NULL;
	frames = calloc(frame_count + 1, sizeof(*frames));
	if (frames == NULL || !fill_frames(contents, &texts, frames))
		goto out;
	/* One more of the first frames and of the beginnings of texts. */
	bytes += texts.bytes + 4 * (uint64_t)texts.count + 8;
	if (bytes > bytes_limit)
		goto out;
	data = malloc(bytes);
	if (data == NULL)
		goto out;
	header = (struct cache_file_header) {
		.magic = CACHE_FILE_MAGIC,
		.answer_count = (uint32_t)contents->count,
		.frame_count = (uint32_t)frame_count,
		.text_count = (uint32_t)texts.count,
		.text_bytes = (uint32_t)texts.bytes,
		.identity_bytes = (uint32_t)contents->identity_bytes,
		.status = contents->status,
		.source = contents->source,
	};
	fill(data, &header, contents, &texts, frames, bytes);
	*ret_bytes = bytes;
out:
	word_map_done(&texts.numbers);
	free(texts.array);
	free(frames);
	return data;
}
