/* SPDX-License-Identifier: MIT */
/* Saving what a program recorded. No path is looked up but a name in a folder
 * that the program has opened, and nothing of others is written to. */
#include "config.h"

#include "analyzer/cmd/keeper_save.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "analyzer/cmd/keeper_copy.h"

#define MODE_RECORDING 0400
#define MODE_DONE      0600

static bool is_named(const struct keeper_dump *dump)
{
	struct stat st, named;

	return fstat(dump->file, &st) == 0 &&
	       fstatat(dump->folder, dump->name, &named, AT_SYMLINK_NOFOLLOW) ==
		       0 &&
	       st.st_dev == named.st_dev && st.st_ino == named.st_ino;
}

static bool is_deleted(const struct keeper_dump *dump)
{
	struct stat st;

	return fstat(dump->file, &st) == 0 && st.st_nlink == 0;
}

/* A file that is to take the dump's place. */
struct fresh {
	int file;
	bool has_name; /* not where files without one are possible: those are */
	/* gone when the keeper is killed */
	char name[64];
};

static void discard(const struct keeper_dump *dump, const struct fresh *fresh)
{
	if (fresh->has_name)
		unlinkat(dump->folder, fresh->name, 0);
	close(fresh->file);
}

static bool create(const struct keeper_dump *dump, struct fresh *ret_fresh)
{
	struct timespec now = { 0, 0 };

	clock_gettime(CLOCK_REALTIME, &now);
	snprintf(ret_fresh->name, sizeof(ret_fresh->name),
		 ".memprof-%ld-%ld%09ld.tmp", (long)getpid(), (long)now.tv_sec,
		 now.tv_nsec);
	ret_fresh->has_name = false;
	ret_fresh->file = openat(dump->folder, ".",
				 O_RDWR | O_TMPFILE | O_CLOEXEC, MODE_DONE);
	if (ret_fresh->file >= 0)
		return true;
	ret_fresh->has_name = true;
	ret_fresh->file = openat(
		dump->folder, ret_fresh->name,
		O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, MODE_DONE);
	return ret_fresh->file >= 0;
}

/* Another name can be taken over, but not given to a file without one. */
static bool give_name(const struct keeper_dump *dump, struct fresh *fresh)
{
	char path[64];

	if (fresh->has_name)
		return true;
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fresh->file);
	fresh->has_name = linkat(AT_FDCWD, path, dump->folder, fresh->name,
				 AT_SYMLINK_FOLLOW) == 0;
	return fresh->has_name;
}

/* Gives the dump's name to the new file, unless it is not the dump's any more.
 * That stays open to be written, as a sign that the dump is in use. */
static bool put_in_place(struct keeper_dump *dump, struct fresh *fresh,
			 mode_t mode)
{
	if (fchmod(fresh->file, mode) == 0 && is_named(dump) &&
	    give_name(dump, fresh) &&
	    renameat(dump->folder, fresh->name, dump->folder, dump->name) ==
		    0) {
		close(dump->file);
		dump->file = fresh->file;
		dump->is_new = false;
		return true;
	}
	discard(dump, fresh);
	return false;
}

bool keeper_save_copy(struct keeper_dump *dump, uint64_t now_ns)
{
	struct mpf_header header;
	struct fresh fresh;

	if (!is_named(dump) || !create(dump, &fresh))
		return false;
	if (keeper_copy_running(dump->memory, fresh.file, &header, now_ns) == 0)
		return put_in_place(dump, &fresh, MODE_RECORDING);
	discard(dump, &fresh);
	return false;
}

static bool save_beside(struct keeper_dump *dump,
			const struct mpf_header *header)
{
	struct fresh fresh;

	if (!is_named(dump) || !create(dump, &fresh))
		return false;
	if (keeper_copy(dump->memory, fresh.file, header) == 0)
		return put_in_place(dump, &fresh, MODE_DONE);
	discard(dump, &fresh);
	return false;
}

/* The header last: until then the file is whole if it is new. Somebody may
 * have made it longer. */
static int save_into(const struct keeper_dump *dump,
		     const struct mpf_header *header)
{
	if (keeper_copy(dump->memory, dump->file, header) < 0 ||
	    ftruncate(dump->file, (off_t)header->used_bytes) < 0)
		return -1;
	return fchmod(dump->file, MODE_DONE);
}

int keeper_save(struct keeper_dump *dump, enum keeper_end end)
{
	struct mpf_header header;

	/* Not yet a dump, or deleted by somebody: nothing to save. */
	if (!keeper_copy_header(dump->memory, &header) || is_deleted(dump))
		return 0;
	if (end == KEEPER_REPLACED && header.state == MPF_RUNNING)
		header.state = MPF_EXECED;
	/* The copy is in the way of what is newer, when there is no room. */
	if (!dump->is_new && save_beside(dump, &header))
		return 0;
	return save_into(dump, &header);
}
