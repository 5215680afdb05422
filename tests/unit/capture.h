/* SPDX-License-Identifier: MIT */
/* What the code under test writes to a descriptor, kept for assertions. */
#ifndef MEMPROF_TESTS_UNIT_CAPTURE_H
#define MEMPROF_TESTS_UNIT_CAPTURE_H

#define CAPTURE_BYTES 16384

struct capture {
	int fd;	     /* that is captured */
	int saved;   /* where it went before */
	int storage; /* what has been written */
	char text[CAPTURE_BYTES];
};

void capture_begin(struct capture *capture, int fd);

/* Undoes the redirection. Returns capture->text, terminated. */
const char *capture_end(struct capture *capture);

#endif
