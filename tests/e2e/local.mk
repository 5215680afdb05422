# SPDX-License-Identifier: MIT
# Real programs under the real libmemprof.so. targets/ has the programs written
# for it; each states its own totals.
e2e_cppflags = $(AM_CPPFLAGS) -D_GNU_SOURCE
e2e_cflags = -std=gnu11 -g -O2 -fno-builtin -pthread $(WARN_CFLAGS)
e2e_cxxflags = -std=gnu++17 -fsized-deallocation -g -O2 -fno-builtin -pthread -Wall -Wextra
e2e_frames = -fno-optimize-sibling-calls
e2e_shared = -shared -Wl,--no-undefined

check_PROGRAMS += \
	tests/e2e/targets/ages \
	tests/e2e/targets/api \
	tests/e2e/targets/bump.so \
	tests/e2e/targets/busy \
	tests/e2e/targets/control \
	tests/e2e/targets/confined \
	tests/e2e/targets/deep \
	tests/e2e/targets/exec \
	tests/e2e/targets/exits \
	tests/e2e/targets/fds \
	tests/e2e/targets/fork \
	tests/e2e/targets/grow \
	tests/e2e/targets/heap \
	tests/e2e/targets/inline \
	tests/e2e/targets/lives \
	tests/e2e/targets/lifo.so \
	tests/e2e/targets/jumps \
	tests/e2e/targets/life \
	tests/e2e/targets/load \
	tests/e2e/targets/locals \
	tests/e2e/targets/lost \
	tests/e2e/targets/lost_held.so \
	tests/e2e/targets/lost_objects \
	tests/e2e/targets/news \
	tests/e2e/targets/ownmalloc \
	tests/e2e/targets/peak \
	tests/e2e/targets/races \
	tests/e2e/targets/phases \
	tests/e2e/targets/py_lines \
	tests/e2e/targets/sampled \
	tests/e2e/targets/server \
	tests/e2e/targets/plugin_a.so \
	tests/e2e/targets/plugin_b.so \
	tests/e2e/targets/pools \
	tests/e2e/targets/signals \
	tests/e2e/targets/temporary \
	tests/e2e/targets/threads \
	tests/e2e/targets/throws \
	tests/e2e/targets/walk \
	tests/e2e/targets/without \
	tests/e2e/targets/yama

tests_e2e_targets_ages_SOURCES = tests/e2e/targets/ages.c tests/e2e/targets/tally.h
tests_e2e_targets_ages_CPPFLAGS = $(e2e_cppflags)
tests_e2e_targets_ages_CFLAGS = $(e2e_cflags) $(e2e_frames)

tests_e2e_targets_api_SOURCES = tests/e2e/targets/api.c tests/e2e/targets/tally.h
tests_e2e_targets_api_CPPFLAGS = $(e2e_cppflags)
tests_e2e_targets_api_CFLAGS = $(e2e_cflags)

tests_e2e_targets_busy_SOURCES = tests/e2e/targets/busy.c tests/e2e/targets/tally.h
tests_e2e_targets_busy_CPPFLAGS = $(e2e_cppflags)
tests_e2e_targets_busy_CFLAGS = $(e2e_cflags)

tests_e2e_targets_control_SOURCES = tests/e2e/targets/control.c tests/e2e/targets/tally.h
tests_e2e_targets_control_CPPFLAGS = $(e2e_cppflags)
tests_e2e_targets_control_CFLAGS = $(e2e_cflags) $(e2e_frames)
tests_e2e_targets_confined_SOURCES = tests/e2e/targets/confined.c tests/e2e/targets/tally.h
tests_e2e_targets_confined_CPPFLAGS = $(e2e_cppflags)
tests_e2e_targets_confined_CFLAGS = $(e2e_cflags)

tests_e2e_targets_deep_SOURCES = tests/e2e/targets/deep.c tests/e2e/targets/tally.h
tests_e2e_targets_deep_CPPFLAGS = $(e2e_cppflags)
tests_e2e_targets_deep_CFLAGS = $(e2e_cflags)

tests_e2e_targets_exec_SOURCES = tests/e2e/targets/exec.c tests/e2e/targets/tally.h
tests_e2e_targets_exec_CPPFLAGS = $(e2e_cppflags)
tests_e2e_targets_exec_CFLAGS = $(e2e_cflags)

tests_e2e_targets_exits_SOURCES = tests/e2e/targets/exits.c tests/e2e/targets/tally.h
tests_e2e_targets_exits_CPPFLAGS = $(e2e_cppflags)
tests_e2e_targets_exits_CFLAGS = $(e2e_cflags)

