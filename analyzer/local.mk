# SPDX-License-Identifier: MIT
# What the user types. Everything but main.c is in libanalyzer.a, which the
# unit tests and the fuzz targets link too.
include analyzer/base/local.mk
include analyzer/sym/local.mk
include analyzer/model/local.mk
include analyzer/view/local.mk
include analyzer/cmd/local.mk

ANALYZER_CFLAGS = $(AM_CFLAGS) $(SANITIZE_CFLAGS) $(LIBDW_CFLAGS) $(LIBELF_CFLAGS) $(JEMALLOC_CFLAGS) \
	$(ZLIB_CFLAGS) $(SQLITE3_CFLAGS)
ANALYZER_LIBS = $(LIBDW_LIBS) $(LIBELF_LIBS) $(LIBIBERTY_LIBS) $(ZLIB_LIBS) \
	-lm -lpthread

noinst_LIBRARIES += libanalyzer.a
libanalyzer_a_SOURCES = $(analyzer_base_files) $(analyzer_sym_files) \
	$(analyzer_model_files) $(analyzer_view_files) $(analyzer_cmd_files)
libanalyzer_a_CFLAGS = $(ANALYZER_CFLAGS)
libanalyzer_a_CPPFLAGS = $(AM_CPPFLAGS) -DMEMPROF_LIBDIR='"$(libdir)"' \
	-DMEMPROF_DATADIR='"$(pkgdatadir)"'

# What libraries keep until the process ends. Found beside an installed memprof
# and, by the copy, beside one that is not.
dist_pkgdata_DATA = analyzer/cmd/default.supp
noinst_DATA = default.supp
default.supp: analyzer/cmd/default.supp
	$(AM_V_GEN)cp -f $(srcdir)/analyzer/cmd/default.supp $@
CLEANFILES += default.supp

bin_PROGRAMS += memprof
memprof_SOURCES = analyzer/cmd/main.c
memprof_CFLAGS = $(ANALYZER_CFLAGS)
# jemalloc is for the product; the sanitizers bring their own allocator.
memprof_LDFLAGS = $(MEMPROF_LDFLAGS)
memprof_LDADD = libanalyzer.a $(ANALYZER_LIBS) $(JEMALLOC_LIBS)

# Completion for shells, made by the program itself from its tables.
completions = completions/memprof completions/_memprof completions/memprof.fish
bashcompletiondir = $(datadir)/bash-completion/completions
nodist_bashcompletion_DATA = completions/memprof
zshcompletiondir = $(datadir)/zsh/site-functions
nodist_zshcompletion_DATA = completions/_memprof
fishcompletiondir = $(datadir)/fish/vendor_completions.d
nodist_fishcompletion_DATA = completions/memprof.fish
CLEANFILES += $(completions)
completions/memprof: memprof$(EXEEXT)
	$(AM_V_GEN)$(MKDIR_P) completions && ./memprof completion bash >$@.new && mv $@.new $@
completions/_memprof: memprof$(EXEEXT)
	$(AM_V_GEN)$(MKDIR_P) completions && ./memprof completion zsh >$@.new && mv $@.new $@
completions/memprof.fish: memprof$(EXEEXT)
	$(AM_V_GEN)$(MKDIR_P) completions && ./memprof completion fish >$@.new && mv $@.new $@
