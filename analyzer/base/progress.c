/* SPDX-License-Identifier: MIT */
/* How far what takes long is. */
#include "config.h"

#include "analyzer/base/progress.h"

#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define CLEAR	   "\r\033[K"
#define LINE_BYTES 128

uint64_t progress_now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

void progress_begin(struct progress *ret_progress, const char *what, int fd,
		    uint64_t now_ns)
{
	*ret_progress = (struct progress) {
		.fd = isatty(fd) ? fd : -1,
		.what = what,
		.next_ns = now_ns + PROGRESS_DELAY_NS,
	};
}

void progress_show(struct progress *progress, uint64_t now_ns, size_t done,
		   size_t all)
{
	char line[LINE_BYTES];
	int len;

	if (progress->fd < 0 || now_ns < progress->next_ns)
		return;
	len = snprintf(line, sizeof(line), CLEAR "memprof: %s: %zu%%",
		       progress->what, all ? done * 100 / all : 100);
	if (len > 0 && len < LINE_BYTES &&
	    write(progress->fd, line, (size_t)len) < 0)
		progress->fd = -1;
	progress->is_shown = true;
	progress->next_ns = now_ns + PROGRESS_STEP_NS;
}

void progress_end(struct progress *progress)
{
	if (progress->fd >= 0 && progress->is_shown)
		(void)!write(progress->fd, CLEAR, strlen(CLEAR));
	progress->fd = -1;
}
