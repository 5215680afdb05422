/* SPDX-License-Identifier: MIT */
/*
 * The process's events: its first allocating call, its constructor, its end.
 * ld.so calls malloc before any constructor runs, so the first call boots.
 */
#include "config.h"

#include <errno.h>
#include <link.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <unistd.h>

#include "preload/base/map.h"
#include "preload/base/say.h"
#include "preload/base/sys.h"
#include "preload/leak/leak.h"
#include "preload/memprof.h"
#include "preload/record/file.h"
#include "preload/record/timeline.h"
#include "preload/shim/hook.h"
#include "preload/shim/mallocx.h"
#include "preload/shim/python.h"
#include "preload/shim/usage.h"

#define GRANULE_LIBC  4 /* glibc's blocks: 16-byte aligned, 32 bytes apart */
#define GRANULE_OTHER 3 /* jemalloc, tcmalloc, mimalloc have 8-byte blocks */
#define MAPS_BYTES    65536u

/* argc on the initial stack; exported by the dynamic linker. */
extern void *__libc_stack_end;

MP_EXPORT void _exit(int status);
MP_EXPORT void _Exit(int status);
/* Declared as what does not return, it would be no jump. */
MP_EXPORT void our_quick_exit(int status) __asm__("quick_exit");

enum boot { BOOT_NONE = 0, BOOT_RUNNING, BOOT_DONE };

static struct {
	_Atomic uint32_t boot;
	struct mp_start start;
	struct mp_settings settings;
	int quick_status; /* that quick_exit() was asked for */
} process;

static void boot_recorder(void)
{
	struct mp_recorder_boot boot = {
		.start = &process.start,
		.settings = &process.settings,
		.granule_shift = mp_next.is_libc ? GRANULE_LIBC : GRANULE_OTHER,
		.in_self = (const void *)(uintptr_t)boot_recorder,
		.usable_size = mp_next.malloc_usable_size,
	};

	if (!mp_start_read(__libc_stack_end, &process.start) ||
	    process.start.is_secure)
		return;
	mp_settings_read(process.start.envp, &process.settings);
	/* It has a malloc of its own, and complains of how we ask the kernel
	 * what can be read. */
	if (process.settings.is_valgrind) {
		mp_say("valgrind's malloc is in place of all others: nothing "
		       "is recorded",
		       NULL, NULL);
		return;
	}
	boot.in_loader =
		process.start.loader ? process.start.loader : &__libc_stack_end;
	boot.allocator = mp_next_path();
	boot.is_bypassed = mp_next.is_bypassed;
	mp_leak_init(mp_next.is_libc, &process.settings);
	if (process.settings.has_python_objects)
		mp_shim_python_init();
	mp_recorder_boot(&boot);
	if (mp_next.is_bypassed && mp_recorder_is_on())
		mp_say("the malloc of ", boot.allocator,
		       " comes before memprof's: what it serves itself is "
		       "not recorded");
}

static __attribute__((noinline)) void boot_once(void)
{
	uint32_t none = BOOT_NONE;
	int saved = errno;

	if (!atomic_compare_exchange_strong(&process.boot, &none, BOOT_RUNNING))
		return;
	mp_next_init();
	mp_usage_init();
	mp_new_init();
	mp_next_forget_errors();
	boot_recorder();
	if (mp_recorder_is_on())
		mp_mallocx_rebind();
	if (atomic_load(&mp_recorder_page.state) == MP_STATE_NEW)
		atomic_store(&mp_recorder_page.state, MP_STATE_OFF);
	atomic_store(&process.boot, BOOT_DONE);
	errno = saved;
}

static uint32_t wake(void)
{
	if (atomic_load(&mp_recorder_page.state) == MP_STATE_NEW) {
		if (atomic_load(&process.boot) == BOOT_DONE)
			mp_recorder_forked();
		else
			boot_once();
	}
	return atomic_load(&mp_recorder_page.state);
}

bool mp_hook_wake(void)
{
	return wake() == MP_STATE_ON;
}

bool mp_hook_wake_free(void)
{
	uint32_t state = wake();

	return state == MP_STATE_ON || state == MP_STATE_PAUSED;
}

static bool contains(const char *bytes, size_t len, const char *what)
{
	size_t n = 0;

	while (what[n])
		n++;
	for (size_t i = 0; i + n <= len; i++)
		if (__builtin_memcmp(bytes + i, what, n) == 0)
			return true;
	return false;
}

/*
 * True when the process that started this one is recorded too: then its line
 * stands for both, because scripts read what their commands print.
 */
