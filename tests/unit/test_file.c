/* SPDX-License-Identifier: MIT */
/* The dump as a mapped file: growth, and everything that stops it. */
#include "config.h"

#include "preload/record/file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/unit/recording.h"

#define SEGMENT 45056u /* does not divide a window */

static struct mpf_segment *add(uint64_t first, uint64_t *ret_offset)
{
	return mp_file_segment(MPF_SEG_NODES, 0, 16, first, SEGMENT, true,
			       ret_offset);
}

static uint64_t file_bytes(void)
{
	struct stat st;

	ck_assert_int_eq(stat(mp_file_path(), &st), 0);
	return (uint64_t)st.st_size;
}

/* Every byte of it, as the recorder would. */
static void fill(struct mpf_segment *segment)
{
	memset(segment + 1, 0x5a, segment->bytes - sizeof(*segment));
}

static struct recording_sums sums(void)
{
	struct recording_sums ret;
	uint64_t bytes = mp_file.header->used_bytes;
	uint8_t *copy = malloc(bytes);
	int fd = open(mp_file_path(), O_RDONLY);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(read(fd, copy, bytes), (ssize_t)bytes);
	close(fd);
	recording_read(copy, bytes, &ret);
	free(copy);
	return ret;
}

START_TEST(test_file_is_private_and_never_replaces)
{
	struct stat st;

	recording_create("dump");

	ck_assert_int_eq(lstat("dump", &st), 0);
	ck_assert(S_ISREG(st.st_mode));
	ck_assert_uint_eq(st.st_mode & 07777, 0400);
	ck_assert_int_eq(mp_file_create(mp_file_path()), -EEXIST);
	ck_assert_int_eq(symlink("nowhere", "link"), 0);
	ck_assert_int_eq(mp_file_create("link"), -EEXIST);
	ck_assert_int_eq(access("nowhere", F_OK), -1);
	ck_assert_int_eq(mp_file_create("no/such"), -ENOENT);
}
END_TEST

START_TEST(test_file_keeps_no_descriptor)
{
	int before, after;
	uint64_t offset;

	recording_directory();
	before = dup(0);
	close(before);
	recording_create("dump");
	for (uint64_t i = 0; i < 100; i++)
		fill(add(i * (SEGMENT / 16), &offset));
	after = dup(0);

	ck_assert_int_eq(before, after);
}
END_TEST

/* Past a window, and with a segment that does not fit in what is left. */
START_TEST(test_file_grows_across_windows)
{
	const uint64_t count = MP_FILE_WINDOW / SEGMENT * 3 + 1;
	struct recording_sums read;
	uint64_t offset, last = 0;

	recording_create("dump");
	for (uint64_t i = 0; i < count; i++) {
		struct mpf_segment *segment = add(i * (SEGMENT / 16), &offset);

		ck_assert_ptr_nonnull(segment);
		ck_assert_ptr_eq(mp_file_at(offset), segment);
		ck_assert_uint_gt(offset, last);
		ck_assert_uint_eq(offset >> MP_FILE_WINDOW_SHIFT,
				  (offset + SEGMENT - 1) >>
					  MP_FILE_WINDOW_SHIFT);
		ck_assert_uint_eq(segment->first, i * (SEGMENT / 16));
		last = offset;
		fill(segment);
	}

	read = sums();
	ck_assert(read.is_whole);
	ck_assert_uint_eq(read.gaps, 3);
	ck_assert_uint_eq(read.segments, count + 3);
	ck_assert_uint_eq(mp_file.header->used_bytes, last + SEGMENT);
	ck_assert_uint_eq(mp_file.header->failure, MPF_FAIL_NONE);
}
END_TEST

START_TEST(test_file_grows_after_a_trim)
{
	uint64_t offset;

	recording_create("dump");
	fill(add(0, &offset));
	mp_file_trim();
	ck_assert_uint_eq(file_bytes(), mp_file.header->used_bytes);

	for (uint64_t i = 1; i < 40; i++)
		fill(add(i * (SEGMENT / 16), &offset));
	mp_file_trim();
	ck_assert_uint_eq(file_bytes(), MPF_HEADER_BYTES + 40 * SEGMENT);
	ck_assert(sums().is_whole);
}
END_TEST

/* Grows until it fails; all that was given out can be written. */
static uint64_t grow_until_full(void)
{
	uint64_t count = 0, offset;
	struct mpf_segment *segment;

	while ((segment = add(count * (SEGMENT / 16), &offset))) {
		fill(segment);
		ck_assert_uint_lt(++count, 10000);
	}
	return count;
}

/* Mounts in a namespace of this process's own end with it. */
static bool mount_small(const char *path, const char *size)
{
	return unshare(CLONE_NEWNS) == 0 &&
	       mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0 &&
	       mount("tmpfs", path, "tmpfs", 0, size) == 0;
}

