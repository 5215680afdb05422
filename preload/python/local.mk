# SPDX-License-Identifier: MIT
preload_python_files = \
	preload/python/check.c \
	preload/python/code.c \
	preload/python/domains.c \
	preload/python/domains.h \
	preload/python/frames.c \
	preload/python/freed.c \
	preload/python/freed.h \
	preload/python/identity.c \
	preload/python/language.h \
	preload/python/last.c \
	preload/python/last.h \
	preload/python/peek.c \
	preload/python/peek.h \
	preload/python/python.c \
	preload/python/python.h \
	preload/python/reading.h \
	preload/python/same.h \
	preload/python/symbols.c \
	preload/python/symbols.h \
	preload/python/top.c \
	preload/python/versions.c \
	preload/python/versions.h
