/* SPDX-License-Identifier: MIT */
/* The process that keeps recordings; preload/record/keeper.h is the other
 * side. */
#include "config.h"

#include "analyzer/cmd/keeper.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "analyzer/base/diag.h"
#include "analyzer/cmd/keeper_save.h"
#include "analyzer/model/sealed.h"

#define SPARE_FDS   16 /* of those we may open, not used for recordings */
#define KEPT_FDS    4  /* of a recording */
#define LISTENER_FD 3
#define LAUNCHER_FD 4
#define GIVEN	    3 /* descriptors in a message */

/* So long after memprof run's end: for a daemon that is yet to record. */
#define LINGER_NS (1000 * NS_PER_MS)

#define WAIT_SECONDS   5  /* for a program that is stopped as it starts */
#define SETTLE_SECONDS 60 /* for a slow disk */

/*
 * Copies while a program runs: soon, then as seldom as it has run long, but
 * no more than this apart; and together no more than a hundredth of the time.
 */
#define NS_PER_MS	UINT64_C(1000000)
#define COPY_FIRST_NS	(100 * NS_PER_MS)
#define COPY_LAST_NS	(10000 * NS_PER_MS)
#define COPY_AGE_SHARE	16
#define COPY_TIME_SHARE 100

/* One recording. */
struct kept {
	struct keeper_dump dump;
	int process; /* pidfd */
	pid_t pid;
	uint64_t since_ns; /* CLOCK_MONOTONIC, as copy_ns */
	uint64_t copy_ns;  /* when the next copy is due */
	uint64_t cpu_ns;   /* that the process had used at the last one */
};

static struct {
	int listener, launcher;
	struct kept *list;
	struct pollfd *polled; /* listener, launcher, then those of list */
	size_t count, room;
	size_t limit;
	uint64_t quiet_ns; /* no copy before */
	uint64_t leave_ns; /* without anything to keep */
	bool has_lost;
} self;

