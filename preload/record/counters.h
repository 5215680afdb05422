/* SPDX-License-Identifier: MIT */
/*
 * What one event adds to a slot, to the writer's unflushed change of the live
 * total, and to the peak. The pairs {count, bytes} change by one 16-byte
 * store, so that a kill between two instructions never parts them.
 *
 * The peak's composition is kept by copy on first write: a falling edge from
 * a new greatest total starts an epoch, and a slot that changes for the first
 * time in an epoch keeps what it held at that instant.
 *
 * Context: owning thread of the writer; may run in a signal handler: yes with
 * a writer of its own; locks taken: none.
 */
#ifndef MEMPROF_PRELOAD_RECORD_COUNTERS_H
#define MEMPROF_PRELOAD_RECORD_COUNTERS_H

#include "preload/record/writer.h"

#define MP_FLUSH_BYTES 65536 /* unflushed change of a writer, at most */

typedef uint64_t mp_pair __attribute__((vector_size(16), may_alias));

/*
 * Others may read while the owner writes: a census of all slots, a reader of
 * the file. The one instruction has no name in C; where the order of accesses
 * is checked (ThreadSanitizer), the halves are atomic instead.
 */
#ifdef __SANITIZE_THREAD__
static inline mp_pair mp_pair_get(const void *pair)
{
	const uint64_t *half = pair;

	return (mp_pair) { __atomic_load_n(&half[0], __ATOMIC_RELAXED),
			   __atomic_load_n(&half[1], __ATOMIC_RELAXED) };
}

static inline void mp_pair_set(void *pair, mp_pair value)
{
	uint64_t *half = pair;

	__atomic_store_n(&half[0], value[0], __ATOMIC_RELAXED);
	__atomic_store_n(&half[1], value[1], __ATOMIC_RELAXED);
}
#else
static inline mp_pair mp_pair_get(const void *pair)
{
	return *(const volatile mp_pair *)pair;
}

static inline void mp_pair_set(void *pair, mp_pair value)
{
	*(mp_pair *)pair = value;
}
#endif

static inline void mp_pair_add(uint64_t *pair, uint64_t count, uint64_t bytes)
{
	mp_pair_set(pair, *(const mp_pair *)pair + (mp_pair) { count, bytes });
}

/* The cold path of a falling edge from a new greatest total. */
void mp_counters_new_peak(uint64_t live);

static inline void mp_counters_touch(struct mpf_slot *slot)
{
	uint32_t epoch =
		__atomic_load_n(&mp_file.header->peak_epoch, __ATOMIC_RELAXED);

	if (slot->epoch == epoch)
		return;
	mp_pair_set(&slot->peak_blocks, *(const mp_pair *)&slot->allocs -
						*(const mp_pair *)&slot->frees);
	/* The compiler may not move the epoch before what it vouches for. */
	atomic_signal_fence(memory_order_seq_cst);
	__atomic_store_n(&slot->epoch, epoch, __ATOMIC_RELAXED);
	atomic_signal_fence(memory_order_seq_cst);
}

static inline void mp_counters_flush(struct mp_writer *writer)
{
	if (writer->delta < MP_FLUSH_BYTES && writer->delta > -MP_FLUSH_BYTES)
		return;
	__atomic_fetch_add(&mp_file.header->live_bytes, (uint64_t)writer->delta,
			   __ATOMIC_RELAXED);
	writer->delta = 0;
	writer->pulse_left = 0; /* such a change is worth a look */
}

static inline void mp_counters_alloc(struct mp_writer *writer,
				     struct mpf_slot *slot, uint64_t bytes)
{
	mp_counters_touch(slot);
	mp_pair_add(&slot->allocs, 1, bytes);
	writer->delta += (int64_t)bytes;
	mp_counters_flush(writer);
}

/* Before any change that a free makes. */
static inline void mp_counters_falling(const struct mp_writer *writer)
{
	uint64_t live =
		__atomic_load_n(&mp_file.header->live_bytes, __ATOMIC_RELAXED) +
		(uint64_t)writer->delta;

	if ((int64_t)live >
	    (int64_t)__atomic_load_n(&mp_file.header->peak_bytes,
				     __ATOMIC_RELAXED))
		mp_counters_new_peak(live);
}

static inline void mp_counters_free(struct mp_writer *writer,
				    struct mpf_slot *slot, uint64_t bytes)
{
	mp_counters_falling(writer);
	mp_counters_touch(slot);
	mp_pair_add(&slot->frees, 1, bytes);
	writer->delta -= (int64_t)bytes;
	mp_counters_flush(writer);
}

#endif
