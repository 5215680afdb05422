# SPDX-License-Identifier: MIT
preload_leak_files = \
	preload/leak/chase.c \
	preload/leak/chase.h \
	preload/leak/check.c \
	preload/leak/copy.c \
	preload/leak/copy.h \
	preload/leak/defaults.c \
	preload/leak/defaults.h \
	preload/leak/glibc.c \
	preload/leak/glibc.h \
	preload/leak/heap.c \
	preload/leak/heap.h \
	preload/leak/ignore.c \
	preload/leak/ignore.h \
	preload/leak/leak.h \
	preload/leak/libc.c \
	preload/leak/libc.h \
	preload/leak/memory.c \
	preload/leak/memory.h \
	preload/leak/modules.c \
	preload/leak/options.c \
	preload/leak/options.h \
	preload/leak/publish.c \
	preload/leak/publish.h \
	preload/leak/scan.c \
	preload/leak/scan.h \
	preload/leak/stop.c \
	preload/leak/stop.h \
	preload/leak/threads.c \
	preload/leak/verdicts.c \
	preload/leak/verdicts.h
