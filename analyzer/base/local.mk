# SPDX-License-Identifier: MIT
analyzer_base_files = \
	analyzer/base/diag.c \
	analyzer/base/diag.h \
	analyzer/base/progress.c \
	analyzer/base/progress.h \
	analyzer/base/outfile.c \
	analyzer/base/outfile.h \
	analyzer/base/options.c \
	analyzer/base/options.h \
	analyzer/base/options_print.c \
	analyzer/base/term.c \
	analyzer/base/term.h \
	analyzer/base/units.c \
	analyzer/base/units.h \
	analyzer/base/worker.c \
	analyzer/base/worker.h
