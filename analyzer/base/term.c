/* SPDX-License-Identifier: MIT */
/* Decisions about the terminal, the pager process, and text made harmless. */
#include "config.h"

#include "analyzer/base/term.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "analyzer/base/diag.h"

/* -F: leave when it fits; -R: colours; -X: leave the text on the screen. */
#define DEFAULT_PAGER "less -FRX"

/* Set, not empty and not "0". */
static bool is_env_on(const char *name)
{
	const char *value = getenv(name);

	return value && *value && strcmp(value, "0") != 0;
}

bool term_wants_color(enum term_color color, int fd)
{
	const char *no_color = getenv("NO_COLOR");
	const char *type = getenv("TERM");

	if (color != TERM_COLOR_AUTO)
		return color == TERM_COLOR_ALWAYS;
	if (no_color && *no_color)
		return false;
	if (is_env_on("CLICOLOR_FORCE") || is_env_on("FORCE_COLOR"))
		return true;
	return isatty(fd) && type && *type && strcmp(type, "dumb") != 0;
}

unsigned term_columns(int fd)
{
	const char *columns = getenv("COLUMNS");
	unsigned long width = TERM_WIDTH_DEFAULT;
	struct winsize size;

	if (isatty(fd)) {
		if (ioctl(fd, TIOCGWINSZ, &size) == 0 && size.ws_col > 0)
			width = size.ws_col;
		else if (columns && *columns >= '1' && *columns <= '9')
			width = strtoul(columns, NULL, 10);
	}
	if (width < TERM_WIDTH_MIN)
		return TERM_WIDTH_MIN;
	return width > TERM_WIDTH_MAX ? TERM_WIDTH_MAX : (unsigned)width;
}

const char *term_style(const struct term *term, enum term_style style)
{
	static const char *const sequences[TERM_STYLES] = {
		[TERM_PLAIN] = "\033[0m",     [TERM_HEADING] = "\033[1m",
		[TERM_DIM] = "\033[2m",	      [TERM_NUMBER] = "\033[1m",
		[TERM_FUNCTION] = "\033[36m", [TERM_PATH] = "\033[35m",
		[TERM_BAD] = "\033[31m",      [TERM_GOOD] = "\033[32m",
		[TERM_COOL] = "\033[42m",     [TERM_WARM] = "\033[43m",
		[TERM_HOT] = "\033[41m",
	};

	if (!term->has_color)
		return "";
	if ((unsigned)style >= TERM_STYLES)
		bug("style %d", (int)style);
	return sequences[style];
}

void term_init(struct term *ret_term, FILE *file,
	       const struct term_choice *choice)
{
	*ret_term = (struct term) {
		.file = file,
		.has_color = choice->color == TERM_COLOR_ALWAYS,
		.width = TERM_WIDTH_DEFAULT,
		.units = choice->units,
	};
}

void term_guard_descriptors(void)
{
	/* Each in its useless direction: reading finds nothing to read from,
	 * and printing fails with EBADF and is reported. */
	static const int modes[] = { O_WRONLY, O_RDONLY, O_RDONLY };

	for (int fd = 0; fd < 3; fd++)
		if (fcntl(fd, F_GETFD) < 0)
			/* The lowest free descriptor: this one. */
			(void)!open("/dev/null", modes[fd] | O_CLOEXEC);
}

/* The pager to start, or NULL for none. */
static const char *pager_command(void)
{
	const char *command = getenv("MEMPROF_PAGER");

	if (!command)
		command = getenv("PAGER");
	if (!command)
		command = DEFAULT_PAGER;
	if (*command == '\0' || strcmp(command, "cat") == 0)
		return NULL;
	return command;
}

/* In the child: becomes the pager. */
static _Noreturn void pager_exec(const char *command, int in)
{
	/* PAGER=less alone would show escape sequences as text. */
	setenv("LESS", "FRX", 0);
	signal(SIGPIPE, SIG_DFL);
	dup2(in, STDIN_FILENO);
	execl("/bin/sh", "sh", "-c", command, (char *)NULL);
	_exit(127);
}

/* Is the first word of command something the shell would find? */
static bool is_command_found(const char *command)
{
	const char *path = getenv("PATH");
	size_t len = strcspn(command, " \t");
	char file[4096];

	/* Quotes, variables and assignments are the shell's to judge. */
	if (strcspn(command, "\"'$`\\;|&()<>~={}*?[") < len)
		return true;
	if (memchr(command, '/', len)) {
		snprintf(file, sizeof(file), "%.*s", (int)len, command);
		return access(file, X_OK) == 0;
	}
	if (!path)
		path = "/usr/bin:/bin";
	while (*path) {
		size_t dir = strcspn(path, ":");

		snprintf(file, sizeof(file), "%.*s/%.*s", (int)dir, path,
			 (int)len, command);
		if (access(file, X_OK) == 0)
			return true;
		path += dir + (path[dir] == ':');
	}
	return false;
}

