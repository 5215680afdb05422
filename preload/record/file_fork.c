/* SPDX-License-Identifier: MIT */
/* The dump of a forked child: a copy in place of its parent's. */
#include "config.h"

#include "preload/base/sys.h"
#include "preload/record/file_state.h"

/*
 * Other threads of the parent go on while it is copied. What refers to others
 * is written after them and copied before them, so all that it refers to is
 * there: nodes to code and modules, these to texts.
 */
enum turn { NODES, CODES, TEXTS, TURNS };

static enum turn turn_of(const struct mpf_segment *segment)
{
	switch (segment->type) {
	case MPF_SEG_TEXT:
		return TEXTS;
	case MPF_SEG_MODULES:
	case MPF_SEG_CODES:
		return CODES;
	default:
		return NODES;
	}
}

/* Counters, timeline and verdicts are the parent's: their space becomes a gap,
 * because what lies behind must stay where our pointers expect it. */
static long copy_segment(int fd, const struct mpf_segment *segment, uint64_t at)
{
	struct mpf_segment gap = { .magic = MPF_SEGMENT_MAGIC,
				   .type = MPF_SEG_GAP,
				   .bytes = segment->bytes,
				   .elem_bytes = 1 };

	if (segment->type != MPF_SEG_TEXT && segment->type != MPF_SEG_NODES &&
	    segment->type != MPF_SEG_MODULES && segment->type != MPF_SEG_CODES)
		return mp_file_write(fd, &gap, sizeof(gap), at);
	return mp_file_write(fd, segment, segment->bytes, at);
}

static long copy_segments(int fd, enum turn turn)
{
	uint64_t at = MPF_HEADER_BYTES;
	long ret = 0;

	while (!mp_sys_failed(ret) && at < mp_file_state.used) {
		const struct mpf_segment *segment = mp_file_at(at);

		if (turn_of(segment) == turn)
			ret = copy_segment(fd, segment, at);
		at += segment->bytes;
	}
	return ret;
}

static long copy_all(int fd)
{
	long ret = mp_file_write(fd, mp_file_at(0), MPF_HEADER_BYTES, 0);

	for (int turn = 0; !mp_sys_failed(ret) && turn < TURNS; turn++)
		ret = copy_segments(fd, (enum turn)turn);
	return ret;
}

/*
 * Our private bookkeeping may be older than the parent's other pages that came
 * along, see mp_stacks_forked(); the shared header is newer than all of them.
 * A window that only the parent has mapped meanwhile is left to it.
 */
static void adopt_used(void)
{
	uint64_t used =
		__atomic_load_n(&mp_file.header->used_bytes, __ATOMIC_ACQUIRE);

	while (mp_file_state.used < used &&
	       mp_file.window[mp_file_state.used >> MP_FILE_WINDOW_SHIFT]) {
		const struct mpf_segment *segment =
			mp_file_at(mp_file_state.used);

		mp_file_state.used += segment->bytes;
	}
	mp_file_state.text_at = mp_file_state.text_end = 0;
	mp_file_state.text_first = 0;
}

static void count_text(const struct mpf_segment *segment)
{
	if (segment->type == MPF_SEG_TEXT)
		mp_file_state.text_first += segment->bytes;
}

/* Past the first replaced window there is no way back; mapping over an
 * existing mapping of the same size fails only without memory. */
static long replace_windows(int fd)
{
	for (uint64_t w = 0; w < MP_FILE_WINDOWS && mp_file.window[w]; w++) {
		long ret = (long)mp_file_map_window(fd, w, mp_file.window[w]);

		if (mp_sys_failed(ret))
			return ret;
	}
	return 0;
}

int mp_file_fork(const char *path)
{
	struct stat st;
	char link[MP_KEEPER_LINK_BYTES];
	long fd, ret;

	mp_lock_reset(&mp_file_state.lock);
	adopt_used();
	if (mp_file_size_limit() < mp_file_state.used)
		return -EFBIG;
	fd = mp_file_begin(path, link);
	if (mp_sys_failed(fd))
		return (int)fd;
	ret = mp_sys_fstat((int)fd, &st);
	if (!mp_sys_failed(ret))
		ret = mp_file_reserve_range((int)fd, 0, mp_file_state.used);
	if (!mp_sys_failed(ret))
		ret = copy_all((int)fd);
	if (!mp_sys_failed(ret))
		ret = replace_windows((int)fd);
	if (mp_sys_failed(ret)) {
		mp_sys_close((int)fd);
		mp_sys3(SYS_unlink, (long)path, 0, 0);
		return (int)ret;
	}
	mp_file_state.size = mp_file_state.reserved = mp_file_state.used;
	mp_file_state.refusals = 0;
	mp_file_begun((int)fd, &st, path, link);
	mp_sys_close((int)fd);
	mp_file.header->used_bytes = mp_file_state.used;
	mp_file_each(count_text);
	return 0;
}
