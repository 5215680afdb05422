/* SPDX-License-Identifier: MIT */
/* Writers: what one thread at a time counts with. */
#include "config.h"

#include "preload/record/writer.h"

#include <stddef.h>
#include <sys/prctl.h>

#include "preload/base/lock.h"
#include "preload/base/map.h"
#include "preload/base/sandbox.h"
#include "preload/base/sys.h"
#include "preload/record/starts.h"

#define SLOTS_FIRST_BYTES 4096u
#define SLOTS_MAX_BYTES	  65536u
#define THREADS_BYTES	  4096u
#define NESTED_MAX	  8u  /* handlers in handlers, of one thread */
#define WRITERS_APART	  32u /* one for each place where threads start */
#define FREE_TRIES	  64u /* free writers that are looked at */
#define MAP_CHUNK_BYTES	  (sizeof(uint32_t) << MP_MAP_SHIFT)

__thread struct mp_writer *mp_writer_self;

static struct {
	struct mp_lock lock;
	struct mp_writer *list;	     /* all, nested ones too */
	struct mp_writer *free_list; /* their threads are gone; tid 0 */
	uint32_t count;
	uint32_t since_scan; /* given since dead threads were looked for */
	struct mpf_thread *free;
	uint32_t free_count;
	uint32_t elements; /* of the dump's thread table so far */
} writers;

/* Lock held. */
static bool record_new(struct mp_writer *writer, bool may_wait)
{
	const uint32_t per_segment = THREADS_BYTES / sizeof(struct mpf_thread);
	struct mpf_segment *segment;
	uint64_t offset;

	if (writers.free_count == 0) {
		segment = mp_file_segment(
			MPF_SEG_THREADS, 0, sizeof(struct mpf_thread),
			writers.elements, THREADS_BYTES, may_wait, &offset);
		if (!segment)
			return false;
		writers.free = (struct mpf_thread *)segment + 1;
		writers.free_count = per_segment - 1;
		writers.elements += per_segment;
	}
	writer->index = writers.elements - writers.free_count;
	writer->record = writers.free++;
	writers.free_count--;
	return true;
}

static void read_name(struct mp_writer *writer)
{
	if (!mp_sandbox_is_on)
		mp_sys6(SYS_prctl, PR_GET_NAME, (long)writer->record->name, 0,
			0, 0, 0);
}

static void adopt(struct mp_writer *writer, uint32_t pid, uint32_t tid)
{
	writer->pid = pid;
	writer->tid = tid;
	writer->last_block = NULL;
	writer->record->tid = tid;
	read_name(writer);
	if (writer->record->threads > 0 &&
	    writer->record->started_at != mp_starts_self)
		writer->record->flags |= MPF_THREAD_STARTS_DIFFER;
	writer->record->started_at = mp_starts_self;
	writer->record->threads++;
}

/* Each is asked for in the process that it said it is of: one that only shares
 * our memory (clone() with CLONE_VM alone) has threads that are not ours. */
static bool is_dead(const struct mp_writer *writer, uint32_t tid)
{
	/* Our own id in somebody else's writer: that thread is gone, and the
	 * kernel gave its id to us. */
	return writer->tid == tid ||
	       mp_sys3(SYS_tgkill, writer->pid, writer->tid, 0) == -ESRCH;
}

/* Lock held. One that served only threads started where this one was, or
 * anyone's. NULL: there is none. */
static struct mp_writer *take_free(bool of_anyone)
{
	struct mp_writer **at = &writers.free_list, *writer;
	const uint32_t here = mp_starts_self;

	for (uint32_t i = 0; *at && !of_anyone; at = &(*at)->next_free) {
		const struct mpf_thread *record = (*at)->record;

		if (record->started_at == here &&
		    !(record->flags & MPF_THREAD_STARTS_DIFFER))
			break;
		if (++i == FREE_TRIES)
			return NULL;
	}
	writer = *at;
	if (writer)
		*at = writer->next_free;
	return writer;
}

