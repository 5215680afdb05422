# SPDX-License-Identifier: MIT
preload_shim_files = \
	preload/shim/hook.h \
	preload/shim/leak.c \
	preload/shim/malloc.c \
	preload/shim/mallocx.c \
	preload/shim/mallocx.h \
	preload/shim/new.c \
	preload/shim/next.c \
	preload/shim/next.h \
	preload/shim/pools.c \
	preload/shim/process.c \
	preload/shim/python.c \
	preload/shim/python.h \
	preload/shim/reallocarray.c \
	preload/shim/sandbox.c \
	preload/shim/threads.c \
	preload/shim/usage.c \
	preload/shim/usage.h
