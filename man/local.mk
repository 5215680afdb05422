# SPDX-License-Identifier: MIT
dist_man_MANS += \
	man/memprof-check.1 \
	man/memprof-completion.1 \
	man/memprof-diff.1 \
	man/memprof-env.7 \
	man/memprof-export.1 \
	man/memprof-find.1 \
	man/memprof-flame.1 \
	man/memprof-format.5 \
	man/memprof-html.1 \
	man/memprof-info.1 \
	man/memprof-leaks.1 \
	man/memprof-lines.1 \
	man/memprof-method.7 \
	man/memprof-peak.1 \
	man/memprof-report.1 \
	man/memprof-run.1 \
	man/memprof-snapshot.1 \
	man/memprof-stat.1 \
	man/memprof-timeline.1 \
	man/memprof-top.1 \
	man/memprof-tree.1 \
	man/memprof.1 \
	man/memprof.h.3

# What others may validate our output with.
schemadir = $(pkgdatadir)
dist_schema_DATA = man/memprof-export.schema.json man/memprof.schema.json
# The pictures in README.
EXTRA_DIST += man/html-flame.png man/html-timeline.png
