/* SPDX-License-Identifier: MIT */
/*
 * memprof run: starts a program with the recorder in it, as a shell would
 * start it without, and waits for it.
 */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "analyzer/base/diag.h"
#include "analyzer/cmd/allocator.h"
#include "analyzer/cmd/cmd.h"
#include "analyzer/cmd/dump_name.h"
#include "analyzer/cmd/keeper.h"
#include "analyzer/cmd/recorder.h"
#include "analyzer/cmd/target.h"

#define MAX_DEPTH 1024 /* what the recorder keeps at most */

/* The greatest size that it takes. */
#define MAX_SAMPLE (INT64_C(1) << 40)

struct run_options {
	const char *out;
	bool is_quiet;
	bool is_exposed;   /* record into a file, not into sealed memory */
	int64_t max_depth; /* 0: the recorder's default */
	int unwind;	   /* index into unwind_choices; -1: default */
	int allocator;	   /* enum allocator */
	bool leak_check;   /* look what is lost at the end */
	bool lifetimes;	   /* keep how long blocks live */
	bool addresses;	   /* keep where live blocks are */
	int python;	   /* index into python_choices; -1: default */
	uint64_t sample;   /* mean bytes between samples; 0: no option */
	int timeline;	   /* index into timeline_choices; -1: default */
	const char *snapshot_signal;
	int64_t snapshot_every; /* seconds; 0: no option */
	int64_t snapshot_peak;	/* percent; 0: no option */
};

/* The program while it runs, and what its start changed in us. */
struct child {
	const char *path;
	char **argv;
	pid_t pid;
	sigset_t waited;	   /* signals that we take one by one */
	sigset_t old_mask;	   /* what the child gets back */
	struct sigaction old_chld; /* dito */
	struct timespec started;
};

static const char *const unwind_choices[] = { "cfi", "fp", NULL };
static const char *const timeline_choices[] = { "on", "off", NULL };
static const char *const python_choices[] = { "objects", "stack", "off", NULL };

static int set_setting(const char *name, const char *value)
{
	if (setenv(name, value, 1) == 0)
		return 0;
	diag_error("%s: out of memory", name);
	return -1;
}

/* The working directory as part of a pattern; to be freed. NULL: errno. */
static char *folder_pattern(void)
{
	char *folder = getcwd(NULL, 0);
	char *pattern = folder ? malloc(2 * strlen(folder) + 1) : NULL;
	char *out = pattern;

	for (const char *in = folder; pattern && *in; in++) {
		if (*in == '%')
			*out++ = '%';
		*out++ = *in;
	}
	if (pattern)
		*out = '\0';
	free(folder);
	return pattern;
}

/* MEMPROF_OUT, absolute, so that it means the same wherever a child goes. */
static int set_out(const char *pattern)
{
	char *folder, *value;
	int status;

	if (*pattern == '\0') {
		diag_error("--out: is empty; give a pattern such as "
			   "%%e.%%p.mp");
		return -1;
	}
	if (*pattern == '/')
		return set_setting("MEMPROF_OUT", pattern);
	folder = folder_pattern();
	if (!folder) {
		diag_error("--out %s: the working directory is unknown: %s; "
			   "give an absolute path",
			   pattern, strerror(errno));
		return -1;
	}
	if (asprintf(&value, "%s/%s", folder, pattern) < 0)
		value = NULL;
	free(folder);
	if (!value) {
		diag_error("--out: out of memory");
		return -1;
	}
	status = set_setting("MEMPROF_OUT", value);
	free(value);
	return status;
}

/* 0: the recorder's default stays. */
static int set_number(const char *name, uint64_t number)
{
	char text[32];

	if (!number)
		return 0;
	snprintf(text, sizeof(text), "%llu", (unsigned long long)number);
	return set_setting(name, text);
}

static int set_timeline(const struct run_options *options)
{
	if (options->timeline >= 0 &&
	    set_setting("MEMPROF_TIMELINE",
			timeline_choices[options->timeline]) < 0)
		return -1;
	if (options->snapshot_signal &&
	    set_setting("MEMPROF_SNAPSHOT_SIGNAL", options->snapshot_signal) <
		    0)
		return -1;
	if (set_number("MEMPROF_SNAPSHOT_EVERY",
		       (uint64_t)options->snapshot_every) < 0)
		return -1;
	return set_number("MEMPROF_SNAPSHOT_PEAK",
			  (uint64_t)options->snapshot_peak);
}

