/* SPDX-License-Identifier: MIT */
/* Private memory against recorded blocks, in the header. */
#include "config.h"

#include "preload/record/unseen.h"

#include <link.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

#include "preload/base/sandbox.h"
#include "preload/base/sys.h"
#include "preload/record/file.h"

#define STATM_BYTES  128u
#define STATUS_BYTES 512u
#define KIB	     UINT64_C(1024)

static uint64_t noted; /* private bytes, not looked at yet */
static int64_t live;   /* recorded, at the last look */

/* A descriptor, or negative. */
static int open_file(const char *path)
{
	/* It might be killed for opening a file. */
	if (atomic_load(&mp_sandbox_is_on))
		return -EPERM;
	return (int)mp_sys_open(path, O_RDONLY, 0);
}

/* The next number of a text, which moves behind it. */
static uint64_t next_number(const char **text)
{
	const char *p = *text;
	uint64_t number = 0;

	while (*p && (*p < '0' || *p > '9'))
		p++;
	for (; *p >= '0' && *p <= '9'; p++)
		number = number * 10 + (uint64_t)(*p - '0');
	*text = p;
	return number;
}

/* What is wanted of /proc/self/status: "NAME:   123 kB". */
struct status {
	uint64_t anonymous, swapped, greatest; /* bytes; 0: not said */
};

static void take_line(struct status *status, const char *line)
{
	const struct {
		const char *name;
		uint64_t *to;
	} wanted[] = { { "RssAnon:", &status->anonymous },
		       { "VmSwap:", &status->swapped },
		       { "VmHWM:", &status->greatest } };

	for (size_t i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++) {
		const char *name = wanted[i].name, *p = line;

		while (*name && *p == *name) {
			p++;
			name++;
		}
		if (!*name)
			*wanted[i].to = next_number(&p) * KIB;
	}
}

/* Piece by piece, because the list of groups may be long. */
static void read_status(struct status *ret_status)
{
	char buf[STATUS_BYTES];
	size_t used = 0;
	int fd = open_file("/proc/self/status");
	long got;

	if (fd < 0)
		return;
	while ((got = mp_sys_read(fd, buf + used, sizeof(buf) - 1 - used)) >
	       0) {
		char *line = buf, *end = buf + used + got;

		*end = '\0';
		for (char *p = buf; p < end; p++) {
			if (*p != '\n')
				continue;
			*p = '\0';
			take_line(ret_status, line);
			line = p + 1;
		}
		/* The line that is not whole; of a longer one its end. */
		used = (size_t)(end - line);
		if (used == sizeof(buf) - 1)
			used = 0;
		__builtin_memmove(buf, line, used);
	}
	mp_sys_close(fd);
}

uint64_t mp_unseen_read_rss(void)
{
	const uint64_t page = mp_file.header->page_bytes;
	char buf[STATM_BYTES];
	const char *p = buf;
	uint64_t resident, shared;
	int fd = open_file("/proc/self/statm");
	long got;

	noted = 0;
	if (fd < 0)
		return 0;
	got = mp_sys_read(fd, buf, sizeof(buf) - 1);
	mp_sys_close(fd);
	if (mp_sys_failed(got))
		return 0;
	buf[got] = '\0';
	next_number(&p); /* the address space */
	resident = next_number(&p);
	shared = next_number(&p);
	if (resident > shared)
		noted = (resident - shared) * page;
	return resident * page;
}

/* The dynamic linker counts the version of this up with a second one. */
static void note_namespaces(void)
{
	if (_r_debug.r_version > 1)
		mp_file.header->unseen |= MPF_UNSEEN_NAMESPACE;
}

static void put(uint64_t private_bytes, uint64_t ns, int64_t live_bytes)
{
	struct mpf_header *header = mp_file.header;
	uint64_t recorded = live_bytes > 0 ? (uint64_t)live_bytes : 0;
	uint64_t unseen =
		private_bytes > recorded ? private_bytes - recorded : 0;

	header->private_live_bytes = recorded;
	header->private_ns = ns;
	header->private_bytes = private_bytes;
	if (unseen > header->unseen_peak_bytes)
		header->unseen_peak_bytes = unseen;
	note_namespaces();
}

void mp_unseen_look(uint64_t ns, int64_t live_bytes)
{
	live = live_bytes;
	if (ns && noted)
		put(noted, ns, live_bytes);
}

void mp_unseen_end(void)
{
	struct mpf_header *header = mp_file.header;
	struct status status = { 0 };

	note_namespaces();
	read_status(&status);
	if (!status.anonymous)
		return;
	/* Without a timeline nobody added it up. */
	if (!(header->mode & MPF_MODE_TIMELINE))
		live = (int64_t)__atomic_load_n(&header->live_bytes,
						__ATOMIC_RELAXED);
	put(status.anonymous + status.swapped, mp_sys_clock_ns(CLOCK_MONOTONIC),
	    live);
	header->resident_peak_bytes = status.greatest;
}

void mp_unseen_forked(void)
{
	struct mpf_header *header = mp_file.header;

	noted = 0;
	header->private_bytes = header->private_ns = 0;
	header->private_live_bytes = header->unseen_peak_bytes = 0;
	header->resident_peak_bytes = 0;
}
