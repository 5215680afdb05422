/* SPDX-License-Identifier: MIT */
/*
 * How long blocks live, and what they really take, by class and writer: what
 * goes into struct mpf_lifetime. Only with MEMPROF_LIFETIMES.
 *
 * Context: owning thread of the writer; may run inside malloc; may run in a
 * signal handler: yes with a writer of its own; locks taken: the file's.
 */
#ifndef MEMPROF_PRELOAD_RECORD_LIFETIMES_H
#define MEMPROF_PRELOAD_RECORD_LIFETIMES_H

#include "preload/record/births.h"
#include "preload/record/writer.h"

/* The block at addr was allocated; it is the caller's and not in the table of
 * blocks yet. */
void mp_lifetimes_begin(const void *addr, uint32_t class_node, size_t bytes);

/* The same for one that is kept elsewhere: gives the block its birth. */
void mp_lifetimes_begin_pooled(struct mp_block *block);

/* It is given back, and was counted so. */
void mp_lifetimes_end(struct mp_writer *writer, const struct mp_block *block);

#endif