static int set_settings(const struct run_options *options)
{

	if (options->out && set_out(options->out) < 0)
		return -1;
	if (options->is_quiet && set_setting("MEMPROF_QUIET", "1") < 0)
		return -1;
	if (options->lifetimes && set_setting("MEMPROF_LIFETIMES", "1") < 0)
		return -1;
	if (options->addresses && set_setting("MEMPROF_ADDRESSES", "1") < 0)
		return -1;
	if (options->leak_check && set_setting("MEMPROF_LEAK_CHECK", "1") < 0)
		return -1;
	if (set_number("MEMPROF_MAX_DEPTH", (uint64_t)options->max_depth) < 0 ||
	    set_number("MEMPROF_SAMPLE", options->sample) < 0 ||
	    set_timeline(options) < 0)
		return -1;
	if (options->python >= 0 &&
	    set_setting("MEMPROF_PYTHON", python_choices[options->python]) < 0)
		return -1;
	if (options->unwind >= 0 &&
	    set_setting("MEMPROF_UNWIND", unwind_choices[options->unwind]) < 0)
		return -1;
	return 0;
}

/* A file without "#!" that the kernel refuses is run by the shell. */
static void exec_by_shell(const struct child *child)
{
	static char shell[] = "/bin/sh";
	size_t count = 0;
	char **argv;

	while (child->argv[count])
		count++;
	argv = calloc(count + 2, sizeof(*argv));
	if (!argv)
		return;
	argv[0] = shell;
	argv[1] = strdup(child->path);
	if (!argv[1])
		return;
	for (size_t i = 1; i < count; i++)
		argv[i + 1] = child->argv[i];
	execv(shell, argv);
}

/* Is it a text? Handing anything else to the shell makes no sense. */
static bool is_text(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	char head[128];
	ssize_t bytes = fd < 0 ? -1 : read(fd, head, sizeof(head));

	if (fd >= 0)
		close(fd);
	return bytes >= 0 && !memchr(head, '\0', (size_t)bytes);
}

/* In the child: gives back what we changed, and becomes the program. */
static _Noreturn void child_exec(const struct child *child, int report)
{
	int error;

	sigaction(SIGCHLD, &child->old_chld, NULL);
	sigprocmask(SIG_SETMASK, &child->old_mask, NULL);
	execv(child->path, child->argv);
	error = errno;
	if (error == ENOEXEC && is_text(child->path))
		exec_by_shell(child);
	(void)!write(report, &error, sizeof(error));
	_exit(CMD_RUN_FAILED);
}

/*
 * From here on signals are taken from sigwaitinfo() only: no handler of ours
 * and no changed disposition that the program could inherit. SIGCHLD alone
 * needs its default, or an inherited SIG_IGN would lose the exit status.
 */
static void take_signals(struct child *child)
{
	static const int signals[] = { SIGCHLD, SIGINT,	 SIGQUIT, SIGTERM,
				       SIGHUP,	SIGUSR1, SIGUSR2 };
	const struct sigaction standard = { .sa_handler = SIG_DFL };
	sigset_t ignored;

	sigaction(SIGCHLD, &standard, &child->old_chld);
	sigemptyset(&child->waited);
	for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++)
		sigaddset(&child->waited, signals[i]);
	sigprocmask(SIG_BLOCK, &child->waited, &child->old_mask);
	/* Never taken: our last line may find nobody who reads it, and the
	 * status is the program's. */
	sigemptyset(&ignored);
	sigaddset(&ignored, SIGPIPE);
	sigprocmask(SIG_BLOCK, &ignored, NULL);
}

