/* SPDX-License-Identifier: MIT */
/* What is selected of a dump as numbered tables. */
#include "config.h"

#include "analyzer/model/catalog.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analyzer/model/analysis.h"
#include "analyzer/model/dump.h"
#include "analyzer/model/region.h"

#define PROGRESS_ENTRIES 128 /* are read before it is told again */

/* Words in place of what a stack lacks. The first are those of a tree_end. */
enum note {
	NOTE_CUT_DEPTH = TREE_CUT_DEPTH,
	NOTE_CUT_NO_RULE = TREE_CUT_NO_RULE,
	NOTE_CUT_BAD_STACK = TREE_CUT_BAD_STACK,
	NOTE_CUT_OTHER = TREE_CUT_OTHER,
	NOTE_NO_STACK,
	NOTE_UNSAMPLED,
	NOTE_OTHERS,
};

static const char *const note_texts[] = {
	[NOTE_CUT_DEPTH] = "[deeper frames not kept]",
	[NOTE_CUT_NO_RULE] = "[code without unwind data]",
	[NOTE_CUT_BAD_STACK] = "[unreadable stack]",
	[NOTE_CUT_OTHER] = "[cut]",
	[NOTE_NO_STACK] = "[no stack recorded]",
	[NOTE_UNSAMPLED] = "[not sampled]",
	[NOTE_OTHERS] = "[other sites]",
};

/* Makes room for one more element. 0, or DUMP_MEMORY. */
static int make_room(void *array_at, size_t *room, size_t count, size_t size)
{
	void **array = array_at;
	size_t more = *room ? 2 * *room : 256;
	void *grown;

	if (count < *room)
		return 0;
	grown = reallocarray(*array, more, size);
	if (!grown)
		return DUMP_MEMORY;
	*array = grown;
	*room = more;
	return 0;
}

static int add_call(struct catalog *catalog, const struct catalog_call *call)
{
	if (make_room(&catalog->calls, &catalog->call_room, catalog->call_count,
		      sizeof(*call)) < 0)
		return DUMP_MEMORY;
	catalog->calls[catalog->call_count++] = *call;
	return 0;
}

static int add_frame(struct catalog *catalog, const struct catalog_frame *frame)
{
	if (make_room(&catalog->frames, &catalog->frame_room,
		      catalog->frame_count, sizeof(*frame)) < 0)
		return DUMP_MEMORY;
	catalog->frames[catalog->frame_count++] = *frame;
	return 0;
}

static int add_function(struct catalog *catalog,
			const struct catalog_function *function)
{
	if (make_room(&catalog->functions, &catalog->function_room,
		      catalog->function_count, sizeof(*function)) < 0)
		return DUMP_MEMORY;
	catalog->functions[catalog->function_count++] = *function;
	return 0;
}

/* ---- frames ---- */

/* A frame of the tree becomes one of ours; its functions are those of the
 * places, numbered as these. */
static int add_tree_frame(struct catalog *catalog, uint32_t number)
{
	struct names *names = &catalog->analysis->names;
	const struct tree *tree = names->tree;
	const struct tree_frame *from = &tree->frames[number];
	const struct sym_frame *known;
	size_t count = names_of(names, number, &known), function_count;
	const uint32_t *functions;
	struct catalog_frame frame = {
		.module = CATALOG_NONE,
		.address = tree_lookup_address(from),
		.first = (uint32_t)catalog->call_count,
		.is_guessed = from->is_guessed,
		.is_python = from->is_python,
	};

	if (places_of(&catalog->places, number, &functions, &function_count) <
	    0)
		return DUMP_MEMORY;
	if (from->module != MODULES_NONE) {
		frame.module = catalog->of_module[from->module];
		frame.offset =
			frame.address - tree->modules.array[from->module].bias;
	}
	for (size_t i = 0; i < function_count; i++) {
		struct catalog_call call = { .function = functions[i] };

		if (i < count) {
			call.line = known[i].file ? known[i].line : 0;
			call.column = known[i].column;
			call.is_inlined = known[i].is_inlined;
			if (known[i].function && frame.module != CATALOG_NONE)
				catalog->has_names[frame.module] = true;
		}
		if (add_call(catalog, &call) < 0)
			return DUMP_MEMORY;
	}
	frame.count = (uint32_t)function_count;
	if (add_frame(catalog, &frame) < 0)
		return DUMP_MEMORY;
	catalog->of_frame[number] = (uint32_t)catalog->frame_count;
	return 0;
}

