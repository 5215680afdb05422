/* SPDX-License-Identifier: MIT */
/* Handing the dump's memory to the keeper; analyzer/cmd/keeper.c is the other
 * side. */
#include "config.h"

#include "preload/record/keeper.h"

#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>

#include "preload/base/say.h"
#include "preload/base/sys.h"

#define WAIT_SECONDS 5 /* for a keeper that is stopped or overrun */
#define GIVEN	     3 /* descriptors of a dump */

static struct {
	char address[sizeof(((struct sockaddr_un *)0)->sun_path)];
	size_t bytes; /* of it; 0: no keeper */
	int fd;	      /* connected to it; -1: not */
	uint32_t pid;
} keeper = { .fd = -1 };

void mp_keeper_init(const char *address)
{
	struct mp_text text;

	keeper.bytes = 0;
	if (!address || !*address)
		return;
	/* An abstract address: a NUL, then the name. */
	mp_text_init(&text, keeper.address, sizeof(keeper.address));
	mp_text_bytes(&text, "", 1);
	mp_text_str(&text, address);
	if (!text.is_cut)
		keeper.bytes = text.used;
}

bool mp_keeper_is_there(void)
{
	return keeper.fd >= 0;
}

/* Connected to somebody with our own rights: who it is. Negative errno. */
static long connect_to(int fd, struct ucred *ret_peer)
{
	const struct timeval wait = { WAIT_SECONDS, 0 };
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	unsigned bytes = sizeof(*ret_peer);
	long ret;

	mp_sys6(SYS_setsockopt, fd, SOL_SOCKET, SO_SNDTIMEO, (long)&wait,
		sizeof(wait), 0);
	mp_sys6(SYS_setsockopt, fd, SOL_SOCKET, SO_RCVTIMEO, (long)&wait,
		sizeof(wait), 0);
	__builtin_memcpy(address.sun_path, keeper.address, keeper.bytes);
	ret = mp_sys3(SYS_connect, fd, (long)&address,
		      (long)(__builtin_offsetof(struct sockaddr_un, sun_path) +
			     keeper.bytes));
	if (mp_sys_failed(ret))
		return ret;
	ret = mp_sys6(SYS_getsockopt, fd, SOL_SOCKET, SO_PEERCRED,
		      (long)ret_peer, (long)&bytes, 0);
	if (mp_sys_failed(ret))
		return ret;
	/* 0 is a process that our /proc does not have. */
	if (ret_peer->pid <= 0 ||
	    ret_peer->uid != (uid_t)mp_sys3(SYS_geteuid, 0, 0, 0))
		return -EPERM;
	return 0;
}

/* An answer of so many bytes. 0, or negative errno. */
static long receive(int fd, void *answer, size_t bytes)
{
	long ret;

	do {
		ret = mp_sys_read(fd, answer, bytes);
	} while (ret == -EINTR);
	if (ret == (long)bytes)
		return 0;
	return mp_sys_failed(ret) ? ret : -EPIPE;
}

void mp_keeper_call(void)
{
	struct ucred peer = { 0, 0, 0 };
	char byte;
	long fd, ret;

	if (!keeper.bytes)
		return;
	fd = mp_sys_above_standard(
		mp_sys3(SYS_socket, AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
	if (mp_sys_failed(fd))
		return;
	ret = connect_to((int)fd, &peer);
	if (!mp_sys_failed(ret))
		ret = receive((int)fd, &byte, sizeof(byte));
	if (mp_sys_failed(ret)) {
		mp_sys_close((int)fd);
		return;
	}
	keeper.fd = (int)fd;
	keeper.pid = (uint32_t)peer.pid;
}

void mp_keeper_leave(void)
{
	if (keeper.fd >= 0)
		mp_sys_close(keeper.fd);
	keeper.fd = -1;
}

long mp_keeper_give(const struct mp_keeper_dump *dump,
		    char link[MP_KEEPER_LINK_BYTES])
{
	const int fds[GIVEN] = { dump->memory, dump->file, dump->folder };
	struct iovec data = { (void *)(uintptr_t)dump->name, 1 };
	union {
		struct cmsghdr header;
		char bytes[CMSG_SPACE(sizeof(fds))];
	} control = { .header = { .cmsg_len = CMSG_LEN(sizeof(fds)),
				  .cmsg_level = SOL_SOCKET,
				  .cmsg_type = SCM_RIGHTS } };
	const struct msghdr message = { .msg_iov = &data,
					.msg_iovlen = 1,
					.msg_control = &control,
					.msg_controllen =
						sizeof(control.bytes) };
	struct mp_text text;
	uint32_t number;
	long ret;

	while (dump->name[data.iov_len - 1])
		data.iov_len++;
	__builtin_memcpy(CMSG_DATA(&control.header), fds, sizeof(fds));
	ret = mp_sys3(SYS_sendmsg, keeper.fd, (long)&message, MSG_NOSIGNAL);
	if (!mp_sys_failed(ret))
		ret = receive(keeper.fd, &number, sizeof(number));
	if (mp_sys_failed(ret))
		return ret;
	mp_text_init(&text, link, MP_KEEPER_LINK_BYTES);
	mp_text_str(&text, "/proc/");
	mp_text_dec(&text, keeper.pid);
	mp_text_str(&text, "/fd/");
	mp_text_dec(&text, number);
	return 0;
}
