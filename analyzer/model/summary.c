/* SPDX-License-Identifier: MIT */
/* What a dump says of the recording as a whole. */
#include "config.h"

#include "analyzer/model/summary.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "analyzer/model/dump.h"

#define ARENA_OBJECT_MAX   512u /* larger ones Python has from malloc */
#define EM_X86_64_MACHINE  62u
#define EM_AARCH64_MACHINE 183u

/* Beyond this, and this many times the peak, memory is hardly what allocators
 * and the recorder keep beside recorded blocks. */
#define MUCH_BYTES (UINT64_C(64) << 20)
#define MUCH_TIMES 2

/* Room for a text, and a terminator after it. */
static size_t room_for(const struct dump *dump, struct mpf_text text)
{
	size_t bytes;

	dump_text(dump, text, &bytes);
	return bytes + 1;
}

static const char *copy(char **to, const struct dump *dump,
			struct mpf_text text)
{
	size_t bytes;
	const char *from = dump_text(dump, text, &bytes);
	char *start = *to;

	memcpy(start, from, bytes);
	start[bytes] = '\0';
	*to = start + bytes + 1;
	return start;
}

/* Several strings in one text, each ended by a NUL (the last may lack it). */
static int copy_list(struct summary_strings *ret, char **to,
		     const struct dump *dump, struct mpf_text text)
{
	const char *at = copy(to, dump, text), *end = *to - 1;
	size_t count = 0;

	for (const char *c = at; c < end; c++)
		count += *c == '\0' || c + 1 == end;
	ret->array = calloc(count + 1, sizeof(*ret->array));
	if (!ret->array)
		return DUMP_MEMORY;
	for (; at < end; at += strlen(at) + 1)
		ret->array[ret->count++] = at;
	return 0;
}

static int fill_strings(struct summary *summary, const struct dump *dump)
{
	const struct mpf_header *header = &dump->header;
	size_t room = room_for(dump, header->program) +
		      room_for(dump, header->command_line) +
		      room_for(dump, header->directory) +
		      room_for(dump, header->host) +
		      room_for(dump, header->system) +
		      room_for(dump, header->allocator) +
		      room_for(dump, header->settings) +
		      room_for(dump, header->out_path);
	char *at = malloc(room);

	if (!at)
		return DUMP_MEMORY;
	summary->strings = at;
	summary->program = copy(&at, dump, header->program);
	summary->directory = copy(&at, dump, header->directory);
	summary->host = copy(&at, dump, header->host);
	summary->system = copy(&at, dump, header->system);
	summary->allocator = copy(&at, dump, header->allocator);
	summary->out_path = copy(&at, dump, header->out_path);
	if (copy_list(&summary->arguments, &at, dump, header->command_line))
		return DUMP_MEMORY;
	return copy_list(&summary->settings, &at, dump, header->settings);
}

static void fill_times(struct summary *summary, const struct dump *dump)
{
	const struct mpf_header *header = &dump->header;
	uint64_t end_ns = dump->is_copy ? 0 : header->end_ns;
	struct timespec now;

	summary->is_copy = dump->is_copy;
	if (dump->is_copy && header->end_ns >= header->start_ns &&
	    header->end_ns - header->start_ns <= DUMP_MAX_COUNT)
		summary->saved_ns = header->end_ns - header->start_ns;
	if (dump->process == DUMP_RUNNING &&
	    clock_gettime(CLOCK_MONOTONIC, &now) == 0)
		end_ns = (uint64_t)now.tv_sec * 1000000000u +
			 (uint64_t)now.tv_nsec;
	summary->start_unix_ns = header->start_unix_ns;
	if (end_ns != 0 && end_ns >= header->start_ns &&
	    end_ns - header->start_ns <= DUMP_MAX_COUNT) {
		summary->has_duration = true;
		summary->duration_ns = end_ns - header->start_ns;
	}
	if (header->peak_ns >= header->start_ns && header->peak_ns != 0) {
		summary->has_peak_time = true;
		summary->peak_ns = header->peak_ns - header->start_ns;
	}
}