/* The frames from a node outwards, as far as they are not there yet. */
static int add_stack(struct catalog *catalog, uint8_t *is_seen, uint32_t node)
{
	const struct tree *tree = &catalog->analysis->tree;

	for (; node != 0 && tree->frame_of[node] != 0 && !is_seen[node];
	     node = tree_parent(tree, node)) {
		uint32_t frame = tree->frame_of[node];

		is_seen[node] = 1;
		if (catalog->of_frame[frame] == 0 &&
		    add_tree_frame(catalog, frame) < 0)
			return DUMP_MEMORY;
	}
	return 0;
}

/* ---- functions and notes, once all frames are there ---- */

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash && slash[1] ? slash + 1 : path;
}

/* "[libc.so.6]" for what is known of no function; NULL: memory is out. */
static const char *make_name(struct catalog *catalog, uint32_t module)
{
	const char *path = "unknown code";
	char *text;
	char **made;

	if (module != MODULES_NONE) {
		path = base_name(
			catalog->analysis->tree.modules.array[module].path);
		if (*path == '\0')
			path = "unknown file";
	}
	if (asprintf(&text, "[%s]", path) < 0)
		return NULL;
	made = reallocarray(catalog->made, catalog->made_count + 1,
			    sizeof(*made));
	if (!made) {
		free(text);
		return NULL;
	}
	catalog->made = made;
	catalog->made[catalog->made_count++] = text;
	return text;
}

static int add_functions(struct catalog *catalog)
{
	for (size_t i = 0; i < catalog->places.count; i++) {
		const struct place *place = &catalog->places.array[i];
		struct catalog_function function = {
			.name = place->function,
			.file = place->file,
			.is_known = place->function && place->start == 0,
		};

		if (!function.name)
			function.name = make_name(catalog, place->module);
		if (!function.name || add_function(catalog, &function) < 0)
			return DUMP_MEMORY;
	}
	return 0;
}

static int note_frame(struct catalog *catalog, enum note note,
		      uint32_t *ret_frame)
{
	const struct catalog_function function = { .name = note_texts[note],
						   .is_note = true };
	const struct catalog_call call = {
		.function = (uint32_t)catalog->function_count
	};
	const struct catalog_frame frame = {
		.module = CATALOG_NONE,
		.first = (uint32_t)catalog->call_count,
		.count = 1,
	};

	if (catalog->notes[note] == 0) {
		if (add_function(catalog, &function) < 0 ||
		    add_call(catalog, &call) < 0 ||
		    add_frame(catalog, &frame) < 0)
			return DUMP_MEMORY;
		catalog->notes[note] = (uint32_t)catalog->frame_count;
	}
	*ret_frame = catalog->notes[note] - 1;
	return 0;
}

/* ---- entries ---- */

static int add_note(struct catalog *catalog, struct catalog_entry *entry,
		    const struct site *site)
{
	enum tree_end end;

	if (site->kind != SITE_STACK)
		return note_frame(catalog,
				  site->kind == SITE_OVERFLOW ? NOTE_NO_STACK
							      : NOTE_UNSAMPLED,
				  &entry->note);
	/* To look for the end of each stack takes as long as to read it. */
	end = site->is_cut ? tree_end(&catalog->analysis->tree, site->node)
			   : TREE_COMPLETE;
	if (end != TREE_COMPLETE)
		return note_frame(catalog, (enum note)end, &entry->note);
	if (entry->node == 0)
		return note_frame(catalog, NOTE_NO_STACK, &entry->note);
	return 0;
}