tests_e2e_targets_fds_SOURCES = tests/e2e/targets/fds.c tests/e2e/targets/tally.h
tests_e2e_targets_fds_CPPFLAGS = $(e2e_cppflags)
tests_e2e_targets_fds_CFLAGS = $(e2e_cflags)

tests_e2e_targets_fork_SOURCES = tests/e2e/targets/fork.c tests/e2e/targets/tally.h
tests_e2e_targets_fork_CPPFLAGS = $(e2e_cppflags)
tests_e2e_targets_fork_CFLAGS = $(e2e_cflags)

tests_e2e_targets_grow_SOURCES = tests/e2e/targets/grow.c tests/e2e/targets/tally.h
tests_e2e_targets_grow_CPPFLAGS = $(e2e_cppflags)
tests_e2e_targets_grow_CFLAGS = $(e2e_cflags)

tests_e2e_targets_heap_SOURCES = tests/e2e/targets/heap.c
tests_e2e_targets_heap_CPPFLAGS = $(e2e_cppflags)
tests_e2e_targets_heap_CFLAGS = $(e2e_cflags)
tests_e2e_targets_heap_LDADD = -ldl

tests_e2e_targets_jumps_SOURCES = tests/e2e/targets/jumps.c
tests_e2e_targets_jumps_CPPFLAGS = $(e2e_cppflags)
tests_e2e_targets_jumps_CFLAGS = $(e2e_cflags)

tests_e2e_targets_life_SOURCES = tests/e2e/targets/life.c tests/e2e/targets/tally.h
tests_e2e_targets_life_CPPFLAGS = $(e2e_cppflags)
tests_e2e_targets_life_CFLAGS = $(e2e_cflags)

tests_e2e_targets_load_SOURCES = tests/e2e/targets/load.c tests/e2e/targets/tally.h
tests_e2e_targets_load_CPPFLAGS = $(e2e_cppflags)
tests_e2e_targets_load_CFLAGS = $(e2e_cflags)
tests_e2e_targets_load_LDADD = -ldl

# Where a variable lies in memory is what they are about.
tests_e2e_targets_lost_SOURCES = tests/e2e/targets/lost.c
tests_e2e_targets_lost_CPPFLAGS = $(e2e_cppflags)
tests_e2e_targets_lost_CFLAGS = $(e2e_cflags) -O1
tests_e2e_targets_lost_LDADD = -ldl
tests_e2e_targets_lost_held_so_SOURCES = tests/e2e/targets/lost_held.c
tests_e2e_targets_lost_held_so_CPPFLAGS = $(e2e_cppflags)
tests_e2e_targets_lost_held_so_CFLAGS = $(e2e_cflags) -fPIC
tests_e2e_targets_lost_held_so_LDFLAGS = $(e2e_shared)
tests_e2e_targets_lost_objects_SOURCES = tests/e2e/targets/lost_objects.cc
tests_e2e_targets_lost_objects_CPPFLAGS = $(e2e_cppflags)
tests_e2e_targets_lost_objects_CXXFLAGS = $(e2e_cxxflags) -O1

tests_e2e_targets_peak_SOURCES = tests/e2e/targets/peak.c tests/e2e/targets/tally.h
tests_e2e_targets_peak_CPPFLAGS = $(e2e_cppflags)
tests_e2e_targets_peak_CFLAGS = $(e2e_cflags)

tests_e2e_targets_lives_SOURCES = tests/e2e/targets/lives.c tests/e2e/targets/tally.h
tests_e2e_targets_lives_CPPFLAGS = $(e2e_cppflags)
tests_e2e_targets_lives_CFLAGS = $(e2e_cflags) $(e2e_frames)

tests_e2e_targets_locals_SOURCES = tests/e2e/targets/locals.cc tests/e2e/targets/tally.h
tests_e2e_targets_locals_CPPFLAGS = $(e2e_cppflags)
tests_e2e_targets_locals_CXXFLAGS = $(e2e_cxxflags) $(e2e_frames)

tests_e2e_targets_pools_SOURCES = tests/e2e/targets/pools.c tests/e2e/targets/tally.h
tests_e2e_targets_pools_CPPFLAGS = $(e2e_cppflags)
tests_e2e_targets_pools_CFLAGS = $(e2e_cflags) $(e2e_frames)

