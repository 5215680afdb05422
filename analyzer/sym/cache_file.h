/* SPDX-License-Identifier: MIT */
/*
 * The answers of one object as one file of the symbol cache. What is read may
 * be damaged or made by an enemy: it is checked as a whole before anything of
 * it is believed.
 *
 * In a file, behind the header, one after the other: the addresses, ascending;
 * for each, and once more for the end, the number of its first frame; frames;
 * where each text begins, and the end; the texts, each with its NUL; and the
 * identity of what the answers were made from. Numbers are as the machine has
 * them: a file of another one has another magic.
 */
#ifndef MEMPROF_ANALYZER_SYM_CACHE_FILE_H
#define MEMPROF_ANALYZER_SYM_CACHE_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "analyzer/sym/answer.h"

#define CACHE_FILE_MAGIC   UINT64_C(0x02306d79736d6570)
#define CACHE_FILE_NO_TEXT UINT32_MAX

struct cache_file_header {
	uint64_t magic; /* the version of the layout too */
	uint32_t crc;	/* CRC-32 of all behind this word */
	uint32_t answer_count;
	uint32_t frame_count;
	uint32_t text_count;
	uint32_t text_bytes;
	uint32_t identity_bytes;
	uint32_t status; /* enum sym_status of the object */
	uint32_t source; /* enum object_file_source of it */
};

struct cache_file_frame {
	uint32_t function, mangled, file; /* texts */
	uint32_t line, column;
	uint32_t is_inlined;
	uint32_t start_low, start_high;
};

/* All zero is a file that is not there. */
struct cache_file {
	uint8_t *data;
	struct cache_file_header header;
	const uint64_t *addresses;
	const uint32_t *firsts;
	const struct cache_file_frame *frames;
	const uint32_t *starts; /* of texts */
	const char *texts;
	const char **interned; /* per text, once it was asked for */
};

/* What a file is made of. */
struct cache_file_contents {
	const uint8_t *identity;
	size_t identity_bytes;
	uint32_t status;
	uint32_t source;
	const uint64_t *addresses; /* ascending */
	const struct answer *const *answers;
	size_t count;
};

/*
 * Takes data, which comes from malloc(). Whether it is a whole file made from
 * what the identity names; if not, file is as after cache_file_close().
 */
bool cache_file_open(struct cache_file *file, uint8_t *data, size_t bytes,
		     const uint8_t *identity, size_t identity_bytes);
void cache_file_close(struct cache_file *file);

/* Which answer is that of the address; UINT32_MAX: none. */
uint32_t cache_file_find(const struct cache_file *file, uint64_t address);

/* An answer, its texts in intern. NULL when memory is out. */
const struct answer *cache_file_answer(struct cache_file *file, uint32_t number,
				       struct intern *intern);

/*
 * The bytes of a file, which the caller frees; texts are told apart by their
 * pointers. NULL when memory is out or it would be larger than bytes_limit.
 */
uint8_t *cache_file_encode(const struct cache_file_contents *contents,
			   uint64_t bytes_limit, size_t *ret_bytes);

#endif
