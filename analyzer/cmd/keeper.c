/* SPDX-License-Identifier: MIT */
/* The process that keeps sealed recordings; preload/record/keeper.h is the
 * other side. */
#include "config.h"

#include "analyzer/cmd/keeper.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

#include "analyzer/base/diag.h"
#include "analyzer/cmd/keeper_save.h"

#define SPARE_FDS   16 /* of those we may open, not used for recordings */
#define LISTENER_FD 3
#define LAUNCHER_FD 4

/* One recording. */
struct kept {
	int memory;
	int process; /* pidfd */
	pid_t pid;
};

static struct {
	int listener, launcher;
	struct kept *list;
	struct pollfd *polled; /* listener, launcher, then those of list */
	size_t count, room;
	size_t limit;
	bool has_lost;
} self;

static void drop(size_t i, bool is_replaced)
{
	struct kept *kept = &self.list[i];

	if (keeper_save(kept->memory, is_replaced) < 0)
		self.has_lost = true;
	close(kept->memory);
	close(kept->process);
	*kept = self.list[--self.count];
}

/* What the same process recorded before it called exec(). */
static void drop_former(pid_t pid)
{
	for (size_t i = self.count; i-- > 0;)
		if (self.list[i].pid == pid)
			drop(i, true);
}

/* Whose end the kernel told us, or all that have ended by now. */
static void drop_ended(void)
{
	for (size_t i = self.count; i-- > 0;) {
		struct pollfd process = { self.list[i].process, POLLIN, 0 };

		if (poll(&process, 1, 0) > 0)
			drop(i, false);
	}
}

static bool make_room(void)
{
	size_t room = self.room ? 2 * self.room : 16;
	struct pollfd *polled;
	struct kept *list;

	if (self.count < self.room)
		return true;
	list = realloc(self.list, room * sizeof(*list));
	if (list)
		self.list = list;
	polled = realloc(self.polled, (room + 2) * sizeof(*polled));
	if (polled)
		self.polled = polled;
	if (!list || !polled)
		return false;
	self.room = room;
	return true;
}

/* The descriptor in a message, or -1. */
static int receive(int fd)
{
	char byte;
	struct iovec data = { &byte, 1 };
	union {
		struct cmsghdr header;
		char bytes[CMSG_SPACE(sizeof(int))];
	} control;
	struct msghdr message = { .msg_iov = &data,
				  .msg_iovlen = 1,
				  .msg_control = &control,
				  .msg_controllen = sizeof(control.bytes) };
	struct cmsghdr *header;
	int memory = -1;

	if (recvmsg(fd, &message, MSG_CMSG_CLOEXEC) != 1)
		return -1;
	header = CMSG_FIRSTHDR(&message);
	if (header && header->cmsg_type == SCM_RIGHTS &&
	    header->cmsg_len == CMSG_LEN(sizeof(int)))
		memcpy(&memory, CMSG_DATA(header), sizeof(memory));
	return memory;
}

static bool is_sealed(int memory)
{
	int seals = fcntl(memory, F_GET_SEALS);

	return seals >= 0 && (seals & F_SEAL_SHRINK);
}

/* A process with our own rights hands us its memory. */
static void keep(int fd)
{
	struct ucred peer;
	socklen_t bytes = sizeof(peer);
	struct kept kept = { -1, -1, 0 };
	uint32_t number;

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &bytes) < 0 ||
	    peer.uid != geteuid() || !make_room())
		return;
	kept.memory = receive(fd);
	kept.pid = peer.pid;
	kept.process = (int)syscall(SYS_pidfd_open, peer.pid, 0);
	if (kept.process < 0 || !is_sealed(kept.memory)) {
		if (kept.process >= 0)
			close(kept.process);
		if (kept.memory >= 0)
			close(kept.memory);
		return;
	}
	drop_former(kept.pid);
	self.list[self.count++] = kept;
	number = (uint32_t)kept.memory;
	(void)!send(fd, &number, sizeof(number), MSG_NOSIGNAL);
}