static bool is_parent_recorded(void)
{
	char *buf = mp_map_new(MAPS_BYTES);
	char path[64];
	struct mp_text text;
	size_t used = 0;
	bool found = false;
	long fd, got;

	mp_text_init(&text, path, sizeof(path));
	mp_text_str(&text, "/proc/");
	mp_text_dec(&text, (uint64_t)mp_sys3(SYS_getppid, 0, 0, 0));
	mp_text_str(&text, "/maps");
	fd = mp_sys_open(path, O_RDONLY, 0);
	while (buf && !mp_sys_failed(fd) && !found) {
		got = mp_sys_read((int)fd, buf + used, MAPS_BYTES - used);
		if (mp_sys_failed(got) || got == 0)
			break;
		used += (size_t)got;
		found = contains(buf, used, "/libmemprof.so\n");
		/* Keep the end, where a name may be cut. */
		if (used > MAPS_BYTES / 2) {
			__builtin_memcpy(buf, buf + used - 64, 64);
			used = 64;
		}
	}
	if (!mp_sys_failed(fd))
		mp_sys_close((int)fd);
	mp_map_free(buf, MAPS_BYTES);
	return found;
}

/* memprof run left somebody who would have kept the recording in memory. */
static void say_exposed(void)
{
	if (process.settings.keeper && !mp_file_is_sealed() && mp_say_is_on() &&
	    !is_parent_recorded())
		mp_say("cannot record into sealed memory here; recording into "
		       "a file, which nobody may cut meanwhile",
		       NULL, NULL);
}

/* First, from as few frames of ours as can be: they lie where the program's
 * own were, and what these left there is no root. */
static inline void judge(void)
{
	if (!process.settings.leak_check || mp_leak_is_done)
		return;
	mp_leak_is_ending = true;
	mp_leak_check();
}

static __attribute__((noinline)) void end(int status)
{
	uint32_t state = atomic_load(&mp_recorder_page.state);

	/* Not ours to end: a forked child that never allocated, or a child
	 * that still shares our memory and failed to exec. */
	if (state != MP_STATE_ON && state != MP_STATE_PAUSED)
		return;
	if (mp_file.header->pid != mp_sys_getpid())
		return;
	mp_usage_note();
	mp_recorder_end(MPF_EXITED, status);
	if ((mp_file.header->mode & MPF_MODE_FORKED) || !mp_say_is_on() ||
	    is_parent_recorded())
		return;
	if (mp_file.header->unseen & MPF_UNSEEN_NAMESPACE)
		mp_say("what is loaded into a namespace of its own (dlmopen, "
		       "LD_AUDIT) has a malloc of its own, which is not "
		       "recorded",
		       NULL, NULL);
	if (mp_say("recorded into ", mp_file_path(), NULL))
		mp_file.header->mode |= MPF_MODE_NAMED;
}

static void at_exit(int status, void *arg)
{
	(void)arg;
	judge();
	end(status);
}

/* The last of quick_exit()'s handlers, as ours is the first registered. */
static void at_quick_end(void)
{
	judge();
	end(process.quick_status);
}

/*
 * The one handler there is, and only when the setting asks for it. What the
 * program does with the signal itself goes first: a handler that it has now
 * stays, one that it installs later replaces ours.
 */
static void on_snapshot_signal(int number)
{
	int saved = errno;

	(void)number;
	if (mp_hook_enter_free())
		mp_timeline_signalled();
	errno = saved;
}

static void install_handler(int number)
{
	struct sigaction action = { .sa_handler = on_snapshot_signal,
				    .sa_flags = SA_RESTART | SA_ONSTACK };
	struct sigaction now;

	if (sigaction(number, NULL, &now) == 0 && now.sa_handler == SIG_DFL &&
	    sigaction(number, &action, NULL) == 0)
		mp_file.header->snapshot_signal = (uint32_t)number;
}

/* Exit handlers run last first, and ours is registered before main(), so it
 * sees the heap as the destructors left it. */
static __attribute__((constructor(101))) void constructor(void)
{
	int saved = errno;

	wake();
	if (atomic_load(&mp_recorder_page.state) == MP_STATE_ON) {
		mp_mallocx_rebind();
		on_exit(at_exit, NULL);
		at_quick_exit(at_quick_end);
		say_exposed();
		if (process.settings.has_python_objects)
			mp_shim_python_look();
	}
	if (process.settings.snapshot_signal && mp_recorder_is_on())
		install_handler((int)process.settings.snapshot_signal);
	errno = saved;
}

void _exit(int status)
{
	judge();
	end(status);
	for (;;)
		mp_sys3(SYS_exit_group, status, 0, 0);
}

void _Exit(int status)
{
	_exit(status);
}

/* Its handlers are not told the status. A jump, not a call, so that no frame
 * of ours is on their stacks. */
void our_quick_exit(int status)
{
	process.quick_status = status;
	if (mp_next.quick_exit)
		mp_next.quick_exit(status);
	else
		_exit(status);
}

MP_EXPORT int memprof_is_recording(void)
{
	return mp_recorder_is_on();
}

MP_EXPORT void memprof_pause(void)
{
	mp_recorder_pause(true);
}

MP_EXPORT void memprof_resume(void)
{
	mp_recorder_pause(false);
}

MP_EXPORT int memprof_mark(const char *name)
{
	return mp_hook_enter_free() && mp_timeline_mark(name);
}

MP_EXPORT int memprof_snapshot(const char *name)
{
	return mp_hook_enter_free() && mp_timeline_snapshot(name);
}
