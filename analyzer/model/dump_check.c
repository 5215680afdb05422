/* SPDX-License-Identifier: MIT */
/*
 * Nothing in a dump is believed: what the header says, and what the elements
 * of the arrays refer to, is checked here once for the rest of the model.
 *
 * A process may be killed between any two stores. So an element that nothing
 * used refers to may be half written: it then counts as unused.
 */
#include "config.h"

#include "analyzer/model/dump_private.h"

#include <string.h>

#define HEADER_OFFSET(field) offsetof(struct mpf_header, field)

/* What is wrong with the header, or NULL; *ret_offset of the field. */
static const char *header_fault(const struct mpf_header *header,
				uint64_t *ret_offset)
{
	const struct {
		bool is_wrong;
		const char *what;
		size_t offset;
	} rules[] = {
		{ header->version == 0, "version", HEADER_OFFSET(version) },
		{ header->header_bytes != MPF_HEADER_BYTES, "header length",
		  HEADER_OFFSET(header_bytes) },
		{ header->byte_order != MPF_BYTE_ORDER, "byte order",
		  HEADER_OFFSET(byte_order) },
		{ header->used_bytes < MPF_HEADER_BYTES ||
			  header->used_bytes % MPF_PAGE != 0 ||
			  header->used_bytes > DUMP_MAX_BYTES,
		  "used length", HEADER_OFFSET(used_bytes) },
		{ header->state < MPF_RUNNING || header->state > MPF_EXECED,
		  "state", HEADER_OFFSET(state) },
		{ header->unwind < MPF_UNWIND_CFI ||
			  header->unwind > MPF_UNWIND_FP,
		  "unwind method", HEADER_OFFSET(unwind) },
		{ header->max_depth == 0 || header->max_depth > DUMP_MAX_DEPTH,
		  "greatest depth", HEADER_OFFSET(max_depth) },
		{ header->failure > MPF_FAIL_FILESIZE, "failure",
		  HEADER_OFFSET(failure) },
		{ header->peak_bytes > DUMP_MAX_COUNT, "peak",
		  HEADER_OFFSET(peak_bytes) },
		{ header->untracked_bytes > DUMP_MAX_COUNT ||
			  header->untracked_allocs > DUMP_MAX_COUNT,
		  "untracked blocks", HEADER_OFFSET(untracked_allocs) },
		{ header->inherited_bytes > DUMP_MAX_COUNT ||
			  header->inherited_blocks > DUMP_MAX_COUNT,
		  "inherited blocks", HEADER_OFFSET(inherited_blocks) },
		{ header->leak_method > MPF_LEAK_UNSEEN ||
			  header->leak_failure > MPF_LEAK_SANDBOXED ||
			  header->leak_unseen > header->leak_threads,
		  "leak check", HEADER_OFFSET(leak_method) },
		{ header->private_bytes > DUMP_MAX_COUNT ||
			  header->private_live_bytes > DUMP_MAX_COUNT ||
			  header->unseen_peak_bytes > DUMP_MAX_COUNT ||
			  header->resident_peak_bytes > DUMP_MAX_COUNT,
		  "memory of the process", HEADER_OFFSET(private_bytes) },
		{ header->python > MPF_PYTHON_STOPPED, "state of Python",
		  HEADER_OFFSET(python) },
		{ header->python_objects > MPF_OBJECTS_FAILED,
		  "state of Python's objects", HEADER_OFFSET(python_objects) },
		{ header->check_differences > header->check_walks,
		  "compared walks", HEADER_OFFSET(check_differences) },
		{ header->verify_differences > header->verify_walks,
		  "verified walks", HEADER_OFFSET(verify_differences) },
	};

	for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++) {
		if (rules[i].is_wrong) {
			*ret_offset = rules[i].offset;
			return rules[i].what;
		}
	}
	return NULL;
}

