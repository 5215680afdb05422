/* SPDX-License-Identifier: MIT */
/*
 * without WHAT PROGRAM [ARGUMENTS]: runs a program as where the kernel or the
 * file system lacks something: close_range (before Linux 5.9), pidfd (5.3),
 * memfd (3.17, or not allowed), tmpfile (files without a name, which not all
 * file systems have).
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

static const struct {
	const char *name;
	int call;
	size_t argument; /* that has one of these bits */
	unsigned bits;
	int error;
} lacks[] = {
	{ "close_range", SYS_close_range, 1, ~0u, ENOSYS },
	{ "pidfd", SYS_pidfd_open, 0, ~0u, ENOSYS },
	{ "memfd", SYS_memfd_create, 0, ~0u, ENOSYS },
	{ "tmpfile", SYS_openat, 2, O_TMPFILE & ~O_DIRECTORY, EOPNOTSUPP },
};

static int install(size_t i)
{
	struct sock_filter filter[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
			 offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (unsigned)lacks[i].call, 0,
			 3),
		BPF_STMT(
			BPF_LD | BPF_W | BPF_ABS,
			offsetof(struct seccomp_data, args[lacks[i].argument])),
		BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, lacks[i].bits, 0, 1),
		BPF_STMT(BPF_RET | BPF_K,
			 SECCOMP_RET_ERRNO | (unsigned)lacks[i].error),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = { sizeof(filter) / sizeof(filter[0]),
				      filter };

	return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) ||
	       prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program);
}

int main(int argc, char **argv)
{
	for (size_t i = 0; argc > 2 && i < sizeof(lacks) / sizeof(*lacks); i++)
		if (strcmp(argv[1], lacks[i].name) == 0) {
			if (install(i))
				return 77;
			execvp(argv[2], argv + 2);
			perror(argv[2]);
		}
	return 2;
}
