/* SPDX-License-Identifier: MIT */
/*
 * What the symbol cache holds of one object, by its build-id: read when the
 * object's files were found, written when something was learned.
 */
#ifndef MEMPROF_ANALYZER_SYM_OBJECT_CACHE_H
#define MEMPROF_ANALYZER_SYM_OBJECT_CACHE_H

#include <stdbool.h>
#include <stdint.h>

#include "analyzer/sym/cache_file.h"
#include "analyzer/sym/cache_folder.h"
#include "analyzer/sym/object_file.h"
#include "analyzer/sym/object_identity.h"
#include "analyzer/sym/word_map.h"

/* All zero holds nothing and is never written. */
struct object_cache {
	struct object_identity identity;
	struct cache_file file; /* not there: data is NULL */
};

/* Whether there is one for these files; they are found, not yet loaded. */
bool object_cache_open(struct object_cache *cache, struct cache_folder *folder,
		       const struct sym_object *object,
		       const struct object_file *file);
void object_cache_close(struct object_cache *cache);

/* What is there of the address; NULL: nothing. */
const struct answer *object_cache_get(struct object_cache *cache,
				      uint64_t address, struct intern *intern);

/*
 * Keeps answers, struct answer by address, and what else is there by now: that
 * is added to them. Where it is much already, it goes.
 */
void object_cache_save(struct object_cache *cache, struct cache_folder *folder,
		       const struct sym_object *object, enum sym_status status,
		       enum object_file_source source, struct word_map *answers,
		       struct intern *intern);

#endif
