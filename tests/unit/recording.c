/* SPDX-License-Identifier: MIT */
/* What tests of the recorder share. */
#include "config.h"

#include "tests/unit/recording.h"

#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "preload/base/settings.h"
#include "preload/record/file.h"

extern void *__libc_stack_end;

static struct {
	char directory[64];
	pid_t owner;
} recording;

static int remove_one(const char *path, const struct stat *st, int type,
		      struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

static void remove_directory(void)
{
	if (getpid() != recording.owner)
		return;
	ck_assert_int_eq(chdir("/"), 0);
	nftw(recording.directory, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

const char *recording_directory(void)
{
	if (recording.owner == getpid())
		return recording.directory;
	snprintf(recording.directory, sizeof(recording.directory),
		 "/tmp/memprof-unit-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(recording.directory));
	recording.owner = getpid();
	ck_assert_int_eq(atexit(remove_directory), 0);
	ck_assert_int_eq(chdir(recording.directory), 0);
	return recording.directory;
}

void recording_create(const char *name)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s/%s", recording_directory(), name);
	ck_assert_int_eq(mp_file_create(path), 0);
	mp_file.header->used_bytes = MPF_HEADER_BYTES;
	mp_file.header->peak_epoch = 1;
}

void recording_boot(const char *out)
{
	static struct mp_start start;
	static struct mp_settings settings;
	const struct mp_recorder_boot boot = {
		.start = &start,
		.settings = &settings,
		.granule_shift = 4,
		.allocator = "/an/allocator.so",
		.in_loader = (const void *)(uintptr_t)recording_boot,
		.in_self = (const void *)(uintptr_t)recording_boot,
	};
	char quiet[] = "MEMPROF_QUIET=1";
	char *env[] = { quiet, NULL };

	recording_directory();
	ck_assert(mp_start_read(__libc_stack_end, &start));
	mp_settings_read(env, &settings);
	settings.out = out;
	mp_recorder_boot(&boot);
	ck_assert_uint_eq(mp_recorder_page.state, MP_STATE_ON);
}

static const struct mpf_node *find_node(const uint8_t *dump, uint64_t used,
					uint32_t id)
{
	const struct mpf_segment *segment;

	for (uint64_t at = MPF_HEADER_BYTES; at < used; at += segment->bytes) {
		uint64_t in;

		segment = (const struct mpf_segment *)(const void *)(dump + at);
		in = (id - segment->first) * sizeof(struct mpf_node);
		if (segment->type == MPF_SEG_NODES && id >= segment->first &&
		    in >= MPF_SEGMENT_BYTES && in < segment->bytes)
			return (const void *)(dump + at + in);
	}
	return NULL;
}

static bool is_class(const struct mpf_node *node)
{
	return node && MPF_PC_KIND(node->pc) >= MPF_NODE_CLASS;
}

static void add_slots(const uint8_t *dump, const struct mpf_segment *segment,
		      struct recording_sums *sums)
{
	const struct mpf_header *header = (const void *)dump;
	const struct mpf_slot *slot = (const void *)segment;
	const struct mpf_slot *end = slot + segment->bytes / sizeof(*slot);

	while (++slot < end) {
		bool is_kept = slot->epoch == header->peak_epoch;

		if (!slot->class_node)
			continue;
		sums->slots++;
		sums->allocs += slot->allocs;
		sums->alloc_bytes += slot->alloc_bytes;
		sums->frees += slot->frees;
		sums->free_bytes += slot->free_bytes;
		sums->temporary += slot->temporary;
		sums->peak_blocks +=
			is_kept ? slot->peak_blocks
				: (int64_t)(slot->allocs - slot->frees);
		sums->peak_bytes += is_kept ? slot->peak_bytes
					    : (int64_t)(slot->alloc_bytes -
							slot->free_bytes);
		if (!is_class(find_node(dump, header->used_bytes,
					slot->class_node)))
			sums->has_stray_class = true;
	}
}

void recording_read(const uint8_t *dump, size_t bytes,
		    struct recording_sums *ret_sums)
{
	const struct mpf_header *header = (const void *)dump;
	struct recording_sums sums = { .is_whole = true };
	uint64_t at = MPF_HEADER_BYTES, live;

	while (at < header->used_bytes) {
		const struct mpf_segment *segment = (const void *)(dump + at);
		const struct mpf_thread *thread = (const void *)segment;

		if (at + MPF_SEGMENT_BYTES > bytes ||
		    segment->magic != MPF_SEGMENT_MAGIC ||
		    segment->bytes == 0 || segment->bytes % MPF_PAGE) {
			sums.is_whole = false;
			break;
		}
		sums.segments++;
		sums.gaps += segment->type == MPF_SEG_GAP;
		if (segment->type == MPF_SEG_SLOTS)
			add_slots(dump, segment, &sums);
		for (uint64_t i = 1; segment->type == MPF_SEG_THREADS &&
				     i < segment->bytes / sizeof(*thread);
		     i++)
			sums.threads += thread[i].threads != 0;
		at += segment->bytes;
	}
	if (at != header->used_bytes)
		sums.is_whole = false;
	live = sums.alloc_bytes - sums.free_bytes;
	if ((int64_t)live > (int64_t)header->peak_bytes) {
		sums.peak_blocks = (int64_t)(sums.allocs - sums.frees);
		sums.peak_bytes = (int64_t)live;
	}
	*ret_sums = sums;
}

void recording_read_file(const char *path, struct mpf_header *ret_header,
			 struct recording_sums *ret_sums)
{
	struct stat st;
	uint8_t *bytes;
	int fd = open(path, O_RDONLY);

	ck_assert_msg(fd >= 0, "no dump %s", path);
	ck_assert_int_eq(fstat(fd, &st), 0);
	ck_assert_int_ge(st.st_size, (off_t)sizeof(*ret_header));
	bytes = malloc((size_t)st.st_size);
	ck_assert_ptr_nonnull(bytes);
	ck_assert_int_eq(read(fd, bytes, (size_t)st.st_size), st.st_size);
	close(fd);
	memcpy(ret_header, bytes, sizeof(*ret_header));
	recording_read(bytes, (size_t)st.st_size, ret_sums);
	free(bytes);
}

int recording_run(TCase *tcase, const char *name)
{
	Suite *suite = suite_create(name);
	SRunner *runner;
	int failed;

	tcase_set_timeout(tcase, 120);
	suite_add_tcase(suite, tcase);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? 1 : 0;
}
