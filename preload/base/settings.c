/* SPDX-License-Identifier: MIT */
/* The settings of a recording, from the environment. */
#include "config.h"

#include "preload/base/settings.h"

#include <elf.h>
#include <signal.h>
#include <stddef.h>

#include "preload/base/say.h"

#define DEPTH_DEFAULT 1024u
#define DEPTH_MAX     1024u
#define SIZE_LIMIT    (UINT64_C(1) << 40)
#define REMOVED_MAX   4096u /* NULLs after the environment */
#define SECONDS_MAX   (366u * 24 * 3600)
#define PERCENT_MAX   1000u

/* Numbers of the kernel; the C library has the two before. */
#define SIGNAL_REAL_TIME 34u
#define SIGNAL_MAX	 64u

bool mp_start_read(void *stack_end, struct mp_start *ret_start)
{
	long *words = stack_end;
	Elf64_auxv_t *aux;
	char **env;
	unsigned removed = 0;
	long argc;

	/* Until the kernel's word is found that it is not. */
	ret_start->is_secure = true;
	ret_start->exec_fn = NULL;
	ret_start->loader = NULL;
	ret_start->page_bytes = 4096;
	if (!words)
		return false;
	argc = words[0];
	if (argc < 0 || argc > (1 << 24))
		return false;
	ret_start->argv = (char **)(words + 1);
	if (ret_start->argv[argc])
		return false;
	ret_start->envp = env = ret_start->argv + argc + 1;
	while (*env)
		env++;
	/* The dynamic linker takes variables out where the program has other
	 * privileges than who started it: as many more words are NULL. */
	while (!*env && removed++ < REMOVED_MAX)
		env++;
	for (aux = (Elf64_auxv_t *)env; aux->a_type != AT_NULL; aux++) {
		if (aux->a_type == AT_SECURE)
			ret_start->is_secure = aux->a_un.a_val != 0;
		else if (aux->a_type == AT_EXECFN)
			ret_start->exec_fn = (const char *)aux->a_un.a_val;
		else if (aux->a_type == AT_BASE)
			ret_start->loader = (const void *)aux->a_un.a_val;
		else if (aux->a_type == AT_PAGESZ)
			ret_start->page_bytes = (uint32_t)aux->a_un.a_val;
	}
	return true;
}

/* The value of NAME=value, or NULL. */
static const char *value_of(const char *entry, const char *name)
{
	while (*name && *entry == *name) {
		entry++;
		name++;
	}
	return *name == '\0' && *entry == '=' ? entry + 1 : NULL;
}

static bool is_equal(const char *a, const char *b)
{
	while (*a && *a == *b) {
		a++;
		b++;
	}
	return *a == *b;
}

/* The number of times. */
static unsigned contains(const char *text, const char *what)
{
	unsigned times = 0;

	for (; *text; text++) {
		size_t n = 0;

		while (what[n] && text[n] == what[n])
			n++;
		times += !what[n];
	}
	return times;
}

/* All its tools preload a core; those that serve malloc, one more object. */
static bool is_valgrinds_malloc(const char *preload)
{
	return contains(preload, "/vgpreload_") >
	       contains(preload, "/vgpreload_core");
}

static void read_number(const char *name, const char *value, uint32_t max,
			uint32_t *number)
{
	uint64_t sum = 0;
	const char *p = value;
	char limits[64];
	struct mp_text text;

	for (; *p >= '0' && *p <= '9' && sum <= max; p++)
		sum = sum * 10 + (uint64_t)(*p - '0');
	if (p != value && *p == '\0' && sum >= 1 && sum <= max) {
		*number = (uint32_t)sum;
		return;
	}
	mp_text_init(&text, limits, sizeof(limits));
	mp_text_str(&text, " takes a number from 1 to ");
	mp_text_dec(&text, max);
	mp_text_str(&text, "; using the default");
	mp_say(name, limits, NULL);
}

