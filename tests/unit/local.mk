# SPDX-License-Identifier: MIT

# What the analyzer stands on: units, options, terminal, messages; and which
# dump is meant.
if HAVE_CHECK
base_tests = tests/unit/test_units tests/unit/test_options \
	tests/unit/test_term tests/unit/test_dump_path \
	tests/unit/test_progress \
	tests/unit/test_worker
check_PROGRAMS += $(base_tests)
TESTS += $(base_tests)
endif
base_test_cflags = $(ANALYZER_CFLAGS) $(CHECK_CFLAGS)
base_test_libs = libanalyzer.a $(CHECK_LIBS)
tests_unit_test_worker_SOURCES = tests/unit/test_worker.c
tests_unit_test_worker_CFLAGS = $(base_test_cflags)
tests_unit_test_worker_LDADD = $(base_test_libs) -lpthread
tests_unit_test_units_SOURCES = tests/unit/test_units.c
tests_unit_test_units_CFLAGS = $(base_test_cflags)
tests_unit_test_units_LDADD = $(base_test_libs)
tests_unit_test_options_SOURCES = tests/unit/test_options.c \
	tests/unit/capture.c tests/unit/capture.h
tests_unit_test_options_CFLAGS = $(base_test_cflags)
tests_unit_test_options_LDADD = $(base_test_libs)
tests_unit_test_progress_SOURCES = tests/unit/test_progress.c
tests_unit_test_progress_CFLAGS = $(base_test_cflags)
tests_unit_test_progress_LDADD = $(base_test_libs)
tests_unit_test_term_SOURCES = tests/unit/test_term.c \
	tests/unit/capture.c tests/unit/capture.h
tests_unit_test_term_CFLAGS = $(base_test_cflags)
tests_unit_test_term_LDADD = $(base_test_libs)
tests_unit_test_dump_path_SOURCES = tests/unit/test_dump_path.c \
	tests/unit/capture.c tests/unit/capture.h
tests_unit_test_dump_path_CFLAGS = $(base_test_cflags)
tests_unit_test_dump_path_LDADD = $(base_test_libs)

# Addresses to names: real programs, built by the compiler when the test runs.
if HAVE_CHECK
sym_tests = tests/unit/test_sym tests/unit/test_sym_cache \
	tests/unit/test_sym_formats \
	tests/unit/test_sym_hostile tests/unit/test_sym_names \
	tests/unit/test_perf_map tests/unit/test_range_map
check_PROGRAMS += $(sym_tests)
TESTS += $(sym_tests)
endif
EXTRA_DIST += tests/unit/fixtures/sym_calls.c \
	tests/unit/fixtures/sym_deep.s tests/unit/fixtures/sym_inline.c \
	tests/unit/fixtures/sym_label.s \
	tests/unit/fixtures/sym_other.c tests/unit/fixtures/sym_shared.h \
	tests/unit/fixtures/sym_template.cc
sym_test_cflags = $(ANALYZER_CFLAGS) $(CHECK_CFLAGS)
sym_test_libs = libanalyzer.a $(ANALYZER_LIBS) $(CHECK_LIBS)
sym_test_fixture = tests/unit/sym_fixture.c tests/unit/sym_fixture.h
tests_unit_test_sym_SOURCES = tests/unit/test_sym.c $(sym_test_fixture)
tests_unit_test_sym_CFLAGS = $(sym_test_cflags)
tests_unit_test_sym_LDADD = $(sym_test_libs)
tests_unit_test_sym_cache_SOURCES = tests/unit/test_sym_cache.c $(sym_test_fixture)
tests_unit_test_sym_cache_CFLAGS = $(sym_test_cflags)
tests_unit_test_sym_cache_LDADD = $(sym_test_libs)
tests_unit_test_sym_formats_SOURCES = tests/unit/test_sym_formats.c $(sym_test_fixture)
tests_unit_test_sym_formats_CFLAGS = $(sym_test_cflags)
tests_unit_test_sym_formats_LDADD = $(sym_test_libs)
tests_unit_test_sym_hostile_SOURCES = tests/unit/test_sym_hostile.c $(sym_test_fixture)
tests_unit_test_sym_hostile_CFLAGS = $(sym_test_cflags)
tests_unit_test_sym_hostile_LDADD = $(sym_test_libs)
tests_unit_test_sym_names_SOURCES = tests/unit/test_sym_names.c
tests_unit_test_sym_names_CFLAGS = $(sym_test_cflags)
tests_unit_test_sym_names_LDADD = $(sym_test_libs)
tests_unit_test_perf_map_SOURCES = tests/unit/test_perf_map.c
tests_unit_test_perf_map_CFLAGS = $(sym_test_cflags)
tests_unit_test_perf_map_LDADD = $(sym_test_libs)
tests_unit_test_range_map_SOURCES = tests/unit/test_range_map.c
tests_unit_test_range_map_CFLAGS = $(sym_test_cflags)
tests_unit_test_range_map_LDADD = $(sym_test_libs)