START_TEST(test_file_full_disk_is_an_answer_and_latched)
{
	unsigned refused;
	uint64_t count, offset;
	char path[PATH_MAX];

	recording_directory();
	ck_assert_int_eq(mkdir("disk", 0700), 0);
	ck_assert(mount_small("disk", "size=1500k"));
	snprintf(path, sizeof(path), "%s/disk/dump", recording_directory());
	ck_assert_int_eq(mp_file_create(path), 0);
	mp_file.header->used_bytes = MPF_HEADER_BYTES;
	count = grow_until_full();
	ck_assert_uint_ge(count, 28);
	ck_assert_uint_le(count, 34);
	ck_assert_uint_eq(mp_file.header->failure, MPF_FAIL_SPACE);
	ck_assert_int_eq(mp_file.header->failure_errno, ENOSPC);
	ck_assert(sums().is_whole);

	/* Another failure does not hide the first. */
	mp_file_fail(MPF_FAIL_LIMIT, 0);
	ck_assert_uint_eq(mp_file.header->failure, MPF_FAIL_SPACE);
	/* Space that comes back is used, though not at once: a refusal costs
	 * no system call for a while. */
	ck_assert_int_eq(mount("tmpfs", "disk", "tmpfs", MS_REMOUNT, "size=4m"),
			 0);
	for (refused = 0; !add(count * (SEGMENT / 16), &offset); refused++)
		ck_assert_uint_lt(refused, 1000);
	ck_assert_uint_gt(refused, 900);
	ck_assert(sums().is_whole);
	umount2("disk", MNT_DETACH);
}
END_TEST

START_TEST(test_file_size_limit_is_an_answer_and_no_signal)
{
	struct rlimit limit = { 1 << 20, RLIM_INFINITY };

	recording_create("dump");
	ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
	ck_assert_uint_eq(grow_until_full(), 23);

	ck_assert_uint_eq(mp_file.header->failure, MPF_FAIL_FILESIZE);
	ck_assert(sums().is_whole);
	limit.rlim_cur = 4096;
	ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
	mp_file_trim();
	ck_assert_uint_eq(file_bytes(), mp_file.header->used_bytes);
}
END_TEST

START_TEST(test_file_needs_some_size_to_begin)
{
	struct rlimit limit = { 4096, RLIM_INFINITY };

	recording_directory();
	ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
	ck_assert_int_eq(mp_file_create("small"), -EFBIG);

	ck_assert_int_eq(access("small", F_OK), -1);
}
END_TEST

/* What was made larger ahead serves when the name is gone. */
START_TEST(test_file_without_its_name_grows_a_while)
{
	uint64_t count;

	recording_create("dump");
	ck_assert_int_eq(rename("dump", "elsewhere"), 0);
	count = grow_until_full();

	ck_assert_uint_ge(count, 16);
	ck_assert_uint_eq(mp_file.header->failure, MPF_FAIL_REOPEN);
	ck_assert_int_eq(mp_file.header->failure_errno, ENOENT);
}
END_TEST

START_TEST(test_file_does_not_touch_what_took_its_name)
{
	uint64_t offset;
	int fd;

	recording_create("dump");
	ck_assert_int_eq(rename("dump", "elsewhere"), 0);
	fd = open("dump", O_CREAT | O_WRONLY, 0600);
	ck_assert_int_eq(write(fd, "mine", 4), 4);
	close(fd);
	for (uint64_t i = 0; i < 100; i++)
		add(i * (SEGMENT / 16), &offset);
	mp_file_trim();

	ck_assert_uint_eq(file_bytes(), 4);
	ck_assert_uint_eq(mp_file.header->failure, MPF_FAIL_REOPEN);
	ck_assert_int_eq(mp_file.header->failure_errno, ESTALE);
}
END_TEST

START_TEST(test_file_texts_lie_in_the_file)
{
	struct mpf_text text, next;
	static char longest[1 << 20];

	memset(longest, 'x', sizeof(longest));
	recording_create("dump");
	text = mp_file_text("hello", 5, true);
	next = mp_file_text("\0b", 2, true);

	ck_assert_uint_eq(text.bytes, 5);
	ck_assert_int_eq(memcmp(mp_file_at(text.offset), "hello", 5), 0);
	ck_assert_uint_eq(next.offset, text.offset + 5);
	ck_assert_uint_eq(mp_file_text("", 0, true).offset, 0);
	text = mp_file_text(longest, sizeof(longest), true);
	ck_assert_uint_eq(text.bytes, sizeof(longest));
	ck_assert_uint_eq(
		mp_file_text(longest, sizeof(longest) + 1, true).offset, 0);
	ck_assert_uint_eq(mp_file_text(longest, SIZE_MAX, true).offset, 0);
	ck_assert(sums().is_whole);
}
END_TEST

/* Tried for real: root in a container may not either. */
static bool may_mount(void)
{
	char path[] = "/tmp/memprof-unit-XXXXXX";
	bool ret;

	if (!mkdtemp(path))
		return false;
	ret = mount_small(path, "size=64k");
	if (ret)
		umount2(path, MNT_DETACH);
	rmdir(path);
	return ret;
}

int main(void)
{
	TCase *tcase = tcase_create("file");

	tcase_add_test(tcase, test_file_is_private_and_never_replaces);
	tcase_add_test(tcase, test_file_keeps_no_descriptor);
	tcase_add_test(tcase, test_file_grows_across_windows);
	tcase_add_test(tcase, test_file_grows_after_a_trim);
	if (may_mount())
		tcase_add_test(tcase,
			       test_file_full_disk_is_an_answer_and_latched);
	else
		puts("cannot mount a small disk: the size limit stands for it");
	tcase_add_test(tcase, test_file_size_limit_is_an_answer_and_no_signal);
	tcase_add_test(tcase, test_file_needs_some_size_to_begin);
	tcase_add_test(tcase, test_file_without_its_name_grows_a_while);
	tcase_add_test(tcase, test_file_does_not_touch_what_took_its_name);
	tcase_add_test(tcase, test_file_texts_lie_in_the_file);
	return recording_run(tcase, "file");
}
