/* SPDX-License-Identifier: MIT */
/* One line, one write, to the stderr the program had at the start. */
#include "config.h"

#include "preload/base/say.h"

#include <signal.h>

#include "preload/base/sandbox.h"
#include "preload/base/sys.h"

static struct {
	bool is_on;
	dev_t dev;
	ino_t ino;
	char terminal[64]; /* path of fd 2 when it was one, else "" */
} say;

void mp_text_init(struct mp_text *text, char *buf, size_t size)
{
	text->buf = buf;
	text->size = size;
	text->used = 0;
	text->is_cut = false;
	buf[0] = '\0';
}

void mp_text_bytes(struct mp_text *text, const char *bytes, size_t len)
{
	size_t room = text->size - 1 - text->used;

	if (len > room) {
		len = room;
		text->is_cut = true;
	}
	for (size_t i = 0; i < len; i++)
		text->buf[text->used + i] = bytes[i];
	text->used += len;
	text->buf[text->used] = '\0';
}

void mp_text_str(struct mp_text *text, const char *str)
{
	size_t len = 0;

	while (str[len])
		len++;
	mp_text_bytes(text, str, len);
}

static void text_base(struct mp_text *text, uint64_t value, unsigned base)
{
	char digits[20];
	size_t i = sizeof(digits);

	do {
		digits[--i] = "0123456789abcdef"[value % base];
		value /= base;
	} while (value);
	mp_text_bytes(text, digits + i, sizeof(digits) - i);
}

void mp_text_dec(struct mp_text *text, uint64_t value)
{
	text_base(text, value, 10);
}

void mp_text_hex(struct mp_text *text, uint64_t value)
{
	text_base(text, value, 16);
}

void mp_say_init(bool is_quiet)
{
	struct stat st;

	say.is_on = false;
	if (is_quiet || mp_sys_failed(mp_sys_fstat(2, &st)))
		return;
	say.dev = st.st_dev;
	say.ino = st.st_ino;
	say.is_on = true;
	if (S_ISCHR(st.st_mode)) {
		long len = mp_sys_readlink("/proc/self/fd/2", say.terminal,
					   sizeof(say.terminal) - 1);

		say.terminal[mp_sys_failed(len) ? 0 : len] = '\0';
	}
}

static bool is_ours(int fd)
{
	struct stat st;

	return !mp_sys_failed(mp_sys_fstat(fd, &st)) && st.st_dev == say.dev &&
	       st.st_ino == say.ino;
}

/* SIGPIPE would end the program for a line of ours, SIGTTOU would stop it. */
#define BIT(signal) (UINT64_C(1) << ((signal)-1))

static bool write_unharmed(int fd, const char *line, size_t bytes)
{
	const uint64_t block = BIT(SIGPIPE) | BIT(SIGTTOU);
	const uint64_t pipe_only = BIT(SIGPIPE);
	const struct timespec now = { 0, 0 };
	uint64_t before = 0, pending = 0;
	long ret;

	mp_sys6(SYS_rt_sigpending, (long)&pending, MP_SYS_SIGSET_BYTES, 0, 0, 0,
		0);
	mp_sys6(SYS_rt_sigprocmask, SIG_BLOCK, (long)&block, (long)&before,
		MP_SYS_SIGSET_BYTES, 0, 0);
	ret = mp_sys_write(fd, line, bytes);
	if (ret == -EPIPE && !(pending & BIT(SIGPIPE)))
		mp_sys6(SYS_rt_sigtimedwait, (long)&pipe_only, 0, (long)&now,
			MP_SYS_SIGSET_BYTES, 0, 0);
	mp_sys6(SYS_rt_sigprocmask, SIG_SETMASK, (long)&before, 0,
		MP_SYS_SIGSET_BYTES, 0, 0);
	return !mp_sys_failed(ret);
}

/*
 * The program may have closed fd 2, as many do just before they exit, and may
 * even have its own file there. A terminal can be opened again.
 */
static bool write_line(const char *line, size_t bytes)
{
	bool is_written = false;
	long fd;

	if (is_ours(2))
		return write_unharmed(2, line, bytes);
	if (say.terminal[0] != '/')
		return false;
	fd = mp_sys_open(say.terminal, O_WRONLY | O_NOCTTY | O_NONBLOCK, 0);
	if (mp_sys_failed(fd))
		return false;
	if (is_ours((int)fd))
		is_written = write_unharmed((int)fd, line, bytes);
	mp_sys_close((int)fd);
	return is_written;
}

/* Bytes of the UTF-8 character there, 0 for what a terminal may obey or what
 * is no such character. */
static size_t harmless_bytes(const unsigned char *at, size_t left)
{
	size_t bytes = *at < 0x80   ? 1
		       : *at < 0xc2 ? 0
		       : *at < 0xe0 ? 2
		       : *at < 0xf0 ? 3
		       : *at < 0xf5 ? 4
				    : 0;

	if (*at < ' ' || *at == 0x7f || bytes > left ||
	    (*at == 0xc2 && at[1] < 0xa0))
		return 0;
	for (size_t i = 1; i < bytes; i++)
		if ((at[i] & 0xc0) != 0x80)
			return 0;
	return bytes;
}

static void neutralise(char *buf, size_t used)
{
	size_t i = 0, bytes;

	while (i < used) {
		bytes = harmless_bytes((unsigned char *)buf + i, used - i);
		if (bytes == 0)
			buf[i] = '?';
		i += bytes ? bytes : 1;
	}
}

bool mp_say_is_on(void)
{
	return say.is_on && !mp_sandbox_is_on;
}

bool mp_say(const char *a, const char *b, const char *c)
{
	char buf[MP_SAY_BYTES];
	struct mp_text text;

	if (!mp_say_is_on())
		return false;
	mp_text_init(&text, buf, sizeof(buf) - 1);
	mp_text_str(&text, "memprof: ");
	if (a)
		mp_text_str(&text, a);
	if (b)
		mp_text_str(&text, b);
	if (c)
		mp_text_str(&text, c);
	neutralise(buf, text.used);
	buf[text.used++] = '\n';
	return write_line(buf, text.used);
}
