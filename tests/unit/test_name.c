/* SPDX-License-Identifier: MIT */
/* The name of the dump, and what may lie where it should go. */
#include "config.h"

#include "preload/record/name.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "preload/record/file.h"
#include "preload/record/process.h"
#include "tests/unit/recording.h"

static char created[PATH_MAX];

static int create(const char *path, void *arg)
{
	int fd = open(path, O_CREAT | O_EXCL | O_WRONLY | O_NOFOLLOW, 0600);

	(void)arg;
	if (fd < 0)
		return -errno;
	close(fd);
	snprintf(created, sizeof(created), "%s", path);
	return 0;
}

static struct mp_name name_of(const char *pattern)
{
	return (struct mp_name) { .pattern = pattern,
				  .directory = recording_directory(),
				  .temp_dir = "/nonexistent",
				  .program = "/usr/bin/a.out",
				  .start_unix_ns = UINT64_C(12345678901234567),
				  .process_ticks = mp_process_ticks(
					  (uint32_t)getpid()) };
}

/* The base name that a pattern gives; it is created in the directory. */
static const char *expand(const char *pattern)
{
	const struct mp_name name = name_of(pattern);

	recording_directory();
	ck_assert_int_eq(mp_name_create(&name, create, NULL), 0);
	ck_assert_int_eq(strncmp(created, recording_directory(),
				 strlen(recording_directory())),
			 0);
	return created + strlen(recording_directory()) + 1;
}

START_TEST(test_name_patterns_are_expanded)
{
	struct utsname host;
	char want[256];

	uname(&host);
	snprintf(want, sizeof(want), "a.out.%d.%s.12345678.%%.mp", getpid(),
		 host.nodename);
	ck_assert_str_eq(expand("%e.%p.%h.%t.%%.mp"), want);
	ck_assert_str_eq(expand("plain"), "plain");
	ck_assert_str_eq(expand("50%"), "50%");
	ck_assert_str_eq(expand("%q%"), "%q%");
}
END_TEST

START_TEST(test_name_too_long_is_refused)
{
	char pattern[8192];
	struct mp_name name = name_of(pattern);

	recording_directory();
	memset(pattern, 'x', sizeof(pattern) - 1);
	pattern[sizeof(pattern) - 1] = '\0';

	ck_assert_int_eq(mp_name_create(&name, create, NULL), -ENAMETOOLONG);
}
END_TEST

/* A dump by the header's word. */
static void put_dump(const char *path, uint32_t pid, uint64_t ticks,
		     uint32_t state)
{
	struct mpf_header header = { .pid = pid,
				     .process_ticks = ticks,
				     .state = state,
				     .used_bytes = MPF_HEADER_BYTES };
	int fd = open(path, O_CREAT | O_EXCL | O_WRONLY, 0600);

	memcpy(header.magic, MPF_MAGIC, sizeof(header.magic));
	ck_assert_int_eq(write(fd, &header, sizeof(header)), sizeof(header));
	ck_assert_int_eq(ftruncate(fd, 65536), 0);
	close(fd);
}

/* Where the dump goes when "d" is occupied: beside, or in place of it. */
static bool is_replaced(void)
{
	const char *base = expand("d");
	char beside[64];

	if (strcmp(base, "d") == 0)
		return true;
	snprintf(beside, sizeof(beside), "d.%d", getpid());
	ck_assert_str_eq(base, beside);
	return false;
}

START_TEST(test_name_replaces_finished_and_abandoned_dumps_only)
{
	const uint32_t self = (uint32_t)getpid(), parent = (uint32_t)getppid();
	const uint64_t parents = mp_process_ticks(parent);

	recording_directory();
	ck_assert_uint_ne(parents, 0);
	switch (_i) {
	case 0:
		put_dump("d", parent, parents, MPF_EXITED);
		ck_assert(is_replaced());
		break;
	case 1:
		put_dump("d", parent, parents, MPF_RUNNING);
		ck_assert(!is_replaced());
		break;
	case 2: /* killed; another process has its id now */
		put_dump("d", parent, parents + 1, MPF_RUNNING);
		ck_assert(is_replaced());
		break;
	case 3: /* killed, and nobody has its id */
		put_dump("d", 0x7ffffff0, parents, MPF_RUNNING);
		ck_assert(is_replaced());
		break;
	case 4: /* an earlier process of our id */
		put_dump("d", self, 1, MPF_RUNNING);
		ck_assert(is_replaced());
		break;
	}
}
END_TEST

START_TEST(test_name_retires_its_own_former_image)
{
	const uint32_t self = (uint32_t)getpid();
	struct mpf_header header;
	struct stat st;
	int fd;

	recording_directory();
	put_dump("d", self, mp_process_ticks(self), MPF_RUNNING);
	ck_assert(!is_replaced());

	fd = open("d", O_RDONLY);
	ck_assert_int_eq(read(fd, &header, sizeof(header)), sizeof(header));
	ck_assert_int_eq(fstat(fd, &st), 0);
	close(fd);
	ck_assert_uint_eq(header.state, MPF_EXECED);
	ck_assert_int_eq(st.st_size, MPF_HEADER_BYTES);
}
END_TEST

