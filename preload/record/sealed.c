/* SPDX-License-Identifier: MIT */
/* Memory in place of the dump's file. */
#include "config.h"

#include "preload/record/sealed.h"

#include "preload/base/map.h"
#include "preload/base/say.h"
#include "preload/base/sys.h"
#include "preload/record/file.h"
#include "preload/record/name.h"
#include "preload/record/process.h"

#ifndef MFD_CLOEXEC
#define MFD_CLOEXEC	  1u
#define MFD_ALLOW_SEALING 2u
#endif
#ifndef MFD_NOEXEC_SEAL
#define MFD_NOEXEC_SEAL 8u
#endif
#ifndef F_ADD_SEALS
#define F_ADD_SEALS   1033
#define F_SEAL_SHRINK 0x0002
#endif
#ifndef O_PATH
#define O_PATH 010000000
#endif

#define MODE_RECORDING 0400
#define MODE_DONE      0600

static const char *base_of(const char *path)
{
	const char *base = path;

	for (; *path; path++)
		if (*path == '/')
			base = path + 1;
	return base;
}

static long open_folder(const char *path)
{
	size_t bytes = (size_t)(base_of(path) - path);
	char *folder = mp_map_new(MP_NAME_BYTES);
	struct mp_text text;
	long fd;

	if (!folder)
		return -ENOMEM;
	mp_text_init(&text, folder, MP_NAME_BYTES);
	mp_text_bytes(&text, path, bytes);
	mp_text_str(&text, ".");
	fd = text.is_cut ? -ENAMETOOLONG
			 : mp_sys_open(folder, O_PATH | O_DIRECTORY, 0);
	mp_map_free(folder, MP_NAME_BYTES);
	return fd;
}

/* Never to be executed, which may be the only kind that is allowed (sysctl
 * vm.memfd_noexec), and is unknown before Linux 6.3. */
static long create_memory(void)
{
	const unsigned flags = MFD_CLOEXEC | MFD_ALLOW_SEALING;
	const long name = (long)"memprof";
	long fd = mp_sys3(SYS_memfd_create, name, flags | MFD_NOEXEC_SEAL, 0);

	if (fd == -EINVAL)
		fd = mp_sys3(SYS_memfd_create, name, flags, 0);
	return mp_sys_above_standard(fd);
}

static long make_memory(void)
{
	long fd = create_memory(), ret;

	if (mp_sys_failed(fd))
		return fd;
	ret = mp_sys3(SYS_fcntl, fd, F_ADD_SEALS, F_SEAL_SHRINK);
	if (!mp_sys_failed(ret))
		return fd;
	mp_sys_close((int)fd);
	return ret;
}

/* Until there is a copy: who records here, and that it is nothing so far. */
static long write_stub(int fd)
{
	struct mpf_header *header = mp_map_new(sizeof(*header));
	uint64_t now = mp_sys_clock_ns(CLOCK_MONOTONIC);
	long ret;

	if (!header)
		return -ENOMEM;
	*header = (struct mpf_header) {
		.version = MPF_VERSION,
		.header_bytes = MPF_HEADER_BYTES,
		.byte_order = MPF_BYTE_ORDER,
		.used_bytes = MPF_HEADER_BYTES,
		.pid = mp_sys_getpid(),
		.process_ticks = mp_process_ticks(mp_sys_getpid()),
		.start_ns = now,
		.end_ns = now, /* a copy as of then */
		.state = MPF_RUNNING,
		.unwind = MPF_UNWIND_CFI,
		.max_depth = 1,
		.peak_epoch = 1,
	};
	__builtin_memcpy(header->magic, MPF_MAGIC, sizeof(header->magic));
	ret = mp_file_write(fd, header, sizeof(*header), 0);
	mp_map_free(header, sizeof(*header));
	return ret;
}

/* Not where /proc is another's or is not there. */
static long check_link(const char *link, int memory)
{
	long fd = mp_sys_open(link, O_RDWR | O_NONBLOCK, 0), ret;
	struct stat wanted, st;

	if (mp_sys_failed(fd))
		return fd;
	ret = mp_sys_fstat((int)fd, &st);
	if (!mp_sys_failed(ret))
		ret = mp_sys_fstat(memory, &wanted);
	mp_sys_close((int)fd);
	if (mp_sys_failed(ret))
		return ret;
	return st.st_dev == wanted.st_dev && st.st_ino == wanted.st_ino
		       ? 0
		       : -ESTALE;
}