static void fill_memory(struct summary *summary,
			const struct mpf_header *header)
{
	uint64_t start_ns = header->start_ns;

	summary->has_namespaces = header->unseen & MPF_UNSEEN_NAMESPACE;
	summary->has_memory = header->private_bytes != 0;
	if (!summary->has_memory)
		return;
	summary->has_memory_time = header->private_ns >= start_ns;
	if (summary->has_memory_time)
		summary->memory_ns = header->private_ns - start_ns;
	summary->private_bytes = header->private_bytes;
	summary->private_live_bytes = header->private_live_bytes;
	if (header->private_bytes > header->private_live_bytes)
		summary->unseen_bytes =
			header->private_bytes - header->private_live_bytes;
	summary->unseen_peak_bytes = header->unseen_peak_bytes;
	if (summary->unseen_peak_bytes < summary->unseen_bytes)
		summary->unseen_peak_bytes = summary->unseen_bytes;
	summary->resident_peak_bytes = header->resident_peak_bytes;
	summary->is_much_unseen =
		summary->unseen_peak_bytes > MUCH_BYTES &&
		(summary->unseen_peak_bytes - MUCH_BYTES) / MUCH_TIMES >
			header->peak_bytes;
}

static enum summary_state state_of(const struct dump *dump)
{
	switch (dump->process) {
	case DUMP_RUNNING:
		return SUMMARY_RUNNING;
	case DUMP_EXITED:
		return SUMMARY_EXITED;
	case DUMP_REPLACED:
		return SUMMARY_REPLACED;
	default:
		return SUMMARY_VANISHED;
	}
}

static enum summary_failure failure_of(const struct dump *dump)
{
	switch (dump->header.failure) {
	case MPF_FAIL_NONE:
		return SUMMARY_COMPLETE;
	case MPF_FAIL_SPACE:
		return SUMMARY_NO_SPACE;
	case MPF_FAIL_REOPEN:
		return SUMMARY_NO_REOPEN;
	case MPF_FAIL_MEMORY:
		return SUMMARY_NO_MEMORY;
	case MPF_FAIL_FILESIZE:
		return SUMMARY_FILE_SIZE;
	default:
		return SUMMARY_LIMIT;
	}
}

static const char *machine_name(uint32_t machine)
{
	switch (machine) {
	case EM_X86_64_MACHINE:
		return "x86_64";
	case EM_AARCH64_MACHINE:
		return "aarch64";
	default:
		return "unknown";
	}
}

static void fill_header(struct summary *summary, const struct dump *dump)
{
	const struct mpf_header *header = &dump->header;

	summary->dump_path = dump->path;
	summary->dump_bytes = dump->file_bytes;
	summary->version = header->version;
	summary->machine = machine_name(header->machine);
	summary->pid = header->pid;
	summary->ppid = header->ppid;
	summary->is_forked = header->mode & MPF_MODE_FORKED;
	summary->recorded_parent = header->parent_pid;
	summary->state = state_of(dump);
	summary->exit_status = header->exit_status;
	summary->uses_frame_pointers = header->unwind == MPF_UNWIND_FP;
	summary->max_depth = header->max_depth;
	summary->sample_bytes = header->sample_bytes;
	summary->is_bypassed = header->mode & MPF_MODE_BYPASSED;
	summary->is_checked = header->mode & MPF_MODE_CHECKED;
	summary->check_walks = header->check_walks;
	summary->check_differences = header->check_differences;
	summary->is_verified = header->mode & MPF_MODE_VERIFIED;
	summary->verify_walks = header->verify_walks;
	summary->verify_differences = header->verify_differences;
	/* Both have the same order, and the header was checked. */
	summary->python = (enum summary_python)header->python;
	summary->python_major = header->python_version >> 24;
	summary->python_minor = header->python_version >> 16 & 255;
	summary->python_micro = header->python_version >> 8 & 255;
	summary->python_broken = header->python_broken;
	summary->python_cut = header->python_cut;
	summary->python_unknown = header->python_unknown;
	summary->failure = failure_of(dump);
	summary->failure_errno = header->failure_errno;
	summary->overflow_allocs = header->overflow.allocs;
	summary->overflow_alloc_bytes = header->overflow.alloc_bytes;
	summary->overflow_frees = header->overflow.frees;
	summary->overflow_free_bytes = header->overflow.free_bytes;
	summary->untracked_allocs = header->untracked_allocs;
	summary->untracked_bytes = header->untracked_bytes;
	summary->inherited_blocks = header->inherited_blocks;
	summary->inherited_bytes = header->inherited_bytes;
	summary->dropped = dump->dropped;
	summary->dropped_count = dump->dropped_count;
	summary->dropped_told = dump->dropped_count < DUMP_MAX_DROPPED
					? (size_t)dump->dropped_count
					: DUMP_MAX_DROPPED;
}