int dump_check_header(struct dump_reader *reader)
{
	struct mpf_header *header = &reader->dump->header;
	uint64_t offset = 0;
	const char *what;

	while ((what = header_fault(header, &offset))) {
		int ret = dump_drop(reader, what, offset, NULL);

		if (ret < 0)
			return ret;
		/* Salvage: say the least that can be meant. */
		switch (offset) {
		case HEADER_OFFSET(used_bytes):
			header->used_bytes = reader->dump->file_bytes &
					     ~(uint64_t)(MPF_PAGE - 1);
			if (header->used_bytes > DUMP_MAX_BYTES)
				header->used_bytes = DUMP_MAX_BYTES;
			break;
		case HEADER_OFFSET(version):
			header->version = MPF_VERSION;
			break;
		case HEADER_OFFSET(header_bytes):
			header->header_bytes = MPF_HEADER_BYTES;
			break;
		case HEADER_OFFSET(byte_order):
			header->byte_order = MPF_BYTE_ORDER;
			break;
		case HEADER_OFFSET(state):
			header->state = MPF_RUNNING;
			break;
		case HEADER_OFFSET(unwind):
			header->unwind = MPF_UNWIND_CFI;
			break;
		case HEADER_OFFSET(max_depth):
			header->max_depth = DUMP_MAX_DEPTH;
			break;
		case HEADER_OFFSET(failure):
			header->failure = MPF_FAIL_NONE;
			break;
		case HEADER_OFFSET(peak_bytes):
			header->peak_bytes = 0;
			break;
		case HEADER_OFFSET(untracked_allocs):
			header->untracked_allocs = header->untracked_bytes = 0;
			break;
		case HEADER_OFFSET(python):
			header->python = MPF_PYTHON_NONE;
			break;
		case HEADER_OFFSET(python_objects):
			header->python_objects = MPF_OBJECTS_OFF;
			break;
		case HEADER_OFFSET(inherited_blocks):
			header->inherited_blocks = header->inherited_bytes = 0;
			break;
		case HEADER_OFFSET(verify_differences):
			header->verify_walks = header->verify_differences = 0;
			break;
		case HEADER_OFFSET(private_bytes):
			header->private_bytes = header->private_live_bytes = 0;
			header->unseen_peak_bytes = 0;
			header->resident_peak_bytes = 0;
			break;
		case HEADER_OFFSET(leak_method):
			header->leak_method = header->leak_failure = 0;
			header->leak_unseen = header->leak_threads = 0;
			break;
		default:
			header->check_walks = header->check_differences = 0;
			break;
		}
	}
	return 0;
}

/* The text segment that holds the whole text, or NULL. Texts come first in
 * the sorted table, and in the order of the file. */
static const struct dump_segment *find_text(const struct dump *dump,
					    struct mpf_text text)
{
	size_t low = 0, high = dump->segment_count;
	const struct dump_segment *segment;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		segment = &dump->segments[middle];
		if (segment->type == MPF_SEG_TEXT &&
		    segment->offset <= text.offset)
			low = middle + 1;
		else
			high = middle;
	}
	if (low == 0)
		return NULL;
	segment = &dump->segments[low - 1];
	if (text.offset - segment->offset < MPF_SEGMENT_BYTES ||
	    text.offset - segment->offset >= segment->bytes ||
	    text.bytes > segment->bytes - (text.offset - segment->offset))
		return NULL;
	return segment;
}

bool dump_is_text_valid(const struct dump *dump, struct mpf_text text)
{
	if (text.offset == 0)
		return text.bytes == 0;
	return text.bytes <= DUMP_MAX_TEXT && find_text(dump, text);
}

const char *dump_text(const struct dump *dump, struct mpf_text text,
		      size_t *ret_bytes)
{
	const struct dump_segment *segment = NULL;

	if (text.offset != 0)
		segment = find_text(dump, text);
	*ret_bytes = segment ? text.bytes : 0;
	return segment ? dump->text + segment->at +
				 (text.offset - segment->offset)
		       : "";
}

static int check_header_texts(struct dump_reader *reader)
{
	struct mpf_header *header = &reader->dump->header;
	struct mpf_text *texts[] = {
		&header->program,  &header->command_line, &header->directory,
		&header->host,	   &header->system,	  &header->allocator,
		&header->settings, &header->out_path,
	};

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		uint64_t offset = (uint64_t)((const char *)texts[i] -
					     (const char *)header);
		int ret;

		if (dump_is_text_valid(reader->dump, *texts[i]))
			continue;
		ret = dump_drop(reader, "text of the header", offset, NULL);
		if (ret < 0)
			return ret;
		*texts[i] = (struct mpf_text) { 0, 0 };
	}
	return 0;
}

