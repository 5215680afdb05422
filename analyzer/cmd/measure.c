/* SPDX-License-Identifier: MIT */
/* One run of a program, measured. */
#include "config.h"

#include "analyzer/cmd/measure.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "analyzer/base/diag.h"
#include "analyzer/cmd/cmd.h"
#include "analyzer/cmd/recorder.h"

#define NS_PER_S  INT64_C(1000000000)
#define KIB_BYTES 1024

static int64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * NS_PER_S + now.tv_nsec;
}

/* In the child: becomes the program. */
static _Noreturn void become(const struct measure *measure)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	if (null >= 0) {
		dup2(null, STDIN_FILENO);
		if (!measure->shows_output)
			dup2(null, STDOUT_FILENO);
	}
	if (*measure->allocator && recorder_preload(measure->allocator) < 0)
		_exit(CMD_RUN_FAILED);
	if (measure->recorder && (recorder_preload(measure->recorder) < 0 ||
				  setenv("MEMPROF_OUT", measure->out, 1) < 0 ||
				  setenv("MEMPROF_QUIET", "1", 1) < 0))
		_exit(CMD_RUN_FAILED);
	execv(measure->path, measure->argv);
	diag_error("%s: cannot be run: %s", measure->path, strerror(errno));
	_exit(errno == ENOENT ? CMD_RUN_NOT_FOUND : CMD_RUN_NOT_EXECUTABLE);
}

int measure_run(const struct measure *measure, struct measured *ret_measured)
{
	int64_t start = now_ns();
	struct rusage usage;
	int status;
	pid_t pid = fork();

	if (pid == 0)
		become(measure);
	if (pid < 0) {
		diag_error("%s: cannot be started: %s", measure->path,
			   strerror(errno));
		return -1;
	}
	while (wait4(pid, &status, 0, &usage) < 0)
		if (errno != EINTR) {
			diag_error("%s: cannot be waited for: %s",
				   measure->path, strerror(errno));
			return -1;
		}
	*ret_measured = (struct measured) {
		.time_ns = now_ns() - start,
		.rss_bytes = (int64_t)usage.ru_maxrss * KIB_BYTES,
		.faults = usage.ru_minflt + usage.ru_majflt,
		.pid = pid,
		.status = WIFSIGNALED(status) ? 128 + WTERMSIG(status)
					      : WEXITSTATUS(status),
	};
	return 0;
}