# Stack walks. The adversary is built by its script, with many compilers and
# options; the walks of test_unwind need frame pointers and real callers.
if HAVE_CHECK
unwind_tests = tests/unit/test_cfi tests/unit/test_unwind
check_PROGRAMS += $(unwind_tests)
TESTS += $(unwind_tests)
endif
dist_check_SCRIPTS += tests/unit/test_unwind_variants.sh
TESTS += tests/unit/test_unwind_variants.sh
TESTS_SLOW += tests/unit/test_unwind_variants_slow.py
EXTRA_DIST += tests/unit/unwind_adversary.cc
tests_unit_test_cfi_SOURCES = tests/unit/test_cfi.c
tests_unit_test_cfi_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS)
tests_unit_test_cfi_LDADD = librecorder.a $(CHECK_LIBS)
tests_unit_test_unwind_SOURCES = tests/unit/test_unwind.c
tests_unit_test_unwind_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS) \
	-fno-omit-frame-pointer -fno-optimize-sibling-calls
tests_unit_test_unwind_LDADD = librecorder.a $(CHECK_LIBS)

# What a dump means, and how it is shown.
if HAVE_CHECK
model_tests = tests/unit/test_dump tests/unit/test_dump_elements \
	tests/unit/test_dump_process tests/unit/test_sites \
	tests/unit/test_flame \
	tests/unit/test_lines tests/unit/test_views tests/unit/test_source \
	tests/unit/test_estimate tests/unit/test_ranges \
	tests/unit/test_keeper_copy \
	tests/unit/test_replay tests/unit/test_set tests/unit/test_leaks \
	tests/unit/test_calltree tests/unit/test_diff \
	tests/unit/test_ages \
	tests/unit/test_suppressions tests/unit/test_text \
	tests/unit/test_code_lines
check_PROGRAMS += $(model_tests)
TESTS += $(model_tests)
endif
model_test_sample = tests/unit/dump_builder.c tests/unit/dump_builder.h \
	tests/unit/dump_sample.c tests/unit/dump_sample.h
check_LIBRARIES += tests/unit/libdumps.a
tests_unit_libdumps_a_SOURCES = $(model_test_sample) \
	tests/unit/all_views.c tests/unit/all_views.h
tests_unit_libdumps_a_CFLAGS = $(ANALYZER_CFLAGS)
model_test_cflags = $(ANALYZER_CFLAGS) $(CHECK_CFLAGS)
model_test_libs = tests/unit/libdumps.a libanalyzer.a $(ANALYZER_LIBS) $(CHECK_LIBS)
suite_run_files = tests/unit/suite_run.c tests/unit/suite_run.h
dump_case_files = tests/unit/dump_case.c tests/unit/dump_case.h \
	$(suite_run_files)
tests_unit_test_dump_SOURCES = tests/unit/test_dump.c $(dump_case_files)
tests_unit_test_dump_CFLAGS = $(model_test_cflags)
tests_unit_test_dump_LDADD = $(model_test_libs)
tests_unit_test_dump_elements_SOURCES = tests/unit/test_dump_elements.c \
	$(dump_case_files)
tests_unit_test_dump_elements_CFLAGS = $(model_test_cflags)
tests_unit_test_dump_elements_LDADD = $(model_test_libs)
tests_unit_test_dump_process_SOURCES = tests/unit/test_dump_process.c \
	$(dump_case_files)
