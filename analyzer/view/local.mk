# SPDX-License-Identifier: MIT
analyzer_view_files = \
	analyzer/view/check/check_json.c \
	analyzer/view/check/check_page.c \
	analyzer/view/check/check_page.h \
	analyzer/view/check/github.c \
	analyzer/view/check/junit.c \
	analyzer/view/check/sarif.c \
	analyzer/view/check/text.c \
	analyzer/view/completion.c \
	analyzer/view/completion.h \
	analyzer/view/export/callgrind.c \
	analyzer/view/export/csv.c \
	analyzer/view/export/deflate.c \
	analyzer/view/export/deflate.h \
	analyzer/view/export/dhat.c \
	analyzer/view/export/export_json.c \
	analyzer/view/export/exporter.h \
	analyzer/view/export/exporters.c \
	analyzer/view/export/folded.c \
	analyzer/view/export/frame_texts.c \
	analyzer/view/export/frame_texts.h \
	analyzer/view/export/heaptrack.c \
	analyzer/view/export/massif.c \
	analyzer/view/export/pprof.c \
	analyzer/view/export/protobuf.c \
	analyzer/view/export/protobuf.h \
	analyzer/view/export/speedscope.c \
	analyzer/view/find.c \
	analyzer/view/find.h \
	analyzer/view/html.c \
	analyzer/view/html.h \
	analyzer/view/html_data.c \
	analyzer/view/html_data.h \
	analyzer/view/html_diff.c \
	analyzer/view/html_diff.h \
	analyzer/view/html_flame.c \
	analyzer/view/html_flame.h \
	analyzer/view/html_history.c \
	analyzer/view/html_leaks.c \
	analyzer/view/html_leaks.h \
	analyzer/view/html_links.h \
	analyzer/view/html_page.c \
	analyzer/view/html_page.h \
	analyzer/view/html_sources.c \
	analyzer/view/html_sources.h \
	analyzer/view/html_strings.c \
	analyzer/view/html_strings.h \
	analyzer/view/html_tables.c \
	analyzer/view/html_tables.h \
	analyzer/view/html_text.c \
	analyzer/view/html_text.h \
	analyzer/view/html_timeline.c \
	analyzer/view/html_timeline.h \
	analyzer/view/json.c \
	analyzer/view/json.h \
	analyzer/view/json_diff.c \
	analyzer/view/json_diff.h \
	analyzer/view/json_info.c \
	analyzer/view/json_info.h \
	analyzer/view/json_leaks.c \
	analyzer/view/json_leaks.h \
	analyzer/view/json_lines.c \
	analyzer/view/json_lines.h \
	analyzer/view/json_parts.c \
	analyzer/view/json_parts.h \
	analyzer/view/json_sites.c \
	analyzer/view/json_sites.h \
	analyzer/view/json_timeline.c \
	analyzer/view/json_timeline.h \
	analyzer/view/json_top.c \
	analyzer/view/json_top.h \
	analyzer/view/json_tree.c \
	analyzer/view/json_tree.h \
	analyzer/view/stack_text.c \
	analyzer/view/stack_text.h \
	analyzer/view/stat.c \
	analyzer/view/stat.h \
	analyzer/view/supp.c \
	analyzer/view/supp.h \
	analyzer/view/svg.c \
	analyzer/view/svg.h \
	analyzer/view/svg_flame.c \
	analyzer/view/svg_flame.h \
	analyzer/view/svg_timeline.c \
	analyzer/view/svg_timeline.h \
	analyzer/view/text.c \
	analyzer/view/text.h \
	analyzer/view/text_ages.c \
	analyzer/view/text_ages.h \
	analyzer/view/text_diff.c \
	analyzer/view/text_diff.h \
	analyzer/view/text_edges.c \
	analyzer/view/text_growth.c \
	analyzer/view/text_growth.h \
	analyzer/view/text_heap.c \
	analyzer/view/text_heap.h \
	analyzer/view/text_info.c \
	analyzer/view/text_info.h \
	analyzer/view/text_leaks.c \
	analyzer/view/text_leaks.h \
	analyzer/view/text_lines.c \
	analyzer/view/text_lines.h \
	analyzer/view/text_losses.c \
	analyzer/view/text_losses.h \
	analyzer/view/text_place.c \
	analyzer/view/text_place.h \
	analyzer/view/text_report.c \
	analyzer/view/text_report.h \
	analyzer/view/text_set.c \
	analyzer/view/text_set.h \
	analyzer/view/text_sites.c \
	analyzer/view/text_sites.h \
	analyzer/view/text_timeline.c \
	analyzer/view/text_timeline.h \
	analyzer/view/text_top.c \
	analyzer/view/text_top.h \
	analyzer/view/text_tree.c \
	analyzer/view/text_tree.h \
	analyzer/view/text_unseen.c \
	analyzer/view/text_unseen.h \
	analyzer/view/xml.c \
	analyzer/view/xml.h

# Libraries are chosen by file.
if HAVE_SQLITE3
analyzer_view_files += \
	analyzer/view/export/sqlite.c \
	analyzer/view/export/sqlite_library.c \
	analyzer/view/export/sqlite_library.h \
	analyzer/view/export/sqlite_schema.c \
	analyzer/view/export/sqlite_schema.h
endif
EXTRA_DIST += \
	analyzer/view/export/sqlite.c \
	analyzer/view/export/sqlite_library.c \
	analyzer/view/export/sqlite_library.h \
	analyzer/view/export/sqlite_schema.c \
	analyzer/view/export/sqlite_schema.h

# The page of `memprof html`, put together from its modules: no tool but the
# shell's, and nothing from the network.
html_page_files = \
	analyzer/view/html/page.html \
	analyzer/view/html/style.css \
	$(html_page_modules)
# In the order of their imports.
html_page_modules = \
	analyzer/view/html/dom.js \
	analyzer/view/html/colours.js \
	analyzer/view/html/focus.js \
	analyzer/view/html/help.js \
	analyzer/view/html/print.js \
	analyzer/view/html/tip.js \
	analyzer/view/html/format.js \
	analyzer/view/html/data.js \
	analyzer/view/html/state.js \
	analyzer/view/html/range.js \
	analyzer/view/html/tree.js \
	analyzer/view/html/kinds.js \
	analyzer/view/html/overview.js \
	analyzer/view/html/table.js \
	analyzer/view/html/canvas.js \
	analyzer/view/html/flame.js \
	analyzer/view/html/source.js \
	analyzer/view/html/leaks.js \
	analyzer/view/html/sizes.js \
	analyzer/view/html/diff_graph.js \
	analyzer/view/html/diff.js \
	analyzer/view/html/timeline.js \
	analyzer/view/html/main.js
html_page_parts = analyzer/view/html/head.html analyzer/view/html/tail.html
EXTRA_DIST += $(html_page_files) analyzer/view/html/pack
CLEANFILES += $(html_page_parts)

analyzer/view/html/head.html: $(html_page_files) analyzer/view/html/pack
	$(AM_V_GEN)$(MKDIR_P) analyzer/view/html && \
	$(SHELL) $(srcdir)/analyzer/view/html/pack $(srcdir) \
		analyzer/view/html $(html_page_modules)
analyzer/view/html/tail.html: analyzer/view/html/head.html
analyzer/view/libanalyzer_a-html_page.$(OBJEXT): $(html_page_parts)
