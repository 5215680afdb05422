# SPDX-License-Identifier: MIT
preload_unwind_files = \
	preload/unwind/cfi.c \
	preload/unwind/cfi.h \
	preload/unwind/known.h \
	preload/unwind/memo.c \
	preload/unwind/memo.h \
	preload/unwind/objects.c \
	preload/unwind/objects.h \
	preload/unwind/plain.c \
	preload/unwind/program.c \
	preload/unwind/reference.c \
	preload/unwind/repeat.c \
	preload/unwind/repeat.h \
	preload/unwind/rule.h \
	preload/unwind/rules.c \
	preload/unwind/rules.h \
	preload/unwind/stack.c \
	preload/unwind/stack.h \
	preload/unwind/step.c \
	preload/unwind/step.h \
	preload/unwind/unwind.h \
	preload/unwind/walk.c \
	preload/unwind/walker.h