tests_unit_test_dump_process_CFLAGS = $(model_test_cflags)
tests_unit_test_dump_process_LDADD = $(model_test_libs)
tests_unit_test_flame_SOURCES = tests/unit/test_flame.c
tests_unit_test_flame_CFLAGS = $(model_test_cflags)
tests_unit_test_flame_LDADD = $(model_test_libs)
tests_unit_test_sites_SOURCES = tests/unit/test_sites.c
tests_unit_test_sites_CFLAGS = $(model_test_cflags)
tests_unit_test_sites_LDADD = $(model_test_libs)
tests_unit_test_text_SOURCES = tests/unit/test_text.c $(suite_run_files)
tests_unit_test_text_CFLAGS = $(model_test_cflags)
tests_unit_test_text_LDADD = $(model_test_libs)
tests_unit_test_views_SOURCES = tests/unit/test_views.c $(suite_run_files)
tests_unit_test_views_CFLAGS = $(model_test_cflags)
tests_unit_test_views_LDADD = $(model_test_libs)
tests_unit_test_estimate_SOURCES = tests/unit/test_estimate.c
tests_unit_test_estimate_CFLAGS = $(model_test_cflags)
tests_unit_test_estimate_LDADD = $(model_test_libs)
tests_unit_test_ranges_SOURCES = tests/unit/test_ranges.c
tests_unit_test_ranges_CFLAGS = $(model_test_cflags)
tests_unit_test_ranges_LDADD = $(model_test_libs)
tests_unit_test_replay_SOURCES = tests/unit/test_replay.c
tests_unit_test_replay_CFLAGS = $(model_test_cflags)
tests_unit_test_replay_LDADD = $(model_test_libs)
model_test_pair = tests/unit/pair.c tests/unit/pair.h
tests_unit_test_set_SOURCES = tests/unit/test_set.c $(model_test_pair)
tests_unit_test_set_CFLAGS = $(model_test_cflags)
tests_unit_test_set_LDADD = $(model_test_libs)
tests_unit_test_calltree_SOURCES = tests/unit/test_calltree.c $(model_test_pair)
tests_unit_test_calltree_CFLAGS = $(model_test_cflags)
tests_unit_test_calltree_LDADD = $(model_test_libs)
tests_unit_test_diff_SOURCES = tests/unit/test_diff.c $(model_test_pair)
tests_unit_test_diff_CFLAGS = $(model_test_cflags)
tests_unit_test_diff_LDADD = $(model_test_libs)
tests_unit_test_ages_SOURCES = tests/unit/test_ages.c
tests_unit_test_ages_CFLAGS = $(model_test_cflags)
tests_unit_test_ages_LDADD = $(model_test_libs)
tests_unit_test_keeper_copy_SOURCES = tests/unit/test_keeper_copy.c
tests_unit_test_keeper_copy_CFLAGS = $(model_test_cflags)
tests_unit_test_keeper_copy_LDADD = $(model_test_libs)
tests_unit_test_leaks_SOURCES = tests/unit/test_leaks.c
tests_unit_test_leaks_CFLAGS = $(model_test_cflags)
tests_unit_test_leaks_LDADD = $(model_test_libs)
tests_unit_test_suppressions_SOURCES = tests/unit/test_suppressions.c
tests_unit_test_suppressions_CFLAGS = $(model_test_cflags)
tests_unit_test_suppressions_LDADD = $(model_test_libs)
tests_unit_test_source_SOURCES = tests/unit/test_source.c
tests_unit_test_source_CFLAGS = $(model_test_cflags)
tests_unit_test_source_LDADD = $(model_test_libs)
tests_unit_test_code_lines_SOURCES = tests/unit/test_code_lines.c
tests_unit_test_code_lines_CFLAGS = $(model_test_cflags)
tests_unit_test_code_lines_LDADD = $(model_test_libs)
# It looks at itself: wherever CFLAGS say nothing, it needs lines.
tests_unit_test_lines_SOURCES = tests/unit/test_lines.c
tests_unit_test_lines_CFLAGS = $(model_test_cflags) -g -O1
tests_unit_test_lines_LDADD = $(model_test_libs)

