/* SPDX-License-Identifier: MIT */
/* Handing the dump's memory to the keeper. */
#include "config.h"

#include "preload/record/keeper.h"

#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>

#include "preload/base/say.h"
#include "preload/base/sys.h"

#ifndef MFD_CLOEXEC
#define MFD_CLOEXEC	  1u
#define MFD_ALLOW_SEALING 2u
#endif
#ifndef F_ADD_SEALS
#define F_ADD_SEALS   1033
#define F_SEAL_SHRINK 0x0002
#endif

#define WAIT_SECONDS 2 /* for a keeper that is stopped or overrun */

static struct {
	char address[sizeof(((struct sockaddr_un *)0)->sun_path)];
	size_t bytes; /* of it; 0: no keeper */
} keeper;

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
	return keeper.bytes > 0;
}

/* Never one of the three that programs write to without opening them. */
static long above_standard(long fd)
{
	long high;

	if (fd < 0 || fd > 2)
		return fd;
	high = mp_sys3(SYS_fcntl, fd, F_DUPFD_CLOEXEC, 3);
	mp_sys_close((int)fd);
	return high;
}

static long make_memory(void)
{
	long fd = above_standard(mp_sys3(SYS_memfd_create, (long)"memprof",
					 MFD_CLOEXEC | MFD_ALLOW_SEALING, 0));
	long ret;

	if (mp_sys_failed(fd))
		return fd;
	ret = mp_sys3(SYS_fcntl, fd, F_ADD_SEALS, F_SEAL_SHRINK);
	if (!mp_sys_failed(ret))
		return fd;
	mp_sys_close((int)fd);
	return ret;
}

/* Connected to somebody with our own rights: who it is. Negative errno. */
static long call_keeper(int fd, struct ucred *ret_peer)
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

/* Sends the descriptor; the answer is the number it has there. */
static long hand_over(int fd, int memory, uint32_t *ret_number)
{
	char byte = 0;
	struct iovec data = { &byte, 1 };
	union {
		struct cmsghdr header;
		char bytes[CMSG_SPACE(sizeof(int))];
	} control = { .header = { .cmsg_len = CMSG_LEN(sizeof(int)),
				  .cmsg_level = SOL_SOCKET,
				  .cmsg_type = SCM_RIGHTS } };
	const struct msghdr message = { .msg_iov = &data,
					.msg_iovlen = 1,
					.msg_control = &control,
					.msg_controllen =
						sizeof(control.bytes) };
	long ret;

	__builtin_memcpy(CMSG_DATA(&control.header), &memory, sizeof(memory));
	ret = mp_sys3(SYS_sendmsg, fd, (long)&message, MSG_NOSIGNAL);
	if (mp_sys_failed(ret))
		return ret;
	do {
		ret = mp_sys_read(fd, ret_number, sizeof(*ret_number));
	} while (ret == -EINTR);
	if (ret == (long)sizeof(*ret_number))
		return 0;
	return mp_sys_failed(ret) ? ret : -EPIPE;
}

static long keep(int memory, char link[MP_KEEPER_LINK_BYTES])
{
	long fd = above_standard(
		mp_sys3(SYS_socket, AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
	struct ucred peer = { 0, 0, 0 };
	struct mp_text text;
	uint32_t number;
	long ret;

	if (mp_sys_failed(fd))
		return fd;
	ret = call_keeper((int)fd, &peer);
	if (!mp_sys_failed(ret))
		ret = hand_over((int)fd, memory, &number);
	mp_sys_close((int)fd);
	if (mp_sys_failed(ret))
		return ret;
	mp_text_init(&text, link, MP_KEEPER_LINK_BYTES);
	mp_text_str(&text, "/proc/");
	mp_text_dec(&text, (uint32_t)peer.pid);
	mp_text_str(&text, "/fd/");
	mp_text_dec(&text, number);
	return 0;
}

long mp_keeper_memory(char link[MP_KEEPER_LINK_BYTES])
{
	long fd = make_memory(), ret;

	if (mp_sys_failed(fd))
		return fd;
	ret = keep((int)fd, link);
	if (!mp_sys_failed(ret))
		return fd;
	mp_sys_close((int)fd);
	return ret;
}
