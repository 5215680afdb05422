/* SPDX-License-Identifier: MIT */
/*
 * jumps COMMAND [ARGUMENT...]: runs it with clocks that jump. Each
 * clock_gettime() that is a system call, of it and of what it forks, is told
 * another time: hours ahead, years behind, before 1970, at the end of time.
 */
#include <signal.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static void jump(pid_t pid, const struct user_regs_struct *regs)
{
	static const long times[] = {
		0, 3600, -3600, 1L << 33, 1, -(1L << 40)
	};
	static unsigned calls;
	struct timespec time = { times[calls++ % 6], 999999999 };
	struct iovec ours = { &time, sizeof(time) };
	struct iovec theirs = { (void *)regs->rsi, sizeof(time) };

	process_vm_writev(pid, &ours, 1, &theirs, 1, 0);
}

static int trace(pid_t child)
{
	const long options = PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACEFORK |
			     PTRACE_O_TRACEVFORK | PTRACE_O_TRACECLONE |
			     PTRACE_O_EXITKILL;
	int status, result = 96;

	waitpid(child, &status, 0);
	ptrace(PTRACE_SETOPTIONS, child, 0, options);
	ptrace(PTRACE_SYSCALL, child, 0, 0);
	for (;;) {
		struct user_regs_struct regs;
		pid_t pid = waitpid(-1, &status, __WALL);
		long number = 0;

		if (pid < 0)
			return result;
		if (!WIFSTOPPED(status)) {
			if (pid == child)
				result = WIFEXITED(status)
						 ? WEXITSTATUS(status)
						 : 128 + WTERMSIG(status);
			continue;
		}
		if (WSTOPSIG(status) == (SIGTRAP | 0x80)) {
			ptrace(PTRACE_GETREGS, pid, 0, &regs);
			/* rax holds -ENOSYS before the call. */
			if (regs.orig_rax == SYS_clock_gettime && regs.rax == 0)
				jump(pid, &regs);
		} else if (WSTOPSIG(status) != SIGTRAP &&
			   WSTOPSIG(status) != SIGSTOP) {
			number = WSTOPSIG(status);
		}
		ptrace(PTRACE_SYSCALL, pid, 0, number);
	}
}

int main(int argc, char **argv)
{
	pid_t child;

	if (argc < 2)
		return 2;
	child = fork();
	if (child == 0) {
		ptrace(PTRACE_TRACEME, 0, 0, 0);
		raise(SIGSTOP);
		execv(argv[1], argv + 1);
		_exit(127);
	}
	return trace(child);
}