# The recorder, without the shim in front of it. That of the shared object is
# never built with sanitizers, so the tests have one of their own then.
if SANITIZED
check_LIBRARIES += tests/unit/librecorder.a
tests_unit_librecorder_a_SOURCES = $(librecorder_a_SOURCES)
tests_unit_librecorder_a_CFLAGS = $(PRELOAD_CFLAGS) $(SANITIZE_CFLAGS)
tested_recorder = tests/unit/librecorder.a
else
tested_recorder = librecorder.a
endif
if HAVE_CHECK
record_tests = tests/unit/test_settings tests/unit/test_lock \
	tests/unit/test_blocks tests/unit/test_concurrent tests/unit/test_copy \
	tests/unit/test_stacks tests/unit/test_counters tests/unit/test_file \
	tests/unit/test_name tests/unit/test_pools tests/unit/test_writer \
	tests/unit/test_recorder tests/unit/test_timeline
check_PROGRAMS += $(record_tests)
TESTS += $(record_tests)
endif
record_test_files = tests/unit/recording.c tests/unit/recording.h
check_LIBRARIES += tests/unit/librecording.a
tests_unit_librecording_a_SOURCES = $(record_test_files)
tests_unit_librecording_a_CFLAGS = $(record_test_cflags)
record_test_cflags = $(AM_CFLAGS) $(SANITIZE_CFLAGS) $(CHECK_CFLAGS) \
	-fno-omit-frame-pointer
record_test_libs = tests/unit/librecording.a $(tested_recorder) $(CHECK_LIBS)
tests_unit_test_settings_SOURCES = tests/unit/test_settings.c
tests_unit_test_settings_CFLAGS = $(record_test_cflags)
tests_unit_test_settings_LDADD = $(record_test_libs)
tests_unit_test_lock_SOURCES = tests/unit/test_lock.c
tests_unit_test_lock_CFLAGS = $(record_test_cflags)
tests_unit_test_lock_LDADD = $(record_test_libs) -lpthread
tests_unit_test_blocks_SOURCES = tests/unit/test_blocks.c
tests_unit_test_blocks_CFLAGS = $(record_test_cflags)
tests_unit_test_blocks_LDADD = $(record_test_libs)
tests_unit_test_concurrent_SOURCES = tests/unit/test_concurrent.c
tests_unit_test_concurrent_CFLAGS = $(record_test_cflags)
tests_unit_test_concurrent_LDADD = $(record_test_libs) -lpthread
tests_unit_test_copy_SOURCES = tests/unit/test_copy.c
tests_unit_test_copy_CFLAGS = $(record_test_cflags)
tests_unit_test_copy_LDADD = $(record_test_libs)
tests_unit_test_stacks_SOURCES = tests/unit/test_stacks.c
tests_unit_test_stacks_CFLAGS = $(record_test_cflags)
tests_unit_test_stacks_LDADD = $(record_test_libs)
tests_unit_test_counters_SOURCES = tests/unit/test_counters.c
tests_unit_test_counters_CFLAGS = $(record_test_cflags)
tests_unit_test_counters_LDADD = $(record_test_libs)
tests_unit_test_file_SOURCES = tests/unit/test_file.c
tests_unit_test_file_CFLAGS = $(record_test_cflags)
tests_unit_test_file_LDADD = $(record_test_libs)
tests_unit_test_name_SOURCES = tests/unit/test_name.c
tests_unit_test_name_CFLAGS = $(record_test_cflags)
tests_unit_test_name_LDADD = $(record_test_libs)
tests_unit_test_pools_SOURCES = tests/unit/test_pools.c
tests_unit_test_pools_CFLAGS = $(record_test_cflags)
tests_unit_test_pools_LDADD = $(record_test_libs)
tests_unit_test_writer_SOURCES = tests/unit/test_writer.c
tests_unit_test_writer_CFLAGS = $(record_test_cflags)
tests_unit_test_writer_LDADD = $(record_test_libs)
tests_unit_test_timeline_SOURCES = tests/unit/test_timeline.c
tests_unit_test_timeline_CFLAGS = $(record_test_cflags)
tests_unit_test_timeline_LDADD = $(record_test_libs)
tests_unit_test_recorder_SOURCES = tests/unit/test_recorder.c
tests_unit_test_recorder_CFLAGS = $(record_test_cflags)
tests_unit_test_recorder_LDADD = $(record_test_libs)
