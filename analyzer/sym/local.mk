# SPDX-License-Identifier: MIT
analyzer_sym_files = \
	analyzer/sym/answer.h \
	analyzer/sym/cache_encode.c \
	analyzer/sym/cache_file.c analyzer/sym/cache_file.h \
	analyzer/sym/cache_folder.c analyzer/sym/cache_folder.h \
	analyzer/sym/cache_trim.c \
	analyzer/sym/debug_search.c analyzer/sym/debug_search.h \
	analyzer/sym/debuginfod.c analyzer/sym/debuginfod.h \
	analyzer/sym/demangle.c analyzer/sym/demangle.h \
	analyzer/sym/dwarf_index.c analyzer/sym/dwarf_index.h \
	analyzer/sym/dwarf_unit.c analyzer/sym/dwarf_unit.h \
	analyzer/sym/elf_file.c analyzer/sym/elf_file.h \
	analyzer/sym/function_names.c analyzer/sym/function_names.h \
	analyzer/sym/function_starts.c analyzer/sym/function_starts.h \
	analyzer/sym/intern.c analyzer/sym/intern.h \
	analyzer/sym/minidebug.c analyzer/sym/minidebug.h \
	analyzer/sym/object_cache.c analyzer/sym/object_cache.h \
	analyzer/sym/object_file.c analyzer/sym/object_file.h \
	analyzer/sym/object_identity.c analyzer/sym/object_identity.h \
	analyzer/sym/object_names.c analyzer/sym/object_names.h \
	analyzer/sym/perf_map.c analyzer/sym/perf_map.h \
	analyzer/sym/plt.c analyzer/sym/plt.h \
	analyzer/sym/range_map.c analyzer/sym/range_map.h \
	analyzer/sym/source_path.c analyzer/sym/source_path.h \
	analyzer/sym/sym.c analyzer/sym/sym.h \
	analyzer/sym/symtab.c analyzer/sym/symtab.h \
	analyzer/sym/variables.c analyzer/sym/variables.h \
	analyzer/sym/word_map.c analyzer/sym/word_map.h