static void answer(void)
{
	const struct timeval wait = { 1, 0 };
	int fd = accept4(self.listener, NULL, NULL, SOCK_CLOEXEC);

	if (fd < 0)
		return;
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof(wait));
	keep(fd);
	close(fd);
	/* Who finds nobody listening records into a file at once. */
	if (2 * self.count + SPARE_FDS > self.limit) {
		close(self.listener);
		self.listener = -1;
	}
}

/* memprof run asks for all that has ended, or is gone itself. */
static void settle(void)
{
	char byte;

	if (read(self.launcher, &byte, 1) == 1) {
		drop_ended();
		byte = self.has_lost;
		(void)!send(self.launcher, &byte, 1, MSG_NOSIGNAL);
	} else {
		close(self.launcher);
		self.launcher = -1;
	}
}

static _Noreturn void serve(void)
{
	while (self.launcher >= 0 || self.count > 0) {
		if (!make_room())
			_exit(1);
		self.polled[0] = (struct pollfd) { self.listener, POLLIN, 0 };
		self.polled[1] = (struct pollfd) { self.launcher, POLLIN, 0 };
		for (size_t i = 0; i < self.count; i++)
			self.polled[i + 2] =
				(struct pollfd) { self.list[i].process, POLLIN,
						  0 };
		if (poll(self.polled, self.count + 2, -1) < 0)
			continue;
		/* New ones first: an exec() is known by them. */
		if (self.polled[0].revents)
			answer();
		if (self.polled[1].revents)
			settle();
		drop_ended();
	}
	_exit(0);
}

/*
 * Nothing of memprof run's may be held on to, as others wait for the end of its
 * pipes. Both descriptors get the first numbers behind the standard ones.
 */
static void leave(int listener, int launcher)
{
	struct rlimit limit = { 1024, 1024 };
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	setsid();
	(void)!chdir("/");
	listener = fcntl(listener, F_DUPFD_CLOEXEC, LAUNCHER_FD + 1);
	launcher = fcntl(launcher, F_DUPFD_CLOEXEC, LAUNCHER_FD + 1);
	for (int fd = 0; fd < 3; fd++)
		dup2(null, fd);
	self.listener = dup3(listener, LISTENER_FD, O_CLOEXEC);
	self.launcher = dup3(launcher, LAUNCHER_FD, O_CLOEXEC);
	close_range(LAUNCHER_FD + 1, ~0u, 0);
	for (int number = 1; number < NSIG; number++)
		if (number != SIGCHLD)
			signal(number, SIG_IGN);
	getrlimit(RLIMIT_NOFILE, &limit);
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit);
	self.limit = limit.rlim_cur;
}

static int listen_at(const char *name)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	size_t bytes = strlen(name);
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return -1;
	memcpy(address.sun_path + 1, name, bytes);
	if (bind(fd, (struct sockaddr *)&address,
		 (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 +
			     bytes)) == 0)
		return fd;
	close(fd);
	return -1;
}

int keeper_start(struct keeper *keeper)
{
	uint64_t random[2];
	int fds[2], listener = -1;
	pid_t pid = -1;
	char byte;

	if (getrandom(random, sizeof(random), 0) != sizeof(random))
		random[0] = random[1] = (uint64_t)getpid();
	snprintf(keeper->address, sizeof(keeper->address),
		 "memprof-%016llx%016llx", (unsigned long long)random[0],
		 (unsigned long long)random[1]);
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) < 0)
		goto fail;
	listener = listen_at(keeper->address);
	if (listener >= 0)
		pid = fork();
	if (pid == 0) {
		leave(listener, fds[1]);
		/* By its own hand: this is who the others find there. */
		if (listen(self.listener, SOMAXCONN) < 0 ||
		    write(self.launcher, "", 1) != 1)
			_exit(1);
		serve();
	}
	close(fds[1]);
	if (listener >= 0)
		close(listener);
	keeper->fd = fds[0];
	if (pid > 0 && read(keeper->fd, &byte, 1) == 1)
		return 0;
	close(fds[0]);
fail:
	diag_error("--sealed: no process can be started that keeps the "
		   "memory: %s",
		   strerror(errno));
	return -1;
}

bool keeper_settle(const struct keeper *keeper)
{
	char byte = 1;

	return send(keeper->fd, &byte, 1, MSG_NOSIGNAL) == 1 &&
	       read(keeper->fd, &byte, 1) == 1 && byte == 0;
}