static const char *const foreign[] = { "file", "short", "directory",
				       "fifo", "link",	"dangling" };

static void put_foreign(const char *kind)
{
	char text[8192] = "not a dump";
	int fd;

	if (strcmp(kind, "directory") == 0) {
		ck_assert_int_eq(mkdir("d", 0700), 0);
	} else if (strcmp(kind, "fifo") == 0) {
		ck_assert_int_eq(mkfifo("d", 0600), 0);
	} else if (strcmp(kind, "link") == 0) {
		put_dump("target", 1, 1, MPF_EXITED);
		ck_assert_int_eq(symlink("target", "d"), 0);
	} else if (strcmp(kind, "dangling") == 0) {
		ck_assert_int_eq(symlink("planted", "d"), 0);
	} else {
		fd = open("d", O_CREAT | O_WRONLY, 0600);
		if (strcmp(kind, "short") == 0)
			memcpy(text, MPF_MAGIC, 8);
		ck_assert_int_gt(
			write(fd, text, strcmp(kind, "file") ? 100 : 8192), 0);
		close(fd);
	}
}

/* What is not ours stays as it is, to the inode. */
START_TEST(test_name_leaves_what_is_not_ours)
{
	struct stat before, after;

	recording_directory();
	put_foreign(foreign[_i]);
	ck_assert_int_eq(lstat("d", &before), 0);
	ck_assert(!is_replaced());

	ck_assert_int_eq(lstat("d", &after), 0);
	ck_assert_uint_eq(after.st_ino, before.st_ino);
	ck_assert_int_eq(after.st_size, before.st_size);
	ck_assert_int_eq(access("planted", F_OK), -1);
}
END_TEST

START_TEST(test_name_of_a_forked_child_has_its_pid)
{
	struct mp_name name = name_of("d");
	char want[PATH_MAX];

	snprintf(want, sizeof(want), "%s/d.%d", recording_directory(),
		 getpid());
	name.is_fork_child = true;
	ck_assert_int_eq(mp_name_create(&name, create, NULL), 0);
	ck_assert_str_eq(created, want);
	snprintf(want, sizeof(want), "%s/d.%d.1", recording_directory(),
		 getpid());
	ck_assert_int_eq(mp_name_create(&name, create, NULL), 0);
	ck_assert_str_eq(created, want);
	name.pattern = "d.%p.x";
	snprintf(want, sizeof(want), "%s/d.%d.x", recording_directory(),
		 getpid());
	ck_assert_int_eq(mp_name_create(&name, create, NULL), 0);
	ck_assert_str_eq(created, want);
}
END_TEST

static int deny_first(const char *path, void *arg)
{
	if (strncmp(path, arg, strlen(arg)) != 0)
		return -EACCES;
	return create(path, NULL);
}

START_TEST(test_name_falls_back_to_the_temporary_directory)
{
	struct mp_name name = name_of("deep/%e.mp");
	char want[PATH_MAX], temp[PATH_MAX / 2];

	snprintf(temp, sizeof(temp), "%s/temp", recording_directory());
	ck_assert_int_eq(mkdir(temp, 0700), 0);
	snprintf(want, sizeof(want), "%s/a.out.mp", temp);
	name.temp_dir = temp;
	ck_assert_int_eq(mp_name_create(&name, deny_first, temp), 0);
	ck_assert_str_eq(created, want);

	/* An absolute name is an order. */
	name.pattern = "/proc/d";
	ck_assert_int_eq(mp_name_create(&name, deny_first, temp), -EACCES);
}
END_TEST

START_TEST(test_name_gives_up_after_many)
{
	recording_directory();
	for (unsigned i = 0; i <= 100; i++)
		expand("d");
	{
		const struct mp_name name = name_of("d");

		ck_assert_int_eq(mp_name_create(&name, create, NULL), -EEXIST);
	}
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("name");

	tcase_add_test(tcase, test_name_patterns_are_expanded);
	tcase_add_test(tcase, test_name_too_long_is_refused);
	tcase_add_loop_test(
		tcase, test_name_replaces_finished_and_abandoned_dumps_only, 0,
		5);
	tcase_add_test(tcase, test_name_retires_its_own_former_image);
	tcase_add_loop_test(tcase, test_name_leaves_what_is_not_ours, 0,
			    sizeof(foreign) / sizeof(foreign[0]));
	tcase_add_test(tcase, test_name_of_a_forked_child_has_its_pid);
	tcase_add_test(tcase, test_name_falls_back_to_the_temporary_directory);
	tcase_add_test(tcase, test_name_gives_up_after_many);
	return recording_run(tcase, "name");
}
