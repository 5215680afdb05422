/* SPDX-License-Identifier: MIT */
/*
 * A program that ignores LD_PRELOAD would run and leave no dump, and nobody
 * would know why. So what the loader looks at is looked at before.
 */
#include "config.h"

#include "analyzer/cmd/target.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "analyzer/base/diag.h"
#include "analyzer/cmd/cmd.h"

#define SCRIPT_DEPTH_MAX 5    /* the kernel follows no more interpreters */
#define SCRIPT_LINE_MAX	 256  /* what it reads of the first line */
#define PHDRS_MAX	 128  /* program headers that are looked at */
#define DYNAMIC_MAX	 1024 /* dynamic entries that are looked at */
#define DEFAULT_PATH	 "/bin:/usr/bin" /* as execvp() has it */

static bool is_executable(const char *path, bool *is_denied)
{
	struct stat st;

	if (stat(path, &st) < 0) {
		*is_denied |= errno == EACCES;
		return false;
	}
	if (S_ISREG(st.st_mode) && access(path, X_OK) == 0)
		return true;
	*is_denied = true;
	return false;
}

/* Looks for name along PATH; NULL when out of memory or not there. */
static char *find_in_path(const char *name, bool *is_denied)
{
	const char *path = getenv("PATH");
	char *file;

	if (!path)
		path = DEFAULT_PATH;
	for (;;) {
		size_t len = strcspn(path, ":");

		/* An empty element is the working directory. */
		if (asprintf(&file, "%.*s%s%s", (int)len, path, len ? "/" : "",
			     name) < 0)
			return NULL;
		if (is_executable(file, is_denied))
			return file;
		free(file);
		path += len;
		if (*path++ == '\0')
			break;
	}
	return NULL;
}

char *target_find(const char *name, int *ret_status)
{
	bool is_denied = false;
	struct stat st;

	if (strchr(name, '/')) {
		if (is_executable(name, &is_denied)) {
			char *path = strdup(name);

			if (path)
				return path;
			diag_error("%s: out of memory", name);
			*ret_status = CMD_RUN_FAILED;
			return NULL;
		}
		if (stat(name, &st) == 0)
			errno = S_ISDIR(st.st_mode) ? EISDIR : EACCES;
		diag_error("%s: cannot be run: %s", name, strerror(errno));
		*ret_status =
			is_denied ? CMD_RUN_NOT_EXECUTABLE : CMD_RUN_NOT_FOUND;
		return NULL;
	}
	if (*name) {
		char *path = find_in_path(name, &is_denied);

		if (path)
			return path;
	}
	if (is_denied)
		diag_error("%s: is in PATH, but may not be run; "
			   "check its permissions",
			   name);
	else
		diag_error("%s: command not found; give a path, or a name in "
			   "PATH",
			   name);
	*ret_status = is_denied ? CMD_RUN_NOT_EXECUTABLE : CMD_RUN_NOT_FOUND;
	return NULL;
}

/*
 * Would the kernel raise its privileges, so that the loader ignores
 * LD_PRELOAD? Marks that change nothing, or lie on a nosuid mount, do not.
 */
static int check_privileges(const char *path, const struct stat *st)
{
	struct statvfs fs;
	const char *mark = NULL;

	if ((st->st_mode & S_ISUID) && st->st_uid != getuid())
		mark = "setuid";
	else if ((st->st_mode & S_ISGID) && (st->st_mode & S_IXGRP) &&
		 st->st_gid != getgid())
		mark = "setgid";
	else if (getuid() != 0 &&
		 getxattr(path, "security.capability", NULL, 0) > 0)
		mark = "marked with file capabilities";
	if (!mark || (statvfs(path, &fs) == 0 && (fs.f_flag & ST_NOSUID)))
		return 0;
	diag_error("%s: is %s, and the loader preloads nothing into such "
		   "programs; record a copy without that mark",
		   path, mark);
	return -1;
}

static bool read_at(int fd, void *buf, size_t bytes, uint64_t offset)
{
	return offset <= INT64_MAX &&
	       pread(fd, buf, bytes, (off_t)offset) == (ssize_t)bytes;
}

/*
 * Without an interpreter it is a static program or the loader itself, which
 * does preload into what it is given. The loader is a shared object with a
 * name.
 */
