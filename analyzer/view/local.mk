# SPDX-License-Identifier: MIT
analyzer_view_files = \
	analyzer/view/json.c \
	analyzer/view/json.h \
	analyzer/view/json_info.c \
	analyzer/view/json_info.h \
	analyzer/view/json_lines.c \
	analyzer/view/json_lines.h \
	analyzer/view/json_parts.c \
	analyzer/view/json_parts.h \
	analyzer/view/json_sites.c \
	analyzer/view/json_sites.h \
	analyzer/view/json_top.c \
	analyzer/view/json_top.h \
	analyzer/view/stack_text.c \
	analyzer/view/stack_text.h \
	analyzer/view/text.c \
	analyzer/view/text.h \
	analyzer/view/text_info.c \
	analyzer/view/text_info.h \
	analyzer/view/text_lines.c \
	analyzer/view/text_lines.h \
	analyzer/view/text_losses.c \
	analyzer/view/text_losses.h \
	analyzer/view/text_report.c \
	analyzer/view/text_report.h \
	analyzer/view/text_sites.c \
	analyzer/view/text_sites.h \
	analyzer/view/text_top.c \
	analyzer/view/text_top.h
