# SPDX-License-Identifier: MIT
# All but main.c.
analyzer_cmd_files = \
	analyzer/cmd/allocator.c \
	analyzer/cmd/allocator.h \
	analyzer/cmd/annotate.c \
	analyzer/cmd/annotate.h \
	analyzer/cmd/budget_file.c \
	analyzer/cmd/budget_file.h \
	analyzer/cmd/check.c \
	analyzer/cmd/cmd.h \
	analyzer/cmd/completion.c \
	analyzer/cmd/diff.c \
	analyzer/cmd/dump_name.c \
	analyzer/cmd/dump_name.h \
	analyzer/cmd/dump_path.c \
	analyzer/cmd/execute.c \
	analyzer/cmd/export.c \
	analyzer/cmd/help.c \
	analyzer/cmd/info.c \
	analyzer/cmd/keeper.c \
	analyzer/cmd/keeper.h \
	analyzer/cmd/keeper_save.c \
	analyzer/cmd/keeper_save.h \
	analyzer/cmd/leaks.c \
	analyzer/cmd/lines.c \
	analyzer/cmd/main.c \
	analyzer/cmd/measure.c \
	analyzer/cmd/measure.h \
	analyzer/cmd/peak.c \
	analyzer/cmd/recorder.c \
	analyzer/cmd/recorder.h \
	analyzer/cmd/report.c \
	analyzer/cmd/report_options.c \
	analyzer/cmd/run.c \
	analyzer/cmd/snapshot.c \
	analyzer/cmd/sort_keys.c \
	analyzer/cmd/sort_keys.h \
	analyzer/cmd/stat.c \
	analyzer/cmd/subject.c \
	analyzer/cmd/subject.h \
	analyzer/cmd/table.c \
	analyzer/cmd/target.c \
	analyzer/cmd/target.h \
	analyzer/cmd/timeline.c \
	analyzer/cmd/top.c \
	analyzer/cmd/tree.c
