# SPDX-License-Identifier: MIT
# What runs inside the user's program. The shared object is a "program" linked
# with -shared: it is never linked against, so libtool has nothing to add.
include_HEADERS = preload/memprof.h

# Folders are layers; each may use only those above it in this list.
include preload/format/local.mk
include preload/base/local.mk
include preload/unwind/local.mk
include preload/python/local.mk
include preload/record/local.mk
include preload/leak/local.mk
include preload/shim/local.mk

PRELOAD_CFLAGS = $(AM_CFLAGS) -O2 -fPIC -fvisibility=hidden \
	-ftls-model=initial-exec -fno-builtin-malloc -fno-builtin-calloc \
	-fno-builtin-realloc -fno-builtin-free -fno-stack-protector \
	-U_FORTIFY_SOURCE -fno-omit-frame-pointer -Wframe-larger-than=2048

# The recorder knows nothing of symbol interposition, so that unit tests link it.
noinst_LIBRARIES += librecorder.a
librecorder_a_SOURCES = $(preload_base_files) $(preload_unwind_files) \
	$(preload_python_files) $(preload_record_files) $(preload_leak_files)
librecorder_a_CFLAGS = $(PRELOAD_CFLAGS)

preloaddir = $(libdir)
preload_PROGRAMS = libmemprof.so
libmemprof_so_SOURCES = $(preload_shim_files)
# Callers may come with a misaligned stack, as the C library allows: no aligned
# vector store until the recorder's functions have realigned it.
libmemprof_so_CFLAGS = $(PRELOAD_CFLAGS) -mgeneral-regs-only
libmemprof_so_LDADD = librecorder.a
libmemprof_so_LDFLAGS = -shared -Wl,-soname,libmemprof.so -Wl,-z,now \
	-Wl,-z,nodelete -Wl,-z,relro -Wl,--no-undefined \
	-Wl,--version-script=$(srcdir)/preload/shim/exports.map
libmemprof_so_DEPENDENCIES = librecorder.a preload/shim/exports.map
EXTRA_DIST += preload/shim/exports.map

noinst_HEADERS += $(preload_format_headers)