/* The memory of a file that is there, or negative errno. */
static long give(const char *path, int file, char link[MP_KEEPER_LINK_BYTES])
{
	struct mp_keeper_dump dump = { .file = file, .name = base_of(path) };
	long memory = make_memory(), folder, ret;

	if (mp_sys_failed(memory))
		return memory;
	dump.memory = (int)memory;
	ret = folder = open_folder(path);
	if (!mp_sys_failed(folder)) {
		dump.folder = (int)folder;
		ret = mp_keeper_give(&dump, link);
		mp_sys_close((int)folder);
	}
	if (!mp_sys_failed(ret))
		ret = check_link(link, dump.memory);
	if (!mp_sys_failed(ret))
		return memory;
	mp_sys_close((int)memory);
	return ret;
}

long mp_sealed_create(const char *path, char link[MP_KEEPER_LINK_BYTES])
{
	long file = mp_sys_open(path, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW,
				MODE_RECORDING);
	long ret;

	if (mp_sys_failed(file))
		return file;
	/* Whatever the umask. */
	mp_sys3(SYS_fchmod, file, MODE_RECORDING, 0);
	ret = write_stub((int)file);
	if (!mp_sys_failed(ret))
		ret = give(path, (int)file, link);
	mp_sys_close((int)file);
	if (!mp_sys_failed(ret))
		return ret;
	/* The keeper may hold it: no other file gets its number. */
	mp_sys3(SYS_unlink, (long)path, 0, 0);
	return -ENOTSUP;
}

/* Still the copy of this very process? */
static bool is_our_copy(const char *path)
{
	long fd = mp_sys_open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK, 0);
	struct mpf_header *header = mp_map_new(sizeof(*header));
	bool is_ours = false;

	if (header && !mp_sys_failed(fd))
		is_ours =
			mp_sys_read((int)fd, header, sizeof(*header)) ==
				(long)sizeof(*header) &&
			__builtin_memcmp(header->magic, MPF_MAGIC,
					 sizeof(header->magic)) == 0 &&
			header->pid == mp_file.header->pid &&
			header->process_ticks == mp_file.header->process_ticks;
	if (!mp_sys_failed(fd))
		mp_sys_close((int)fd);
	mp_map_free(header, sizeof(*header));
	return is_ours;
}

static long write_windows(int fd, uint64_t used_bytes)
{
	uint64_t at = 0;
	long ret = 0;

	while (!mp_sys_failed(ret) && at < used_bytes) {
		uint64_t bytes = used_bytes - at;

		if (bytes > MP_FILE_WINDOW)
			bytes = MP_FILE_WINDOW;
		ret = mp_file_write(fd, mp_file_at(at), bytes, at);
		at += bytes;
	}
	return ret;
}

static long rescue(const char *path, const char *temporary, uint64_t used_bytes)
{
	long fd = mp_sys_open(
		temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, MODE_DONE);
	long ret;

	if (mp_sys_failed(fd))
		return fd;
	mp_sys3(SYS_fchmod, fd, MODE_DONE, 0);
	ret = write_windows((int)fd, used_bytes);
	mp_sys_close((int)fd);
	if (!mp_sys_failed(ret))
		ret = mp_sys3(SYS_rename, (long)temporary, (long)path, 0);
	if (mp_sys_failed(ret))
		mp_sys3(SYS_unlink, (long)temporary, 0, 0);
	return ret;
}

void mp_sealed_rescue(const char *path, uint64_t used_bytes)
{
	char *temporary = mp_map_new(MP_NAME_BYTES);
	struct mp_text text;

	if (!temporary)
		return;
	mp_text_init(&text, temporary, MP_NAME_BYTES);
	mp_text_bytes(&text, path, (size_t)(base_of(path) - path));
	mp_text_str(&text, ".memprof-");
	mp_text_dec(&text, mp_sys_getpid());
	mp_text_str(&text, ".tmp");
	if (!text.is_cut && is_our_copy(path))
		rescue(path, temporary, used_bytes);
	mp_map_free(temporary, MP_NAME_BYTES);
}
