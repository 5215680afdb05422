/* SPDX-License-Identifier: MIT */
/* Saving what a program recorded. No path is looked up but a name in a folder
 * that the program has opened, and nothing of others is written to. */
#include "config.h"

#include "analyzer/cmd/keeper_save.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
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

/* Beside the dump; its name in temporary. */
static int create(const struct keeper_dump *dump, char *temporary, size_t size)
{
	snprintf(temporary, size, ".memprof-%ld-%d.tmp", (long)getpid(),
		 dump->memory);
	return openat(dump->folder, temporary,
		      O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
		      MODE_DONE);
}

/* Gives the name to the new file, unless it is not the dump's any more. It
 * stays open to be written, as a sign that the dump is in use. */
static bool put_in_place(struct keeper_dump *dump, int file,
			 const char *temporary)
{
	if (is_named(dump) &&
	    renameat(dump->folder, temporary, dump->folder, dump->name) == 0) {
		close(dump->file);
		dump->file = file;
		dump->is_new = false;
		return true;
	}
	unlinkat(dump->folder, temporary, 0);
	close(file);
	return false;
}

bool keeper_save_copy(struct keeper_dump *dump, uint64_t now_ns)
{
	struct mpf_header header;
	char temporary[64];
	int file;

	if (!is_named(dump))
		return false;
	file = create(dump, temporary, sizeof(temporary));
	if (file < 0)
		return false;
	if (keeper_copy_running(dump->memory, file, &header, now_ns) < 0 ||
	    fchmod(file, MODE_RECORDING) < 0) {
		unlinkat(dump->folder, temporary, 0);
		close(file);
		return false;
	}
	return put_in_place(dump, file, temporary);
}

static bool save_beside(struct keeper_dump *dump,
			const struct mpf_header *header)
{
	char temporary[64];
	int file;

	if (!is_named(dump))
		return false;
	file = create(dump, temporary, sizeof(temporary));
	if (file < 0)
		return false;
	if (keeper_copy(dump->memory, file, header) < 0 ||
	    fchmod(file, MODE_DONE) < 0) {
		unlinkat(dump->folder, temporary, 0);
		close(file);
		return false;
	}
	return put_in_place(dump, file, temporary);
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