/* stdout into a pager where there is one; the text comes without otherwise. */
static void pager_start(struct term *term)
{
	const char *command = pager_command();
	int fds[2];
	FILE *file;
	pid_t pid;

	if (!command)
		return;
	if (!is_command_found(command)) {
		/* Nobody asked for less: its absence is not worth a word. */
		if (strcmp(command, DEFAULT_PAGER) != 0)
			diag_warn("%s: the pager is not found; "
				  "printing without",
				  command);
		return;
	}
	if (pipe2(fds, O_CLOEXEC) < 0) {
		diag_warn("%s: no pipe to the pager: %s", command,
			  strerror(errno));
		return;
	}
	file = fdopen(fds[1], "w");
	pid = file ? fork() : -1;
	if (pid == 0)
		pager_exec(command, fds[0]);
	close(fds[0]);
	if (pid < 0) {
		diag_warn("%s: the pager cannot be started: %s", command,
			  strerror(errno));
		if (file)
			fclose(file);
		else
			close(fds[1]);
		return;
	}
	/* ^C is for the pager to use; we end when it does. */
	signal(SIGINT, SIG_IGN);
	signal(SIGQUIT, SIG_IGN);
	term->file = file;
	term->pager = pid;
}

void term_open(struct term *ret_term, const struct term_choice *choice)
{
	signal(SIGPIPE, SIG_IGN);
	*ret_term = (struct term) {
		.file = stdout,
		.has_color = term_wants_color(choice->color, STDOUT_FILENO),
		.is_terminal = isatty(STDOUT_FILENO),
		.width = term_columns(STDOUT_FILENO),
		.units = choice->units,
	};
	fflush(stdout);
	if (ret_term->is_terminal && !choice->no_pager)
		pager_start(ret_term);
}

static void pager_wait(pid_t pid)
{
	while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		;
	signal(SIGINT, SIG_DFL);
	signal(SIGQUIT, SIG_DFL);
}

/* Has the reader of a pipe gone? */
static bool is_reader_gone(int fd)
{
	struct pollfd state = { .fd = fd, .events = POLLOUT };

	return poll(&state, 1, 0) == 1 && (state.revents & POLLERR);
}

int term_close(struct term *term)
{
	/* An earlier error has lost its errno. What could not be written is
	 * still there, so that flushing fails for the same reason. */
	bool has_failed = ferror(term->file);
	int error = 0;

	if (fflush(term->file) != 0) {
		has_failed = true;
		error = errno;
	}
	if (has_failed && error == 0)
		error = is_reader_gone(fileno(term->file)) ? EPIPE : EIO;
	if (term->pager) {
		fclose(term->file);
		pager_wait(term->pager);
		term->pager = 0;
	}
	term->file = NULL;
	if (!has_failed || error == EPIPE)
		return 0;
	diag_error("stdout: cannot write: %s; the output is not complete",
		   strerror(error));
	return -1;
}

bool term_is_done(const struct term *term)
{
	return ferror(term->file);
}

/*
 * Length of the UTF-8 character at text, 0 when the bytes are none or when it
 * must not reach a terminal.
 */
static size_t harmless_length(const unsigned char *text, size_t bytes)
{
	static const unsigned smallest[] = { 0, 0, 0x80, 0x800, 0x10000 };
	unsigned c = text[0];
	size_t len;

	if (c < 0x80)
		return c >= 0x20 && c != 0x7f;
	len = c >= 0xf0 ? 4 : c >= 0xe0 ? 3 : 2;
	if (c < 0xc2 || c > 0xf4 || bytes < len)
		return 0;
	c &= 0x7fu >> len;
	for (size_t i = 1; i < len; i++) {
		if ((text[i] & 0xc0) != 0x80)
			return 0;
		c = c << 6 | (text[i] & 0x3f);
	}
	if (c < smallest[len] || c > 0x10ffff || (c >= 0xd800 && c <= 0xdfff))
		return 0;
	/* C1 controls; line separators; marks, embeddings and isolates that
	 * reorder text; the byte order mark; tags. */
	if (c < 0xa0 || c == 0x061c || (c >= 0x200e && c <= 0x200f) ||
	    (c >= 0x2028 && c <= 0x202e) || (c >= 0x2066 && c <= 0x2069) ||
	    c == 0xfeff || (c >= 0xe0000 && c <= 0xe007f))
		return 0;
	return len;
}

char *term_clean(char *buf, size_t size, const char *text, size_t bytes)
{
	char *out = buf;
	char *end = buf + size - 1;

	while (bytes > 0) {
		size_t len =
			harmless_length((const unsigned char *)text, bytes);
		size_t step = len ? len : 1;

		if ((size_t)(end - out) < step)
			break;
		if (len)
			memcpy(out, text, len);
		else
			*out = '?';
		out += step;
		text += step;
		bytes -= step;
	}
	*out = '\0';
	return buf;
}

void term_text(struct term *term, const char *text)
{
	size_t bytes = strlen(text);

	while (bytes > 0) {
		size_t len =
			harmless_length((const unsigned char *)text, bytes);
		size_t step = len ? len : 1;

		if (len)
			fwrite(text, 1, len, term->file);
		else
			fputc('?', term->file);
		text += step;
		bytes -= step;
	}
}

unsigned term_text_columns(const char *text)
{
	unsigned columns = 0;

	for (; *text; text++)
		columns += ((unsigned char)*text & 0xc0) != 0x80;
	return columns;
}