/* One entry for each visible stack among the sites of a ranking. */
static int add_entries(struct catalog *catalog, const struct ranking *ranking,
		       uint32_t *of_node, uint8_t *is_seen)
{
	const struct sites *sites = &catalog->analysis->sites;

	catalog->entries =
		calloc(ranking->shown + 1, sizeof(*catalog->entries));
	catalog->entry_of =
		calloc(sites->count + 1, sizeof(*catalog->entry_of));
	if (!catalog->entries || !catalog->entry_of)
		return DUMP_MEMORY;
	for (size_t i = 0; i < sites->count; i++)
		catalog->entry_of[i] = CATALOG_NONE;
	for (size_t i = 0; i < ranking->shown; i++) {
		const struct site *site = &sites->array[ranking->numbers[i]];
		struct catalog_entry *entry;
		uint32_t node =
			names_self(&catalog->analysis->names, site->node);

		catalog->entry_of[ranking->numbers[i]] =
			(uint32_t)catalog->entry_count;
		if (node != 0 && of_node[node] != 0) {
			catalog->entry_of[ranking->numbers[i]] =
				of_node[node] - 1;
			entry = &catalog->entries[of_node[node] - 1];
			counts_add(&entry->counts, &site->counts);
			continue;
		}
		if (add_stack(catalog, is_seen, node) < 0)
			return DUMP_MEMORY;
		entry = &catalog->entries[catalog->entry_count++];
		*entry = (struct catalog_entry) {
			.counts = site->counts,
			.node = node,
			.note = ranking->numbers[i], /* the site, for now */
		};
		if (node != 0)
			of_node[node] = (uint32_t)catalog->entry_count;
	}
	return 0;
}

/* The last entry: what the limit leaves out. */
static int add_others(struct catalog *catalog, const struct ranking *ranking)
{
	struct catalog_entry *entry = &catalog->entries[catalog->entry_count];

	catalog->sum = ranking->sum;
	catalog->others = ranking->count - ranking->shown;
	if (catalog->others == 0)
		return 0;
	for (size_t i = 0; i < catalog->analysis->sites.count; i++)
		if (catalog->entry_of[i] == CATALOG_NONE &&
		    catalog->analysis->filter.keeps[i])
			catalog->entry_of[i] = (uint32_t)catalog->entry_count;
	catalog->entry_count++;
	*entry = (struct catalog_entry) { .counts = ranking->rest };
	return note_frame(catalog, NOTE_OTHERS, &entry->note);
}

static int add_notes(struct catalog *catalog)
{
	const struct sites *sites = &catalog->analysis->sites;

	for (size_t i = 0; i < catalog->entry_count; i++) {
		struct catalog_entry *entry = &catalog->entries[i];
		const struct site *site = &sites->array[entry->note];

		entry->note = CATALOG_NONE;
		if (add_note(catalog, entry, site) < 0)
			return DUMP_MEMORY;
	}
	return 0;
}

/* What reading a stack needs of its nodes. */
static int add_links(struct catalog *catalog, const uint8_t *is_seen)
{
	const struct tree *tree = &catalog->analysis->tree;
	const size_t count = tree->dump->node_count;

	catalog->links = region_new(count, sizeof(*catalog->links));
	if (!catalog->links)
		return DUMP_MEMORY;
	for (uint32_t i = 1; i < count; i++) {
		uint32_t outer;

		if (!is_seen[i])
			continue;
		outer = tree_parent(tree, i);
		catalog->links[i] = (struct catalog_link) {
			.frame = catalog->of_frame[tree->frame_of[i]] - 1,
			.outer = tree->frame_of[outer] != 0 ? outer : 0,
		};
	}
	return 0;
}

static int fill(struct catalog *catalog, const struct ranking *ranking)
{
	size_t nodes = catalog->analysis->dump->node_count;
	uint32_t *of_node = region_new(nodes, sizeof(*of_node));
	uint8_t *is_seen = region_new(nodes, sizeof(*is_seen));
	int ret = DUMP_MEMORY;

	if (of_node && is_seen &&
	    add_entries(catalog, ranking, of_node, is_seen) == 0 &&
	    add_links(catalog, is_seen) == 0 && add_functions(catalog) == 0 &&
	    add_notes(catalog) == 0 && add_others(catalog, ranking) == 0)
		ret = 0;
	region_free(of_node, nodes, sizeof(*of_node));
	region_free(is_seen, nodes, sizeof(*is_seen));
	return ret;
}

