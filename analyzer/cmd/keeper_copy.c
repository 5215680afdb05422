/* SPDX-License-Identifier: MIT */
/* Copying a dump; nothing in it is trusted. */
#include "config.h"

#include "analyzer/cmd/keeper_copy.h"

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define COPY_BYTES 262144
#define TRIES	   3

/* In which order readers take the parts of a dump that is being recorded: what
 * others refer to comes after them. */
enum part {
	PART_TIMELINE,
	PART_COUNTERS,
	PART_STACKS, /* from here on only added to */
	PART_PLACES,
	PART_TEXT,
	PART_COUNT
};

static enum part part_of(const struct mpf_segment *segment)
{
	switch (segment->type) {
	case MPF_SEG_POINTS:
	case MPF_SEG_MOMENTS:
	case MPF_SEG_CHANGES:
		return PART_TIMELINE;
	case MPF_SEG_NODES:
		return PART_STACKS;
	case MPF_SEG_MODULES:
	case MPF_SEG_CODES:
		return PART_PLACES;
	case MPF_SEG_TEXT:
		return PART_TEXT;
	default:
		return PART_COUNTERS;
	}
}

static int read_all(int fd, void *to, size_t bytes, uint64_t at)
{
	ssize_t got = pread(fd, to, bytes, (off_t)at);

	if (got == (ssize_t)bytes)
		return 0;
	if (got >= 0)
		errno = EINVAL;
	return -1;
}

static int write_all(int fd, const void *from, size_t bytes, uint64_t at)
{
	const char *next = from;

	while (bytes) {
		ssize_t put = pwrite(fd, next, bytes, (off_t)at);

		if (put < 0 && errno == EINTR)
			continue;
		if (put < 0)
			return -1;
		next += put;
		at += (uint64_t)put;
		bytes -= (size_t)put;
	}
	return 0;
}

static int copy_range(int memory, int file, uint64_t at, uint64_t end)
{
	static char buf[COPY_BYTES];

	while (at < end) {
		size_t bytes = end - at < COPY_BYTES ? end - at : COPY_BYTES;

		if (read_all(memory, buf, bytes, at) < 0 ||
		    write_all(file, buf, bytes, at) < 0)
			return -1;
		at += bytes;
	}
	return 0;
}

bool keeper_copy_header(int memory, struct mpf_header *ret_header)
{
	struct stat st;

	if (fstat(memory, &st) < 0 ||
	    read_all(memory, ret_header, sizeof(*ret_header), 0) < 0 ||
	    memcmp(ret_header->magic, MPF_MAGIC, sizeof(ret_header->magic)) !=
		    0)
		return false;
	if (ret_header->used_bytes > (uint64_t)st.st_size)
		ret_header->used_bytes = (uint64_t)st.st_size;
	return ret_header->used_bytes >= MPF_HEADER_BYTES;
}

/* Without room for all of it what is there stays as it is: one copy is better
 * than parts of two. */
static int make_room(int file, uint64_t bytes)
{
	struct stat st;
	int error;

	if (fstat(file, &st) < 0)
		return -1;
	if (fallocate(file, 0, 0, (off_t)bytes) == 0)
		return 0;
	error = errno;
	(void)!ftruncate(file, st.st_size);
	errno = error;
	/* Not every file system can. */
	return error == EOPNOTSUPP || error == ENOSYS ? 0 : -1;
}

int keeper_copy(int memory, int file, const struct mpf_header *header)
{
	if (make_room(file, header->used_bytes) < 0 ||
	    copy_range(memory, file, MPF_HEADER_BYTES, header->used_bytes) < 0)
		return -1;
	return write_all(file, header, sizeof(*header), 0);
}

/* What came after the others of its part were copied counts as not yet
 * there. */
static int write_gap(int file, uint64_t at, const struct mpf_segment *segment)
{
	const struct mpf_segment gap = { .magic = MPF_SEGMENT_MAGIC,
					 .type = MPF_SEG_GAP,
					 .bytes = segment->bytes,
					 .elem_bytes = 1 };

	return write_all(file, &gap, sizeof(gap), at);
}

/* Of the segments in [at, end) those of one part; those of parts before it
 * that lie behind the end that these had become gaps. */
static int copy_part(int memory, int file, enum part part, uint64_t at,
		     uint64_t end, uint64_t former_end)
{
	while (at < end) {
		struct mpf_segment segment;
		int status = 0;

		if (read_all(memory, &segment, sizeof(segment), at) < 0)
			return -1;
		if (segment.magic != MPF_SEGMENT_MAGIC ||
		    segment.bytes < MPF_PAGE || segment.bytes % MPF_PAGE != 0 ||
		    segment.bytes > end - at) {
			errno = EINVAL;
			return -1;
		}
		if (segment.type == MPF_SEG_GAP)
			status = write_gap(file, at, &segment);
		else if (part_of(&segment) == part)
			status = copy_range(memory, file, at,
					    at + segment.bytes);
		else if (part_of(&segment) < part && at >= former_end)
			status = write_gap(file, at, &segment);
		if (status < 0)
			return -1;
		at += segment.bytes;
	}
	return 0;
}

/* The sequence is odd while moments are thinned into the other area; the area
 * that is valid is overwritten by the second time after that. */
static bool is_thinned(uint64_t before, uint64_t after)
{
	return after - before > 2 - before % 2;
}

/* Verdicts and lists of blocks that were written meanwhile are none. */
static void compare_sequences(struct mpf_header *header,
			      const struct mpf_header *now)
{
	if (now->leak_sequence != header->leak_sequence)
		header->leak_sequence |= 1;
	if (now->live_sequence != header->live_sequence)
		header->live_sequence |= 1;
}

/* 1 when it has to be done once more. */
static int try_running(int memory, int file, struct mpf_header *header)
{
	const uint64_t first = MPF_HEADER_BYTES;
	struct mpf_header now;
	uint64_t used;

	if (!keeper_copy_header(memory, header) ||
	    read_all(memory, &header->timeline_area,
		     sizeof(header->timeline_area),
		     offsetof(struct mpf_header, timeline_area)) < 0) {
		errno = EINVAL;
		return -1;
	}
	used = header->used_bytes;
	if (copy_part(memory, file, PART_TIMELINE, first, used, used) < 0 ||
	    !keeper_copy_header(memory, &now))
		return -1;
	if (is_thinned(header->thin_sequence, now.thin_sequence))
		return 1;
	if (copy_part(memory, file, PART_COUNTERS, first, used, used) < 0 ||
	    !keeper_copy_header(memory, &now))
		return -1;
	compare_sequences(header, &now);
	for (enum part part = PART_STACKS; part < PART_COUNT; part++) {
		if (!keeper_copy_header(memory, &now) ||
		    now.used_bytes < used ||
		    copy_part(memory, file, part, first, now.used_bytes, used) <
			    0)
			return -1;
		used = now.used_bytes;
	}
	header->used_bytes = used;
	return 0;
}

int keeper_copy_running(int memory, int file, struct mpf_header *header,
			uint64_t now_ns)
{
	int status = 1;

	for (int i = 0; status == 1 && i < TRIES; i++)
		status = try_running(memory, file, header);
	if (status == 1)
		errno = EAGAIN;
	if (status != 0)
		return -1;
	/* An end without its state: a copy as of then. */
	if (header->state == MPF_RUNNING)
		header->end_ns = now_ns;
	/* The last segment may be a gap. */
	if (ftruncate(file, (off_t)header->used_bytes) < 0)
		return -1;
	return write_all(file, header, sizeof(*header), 0);
}