/* The segment of a type that holds an element; there is one. */
static const struct dump_segment *segment_of(const struct dump *dump,
					     uint32_t type, size_t index)
{
	for (size_t i = 0; i < dump->segment_count; i++) {
		const struct dump_segment *segment = &dump->segments[i];

		if (segment->type == type && index >= segment->at &&
		    index - segment->at < segment->bytes / segment->elem_bytes)
			return segment;
	}
	return NULL;
}

bool dump_is_worth_telling(const struct dump_reader *reader)
{
	return reader->dump->dropped_count < DUMP_MAX_DROPPED;
}

int dump_drop_element(struct dump_reader *reader, const char *what,
		      uint32_t type, size_t index)
{
	const struct dump_segment *segment = NULL;
	uint64_t offset = 0;

	if (dump_is_worth_telling(reader))
		segment = segment_of(reader->dump, type, index);
	if (segment)
		offset = segment->offset +
			 (index - segment->at) * segment->elem_bytes;
	return dump_drop(reader, what, offset, segment);
}

static const char *module_fault(const struct dump *dump,
				const struct mpf_module *module)
{
	if (module->start >= module->end || module->end > MPF_PC_MASK)
		return "addresses of a module";
	if (module->end_generation != 0 &&
	    module->end_generation < module->first_generation)
		return "generations of a module";
	if (module->build_id_bytes > MPF_BUILD_ID_BYTES)
		return "build-id of a module";
	if (module->path.bytes > DUMP_MAX_PATH ||
	    !dump_is_text_valid(dump, module->path))
		return "path of a module";
	return NULL;
}

static int check_modules(struct dump_reader *reader)
{
	struct dump *dump = reader->dump;

	for (size_t i = 0; i < dump->module_count; i++) {
		struct mpf_module *module = &dump->modules[i];
		const char *fault;

		if (module->end == 0) { /* unused, or being written */
			memset(module, 0, sizeof(*module));
			continue;
		}
		fault = module_fault(dump, module);
		if (fault) {
			int ret = dump_drop_element(reader, fault,
						    MPF_SEG_MODULES, i);

			if (ret < 0)
				return ret;
			memset(module, 0, sizeof(*module));
		}
	}
	return 0;
}

static const char *code_fault(const struct dump *dump,
			      const struct mpf_code *code)
{
	if (code->lines_kind > MPF_CODE_LOCATIONS)
		return "kind of the lines of code";
	if (!dump_is_text_valid(dump, code->file))
		return "file of code";
	if (!dump_is_text_valid(dump, code->name))
		return "name of code";
	if (!dump_is_text_valid(dump, code->lines))
		return "lines of code";
	return NULL;
}

static int check_codes(struct dump_reader *reader)
{
	struct dump *dump = reader->dump;

	for (size_t i = 0; i < dump->code_count; i++) {
		struct mpf_code *code = &dump->codes[i];
		const char *fault;

		if (code->lines_kind == 0) { /* unused, or being written */
			memset(code, 0, sizeof(*code));
			continue;
		}
		fault = code_fault(dump, code);
		if (fault) {
			int ret = dump_drop_element(reader, fault,
						    MPF_SEG_CODES, i);

			if (ret < 0)
				return ret;
			memset(code, 0, sizeof(*code));
		}
	}
	return 0;
}

int dump_check_elements(struct dump_reader *reader)
{
	int ret = check_header_texts(reader);

	if (ret == 0)
		ret = check_modules(reader);
	if (ret == 0)
		ret = check_codes(reader);
	if (ret == 0)
		ret = dump_check_nodes(reader);
	if (ret == 0)
		ret = dump_check_slots(reader);
	if (ret == 0)
		ret = dump_check_timeline(reader);
	if (ret == 0)
		ret = dump_check_leaks(reader);
	if (ret == 0)
		ret = dump_check_ages(reader);
	return ret;
}