/* ---- modules ---- */

/* All that the dump has, the main program first. */
static int add_modules(struct catalog *catalog)
{
	const struct modules *modules = &catalog->analysis->tree.modules;

	catalog->modules =
		calloc(modules->count + 1, sizeof(*catalog->modules));
	catalog->has_names =
		calloc(modules->count + 1, sizeof(*catalog->has_names));
	catalog->of_module =
		calloc(modules->count + 1, sizeof(*catalog->of_module));
	if (!catalog->modules || !catalog->has_names || !catalog->of_module)
		return DUMP_MEMORY;
	for (int is_main = 1; is_main >= 0; is_main--)
		for (size_t i = 0; i < modules->count; i++) {
			if (modules->array[i].is_main != is_main)
				continue;
			catalog->of_module[i] = (uint32_t)catalog->module_count;
			catalog->modules[catalog->module_count++] =
				&modules->array[i];
		}
	return 0;
}

int catalog_init(struct catalog *ret_catalog, struct analysis *analysis,
		 const struct catalog_options *options)
{
	struct ranking_source source = filter_source(&analysis->filter);
	struct catalog catalog = { .analysis = analysis };
	struct ranking ranking;
	int ret;

	source.has_zeros = options->has_zeros;
	ret = ranking_init(&ranking, &source, options->metric, options->limit);
	if (ret < 0)
		return ret;
	catalog.of_frame = region_new(analysis->tree.frame_count,
				      sizeof(*catalog.of_frame));
	if (!catalog.of_frame ||
	    places_init(&catalog.places, &analysis->names, PLACES_FUNCTION) <
		    0 ||
	    add_modules(&catalog) < 0 || fill(&catalog, &ranking) < 0 ||
	    catalog_add_lifetimes(&catalog) < 0)
		ret = DUMP_MEMORY;
	ranking_done(&ranking);
	if (ret < 0)
		catalog_done(&catalog);
	else
		*ret_catalog = catalog;
	return ret;
}

void catalog_done(struct catalog *catalog)
{
	if (!catalog->analysis)
		return;
	for (size_t i = 0; i < catalog->made_count; i++)
		free(catalog->made[i]);
	free(catalog->made);
	region_free(catalog->of_frame, catalog->analysis->tree.frame_count,
		    sizeof(*catalog->of_frame));
	region_free(catalog->links, catalog->analysis->dump->node_count,
		    sizeof(*catalog->links));
	places_done(&catalog->places);
	free(catalog->modules);
	free(catalog->has_names);
	free(catalog->of_module);
	free(catalog->functions);
	free(catalog->calls);
	free(catalog->frames);
	free(catalog->entries);
	free(catalog->entry_of);
	free(catalog->stack);
	*catalog = (struct catalog) { 0 };
}

/* ---- reading ---- */

static int push(struct catalog *catalog, uint32_t frame)
{
	if (make_room(&catalog->stack, &catalog->stack_room,
		      catalog->stack_count, sizeof(*catalog->stack)) < 0)
		return DUMP_MEMORY;
	catalog->stack[catalog->stack_count++] = frame;
	return 0;
}

int catalog_read(struct catalog *catalog, const struct catalog_entry *entry)
{
	uint32_t node = entry->node;
	size_t number = (size_t)(entry - catalog->entries);

	if (catalog->progress && number % PROGRESS_ENTRIES == 0)
		catalog->progress(catalog->progress_arg, number,
				  catalog->entry_count);
	catalog->stack_count = 0;
	while (node != 0)
		if (push(catalog, catalog_frame_of(catalog, node, &node)) < 0)
			return DUMP_MEMORY;
	return entry->note == CATALOG_NONE ? 0 : push(catalog, entry->note);
}
