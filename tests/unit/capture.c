/* SPDX-License-Identifier: MIT */
/* Redirects a descriptor into memory. */
#include "config.h"

#include "tests/unit/capture.h"

#include <check.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

void capture_begin(struct capture *capture, int fd)
{
	fflush(NULL);
	capture->fd = fd;
	capture->saved = dup(fd);
	capture->storage = memfd_create("capture", MFD_CLOEXEC);
	ck_assert_int_ge(capture->saved, 0);
	ck_assert_int_ge(capture->storage, 0);
	ck_assert_int_eq(dup2(capture->storage, fd), fd);
}

const char *capture_end(struct capture *capture)
{
	ssize_t bytes;

	fflush(NULL);
	ck_assert_int_eq(dup2(capture->saved, capture->fd), capture->fd);
	bytes = pread(capture->storage, capture->text, CAPTURE_BYTES - 1, 0);
	ck_assert_int_ge(bytes, 0);
	capture->text[bytes] = '\0';
	close(capture->saved);
	close(capture->storage);
	return capture->text;
}
