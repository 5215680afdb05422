# SPDX-License-Identifier: MIT
preload_record_files = \
	preload/record/blocks.c \
	preload/record/blocks.h \
	preload/record/boot.c \
	preload/record/check.c \
	preload/record/check.h \
	preload/record/counters.c \
	preload/record/counters.h \
	preload/record/file.c \
	preload/record/file.h \
	preload/record/keeper.c \
	preload/record/keeper.h \
	preload/record/modules.c \
	preload/record/modules.h \
	preload/record/name.c \
	preload/record/name.h \
	preload/record/pools.c \
	preload/record/pools.h \
	preload/record/process.c \
	preload/record/process.h \
	preload/record/recorder.c \
	preload/record/recorder.h \
	preload/record/sample.c \
	preload/record/sample.h \
	preload/record/stacks.c \
	preload/record/stacks.h \
	preload/record/stacks_index.c \
	preload/record/stacks_index.h \
	preload/record/writer.c \
	preload/record/writer.h
