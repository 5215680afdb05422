/* SPDX-License-Identifier: MIT */
/* The name of the dump. */
#include "config.h"

#include "preload/record/name.h"

#include <sys/utsname.h>

#include "preload/base/map.h"
#include "preload/base/say.h"
#include "preload/base/settings.h"
#include "preload/base/sys.h"
#include "preload/format/format.h"
#include "preload/record/process.h"

#define CANDIDATES 100u /* NAME, NAME.PID, NAME.PID.1 ... */

static const char *base_name(const char *path)
{
	const char *base = path;

	for (; *path; path++)
		if (*path == '/')
			base = path + 1;
	return base;
}

/* A program or host name must not add directories to the path. */
static void text_component(struct mp_text *text, const char *str)
{
	for (; *str; str++)
		mp_text_bytes(text, *str == '/' ? "_" : str, 1);
}

/* True when the pattern had %p. */
static bool expand(const struct mp_name *name, struct mp_text *text)
{
	struct utsname host;
	bool has_pid = false, has_unknown = false;

	for (const char *p = name->pattern; *p; p++) {
		if (*p != '%') {
			mp_text_bytes(text, p, 1);
			continue;
		}
		switch (*++p) {
		case 'p':
			mp_text_dec(text, mp_sys_getpid());
			has_pid = true;
			break;
		case 'e':
			text_component(text, base_name(name->program));
			break;
		case 'h':
			if (!mp_sys_failed(
				    mp_sys3(SYS_uname, (long)&host, 0, 0)))
				text_component(text, host.nodename);
			break;
		case 't':
			mp_text_dec(text, name->start_unix_ns / 1000000000u);
			break;
		case '%':
			mp_text_str(text, "%");
			break;
		default:
			has_unknown = true;
			mp_text_str(text, "%");
			p--;
		}
	}
	if (has_unknown && !name->is_fork_child)
		mp_say("MEMPROF_OUT knows %p %e %h %t and %%; taking ",
		       name->pattern, " as it is otherwise");
	return has_pid;
}

static void absolute(struct mp_text *text, const char *path, const char *dir)
{
	if (path[0] != '/') {
		mp_text_str(text, dir);
		if (dir[0] && dir[1])
			mp_text_str(text, "/");
	}
	mp_text_str(text, path);
}

/* Mapped, because a forked child's first event may be on a small stack. */
struct scratch {
	char first[MP_NAME_BYTES];
	char second[MP_NAME_BYTES];
	char candidate[MP_NAME_BYTES];
	struct mpf_header header;
};

/* What lies where the dump should go. */
enum occupant {
	OCCUPANT_OLD,	 /* a finished dump of ours: may be replaced */
	OCCUPANT_IN_USE, /* a dump that a process records into */
	OCCUPANT_FORMER, /* this process's, before it called exec() */
	OCCUPANT_OTHER,	 /* anything else: not to be touched */
};

/* A read lease is refused while anybody may write, through a mapping too: a
 * recorder in another PID namespace, whose number says nothing here. */
static bool is_mapped(int fd)
{
	/* Who opens it while we have the lease makes the kernel signal that to
	 * the program: by one that does nothing. */
	mp_sys3(SYS_fcntl, fd, F_SETSIG, SIGURG);
	if (mp_sys3(SYS_fcntl, fd, F_SETLEASE, F_RDLCK) == -EAGAIN)
		return true;
	mp_sys3(SYS_fcntl, fd, F_SETLEASE, F_UNLCK);
	return false;
}

static enum occupant occupant_of(const struct mp_name *name, int fd,
				 struct mpf_header *header)
{
	struct stat st;

	if (mp_sys_failed(mp_sys_fstat(fd, &st)) || !S_ISREG(st.st_mode) ||
	    st.st_uid != (uid_t)mp_sys3(SYS_geteuid, 0, 0, 0) ||
	    mp_sys_read(fd, header, sizeof(*header)) != (long)sizeof(*header) ||
	    __builtin_memcmp(header->magic, MPF_MAGIC, sizeof(header->magic)))
		return OCCUPANT_OTHER;
	if (header->pid == mp_sys_getpid() &&
	    header->process_ticks == name->process_ticks)
		return OCCUPANT_FORMER;
	/* Our own number too may be somebody's in another PID namespace. */
	if (header->state == MPF_RUNNING &&
	    (mp_process_ticks(header->pid) == header->process_ticks ||
	     is_mapped(fd)))
		return OCCUPANT_IN_USE;
	return OCCUPANT_OLD;
}