static bool is_loader(int fd, const Elf64_Phdr *dynamic)
{
	size_t count = dynamic->p_filesz / sizeof(Elf64_Dyn);
	Elf64_Dyn entry;

	for (size_t i = 0; i < count && i < DYNAMIC_MAX; i++) {
		if (!read_at(fd, &entry, sizeof(entry),
			     dynamic->p_offset + i * sizeof(entry)) ||
		    entry.d_tag == DT_NULL)
			break;
		if (entry.d_tag == DT_SONAME)
			return true;
	}
	return false;
}

static int check_interpreter(const char *path, int fd, const Elf64_Phdr *interp)
{
	char name[PATH_MAX] = "";
	size_t bytes = interp->p_filesz;

	if (bytes >= sizeof(name))
		bytes = sizeof(name) - 1;
	if (read_at(fd, name, bytes, interp->p_offset) &&
	    strstr(name, "ld-musl")) {
		diag_error("%s: is built for the musl C library; only "
			   "programs for glibc can be recorded",
			   path);
		return -1;
	}
	return 0;
}

static int check_headers(const char *path, int fd, const Elf64_Ehdr *header)
{
	unsigned count =
		header->e_phnum < PHDRS_MAX ? header->e_phnum : PHDRS_MAX;
	Elf64_Phdr phdr;

	for (unsigned i = 0; i < count; i++) {
		if (!read_at(fd, &phdr, sizeof(phdr),
			     header->e_phoff + i * sizeof(phdr)))
			return 0;
		if (phdr.p_type == PT_INTERP)
			return check_interpreter(path, fd, &phdr);
		if (phdr.p_type == PT_DYNAMIC && header->e_type == ET_DYN &&
		    is_loader(fd, &phdr))
			return 0;
	}
	diag_error("%s: is linked statically, so nothing can be preloaded into "
		   "it; link it dynamically",
		   path);
	return -1;
}

static int check_elf(const char *path, int fd)
{
	Elf64_Ehdr header;

	if (!read_at(fd, &header, sizeof(header), 0))
		return 0;
	if (header.e_ident[EI_CLASS] != ELFCLASS64 ||
	    header.e_ident[EI_DATA] != ELFDATA2LSB ||
	    header.e_machine != EM_X86_64) {
		bool is_x86 = header.e_ident[EI_CLASS] == ELFCLASS32 &&
			      (header.e_machine == EM_386 ||
			       header.e_machine == EM_X86_64);

		diag_error("%s: is a program for %s; only 64-bit x86 programs "
			   "can be recorded",
			   path, is_x86 ? "32-bit x86" : "another machine");
		return -1;
	}
	return check_headers(path, fd, &header);
}

/*
 * The interpreter named by "#!" in the first bytes of a file, or the shell,
 * which runs files that the kernel refuses, as execvp() has it.
 */
static void script_interpreter(const char *text, char buf[static PATH_MAX])
{
	size_t len;

	snprintf(buf, PATH_MAX, "/bin/sh");
	if (text[0] != '#' || text[1] != '!')
		return;
	text += 2;
	text += strspn(text, " \t");
	len = strcspn(text, " \t\n");
	if (len > 0)
		snprintf(buf, PATH_MAX, "%.*s", (int)len, text);
}

static int check_at_depth(const char *path, unsigned depth)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	char text[SCRIPT_LINE_MAX + 1] = "", next[PATH_MAX];
	struct stat st;
	ssize_t bytes;
	int status = 0;

	if (fd < 0)
		return 0;
	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))
		goto out;
	bytes = pread(fd, text, SCRIPT_LINE_MAX, 0);
	if (bytes >= SELFMAG && memcmp(text, ELFMAG, SELFMAG) == 0) {
		status = check_privileges(path, &st);
		if (status == 0)
			status = check_elf(path, fd);
	} else if (bytes > 0 && depth < SCRIPT_DEPTH_MAX &&
		   !memchr(text, '\0', (size_t)bytes)) {
		script_interpreter(text, next);
		status = check_at_depth(next, depth + 1);
	}
out:
	close(fd);
	return status;
}

int target_check(const char *path)
{
	return check_at_depth(path, 0);
}
