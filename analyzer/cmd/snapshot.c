/* SPDX-License-Identifier: MIT */
/* memprof snapshot: asks a running program for a snapshot. */
#include "config.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analyzer/base/diag.h"
#include "analyzer/cmd/cmd.h"
#include "analyzer/model/request.h"

#define TIMEOUT_DEFAULT 5
#define TIMEOUT_MAX	86400
#define NS_PER_S	UINT64_C(1000000000)

struct snapshot_options {
	int64_t timeout; /* seconds */
};

static const struct option_spec snapshot_specs[] = {
	{ .type = OPTION_INT,
	  .name = "timeout",
	  .letter = 't',
	  .argument = "SECONDS",
	  .min = 0,
	  .max = TIMEOUT_MAX,
	  .offset = offsetof(struct snapshot_options, timeout),
	  .help = "wait so long until it is taken" },
	{ 0 }
};

static const struct option_table snapshot_tables[] = {
	{ .heading = "Options", .specs = snapshot_specs }, { 0 }
};

static const struct snapshot_options snapshot_defaults = {
	.timeout = TIMEOUT_DEFAULT,
};

static void say_why_not(enum request_code code, pid_t pid,
			const struct request *request)
{
	switch (code) {
	case REQUEST_NO_PROCESS:
		diag_error("%d: there is no such process", (int)pid);
		break;
	case REQUEST_NO_DUMP:
		diag_error("%d: no dump of it is in sight: start the program "
			   "with memprof run, and ask as its user",
			   (int)pid);
		break;
	case REQUEST_DENIED:
		diag_error("%d: its dump cannot be written: %s; ask as the "
			   "user of the program",
			   (int)pid, strerror(errno));
		break;
	case REQUEST_NO_TIMELINE:
		diag_error("%d: was started with MEMPROF_TIMELINE=off, so it "
			   "takes no snapshots",
			   (int)pid);
		break;
	case REQUEST_ENDED:
		diag_error("%d: its recording has ended; read %s", (int)pid,
			   request->path);
		break;
	case REQUEST_MEMORY:
	case REQUEST_OK:
		diag_error("%d: out of memory", (int)pid);
		break;
	}
}

static int ask(struct request *request, pid_t pid, const char *name,
	       uint64_t timeout_ns)
{
	if (!request_post(request, pid, name, timeout_ns)) {
		diag_error("%d: an earlier request still waits: the program "
			   "has not allocated since",
			   (int)pid);
		return CMD_FINDING;
	}
	if (!request_wait(request, timeout_ns)) {
		diag_error("%d: not taken yet: the program allocates too "
			   "little; the request stays, and is served within "
			   "its next 256 allocations",
			   (int)pid);
		return CMD_FINDING;
	}
	if (request_is_lost(request)) {
		diag_error("%d: there was no room for it in %s", (int)pid,
			   request->path);
		return CMD_FINDING;
	}
	if (*name)
		printf("%s@%s\n", request->path, name);
	else
		printf("%s\n", request->path);
	return fflush(stdout) == 0 ? CMD_DONE : CMD_FAILED;
}

static int snapshot_run(const void *values, int argc, char **argv)
{
	const struct snapshot_options *options = values;
	const char *name = argc > 1 ? argv[1] : "";
	struct request request;
	enum request_code code;
	char *end;
	long pid;
	int status;

	errno = 0;
	pid = strtol(argv[0], &end, 10);
	if (*end || end == argv[0] || errno || pid <= 0 || pid > INT_MAX) {
		diag_error("%s: is no process id", argv[0]);
		return CMD_USAGE;
	}
	if (strlen(name) >= MPF_MOMENT_NAME_BYTES) {
		diag_error("%s: is too long for a name; take at most %u bytes",
			   name, MPF_MOMENT_NAME_BYTES - 1);
		return CMD_USAGE;
	}
	code = request_open(&request, (pid_t)pid);
	if (code == REQUEST_OK) {
		status = ask(&request, (pid_t)pid, name,
			     (uint64_t)options->timeout * NS_PER_S);
	} else {
		say_why_not(code, (pid_t)pid, &request);
		status = CMD_UNREADABLE;
	}
	request_close(&request);
	return status;
}

const struct cmd cmd_snapshot = {
	.name = "snapshot",
	.summary = "asks a running program for a snapshot of its heap",
	.usage = "[options] PID [NAME]",
	.tables = snapshot_tables,
	.defaults = &snapshot_defaults,
	.options_bytes = sizeof(snapshot_defaults),
	.operands_min = 1,
	.operands_max = 2,
	.run = snapshot_run,
};