/* Nobody maps it any more: exec() ended all that did. old: open to be read. */
static void retire(const char *path, int old, const struct mpf_header *header)
{
	uint32_t state = MPF_EXECED;
	long fd;

	mp_sys3(SYS_fchmod, old, 0600, 0);
	fd = mp_sys_open(path, O_RDWR | O_NOFOLLOW | O_NONBLOCK, 0);
	if (mp_sys_failed(fd))
		return;
	mp_sys_pwrite((int)fd, &state, sizeof(state),
		      __builtin_offsetof(struct mpf_header, state));
	mp_sys_ftruncate((int)fd, header->used_bytes);
	mp_sys_close((int)fd);
}

static enum occupant look_at(const struct mp_name *name, const char *path,
			     struct mpf_header *header)
{
	enum occupant occupant;
	long fd;

	fd = mp_sys_open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK, 0);
	if (mp_sys_failed(fd))
		return OCCUPANT_OTHER;
	occupant = occupant_of(name, (int)fd, header);
	/* Of our number, begun in the same hundredth of a second, there may be
	 * a process of another PID namespace. */
	if (occupant == OCCUPANT_FORMER && header->state == MPF_RUNNING &&
	    !name->is_fork_child && !is_mapped((int)fd))
		retire(path, (int)fd, header);
	mp_sys_close((int)fd);
	return occupant;
}

/* Creates one candidate, in place of an old dump if need be. */
static int create_one(const struct mp_name *name, const char *path,
		      struct mpf_header *header, mp_name_fn *create, void *arg,
		      bool *is_other)
{
	int ret = create(path, arg);

	if (ret != -EEXIST)
		return ret;
	switch (look_at(name, path, header)) {
	case OCCUPANT_OLD:
		mp_sys3(SYS_unlink, (long)path, 0, 0);
		return create(path, arg);
	case OCCUPANT_OTHER:
		*is_other = true;
		return ret;
	default:
		return ret;
	}
}

static int create_beside(const struct mp_name *name, const char *path,
			 bool has_pid, struct scratch *scratch,
			 mp_name_fn *create, void *arg)
{
	char *buf = scratch->candidate;
	struct mp_text text;
	unsigned i = name->is_fork_child && !has_pid ? 1 : 0;
	bool is_other = false;
	int ret;

	for (;; i++) {
		mp_text_init(&text, buf, MP_NAME_BYTES);
		absolute(&text, path, name->directory);
		if (i > 0) {
			mp_text_str(&text, ".");
			mp_text_dec(&text, mp_sys_getpid());
		}
		if (i > 1) {
			mp_text_str(&text, ".");
			mp_text_dec(&text, i - 1);
		}
		if (text.is_cut)
			return -ENAMETOOLONG;
		ret = create_one(name, buf, &scratch->header, create, arg,
				 &is_other);
		if (ret != -EEXIST || i == CANDIDATES)
			break;
	}
	if (ret == 0 && is_other && !name->is_fork_child)
		mp_say(path, " is not a dump of yours; recording into ", buf);
	return ret;
}

static int create_here_or_temp(const struct mp_name *name,
			       struct scratch *scratch, mp_name_fn *create,
			       void *arg)
{
	struct mp_text text;
	bool has_pid;
	int ret, again;

	mp_text_init(&text, scratch->first, sizeof(scratch->first));
	has_pid = expand(name, &text);
	if (text.is_cut)
		return -ENAMETOOLONG;
	ret = create_beside(name, scratch->first, has_pid, scratch, create,
			    arg);
	if (ret == 0 || name->pattern[0] == '/')
		return ret;
	/* A directory that is not writable, or gone. */
	mp_text_init(&text, scratch->second, sizeof(scratch->second));
	mp_text_str(&text, name->temp_dir);
	mp_text_str(&text, "/");
	mp_text_str(&text, base_name(scratch->first));
	if (text.is_cut)
		return ret;
	again = create_beside(name, scratch->second, has_pid, scratch, create,
			      arg);
	if (again != 0)
		return ret;
	if (!name->is_fork_child)
		mp_say("cannot write here; recording into ", scratch->candidate,
		       NULL);
	return 0;
}

int mp_name_create(const struct mp_name *name, mp_name_fn *create, void *arg)
{
	struct scratch *scratch = mp_map_new(sizeof(*scratch));
	int ret;

	if (!scratch)
		return -ENOMEM;
	ret = create_here_or_temp(name, scratch, create, arg);
	mp_map_free(scratch, sizeof(*scratch));
	return ret;
}