static void add_objects(struct summary *summary, const struct dump *dump)
{
	const struct mpf_header *header = &dump->header;
	struct summary_objects *objects = &summary->objects;

	/* Both have the same order, and the header was checked. */
	objects->mode = (enum summary_objects_mode)header->python_objects;
	objects->arena_bytes = (uint64_t)header->python_arena_pages * MPF_PAGE;
	objects->arena_bytes_most =
		(uint64_t)header->python_arena_pages_most * MPF_PAGE;
	objects->has_counts = (objects->mode == SUMMARY_OBJECTS_ON ||
			       objects->mode == SUMMARY_OBJECTS_LATE) &&
			      header->sample_bytes == 0;
	for (size_t i = 0; objects->has_counts && i < dump->slot_count; i++) {
		const struct mpf_slot *slot = &dump->slots[i];
		const uint64_t pc = dump->nodes[slot->class_node].pc;
		const int64_t bytes =
			(int64_t)slot->alloc_bytes - (int64_t)slot->free_bytes;

		if (slot->class_node == 0 ||
		    dump->node_kinds[slot->class_node] != DUMP_NODE_CLASS ||
		    MPF_CLASS_CALL(pc) < MPF_CALL_OBJECT)
			continue;
		objects->live_blocks +=
			(int64_t)slot->allocs - (int64_t)slot->frees;
		objects->live_bytes += bytes;
		if (MPF_CLASS_BUCKET(pc) <= mpf_bucket(ARENA_OBJECT_MAX))
			objects->arena_live_bytes += bytes;
	}
}

static void add_threads(struct summary *summary, const struct dump *dump)
{
	for (size_t i = 0; i < dump->thread_count; i++) {
		const struct mpf_thread *thread = &dump->threads[i];

		if (!(thread->flags & MPF_THREAD_INHERITED))
			summary->threads += thread->threads;
		summary->failed += thread->failed;
		summary->foreign_frees += thread->foreign_frees;
		summary->foreign_reallocs += thread->foreign_reallocs;
		summary->nested += thread->nested;
		summary->guessed += thread->guessed;
		summary->cut_depth += thread->cut_depth;
		summary->cut_no_rule += thread->cut_no_rule;
		summary->cut_bad_stack += thread->cut_bad_stack;
	}
}

static void add_timeline(struct summary *summary, const struct dump *dump)
{
	summary->has_timeline = dump->header.mode & MPF_MODE_TIMELINE;
	summary->moments_lost = dump->header.moments_lost;
	for (size_t i = 0; i < dump->point_count; i++)
		summary->points += dump->points[i].ns != 0;
	for (size_t i = 0; i < dump->moment_count; i++) {
		const struct mpf_moment *moment = &dump->moments[i];

		summary->marks += moment->kind == MPF_MOMENT_MARK;
		summary->intervals += moment->kind == MPF_MOMENT_INTERVAL;
		summary->snapshots += moment->kind == MPF_MOMENT_SNAPSHOT;
	}
}

int summary_init(struct summary *ret_summary, const struct dump *dump)
{
	struct summary summary = { 0 };

	if (fill_strings(&summary, dump) < 0) {
		summary_done(&summary);
		return DUMP_MEMORY;
	}
	fill_header(&summary, dump);
	fill_times(&summary, dump);
	fill_memory(&summary, &dump->header);
	heap_use_init(&summary.heap_use, &dump->header);
	add_objects(&summary, dump);
	add_threads(&summary, dump);
	add_timeline(&summary, dump);
	*ret_summary = summary;
	return 0;
}

void summary_done(struct summary *summary)
{
	free(summary->strings);
	free(summary->arguments.array);
	free(summary->settings.array);
	*summary = (struct summary) { 0 };
}