tests_e2e_targets_races_SOURCES = tests/e2e/targets/races.c tests/e2e/targets/tally.h
tests_e2e_targets_races_CPPFLAGS = $(e2e_cppflags)
tests_e2e_targets_races_CFLAGS = $(e2e_cflags) $(e2e_frames)
tests_e2e_targets_phases_SOURCES = tests/e2e/targets/phases.c tests/e2e/targets/tally.h
tests_e2e_targets_phases_CPPFLAGS = $(e2e_cppflags)
tests_e2e_targets_phases_CFLAGS = $(e2e_cflags)

tests_e2e_targets_server_SOURCES = tests/e2e/targets/server.c
tests_e2e_targets_server_CPPFLAGS = $(e2e_cppflags)
tests_e2e_targets_server_CFLAGS = $(e2e_cflags)

tests_e2e_targets_sampled_SOURCES = tests/e2e/targets/sampled.c tests/e2e/targets/tally.h
tests_e2e_targets_sampled_CPPFLAGS = $(e2e_cppflags)
tests_e2e_targets_sampled_CFLAGS = $(e2e_cflags)

tests_e2e_targets_signals_SOURCES = tests/e2e/targets/signals.c tests/e2e/targets/tally.h
tests_e2e_targets_signals_CPPFLAGS = $(e2e_cppflags)
tests_e2e_targets_signals_CFLAGS = $(e2e_cflags)

tests_e2e_targets_temporary_SOURCES = tests/e2e/targets/temporary.c tests/e2e/targets/tally.h
tests_e2e_targets_temporary_CPPFLAGS = $(e2e_cppflags)
tests_e2e_targets_temporary_CFLAGS = $(e2e_cflags)

tests_e2e_targets_threads_SOURCES = tests/e2e/targets/threads.c tests/e2e/targets/tally.h
tests_e2e_targets_threads_CPPFLAGS = $(e2e_cppflags)
tests_e2e_targets_threads_CFLAGS = $(e2e_cflags)

tests_e2e_targets_ownmalloc_SOURCES = tests/e2e/targets/ownmalloc.c tests/e2e/targets/tally.h
tests_e2e_targets_ownmalloc_CPPFLAGS = $(e2e_cppflags)
tests_e2e_targets_ownmalloc_CFLAGS = $(e2e_cflags)

tests_e2e_targets_inline_SOURCES = tests/e2e/targets/inline.cc tests/e2e/targets/tally.h
tests_e2e_targets_inline_CPPFLAGS = $(e2e_cppflags)
tests_e2e_targets_inline_CXXFLAGS = $(e2e_cxxflags)

tests_e2e_targets_news_SOURCES = tests/e2e/targets/news.cc tests/e2e/targets/tally.h
tests_e2e_targets_news_CPPFLAGS = $(e2e_cppflags)
tests_e2e_targets_news_CXXFLAGS = $(e2e_cxxflags)

tests_e2e_targets_throws_SOURCES = tests/e2e/targets/throws.cc tests/e2e/targets/tally.h
tests_e2e_targets_throws_CPPFLAGS = $(e2e_cppflags)
tests_e2e_targets_throws_CXXFLAGS = $(e2e_cxxflags) $(e2e_frames)

tests_e2e_targets_walk_SOURCES = tests/e2e/targets/walk.cc tests/e2e/targets/tally.h
tests_e2e_targets_walk_CPPFLAGS = $(e2e_cppflags)
tests_e2e_targets_walk_CXXFLAGS = $(e2e_cxxflags)

tests_e2e_targets_without_SOURCES = tests/e2e/targets/without.c
tests_e2e_targets_without_CPPFLAGS = $(e2e_cppflags)
tests_e2e_targets_without_CFLAGS = $(e2e_cflags)

tests_e2e_targets_yama_SOURCES = tests/e2e/targets/yama.c
tests_e2e_targets_yama_CPPFLAGS = $(e2e_cppflags)
tests_e2e_targets_yama_CFLAGS = $(e2e_cflags)

tests_e2e_targets_py_lines_SOURCES = tests/e2e/targets/py_lines.c
tests_e2e_targets_py_lines_CFLAGS = $(ANALYZER_CFLAGS)
tests_e2e_targets_py_lines_LDADD = libanalyzer.a $(ANALYZER_LIBS)

tests_e2e_targets_bump_so_SOURCES = tests/e2e/targets/bump.c
tests_e2e_targets_bump_so_CPPFLAGS = $(e2e_cppflags)
tests_e2e_targets_bump_so_CFLAGS = $(e2e_cflags) -fPIC
tests_e2e_targets_bump_so_LDFLAGS = $(e2e_shared)

