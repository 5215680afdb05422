# SPDX-License-Identifier: MIT
preload_base_files = \
	preload/base/settings.c \
	preload/base/settings.h \
	preload/base/lock.h \
	preload/base/map.c \
	preload/base/map.h \
	preload/base/sandbox.h \
	preload/base/say.c \
	preload/base/say.h \
	preload/base/sys.h \
	preload/base/ticks.h