/* Bytes, or a number and one of these; 0 when missing, 0 or not understood. */
static uint64_t read_size(const char *name, const char *value)
{
	static const struct {
		const char *suffix;
		uint64_t factor;
	} units[] = { { "", 1 },
		      { "B", 1 },
		      { "K", 1024 },
		      { "KiB", 1024 },
		      { "M", 1024 * 1024 },
		      { "MiB", 1024 * 1024 },
		      { "G", 1024ul << 20 },
		      { "GiB", 1024ul << 20 },
		      { "kB", 1000 },
		      { "KB", 1000 },
		      { "MB", 1000 * 1000 },
		      { "GB", 1000ul * 1000 * 1000 } };
	const char *p = value;
	uint64_t number = 0;

	if (!value || !*value)
		return 0;
	for (; *p >= '0' && *p <= '9' && number <= SIZE_LIMIT; p++)
		number = number * 10 + (uint64_t)(*p - '0');
	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++)
		if (p != value && is_equal(p, units[i].suffix) &&
		    number <= SIZE_LIMIT / units[i].factor)
			return number * units[i].factor;
	mp_say(name, " takes a size such as 512KiB; recording every block",
	       NULL);
	return 0;
}

/* A switch is off when it is missing, empty or 0. */
static bool is_set(const char *value)
{
	return value && *value && !is_equal(value, "0");
}

static void say_switch(const char *name, const char *value)
{
	if (is_set(value) && !is_equal(value, "1"))
		mp_say(name, " takes 0 or 1; using 1", NULL);
}

/*
 * USR1, SIGUSR1, or a number. Not those that cannot be caught, that mean a
 * fault, or that the C library keeps for itself.
 */
static uint32_t signal_number(const char *value)
{
	static const struct {
		const char *name;
		uint32_t number;
	} names[] = { { "HUP", SIGHUP },   { "QUIT", SIGQUIT },
		      { "USR1", SIGUSR1 }, { "USR2", SIGUSR2 },
		      { "PROF", SIGPROF }, { "WINCH", SIGWINCH } };
	const char *name = value;
	uint32_t number = 0;

	if (name[0] == 'S' && name[1] == 'I' && name[2] == 'G')
		name += 3;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (is_equal(name, names[i].name))
			return names[i].number;
	for (; *value >= '0' && *value <= '9' && number <= SIGNAL_MAX; value++)
		number = number * 10 + (uint32_t)(*value - '0');
	if (*value)
		return 0;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (number == names[i].number)
			return number;
	return number >= SIGNAL_REAL_TIME && number <= SIGNAL_MAX ? number : 0;
}

static void read_timeline(const char *timeline, const char *signal,
			  const char *every, const char *peak,
			  struct mp_settings *settings)
{
	settings->no_timeline = false;
	settings->snapshot_signal = 0;
	settings->snapshot_every = settings->snapshot_peak = 0;
	if (timeline && *timeline) {
		settings->no_timeline = is_equal(timeline, "off");
		if (!settings->no_timeline && !is_equal(timeline, "on"))
			mp_say("MEMPROF_TIMELINE takes on or off; using on",
			       NULL, NULL);
	}
	if (signal && *signal) {
		settings->snapshot_signal = signal_number(signal);
		if (!settings->snapshot_signal)
			mp_say("MEMPROF_SNAPSHOT_SIGNAL takes HUP, QUIT, USR1, "
			       "USR2, PROF, WINCH or a number from 34 to 64; "
			       "no signal takes a snapshot",
			       NULL, NULL);
	}
	if (every && *every)
		read_number("MEMPROF_SNAPSHOT_EVERY", every, SECONDS_MAX,
			    &settings->snapshot_every);
	if (peak && *peak)
		read_number("MEMPROF_SNAPSHOT_PEAK", peak, PERCENT_MAX,
			    &settings->snapshot_peak);
}

/* After all others. */
static void read_python(const char *value, struct mp_settings *ret_settings)
{
	/* Where few blocks have a class, nobody could tell the slack of those
	 * that malloc gave. */
	const bool may_guess =
		!ret_settings->lifetimes || ret_settings->sample_bytes == 0;

	ret_settings->is_python_on = true;
	ret_settings->has_python_objects = may_guess;
	if (!value || !*value)
		return;
	if (is_equal(value, "off") || is_equal(value, "stack")) {
		ret_settings->is_python_on = is_equal(value, "stack");
		ret_settings->has_python_objects = false;
	} else if (is_equal(value, "objects")) {
		ret_settings->has_python_objects = true;
	} else {
		mp_say("MEMPROF_PYTHON takes off, stack or objects; using ",
		       may_guess ? "objects" : "stack", NULL);
	}
}