static uint64_t clock_ns(clockid_t clock)
{
	struct timespec ts = { 0, 0 };

	clock_gettime(clock, &ts);
	return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

static void let_go(struct kept *kept)
{
	close(kept->dump.memory);
	close(kept->dump.file);
	close(kept->dump.folder);
	close(kept->process);
}

static void drop(size_t i, enum keeper_end end)
{
	struct kept *kept = &self.list[i];

	if (keeper_save(&kept->dump, end) < 0)
		self.has_lost = true;
	let_go(kept);
	*kept = self.list[--self.count];
}

/* What the same process recorded before it called exec(). */
static void drop_former(pid_t pid)
{
	for (size_t i = self.count; i-- > 0;)
		if (self.list[i].pid == pid)
			drop(i, KEEPER_REPLACED);
}

/* Whose end the kernel told us, or all that have ended by now. */
static void drop_ended(void)
{
	for (size_t i = self.count; i-- > 0;) {
		struct pollfd process = { self.list[i].process, POLLIN, 0 };

		if (poll(&process, 1, 0) > 0)
			drop(i, KEEPER_GONE);
	}
}

/* 0 when it is unknown. */
static uint64_t cpu_ns(pid_t pid)
{
	clockid_t clock;

	return clock_getcpuclockid(pid, &clock) == 0 ? clock_ns(clock) : 0;
}

static void copy(struct kept *kept)
{
	const uint64_t now = clock_ns(CLOCK_MONOTONIC);
	const uint64_t cpu = cpu_ns(kept->pid);
	uint64_t took, pause = (now - kept->since_ns) / COPY_AGE_SHARE;

	/* What did not run did not allocate. */
	if (cpu == 0 || cpu != kept->cpu_ns)
		keeper_save_copy(&kept->dump, now);
	kept->cpu_ns = cpu;
	took = clock_ns(CLOCK_MONOTONIC) - now;
	self.quiet_ns = now + COPY_TIME_SHARE * took;
	if (pause < COPY_FIRST_NS)
		pause = COPY_FIRST_NS;
	if (pause > COPY_LAST_NS)
		pause = COPY_LAST_NS;
	kept->copy_ns = now + pause;
}

/* The one whose copy is due first; NULL when there is none. */
static struct kept *next_copy(void)
{
	struct kept *next = NULL;

	for (size_t i = 0; i < self.count; i++)
		if (!next || self.list[i].copy_ns < next->copy_ns)
			next = &self.list[i];
	return next;
}

/* When that may be; 0: there is none. */
static uint64_t copy_due(void)
{
	const struct kept *next = next_copy();

	if (!next)
		return 0;
	return next->copy_ns > self.quiet_ns ? next->copy_ns : self.quiet_ns;
}

static bool is_over(void)
{
	return self.launcher < 0 && self.count == 0 &&
	       clock_ns(CLOCK_MONOTONIC) >= self.leave_ns;
}

/* How long nothing is to be done, in milliseconds as poll() has it. */
static int pause_ms(void)
{
	uint64_t due = copy_due(), now;

	if (self.launcher < 0 && self.count == 0)
		due = self.leave_ns;
	if (due == 0)
		return -1;
	now = clock_ns(CLOCK_MONOTONIC);
	if (due <= now)
		return 0;
	due = (due - now) / NS_PER_MS + 1;
	return due < INT_MAX ? (int)due : INT_MAX;
}

static void copy_if_due(void)
{
	uint64_t due = copy_due();

	if (due != 0 && due <= clock_ns(CLOCK_MONOTONIC))
		copy(next_copy());
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

/* The descriptors in a message, and a name. False when it has others. */
static bool receive(int fd, struct keeper_dump *ret_dump)
{
	struct iovec data = { ret_dump->name, sizeof(ret_dump->name) - 1 };
	union {
		struct cmsghdr header;
		char bytes[CMSG_SPACE(GIVEN * sizeof(int))];
	} control;
	struct msghdr message = { .msg_iov = &data,
				  .msg_iovlen = 1,
				  .msg_control = &control,
				  .msg_controllen = sizeof(control.bytes) };
	const struct cmsghdr *header;
	int fds[GIVEN];
	ssize_t bytes = recvmsg(fd, &message, MSG_CMSG_CLOEXEC);
	size_t count;

	header = bytes > 0 ? CMSG_FIRSTHDR(&message) : NULL;
	if (!header || header->cmsg_level != SOL_SOCKET ||
	    header->cmsg_type != SCM_RIGHTS)
		return false;
	count = (header->cmsg_len - CMSG_LEN(0)) / sizeof(int);
	memcpy(fds, CMSG_DATA(header), count * sizeof(int));
	if (count != GIVEN || (message.msg_flags & MSG_CTRUNC)) {
		while (count > 0)
			close(fds[--count]);
		return false;
	}
	ret_dump->name[bytes] = '\0';
	ret_dump->memory = fds[0];
	ret_dump->file = fds[1];
	ret_dump->folder = fds[2];
	ret_dump->is_new = true;
	return true;
}

static bool is_usable(const struct kept *kept)
{
	int seals = fcntl(kept->dump.memory, F_GET_SEALS);
	struct stat st;

	/* Its rights may be less than ours: what it may not write to, we do not
	 * replace for it. */
	return kept->process >= 0 && seals >= 0 && (seals & F_SEAL_SHRINK) &&
	       fstat(kept->dump.file, &st) == 0 && S_ISREG(st.st_mode) &&
	       (fcntl(kept->dump.file, F_GETFL) & O_ACCMODE) == O_RDWR &&
	       kept->dump.name[0] && !strchr(kept->dump.name, '/');
}

/* A process with our own rights hands us its memory. Names depend on what has
 * ended, so that is saved before it looks for one. */
static void keep(int fd)
{
	struct ucred peer;
	socklen_t bytes = sizeof(peer);
	struct kept kept = { .process = -1 };
	uint32_t number;

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &bytes) < 0 ||
	    peer.uid != geteuid() || !make_room())
		return;
	drop_ended();
	drop_former(peer.pid);
	if (send(fd, "", 1, MSG_NOSIGNAL) != 1 || !receive(fd, &kept.dump))
		return;
	kept.pid = peer.pid;
	kept.process = (int)syscall(SYS_pidfd_open, peer.pid, 0);
	if (!is_usable(&kept)) {
		let_go(&kept);
		return;
	}
	kept.since_ns = clock_ns(CLOCK_MONOTONIC);
	kept.copy_ns = kept.since_ns + COPY_FIRST_NS;
	self.list[self.count++] = kept;
	number = (uint32_t)kept.dump.memory;
	(void)!send(fd, &number, sizeof(number), MSG_NOSIGNAL);
}