/* Starts the program. 0, or the exit status that says why not, said. */
static int child_start(struct child *child)
{
	int fds[2], error = 0;
	ssize_t bytes;

	if (pipe2(fds, O_CLOEXEC) < 0) {
		diag_error("%s: cannot be started: %s", child->path,
			   strerror(errno));
		return CMD_RUN_FAILED;
	}
	/* The clock that file systems stamp with. */
	clock_gettime(CLOCK_REALTIME_COARSE, &child->started);
	take_signals(child);
	child->pid = fork();
	if (child->pid == 0)
		child_exec(child, fds[1]);
	error = errno;
	close(fds[1]);
	if (child->pid < 0) {
		close(fds[0]);
		diag_error("%s: cannot be started: %s", child->path,
			   strerror(error));
		return CMD_RUN_FAILED;
	}
	/* Closed by a successful exec; else errno of the failed one. */
	do
		bytes = read(fds[0], &error, sizeof(error));
	while (bytes < 0 && errno == EINTR);
	close(fds[0]);
	if (bytes != (ssize_t)sizeof(error))
		return 0;
	while (waitpid(child->pid, NULL, 0) < 0 && errno == EINTR)
		;
	if (error == ENOENT && access(child->path, F_OK) == 0)
		diag_error("%s: cannot be run: the interpreter or dynamic "
			   "linker that it names is not there",
			   child->path);
	else
		diag_error("%s: cannot be run: %s", child->path,
			   strerror(error));
	return error == ENOENT ? CMD_RUN_NOT_FOUND : CMD_RUN_NOT_EXECUTABLE;
}

/*
 * Takes the statuses of all that have ended, as those that have lost their
 * parent are ours when we are process 1. Has the program?
 */
static bool reap(const struct child *child, int *ret_status)
{
	bool is_over = false;
	int status;
	pid_t pid;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0)
		if (pid == child->pid) {
			*ret_status = status;
			is_over = true;
		}
	return is_over;
}

/*
 * A signal of the terminal's reached the program as well, being in the same
 * process group, and so did one that it sent to the group itself. That the
 * terminal is gone the leader of its session alone is told.
 */
static bool has_reached(const struct child *child, const siginfo_t *info)
{
	if (info->si_code != SI_KERNEL)
		return info->si_pid == child->pid;
	return info->si_signo != SIGHUP || getsid(0) != getpid();
}

/* Waits for the program and passes on to it the signals that were sent to us.
 * Returns the wait status. */
static int child_wait(const struct child *child)
{
	siginfo_t info;
	int status = 0;

	for (;;) {
		int number = sigwaitinfo(&child->waited, &info);

		if (number < 0)
			continue;
		if (number == SIGCHLD) {
			if (reap(child, &status))
				return status;
		} else if (!has_reached(child, &info)) {
			kill(child->pid, number);
		}
	}
}

static void say_state(enum keeper_state state)
{
	if (state == KEEPER_LOST)
		diag_warn("a recording could not be saved: is the disk full?");
	else if (state == KEEPER_SILENT)
		diag_warn("the process that saves recordings was killed or "
			  "stands still: what ended since may lack its "
			  "last seconds");
}

/* What the recorder could not say itself: it was killed with the program, or
 * the program closed its standard error before it ended. */
static void say_end(const struct child *child, int status, bool quiet)
{
	char *dump = dump_name_find(getenv("MEMPROF_OUT"), child->pid,
				    &child->started);

	if (!dump)
		diag_warn("%s: left no dump; was LD_PRELOAD taken out of its "
			  "environment, was the dump moved, or can no file be "
			  "made here?",
			  child->argv[0]);
	else if (WIFSIGNALED(status) && !quiet)
		diag_note("%s: was killed by signal %d (%s); recorded until "
			  "then in %s",
			  child->argv[0], WTERMSIG(status),
			  strsignal(WTERMSIG(status)), dump);
	else if (!quiet && !dump_name_was_said(dump))
		diag_note("recorded into %s", dump);
	free(dump);
}

/* -q, or what it stands for in the environment. */
static bool is_quiet(const struct run_options *options)
{
	const char *value = getenv("MEMPROF_QUIET");

	return options->is_quiet ||
	       (value && *value != '\0' && strcmp(value, "0") != 0);
}

/* Behind the recorder, in front of what the user preloads. */
static int preload_allocator(enum allocator allocator)
{
	char *library = allocator_find(allocator);
	int ret = library ? 0 : -1;

	if (library && *library)
		ret = recorder_preload(library);
	free(library);
	return ret;
}