/*
 * Lock held. Looking for writers whose threads are gone costs a system call
 * for each, so it is done only after half as many were given as there are: a
 * constant number of calls for each thread on average, and at most half as
 * many again as were ever needed at once.
 */
static void find_dead(uint32_t tid)
{
	struct mp_writer *writer;

	if (mp_sandbox_is_on || writers.since_scan * 2 < writers.count)
		return;
	writers.since_scan = 0;
	for (writer = writers.list; writer; writer = writer->next) {
		if (writer->is_nested || writer->tid == 0 ||
		    !is_dead(writer, tid))
			continue;
		/* What it did comes before what we do. */
		(void)__atomic_load_n(&writer->is_busy, __ATOMIC_ACQUIRE);
		/* It may have been cancelled in a handler. */
		for (struct mp_writer *nested = writer->nested; nested;
		     nested = nested->nested)
			nested->is_busy = false;
		writer->tid = 0;
		writer->next_free = writers.free_list;
		writers.free_list = writer;
	}
}

/*
 * Lock held. NULL: a new one is to be made. Threads that were started at
 * different places share one only when there are many already.
 */
static struct mp_writer *find_free(uint32_t tid)
{
	struct mp_writer *writer = take_free(false);

	if (!writer) {
		find_dead(tid);
		writer = take_free(false);
	}
	if (!writer && writers.count >= WRITERS_APART)
		writer = take_free(true);
	writers.since_scan++;
	return writer;
}

static struct mp_writer *writer_alloc(bool may_wait)
{
	size_t bytes = (sizeof(struct mp_writer) + 63) & ~(size_t)63;
	struct mp_writer *writer;

	writer = mp_map_new(bytes + mp_walker_bytes());
	if (!writer)
		return NULL;
	writer->walker = (struct mp_walker *)((char *)writer + bytes);
	if (!record_new(writer, may_wait)) {
		mp_map_free(writer, bytes + mp_walker_bytes());
		return NULL;
	}
	writer->next = writers.list;
	writers.list = writer;
	writers.count++;
	return writer;
}

/* The thread's first event. */
static struct mp_writer *enter_new(void)
{
	static __thread bool is_making;
	uint32_t tid = mp_sys_gettid();
	struct mp_writer *writer;

	/* A handler that interrupts this goes without: the lock is held. */
	if (is_making)
		return NULL;
	is_making = true;
	atomic_signal_fence(memory_order_seq_cst);
	mp_lock_take(&writers.lock);
	writer = find_free(tid);
	if (!writer)
		writer = writer_alloc(true);
	if (writer) {
		writer->is_busy = true;
		adopt(writer, mp_sys_getpid(), tid);
		mp_writer_self = writer;
	}
	mp_lock_release(&writers.lock);
	atomic_signal_fence(memory_order_seq_cst);
	is_making = false;
	return writer;
}

/* A handler interrupted the thread's own writer, and maybe others did its
 * nested ones; or one that was interrupted was jumped out of, and stays busy
 * for ever. */
static struct mp_writer *enter_nested(struct mp_writer *outer)
{
	struct mp_writer *writer = outer->nested;

	for (unsigned depth = 1; writer && writer->is_busy; depth++) {
		if (depth == NESTED_MAX)
			return NULL;
		outer = writer;
		writer = outer->nested;
	}
	if (!writer) {
		if (!mp_lock_take_soon(&writers.lock))
			return NULL;
		writer = writer_alloc(false);
		if (writer) {
			writer->is_nested = true;
			adopt(writer, outer->pid, outer->tid);
			outer->nested = writer;
		}
		mp_lock_release(&writers.lock);
		if (!writer)
			return NULL;
	}
	writer->is_busy = true;
	writer->record->nested++;
	return writer;
}

struct mp_writer *mp_writer_enter_slow(void)
{
	struct mp_writer *writer = mp_writer_self;

	return writer ? enter_nested(writer) : enter_new();
}