void mp_settings_read(char *const *envp, struct mp_settings *ret_settings)
{
	const char *quiet = NULL, *depth = NULL, *unwind = NULL, *check = NULL;
	const char *verify = NULL, *sample = NULL, *timeline = NULL;
	const char *signal = NULL, *every = NULL, *peak = NULL;
	const char *leak_check = NULL, *lifetimes = NULL, *addresses = NULL;
	const char *python = NULL, *v;

	ret_settings->out = MP_SETTINGS_OUT_DEFAULT;
	ret_settings->temp_dir = "/tmp";
	ret_settings->keeper = NULL;
	ret_settings->is_valgrind = false;
	ret_settings->lsan_options = NULL;
	ret_settings->use_fp = false;
	ret_settings->max_depth = DEPTH_DEFAULT;
	ret_settings->check_every = 0;
	for (; *envp; envp++) {
		if ((v = value_of(*envp, "MEMPROF_OUT")) && *v)
			ret_settings->out = v;
		else if ((v = value_of(*envp, "TMPDIR")) && *v)
			ret_settings->temp_dir = v;
		else if ((v = value_of(*envp, "LD_PRELOAD")))
			ret_settings->is_valgrind = is_valgrinds_malloc(v);
		else if ((v = value_of(*envp, "MEMPROF_KEEPER")))
			ret_settings->keeper = v;
		else if ((v = value_of(*envp, "LSAN_OPTIONS")))
			ret_settings->lsan_options = v;
		else if ((v = value_of(*envp, "MEMPROF_QUIET")))
			quiet = v;
		else if ((v = value_of(*envp, "MEMPROF_MAX_DEPTH")))
			depth = v;
		else if ((v = value_of(*envp, "MEMPROF_UNWIND")))
			unwind = v;
		else if ((v = value_of(*envp, "MEMPROF_CHECK")))
			check = v;
		else if ((v = value_of(*envp, "MEMPROF_VERIFY")))
			verify = v;
		else if ((v = value_of(*envp, "MEMPROF_SAMPLE")))
			sample = v;
		else if ((v = value_of(*envp, "MEMPROF_TIMELINE")))
			timeline = v;
		else if ((v = value_of(*envp, "MEMPROF_SNAPSHOT_SIGNAL")))
			signal = v;
		else if ((v = value_of(*envp, "MEMPROF_SNAPSHOT_EVERY")))
			every = v;
		else if ((v = value_of(*envp, "MEMPROF_SNAPSHOT_PEAK")))
			peak = v;
		else if ((v = value_of(*envp, "MEMPROF_LEAK_CHECK")))
			leak_check = v;
		else if ((v = value_of(*envp, "MEMPROF_LIFETIMES")))
			lifetimes = v;
		else if ((v = value_of(*envp, "MEMPROF_ADDRESSES")))
			addresses = v;
		else if ((v = value_of(*envp, "MEMPROF_PYTHON")))
			python = v;
	}
	/* First of all, because it decides whether the others are said. */
	ret_settings->is_quiet = is_set(quiet);
	mp_say_init(ret_settings->is_quiet);
	say_switch("MEMPROF_QUIET", quiet);
	ret_settings->sample_bytes = read_size("MEMPROF_SAMPLE", sample);
	ret_settings->verify = is_set(verify);
	say_switch("MEMPROF_VERIFY", verify);
	ret_settings->leak_check = is_set(leak_check);
	say_switch("MEMPROF_LEAK_CHECK", leak_check);
	ret_settings->lifetimes = is_set(lifetimes);
	say_switch("MEMPROF_LIFETIMES", lifetimes);
	ret_settings->addresses = is_set(addresses);
	say_switch("MEMPROF_ADDRESSES", addresses);
	if (depth && *depth)
		read_number("MEMPROF_MAX_DEPTH", depth, DEPTH_MAX,
			    &ret_settings->max_depth);
	if (check && *check && !is_equal(check, "0"))
		read_number("MEMPROF_CHECK", check, 1u << 30,
			    &ret_settings->check_every);
	read_timeline(timeline, signal, every, peak, ret_settings);
	read_python(python, ret_settings);
	if (unwind && *unwind) {
		if (is_equal(unwind, "fp"))
			ret_settings->use_fp = true;
		else if (!is_equal(unwind, "cfi"))
			mp_say("MEMPROF_UNWIND takes cfi or fp; using cfi",
			       NULL, NULL);
	}
}
