/* SPDX-License-Identifier: MIT */
/* The activations on many stacks as one table. */
#include "config.h"

#include "analyzer/model/frames.h"

#include <stdlib.h>

#include "analyzer/model/dump.h"
#include "analyzer/model/names.h"
#include "analyzer/model/sites.h"
#include "analyzer/model/tree.h"

/* A new entry; NULL: no memory. */
static struct frames_entry *add_entry(struct frames *frames)
{
	if (frames->count == frames->room) {
		size_t room = frames->room ? 2 * frames->room : 64;
		struct frames_entry *array =
			reallocarray(frames->array, room, sizeof(*array));

		if (!array || room > UINT32_MAX)
			return NULL;
		frames->array = array;
		frames->room = room;
	}
	return &frames->array[frames->count++];
}

static void describe(struct frames_entry *entry, const struct tree *tree,
		     uint32_t frame, const struct sym_frame *known)
{
	const struct tree_frame *from = &tree->frames[frame];

	*entry = (struct frames_entry) {
		.module = from->module,
		.frame = { .address = tree_lookup_address(from),
			   .is_guessed = from->is_guessed },
	};
	if (from->module != MODULES_NONE) {
		const struct module *module =
			&tree->modules.array[from->module];

		entry->frame.module = module->path;
		entry->frame.offset = entry->frame.address - module->bias;
	}
	if (!known)
		return;
	entry->frame.function = known->function;
	entry->frame.mangled = known->mangled;
	entry->frame.file = known->file;
	entry->frame.line = known->line;
	entry->frame.column = known->column;
	entry->frame.is_inlined = known->is_inlined;
}

static int add_number(struct frames *frames, size_t at, uint32_t number)
{
	if (at == frames->number_room) {
		size_t room = at ? 2 * at : 64;
		uint32_t *numbers =
			reallocarray(frames->numbers, room, sizeof(*numbers));

		if (!numbers)
			return DUMP_MEMORY;
		frames->numbers = numbers;
		frames->number_room = room;
	}
	frames->numbers[at] = number;
	return 0;
}

int frames_of_site(struct frames *frames, struct names *names,
		   const struct site *site, const uint32_t **ret_numbers,
		   size_t *ret_count)
{
	const struct tree *tree = names->tree;
	uint32_t node = names_self(names, site->node);
	size_t total = 0;

	while (node != 0 && tree->frame_of[node] != 0) {
		uint32_t frame = tree->frame_of[node];
		const struct sym_frame *known;
		size_t count = names_of(names, frame, &known);

		for (size_t i = 0; i == 0 || i < count; i++) {
			uint32_t *number =
				intmap_at(&frames->known, frame, (uint32_t)i);

			if (!number)
				return DUMP_MEMORY;
			if (*number == 0) {
				struct frames_entry *entry = add_entry(frames);

				if (!entry)
					return DUMP_MEMORY;
				describe(entry, tree, frame,
					 count ? &known[i] : NULL);
				*number = (uint32_t)frames->count;
			}
			if (add_number(frames, total, *number - 1) < 0)
				return DUMP_MEMORY;
			total++;
		}
		node = tree_parent(tree, node);
	}
	*ret_numbers = frames->numbers;
	*ret_count = total;
	return 0;
}

void frames_done(struct frames *frames)
{
	free(frames->array);
	free(frames->numbers);
	intmap_clear(&frames->known);
	*frames = (struct frames) { 0 };
}
