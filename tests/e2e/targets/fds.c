/* SPDX-License-Identifier: MIT */
/*
 * fds close FILE | stderr FILE | daemon FIFO: programs that close descriptors
 * they did not open and use the numbers for files of their own, while what
 * they allocate makes a recording grow.
 */
#include "tests/e2e/targets/tally.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/wait.h>

#define LINES 2000

static int sink;

/* The volatile sum keeps this from becoming a loop. */
__attribute__((noinline)) static int spread(int depth, unsigned path)
{
	volatile int sum = depth;
	void *block;

	if (depth > 0) {
		if (path & 1)
			sum += spread(depth - 1, path >> 1);
		else
			sum -= spread(depth - 1, path >> 1);
		return sum;
	}
	block = malloc(32);
	MUST(block);
	took(32);
	return block != NULL;
}

static void write_own(int fd)
{
	char line[16];

	for (unsigned i = 0; i < LINES; i++) {
		int bytes = snprintf(line, sizeof(line), "line %u\n", i);

		sink += spread(16, i * 2654435761u);
		MUST(write(fd, line, (size_t)bytes) == bytes);
	}
}

static void close_all(int from)
{
	MUST(close_range((unsigned)from, ~0u, 0) == 0);
}

static void be_daemon(const char *fifo)
{
	pid_t pid = fork();
	int fd;

	MUST(pid >= 0);
	if (pid > 0)
		return;
	setsid();
	pid = fork();
	if (pid != 0)
		_exit(0);
	MUST(chdir("/") == 0);
	umask(077);
	close_all(0);
	for (int i = 0; i < 3; i++)
		MUST(open("/dev/null", O_RDWR) == i);
	tally = (struct tally) { 0 };
	for (unsigned i = 0; i < LINES; i++)
		sink += spread(16, i * 2654435761u);
	fd = open(fifo, O_WRONLY);
	MUST(fd == 3);
	MUST(dup2(fd, 1) == 1);
	print_value(NULL, "pid", (unsigned long)getpid());
	print_counts(NULL);
	_exit(0);
}

int main(int argc, char **argv)
{
	int fd, out;

	MUST(argc == 3);
	if (strcmp(argv[1], "daemon") == 0) {
		be_daemon(argv[2]);
		return 0;
	}
	if (strcmp(argv[1], "stderr") == 0) {
		close(2);
		fd = open(argv[2], O_WRONLY | O_CREAT | O_TRUNC, 0600);
		MUST(fd == 2);
		write_own(fd);
		print_tally(NULL);
		return 0;
	}
	out = fcntl(1, F_DUPFD, 900);
	MUST(out == 900);
	close_all(901);
	for (int i = 3; i < 900; i++)
		close(i);
	fd = open(argv[2], O_WRONLY | O_CREAT | O_TRUNC, 0600);
	MUST(fd == 3);
	write_own(fd);
	for (int i = 4; i < 30; i++)
		MUST(fcntl(i, F_GETFD) == -1);
	print_tally(NULL);
	return 0;
}