static void answer(void)
{
	const struct timeval wait = { WAIT_SECONDS, 0 };
	int fd = accept4(self.listener, NULL, NULL, SOCK_CLOEXEC);

	if (fd >= 0) {
		setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof(wait));
		keep(fd);
		close(fd);
	}
	/* Who finds nobody listening records into a file at once. */
	if (fd < 0 || KEPT_FDS * (self.count + 1) + SPARE_FDS > self.limit) {
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
		self.leave_ns = clock_ns(CLOCK_MONOTONIC) + LINGER_NS;
	}
}

static _Noreturn void serve(void)
{
	while (!is_over()) {
		if (!make_room())
			_exit(1);
		self.polled[0] = (struct pollfd) { self.listener, POLLIN, 0 };
		self.polled[1] = (struct pollfd) { self.launcher, POLLIN, 0 };
		for (size_t i = 0; i < self.count; i++)
			self.polled[i + 2] =
				(struct pollfd) { self.list[i].process, POLLIN,
						  0 };
		if (poll(self.polled, self.count + 2, pause_ms()) < 0)
			continue;
		/* New ones first: an exec() is known by them. */
		if (self.polled[0].revents)
			answer();
		if (self.polled[1].revents)
			settle();
		drop_ended();
		copy_if_due();
	}
	_exit(0);
}

static void close_from(int first)
{
	struct rlimit limit = { 1024, 1024 };

	if (close_range((unsigned)first, ~0u, 0) == 0)
		return;
	/* Before Linux 5.9, and under filters that do not know it. */
	getrlimit(RLIMIT_NOFILE, &limit);
	for (rlim_t fd = (rlim_t)first; fd < limit.rlim_cur && fd < INT_MAX;
	     fd++)
		close((int)fd);
}

/*
 * Nothing of memprof run's may be held on to, as others wait for the end of its
 * pipes. Both descriptors get the first numbers behind the standard ones. Who
 * looks for the program by its arguments, to end it, is not to find this.
 */
static void leave(int listener, int launcher, char **argv)
{
	struct rlimit limit = { 1024, 1024 };
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	setsid();
	prctl(PR_SET_NAME, SEALED_KEEPER_NAME);
	for (; *argv; argv++)
		memset(*argv, 0, strlen(*argv));
	(void)!chdir("/");
	listener = fcntl(listener, F_DUPFD_CLOEXEC, LAUNCHER_FD + 1);
	launcher = fcntl(launcher, F_DUPFD_CLOEXEC, LAUNCHER_FD + 1);
	for (int fd = 0; fd < 3; fd++)
		if (dup2(null, fd) < 0)
			close(fd);
	self.listener = dup3(listener, LISTENER_FD, O_CLOEXEC);
	self.launcher = dup3(launcher, LAUNCHER_FD, O_CLOEXEC);
	close_from(LAUNCHER_FD + 1);
	for (int number = 1; number < NSIG; number++)
		if (number != SIGCHLD)
			signal(number, SIG_IGN);
	if (getrlimit(RLIMIT_FSIZE, &limit) == 0) {
		limit.rlim_cur = limit.rlim_max;
		setrlimit(RLIMIT_FSIZE, &limit);
	}
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

int keeper_start(struct keeper *keeper, char **argv)
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
		leave(listener, fds[1], argv);
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
	keeper->process = pid > 0 ? (int)syscall(SYS_pidfd_open, pid, 0) : -1;
	if (pid > 0 && read(keeper->fd, &byte, 1) == 1)
		return 0;
	close(fds[0]);
fail:
	diag_warn("no process can be started that keeps what is recorded: %s; "
		  "recording into files, which nobody may cut meanwhile",
		  strerror(errno));
	return -1;
}

enum keeper_state keeper_settle(const struct keeper *keeper)
{
	const struct timeval wait = { SETTLE_SECONDS, 0 };
	char byte = 1;

	setsockopt(keeper->fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof(wait));
	/* Whoever stopped it: not that it does its last work. */
	if (keeper->process >= 0)
		syscall(SYS_pidfd_send_signal, keeper->process, SIGCONT, NULL,
			0);
	if (send(keeper->fd, &byte, 1, MSG_NOSIGNAL) != 1 ||
	    read(keeper->fd, &byte, 1) != 1)
		return KEEPER_SILENT;
	return byte == 0 ? KEEPER_SAVED : KEEPER_LOST;
}
