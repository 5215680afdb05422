/* SPDX-License-Identifier: MIT */
/*
 * yama SCOPE PROGRAM [ARGUMENTS]: runs a program as where the Yama security
 * module is set to that ptrace_scope, on any kernel: 1: who is not an ancestor
 * may trace a process only when that named it by PR_SET_PTRACER; 2: nobody may.
 * A filter hands both calls to this process, which answers them. Its status is
 * the program's; 77 where the kernel has no such filters.
 */
#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define ASK SECCOMP_RET_USER_NOTIF

static int install(void)
{
	struct sock_filter filter[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
			 offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_ptrace, 3, 0),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_prctl, 0, 3),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
			 offsetof(struct seccomp_data, args[0])),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, PR_SET_PTRACER, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, ASK),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = { sizeof(filter) / sizeof(filter[0]),
				      filter };

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
		return -1;
	return (int)syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER,
			    SECCOMP_FILTER_FLAG_NEW_LISTENER, &program);
}

/* One byte with a descriptor, or without where fd is negative. */
static int pass(int to, int fd)
{
	char byte = 0, room[CMSG_SPACE(sizeof(int))] = { 0 };
	struct iovec data = { &byte, 1 };
	struct msghdr message = { .msg_iov = &data, .msg_iovlen = 1 };

	if (fd >= 0) {
		struct cmsghdr *part;

		message.msg_control = room;
		message.msg_controllen = sizeof(room);
		part = CMSG_FIRSTHDR(&message);
		part->cmsg_level = SOL_SOCKET;
		part->cmsg_type = SCM_RIGHTS;
		part->cmsg_len = CMSG_LEN(sizeof(int));
		memcpy(CMSG_DATA(part), &fd, sizeof(fd));
	}
	return (int)sendmsg(to, &message, 0);
}

static int receive(int from)
{
	char byte, room[CMSG_SPACE(sizeof(int))];
	struct iovec data = { &byte, 1 };
	struct msghdr message = { .msg_iov = &data,
				  .msg_iovlen = 1,
				  .msg_control = room,
				  .msg_controllen = sizeof(room) };
	struct cmsghdr *part;
	int fd;

	if (recvmsg(from, &message, 0) != 1)
		return -1;
	part = CMSG_FIRSTHDR(&message);
	if (!part)
		return -1;
	memcpy(&fd, CMSG_DATA(part), sizeof(fd));
	return fd;
}

/* Answers the calls until the program has ended. */
static void answer(int listener, int scope)
{
	struct pollfd ready = { listener, POLLIN, 0 };
	uint64_t allowed = 0; /* whom the program named */

	while (poll(&ready, 1, -1) > 0 && (ready.revents & POLLIN)) {
		struct seccomp_notif asked = { 0 };
		struct seccomp_notif_resp reply = { 0 };

		if (ioctl(listener, SECCOMP_IOCTL_NOTIF_RECV, &asked))
			continue;
		reply.id = asked.id;
		if (asked.data.nr == SYS_prctl)
			allowed = asked.data.args[1];
		else if (asked.data.args[0] != PTRACE_SEIZE ||
			 (scope == 1 && allowed == asked.pid))
			reply.flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE;
		else
			reply.error = -EPERM;
		ioctl(listener, SECCOMP_IOCTL_NOTIF_SEND, &reply);
	}
}

int main(int argc, char **argv)
{
	int pair[2], listener, status;
	pid_t child;

	if (argc < 3 || socketpair(AF_UNIX, SOCK_STREAM, 0, pair))
		return 2;
	child = fork();
	if (child == 0) {
		listener = install();
		pass(pair[1], listener);
		if (listener < 0)
			_exit(77);
		close(listener);
		/* Not before there is somebody to answer. */
		receive(pair[1]);
		execv(argv[2], argv + 2);
		_exit(127);
	}
	listener = receive(pair[0]);
	if (listener >= 0) {
		pass(pair[0], -1);
		answer(listener, atoi(argv[1]));
	}
	while (waitpid(child, &status, 0) < 0)
		;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