static int run_run(const void *values, int argc, char **argv)
{
	const struct run_options *options = values;
	struct child child = { .argv = argv };
	struct keeper keeper;
	bool has_keeper = false;
	int status = CMD_RUN_FAILED;
	char *path = NULL, *library;

	library = recorder_find();
	if (!library)
		return CMD_RUN_FAILED;
	path = target_find(argv[0], &status);
	if (!path)
		goto out;
	status = CMD_RUN_FAILED;
	if (target_check(path) < 0 ||
	    preload_allocator((enum allocator)options->allocator) < 0 ||
	    recorder_preload(library) < 0 || set_settings(options) < 0)
		goto out;
	argv[argc] = NULL;
	/* Not that of a memprof run around us. */
	unsetenv("MEMPROF_KEEPER");
	if (!options->is_exposed && keeper_start(&keeper, argv) == 0) {
		has_keeper = true;
		if (set_setting("MEMPROF_KEEPER", keeper.address) < 0)
			goto out;
	}
	child.path = path;
	status = child_start(&child);
	if (status != 0)
		goto out;
	status = child_wait(&child);
	if (has_keeper)
		say_state(keeper_settle(&keeper));
	say_end(&child, status, is_quiet(options));
	status = WIFSIGNALED(status) ? 128 + WTERMSIG(status)
				     : WEXITSTATUS(status);
out:
	free(path);
	free(library);
	return status;
}

#define FIELD(field) .offset = offsetof(struct run_options, field)

static const struct option_spec run_specs[] = {
	{ OPTION_STRING, "out", 'o', "PATTERN", FIELD(out),
	  .help = "name of the dump: %p pid, %e program, %h host, %t start "
		  "time; %e.%p.mp without it" },
	{ OPTION_FLAG, "quiet", 'q', FIELD(is_quiet),
	  .help = "do not name the dump at the end" },
	{ OPTION_FLAG, "no-sealed", FIELD(is_exposed),
	  .help = "record into the dump's file itself, not into memory that "
		  "nobody can cut" },
	{ OPTION_INT, "max-depth", .argument = "N", FIELD(max_depth), .min = 1,
	  .max = MAX_DEPTH, .help = "keep the N innermost frames of a stack" },
	{ OPTION_ENUM, "unwind", .argument = "METHOD", FIELD(unwind),
	  .choices = unwind_choices,
	  .help = "walk stacks by unwind tables or by frame pointers" },
	{ OPTION_ENUM, "allocator", .argument = "NAME", FIELD(allocator),
	  .choices = allocator_names,
	  .help = "give the program another allocator" },
	{ OPTION_FLAG, "leak-check", FIELD(leak_check),
	  .help = "look at the end which blocks the program can still reach" },
	{ OPTION_FLAG, "lifetimes", FIELD(lifetimes),
	  .help = "keep how long blocks live and what the allocator gives for "
		  "them" },
	{ OPTION_FLAG, "addresses", FIELD(addresses),
	  .help = "keep the addresses of live blocks, for memprof find" },
	{ OPTION_ENUM, "python", .argument = "MODE", FIELD(python),
	  .choices = python_choices,
	  .help = "what to record of Python: each object and the Python frames "
		  "of stacks (the default), those frames only, or nothing" },
	{ OPTION_SIZE, "sample", .argument = "SIZE", FIELD(sample), .min = 1,
	  .max = MAX_SAMPLE,
	  .help = "record the stacks of a sample of the blocks only, one for "
		  "each SIZE bytes on average, such as 512KiB; totals stay "
		  "exact" },
	{ OPTION_ENUM, "timeline", .argument = "WHEN", FIELD(timeline),
	  .choices = timeline_choices,
	  .help = "record a timeline, marks and snapshots" },
	{ OPTION_STRING, "snapshot-signal", .argument = "SIGNAL",
	  FIELD(snapshot_signal),
	  .help = "take a snapshot when this signal comes, such as USR1" },
	{ OPTION_INT, "snapshot-every", .argument = "SECONDS",
	  FIELD(snapshot_every), .min = 1, .max = 366 * 24 * 3600,
	  .help = "take a snapshot every SECONDS" },
	{ OPTION_INT, "snapshot-peak", .argument = "PERCENT",
	  FIELD(snapshot_peak), .min = 1, .max = 1000,
	  .help = "take a snapshot when the heap is PERCENT above the last "
		  "such" },
	{ 0 }
};

static const struct option_table run_tables[] = { { "Options", run_specs, 0 },
						  { 0 } };

static const struct run_options run_defaults = { .unwind = -1,
						 .python = -1,
						 .timeline = -1 };

const struct cmd cmd_run = {
	.name = "run",
	.summary = "run a program and record its heap",
	.usage = "[options] [--] COMMAND [ARGUMENT...]",
	.tables = run_tables,
	.defaults = &run_defaults,
	.options_bytes = sizeof(run_defaults),
	.operands_min = 1,
	.operands_max = CMD_OPERANDS_ANY,
	.stops_at_operand = true,
	.run = run_run,
};
