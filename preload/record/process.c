/* SPDX-License-Identifier: MIT */
/* What the dump's header says of the process it was recorded in. */
#include "config.h"

#include "preload/record/process.h"

#include <sys/utsname.h>

#include "preload/base/map.h"
#include "preload/base/say.h"
#include "preload/base/sys.h"
#include "preload/base/ticks.h"
#include "preload/format/format.h"
#include "preload/record/file.h"

#define ARGUMENTS_BYTES 16000u /* of the command line that are kept */
#define DIRECTORY_BYTES 4096u
#define STAT_FIELD	22
#define TIME_MAX	(UINT64_C(1) << 62) /* of a clock that can be true */

static long read_file(const char *path, char *buf, size_t size)
{
	long fd = mp_sys_open(path, O_RDONLY, 0), got;

	if (mp_sys_failed(fd))
		return fd;
	got = mp_sys_read((int)fd, buf, size - 1);
	mp_sys_close((int)fd);
	buf[mp_sys_failed(got) ? 0 : got] = '\0';
	return got;
}

uint64_t mp_process_ticks(uint32_t pid)
{
	char path[64], buf[1024];
	struct mp_text text;
	uint64_t ticks = 0;
	const char *p, *end = NULL;

	mp_text_init(&text, path, sizeof(path));
	mp_text_str(&text, "/proc/");
	/* Another PID namespace's /proc has our number for somebody else. */
	if (pid == mp_sys_getpid())
		mp_text_str(&text, "self");
	else
		mp_text_dec(&text, pid);
	mp_text_str(&text, "/stat");
	if (mp_sys_failed(read_file(path, buf, sizeof(buf))))
		return 0;
	/* The name, field 2, may hold anything but ends at the last ')'. */
	for (p = buf; *p; p++)
		if (*p == ')')
			end = p;
	if (!end)
		return 0;
	p = end + 1;
	for (unsigned field = 2; *p && field < STAT_FIELD; p++)
		if (*p == ' ')
			field++;
	for (; *p >= '0' && *p <= '9'; p++)
		ticks = ticks * 10 + (uint64_t)(*p - '0');
	return ticks;
}

void mp_process_read(const struct mp_start *start,
		     struct mp_process *ret_process)
{
	long len;

	len = mp_sys_readlink("/proc/self/exe", ret_process->program,
			      sizeof(ret_process->program) - 1);
	if (mp_sys_failed(len)) {
		struct mp_text text;

		mp_text_init(&text, ret_process->program,
			     sizeof(ret_process->program));
		mp_text_str(&text, start->exec_fn ? start->exec_fn : "unknown");
	} else {
		ret_process->program[len] = '\0';
	}
	ret_process->ticks = mp_process_ticks(mp_sys_getpid());
	mp_process_started(ret_process);
}

void mp_process_started(struct mp_process *process)
{
	process->start_unix_ns = mp_sys_clock_ns(CLOCK_REALTIME);
	process->start_ns = mp_sys_clock_ns(CLOCK_MONOTONIC);
	/* Times are told as this and what passed since: room for that. */
	if (process->start_ns > TIME_MAX)
		process->start_ns = TIME_MAX;
	process->start_ticks = mp_ticks();
}

void mp_process_identify(const struct mp_process *process)
{
	struct mpf_header *header = mp_file.header;

	header->pid = mp_sys_getpid();
	header->ppid = (uint32_t)mp_sys3(SYS_getppid, 0, 0, 0);
	header->process_ticks = process->ticks;
	header->start_unix_ns = process->start_unix_ns;
	header->start_ns = process->start_ns;
	header->start_ticks = process->start_ticks;
	header->ticks = header->ticks_ns = 0;
}

static struct mpf_text text_of(const char *str)
{
	size_t len = 0;

	while (str[len])
		len++;
	return mp_file_text(str, len, true);
}

static bool begins_with(const char *str, const char *prefix)
{
	while (*prefix && *str == *prefix) {
		str++;
		prefix++;
	}
	return !*prefix;
}

/* Strings of a NULL-terminated list, each ended by a NUL, that begin with
 * prefix; without those that begin with except, if any do. */
static struct mpf_text text_list(char *const *list, const char *prefix,
				 const char *except)
{
	char *buf = mp_map_new(ARGUMENTS_BYTES);
	struct mpf_text ret = { 0, 0 };
	struct mp_text text;

	if (!buf)
		return ret;
	mp_text_init(&text, buf, ARGUMENTS_BYTES);
	for (; *list && !text.is_cut; list++) {
		if (!begins_with(*list, prefix) ||
		    (except && begins_with(*list, except)))
			continue;
		mp_text_str(&text, *list);
		mp_text_bytes(&text, "", 1);
	}
	ret = mp_file_text(buf, text.used, true);
	mp_map_free(buf, ARGUMENTS_BYTES);
	return ret;
}

static uint8_t hex_digit(char c)
{
	return (uint8_t)(c <= '9' ? c - '0' : (c | 32) - 'a' + 10);
}

static void read_boot_id(uint8_t *ret_id)
{
	char buf[64];
	unsigned n = 0;

	if (mp_sys_failed(read_file("/proc/sys/kernel/random/boot_id", buf,
				    sizeof(buf))))
		return;
	for (const char *p = buf; p[0] && p[1] && n < 16; p++) {
		if (*p == '-')
			continue;
		ret_id[n++] = (uint8_t)(hex_digit(p[0]) << 4 | hex_digit(p[1]));
		p++;
	}
}

void mp_process_describe(const struct mp_start *start,
			 const struct mp_process *process,
			 const char *allocator)
{
	struct mpf_header *header = mp_file.header;
	char *dir = mp_map_new(DIRECTORY_BYTES);
	struct utsname uts;
	long len;

	header->program = text_of(process->program);
	header->command_line = text_list(start->argv, "", NULL);
	/* The keeper's address is no setting. */
	header->settings =
		text_list(start->envp, "MEMPROF_", "MEMPROF_KEEPER=");
	header->out_path = text_of(mp_file_path());
	header->allocator = text_of(allocator);
	len = dir ? mp_sys3(SYS_getcwd, (long)dir, DIRECTORY_BYTES, 0)
		  : -ENOMEM;
	if (!mp_sys_failed(len))
		header->directory = text_of(dir);
	mp_map_free(dir, DIRECTORY_BYTES);
	if (!mp_sys_failed(mp_sys3(SYS_uname, (long)&uts, 0, 0))) {
		header->host = text_of(uts.nodename);
		header->system = text_of(uts.release);
	}
	read_boot_id(header->boot_id);
	header->page_bytes = start->page_bytes;
}