static uint32_t *map_chunk(struct mp_writer *writer, uint32_t node)
{
	uint32_t **chunk = &writer->map[node >> MP_MAP_SHIFT];

	if (!*chunk) {
		*chunk = mp_map_new(MAP_CHUNK_BYTES);
		if (!*chunk)
			mp_file_fail(MPF_FAIL_MEMORY, ENOMEM);
	}
	return *chunk;
}

static bool slots_add(struct mp_writer *writer)
{
	const uint64_t slot_bytes = sizeof(struct mpf_slot);
	struct mpf_segment *segment;
	uint64_t bytes = SLOTS_FIRST_BYTES, offset;

	while (bytes < SLOTS_MAX_BYTES &&
	       bytes < writer->slot_first * slot_bytes)
		bytes *= 4;
	segment = mp_file_segment(MPF_SEG_SLOTS, writer->index,
				  (uint32_t)slot_bytes, writer->slot_first,
				  bytes, !writer->is_nested, &offset);
	if (!segment)
		return false;
	writer->slot_next = (struct mpf_slot *)segment + 1;
	writer->slot_end = (struct mpf_slot *)((char *)segment + bytes);
	writer->slot_first += bytes / slot_bytes;
	/* Seldom enough to follow a thread that was renamed. */
	read_name(writer);
	return true;
}

__attribute__((noinline)) uint32_t mp_writer_line_new(struct mp_writer *writer,
						      uint32_t node)
{
	uint32_t *chunk = map_chunk(writer, node), line;
	struct mpf_slot *slot;

	if (!chunk)
		return 0;
	if (writer->slot_next == writer->slot_end && !slots_add(writer))
		return 0;
	slot = writer->slot_next++;
	__atomic_store_n(&slot->class_node, node, __ATOMIC_RELEASE);
	line = (uint32_t)(mp_file_offset(slot) / sizeof(*slot));
	chunk[node & ((1u << MP_MAP_SHIFT) - 1)] = line;
	return line;
}

uint32_t mp_writer_child(struct mp_writer *writer, uint32_t parent, uint64_t pc)
{
	uint32_t id = parent ? mp_writer_find(writer, parent, pc) : 0;

	if (id)
		return id;
	id = mp_stacks_child(parent, pc, !writer->is_nested);
	if (id)
		mp_writer_remember(writer, parent, pc, id);
	return id;
}

uint32_t mp_writer_intern(struct mp_writer *writer, uint32_t node,
			  const uint64_t *pcs, size_t n, uint32_t *ret_ids)
{
	uint32_t id;
	size_t i = 0, made;

	if (!node)
		return MP_NODE_NONE;
	for (; i < n; i++) {
		id = mp_writer_find(writer, node, pcs[i]);
		if (__builtin_expect(!id, 0))
			break;
		node = ret_ids[i] = id;
	}
	if (i == n)
		return node;
	/* Nothing is below a node that was not there a moment ago. */
	made = mp_stacks_extend(node, pcs + i, n - i, !writer->is_nested,
				ret_ids + i);
	if (made < n - i)
		return MP_NODE_NONE;
	mp_writer_remember(writer, node, pcs[i], ret_ids[i]);
	return ret_ids[n - 1];
}

struct mp_writer *mp_writer_forked(void)
{
	struct mp_writer *writer;

	mp_lock_reset(&writers.lock);
	/* Theirs and ours: private copies that nobody uses any more. They are
	 * not unmapped: this may be a handler that interrupted one of them. */
	writers.list = writers.free_list = NULL;
	writers.elements = 0;
	writers.count = writers.since_scan = 0;
	mp_writer_self = NULL;
	writers.free_count = 0;
	mp_lock_take(&writers.lock);
	writer = writer_alloc(true);
	mp_lock_release(&writers.lock);
	if (!writer)
		return NULL;
	writer->is_nested = true; /* never given to a thread */
	writer->record->threads = 1;
	writer->record->tid = 0;
	writer->record->flags = MPF_THREAD_INHERITED;
	return writer;
}
