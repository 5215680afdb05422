/* SPDX-License-Identifier: MIT */
/*
 * The settings of a recording, from the environment; memprof-env(7) lists
 * them. What cannot be understood is said, and its default is used.
 *
 * Context: boot only.
 */
#ifndef MEMPROF_PRELOAD_BASE_SETTINGS_H
#define MEMPROF_PRELOAD_BASE_SETTINGS_H

#include <stdbool.h>
#include <stdint.h>

#define MP_SETTINGS_OUT_DEFAULT "%e.%p.mp"

struct mp_settings {
	const char *out;       /* MEMPROF_OUT: pattern of the dump's name */
	const char *temp_dir;  /* TMPDIR, or /tmp */
	const char *keeper;    /* MEMPROF_KEEPER: its address, or NULL */
	bool is_valgrind;      /* LD_PRELOAD: its malloc serves the program */
	bool is_quiet;	       /* MEMPROF_QUIET: say nothing */
	bool use_fp;	       /* MEMPROF_UNWIND=fp */
	uint32_t max_depth;    /* MEMPROF_MAX_DEPTH */
	uint32_t check_every;  /* MEMPROF_CHECK: compare every Nth walk; 0 no */
	uint64_t sample_bytes; /* MEMPROF_SAMPLE: mean between samples; 0 exact
				*/
	bool verify;	       /* MEMPROF_VERIFY=1: walk twice and compare */
	bool leak_check;  /* MEMPROF_LEAK_CHECK=1: look what is lost at the end
			   */
	bool lifetimes;	  /* MEMPROF_LIFETIMES=1: how long blocks live */
	bool addresses;	  /* MEMPROF_ADDRESSES=1: where live blocks are */
	bool no_timeline; /* MEMPROF_TIMELINE=off */
	uint32_t snapshot_signal; /* MEMPROF_SNAPSHOT_SIGNAL; 0: none */
	uint32_t snapshot_every;  /* MEMPROF_SNAPSHOT_EVERY, seconds; 0: no */
	uint32_t snapshot_peak;	  /* MEMPROF_SNAPSHOT_PEAK, percent; 0: no */
	const char *lsan_options; /* LSAN_OPTIONS, LeakSanitizer's, or NULL */
	bool is_python_on; /* not MEMPROF_PYTHON=off: its frames in stacks */
	bool has_python_objects; /* nor stack: its objects too */
};

/* Where the kernel put what a program starts with. */
struct mp_start {
	char **argv;	/* NULL-terminated */
	char **envp;	/* NULL-terminated */
	bool is_secure; /* AT_SECURE: the environment is not to be trusted */
	const char *exec_fn; /* AT_EXECFN, or NULL */
	const void *loader;  /* AT_BASE: the dynamic linker, or NULL */
	uint32_t page_bytes;
};

/*
 * stack_end: the address of argc on the initial stack (__libc_stack_end).
 * Works before libc is initialised. False when there is nothing sensible.
 */
bool mp_start_read(void *stack_end, struct mp_start *ret_start);

/* Strings stay owned by the environment block of the initial stack. */
void mp_settings_read(char *const *envp, struct mp_settings *ret_settings);

#endif