tests_e2e_targets_lifo_so_SOURCES = tests/e2e/targets/lifo.c
tests_e2e_targets_lifo_so_CPPFLAGS = $(e2e_cppflags)
tests_e2e_targets_lifo_so_CFLAGS = $(e2e_cflags) -fPIC
tests_e2e_targets_lifo_so_LDFLAGS = $(e2e_shared)

tests_e2e_targets_plugin_a_so_SOURCES = tests/e2e/targets/plugin.c
tests_e2e_targets_plugin_a_so_CPPFLAGS = $(e2e_cppflags) -DPLUGIN=a -DBYTES=71
tests_e2e_targets_plugin_a_so_CFLAGS = $(e2e_cflags) -fPIC
tests_e2e_targets_plugin_a_so_LDFLAGS = $(e2e_shared)

tests_e2e_targets_plugin_b_so_SOURCES = tests/e2e/targets/plugin.c
tests_e2e_targets_plugin_b_so_CPPFLAGS = $(e2e_cppflags) -DPLUGIN=b -DBYTES=72
tests_e2e_targets_plugin_b_so_CFLAGS = $(e2e_cflags) -fPIC
tests_e2e_targets_plugin_b_so_LDFLAGS = $(e2e_shared)

# The longest begin first, so that none is left to run alone at the end.
e2e_long_tests = \
	tests/e2e/html.py \
	tests/e2e/programs.py \
	tests/e2e/html_looks.py \
	tests/e2e/python_objects.py \
	tests/e2e/python_life.py \
	tests/e2e/exports.py \
	tests/e2e/python_stacks.py \
	tests/e2e/files.py \
	tests/e2e/sampling.py \
	tests/e2e/agreement.py \
	tests/e2e/allocators.py
e2e_tests = \
	tests/e2e/ages.py \
	tests/e2e/check.py \
	tests/e2e/command.py \
	tests/e2e/control.py \
	tests/e2e/environment.py \
	tests/e2e/completion.py \
	tests/e2e/export_names.py \
	tests/e2e/kills.py \
	tests/e2e/loading.py \
	tests/e2e/mallocx.py \
	tests/e2e/leaks.py \
	tests/e2e/life.py \
	tests/e2e/oddities.py \
	tests/e2e/pools.py \
	tests/e2e/processes.py \
	tests/e2e/python_odd.py \
	tests/e2e/races.py \
	tests/e2e/readme.py \
	tests/e2e/repeats.py \
	tests/e2e/reports.py \
	tests/e2e/terminal.py \
	tests/e2e/threads.py \
	tests/e2e/sealed.py \
	tests/e2e/security.py \
	tests/e2e/timeline.py \
	tests/e2e/totals.py \
	tests/e2e/verify.py \
	tests/e2e/views.py \
	tests/e2e/walks.py
TESTS += $(e2e_long_tests) $(e2e_tests)
TESTS_SLOW += tests/e2e/exports_real.py \
	tests/e2e/kills_many.py tests/e2e/leaks_agreement.py \
	tests/e2e/programs_every.py \
	tests/e2e/python_life_every.py \
	tests/e2e/python_objects_every.py \
	tests/e2e/python_stacks_every.py \
	tests/e2e/races_long.py \
	tests/e2e/stress.py \
	tests/e2e/thread_sanitizer.py \
	tests/e2e/verify_many.py
EXTRA_DIST += $(e2e_long_tests) $(e2e_tests) \
	tests/e2e/browser.py tests/e2e/harness.py \
	tests/e2e/pages.py \
	tests/e2e/readers.py tests/e2e/targets/mallocx.c \
	tests/e2e/targets/py_arenas.py \
	tests/e2e/targets/py_churn.py \
	tests/e2e/targets/py_columns.py \
	tests/e2e/targets/py_embed.c \
	tests/e2e/targets/py_exit.py \
	tests/e2e/targets/py_fake.c \
	tests/e2e/targets/py_leak.py \
	tests/e2e/targets/py_lost.py \
	tests/e2e/targets/py_modules.py \
	tests/e2e/targets/py_native.c \
	tests/e2e/targets/py_native.py \
	tests/e2e/targets/py_numpy.py \
	tests/e2e/targets/py_stacks.py \
	tests/e2e/targets/py_tables.py \
	tests/e2e/targets/py_tracemalloc.py \
	tests/e2e/targets/replaced.c \
	tests/e2e/targets/starts.c
