/* SPDX-License-Identifier: MIT */
/* The recorder's life: its start, its second start in a forked child, its
 * end. Nothing here is on the way of an event. */
#include "config.h"

#include "preload/base/lock.h"
#include "preload/base/sandbox.h"
#include "preload/base/say.h"
#include "preload/base/sys.h"
#include "preload/base/ticks.h"
#include "preload/record/check.h"
#include "preload/record/counters.h"
#include "preload/record/keeper.h"
#include "preload/record/lifetimes.h"
#include "preload/record/live.h"
#include "preload/record/mixed.h"
#include "preload/record/modules.h"
#include "preload/record/name.h"
#include "preload/record/perf_map.h"
#include "preload/record/pools.h"
#include "preload/record/process.h"
#include "preload/record/recorder.h"
#include "preload/record/sample.h"
#include "preload/record/stacks.h"
#include "preload/record/timeline.h"
#include "preload/record/unseen.h"
#include "preload/record/writer.h"

#ifndef MADV_WIPEONFORK
#define MADV_WIPEONFORK 18
#endif

#define EM_X86_64_MACHINE 62u

_Alignas(MPF_PAGE) struct mp_recorder_page mp_recorder_page;

/* Programs overwrite their environment (setproctitle), so it is copied. */
static struct {
	struct mp_process process;
	char out[MP_NAME_BYTES];
	char temp_dir[MP_NAME_BYTES];
	char directory[MP_NAME_BYTES]; /* of the start; "" unknown */
} recorder;

static void set_state(enum mp_state state)
{
	atomic_store(&mp_recorder_page.state, state);
}

static int create_first(const char *path, void *arg)
{
	(void)arg;
	return mp_file_create(path);
}

static int create_forked(const char *path, void *arg)
{
	(void)arg;
	return mp_file_fork(path);
}

static int create_dump(bool is_fork_child, mp_name_fn *create, void *arg)
{
	const struct mp_name name = {
		.pattern = recorder.out,
		.temp_dir = recorder.temp_dir,
		.directory = recorder.directory,
		.program = recorder.process.program,
		.start_unix_ns = recorder.process.start_unix_ns,
		.process_ticks = recorder.process.ticks,
		.is_fork_child = is_fork_child,
	};
	int ret;

	mp_keeper_call();
	ret = mp_name_create(&name, create, arg);
	mp_keeper_leave();
	return ret;
}

/* err: negative; the commonest are named. */
static void say_off(const char *what, int err)
{
	static const struct {
		int err;
		const char *name;
	} names[] = { { EACCES, "permission denied" },
		      { ENOENT, "no such directory" },
		      { ENOSPC, "no space left" },
		      { EROFS, "read-only file system" },
		      { EFBIG, "file size limit too small" },
		      { ENAMETOOLONG, "name too long" },
		      { EEXIST, "too many files of that name" },
		      { EMFILE, "too many open files" },
		      { ENOMEM, "out of memory" } };
	char buf[64];
	struct mp_text text;

	mp_text_init(&text, buf, sizeof(buf));
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (names[i].err == -err)
			mp_text_str(&text, names[i].name);
	if (!text.used) {
		mp_text_str(&text, "errno ");
		mp_text_dec(&text, (uint64_t)-err);
	}
	mp_text_str(&text, "; the program runs unrecorded");
	mp_say(what, ": ", buf);
}

static void fill_header(const struct mp_recorder_boot *boot)
{
	struct mpf_header *header = mp_file.header;

	__builtin_memcpy(header->magic, MPF_MAGIC, sizeof(header->magic));
	header->version = MPF_VERSION;
	header->header_bytes = MPF_HEADER_BYTES;
	header->byte_order = MPF_BYTE_ORDER;
	header->machine = EM_X86_64_MACHINE;
	header->used_bytes = MPF_HEADER_BYTES;
	header->state = MPF_RUNNING;
	header->unwind =
		boot->settings->use_fp ? MPF_UNWIND_FP : MPF_UNWIND_CFI;
	header->max_depth = boot->settings->max_depth;
	header->peak_epoch = 1;
	if (boot->settings->check_every)
		header->mode |= MPF_MODE_CHECKED;
	if (boot->is_bypassed)
		header->mode |= MPF_MODE_BYPASSED;
	if (boot->settings->sample_bytes) {
		header->mode |= MPF_MODE_SAMPLED;
		header->sample_bytes = boot->settings->sample_bytes;
	}
	if (boot->settings->verify)
		header->mode |= MPF_MODE_VERIFIED;
	mp_process_identify(&recorder.process);
	mp_process_describe(boot->start, &recorder.process, boot->allocator);
}

static void copy(char *to, const char *from)
{
	struct mp_text text;

	mp_text_init(&text, to, MP_NAME_BYTES);
	mp_text_str(&text, from);
}

static void read_names(const struct mp_settings *settings)
{
	long len;

	copy(recorder.out, settings->out);
	copy(recorder.temp_dir, settings->temp_dir);
	len = mp_sys3(SYS_getcwd, (long)recorder.directory, MP_NAME_BYTES, 0);
	/* "(unreachable)/..." after a chroot is not a path. */
	if (mp_sys_failed(len) || recorder.directory[0] != '/')
		recorder.directory[0] = '\0';
}

static void note_object(const struct mp_code_object *object)
{
	mp_modules_note(object);
	mp_mixed_object(object);
}

void mp_recorder_boot(const struct mp_recorder_boot *boot)
{
	const struct mp_unwind_options unwind = {
		.method = boot->settings->use_fp ? MP_UNWIND_FP : MP_UNWIND_CFI,
		.max_depth = boot->settings->max_depth,
		.on_object = note_object,
		.on_guess = mp_modules_guess,
		.verify = boot->settings->verify,
		.on_difference = mp_check_differ,
	};
	long ret;

	set_state(MP_STATE_OFF);
	mp_keeper_init(boot->settings->keeper);
	mp_process_read(boot->start, &recorder.process);
	read_names(boot->settings);
	ret = mp_sys_madvise(&mp_recorder_page, MPF_PAGE, MADV_WIPEONFORK);
	if (mp_sys_failed(ret)) {
		say_off("needs Linux 4.14 or later", (int)ret);
		return;
	}
	if (!mp_blocks_init(boot->granule_shift) ||
	    mp_unwind_init(&unwind) != 0) {
		say_off("no memory to record with", -ENOMEM);
		return;
	}
	ret = create_dump(false, create_first, NULL);
	if (mp_sys_failed(ret)) {
		char what[512];
		struct mp_text text;

		mp_text_init(&text, what, sizeof(what));
		mp_text_str(&text, "cannot create a dump as ");
		mp_text_str(&text, recorder.out);
		say_off(what, (int)ret);
		return;
	}
	fill_header(boot);
	mp_modules_init(boot->in_loader, boot->in_self,
			recorder.process.program);
	mp_sample_init(boot->settings->sample_bytes, recorder.process.start_ns);
	mp_mixed_init(boot->settings->is_python_on,
		      boot->settings->has_python_objects);
	mp_check_init(boot->settings->check_every, boot->settings->verify);
	mp_recorder_is_odd = boot->settings->sample_bytes ||
			     boot->settings->check_every ||
			     boot->settings->verify;
	mp_births_init(boot->settings, boot->usable_size);
	mp_live_init(boot->settings);
	mp_timeline_init(boot->settings);
	set_state(MP_STATE_ON);
}

/* What the header says of the parent does not hold for the child. */
static void reset_header(void)
{
	struct mpf_header *header = mp_file.header;

	header->parent_pid = header->pid;
	mp_process_identify(&recorder.process);
	header->mode |= MPF_MODE_FORKED;
	header->mode &= ~(uint32_t)(MPF_MODE_LEAK_CHECKED | MPF_MODE_HEAP);
	header->leak_sequence = header->leak_failure = 0;
	header->state = MPF_RUNNING;
	header->exit_status = 0;
	header->end_ns = 0;
	header->failure = MPF_FAIL_NONE;
	header->failure_errno = 0;
	header->overflow = (struct mpf_overflow) { 0, 0, 0, 0 };
	header->untracked_allocs = header->untracked_bytes = 0;
	header->inherited_blocks = header->inherited_bytes = 0;
	header->check_walks = header->check_differences = 0;
	header->peak_bytes = header->peak_ns = 0;
	header->peak_epoch = 1;
	header->live_bytes = 0;
	mp_unseen_forked();
	mp_live_forked();
}

/* Other threads of the parent went on while the kernel copied page by page:
 * what the child has of the table may be newer than its trie. */
static bool is_class(uint32_t node)
{
	return mp_stacks_has(node) &&
	       MPF_PC_KIND(mp_stacks_pc(node)) >= MPF_NODE_CLASS;
}

static uint32_t inherit(void *arg, uintptr_t addr, struct mp_block block)
{
	struct mp_writer *writer = arg;
	struct mpf_header *header = mp_file.header;
	struct mpf_slot *slot = NULL;

	(void)addr;
	header->inherited_blocks++;
	header->inherited_bytes += block.bytes;
	if (writer && is_class(block.class_node))
		slot = mp_writer_slot(writer, block.class_node);
	if (slot) {
		mp_counters_alloc(writer, slot, block.bytes);
		return block.class_node;
	}
	header->overflow.allocs++;
	header->overflow.alloc_bytes += block.bytes;
	return MP_NODE_OVERFLOW;
}

static void start_child(void)
{
	struct mp_writer *writer;
	size_t len = 0;
	long ret;

	set_state(MP_STATE_OFF);
	/* The parent was not recorded: it said why. Or no file may be made. */
	if (!mp_file.header || mp_sandbox_is_on)
		return;
	recorder.process.ticks = mp_process_ticks(mp_sys_getpid());
	mp_process_started(&recorder.process);
	ret = create_dump(true, create_forked, NULL);
	if (mp_sys_failed(ret)) {
		say_off("cannot create a dump for a forked child", (int)ret);
		return;
	}
	mp_stacks_forked();
	mp_modules_forked();
	mp_mixed_forked();
	reset_header();
	while (mp_file_path()[len])
		len++;
	mp_sample_forked(recorder.process.start_ns);
	mp_file.header->out_path = mp_file_text(mp_file_path(), len, true);
	writer = mp_writer_forked();
	mp_blocks_each(inherit, writer);
	mp_pools_forked(inherit, writer);
	if (writer) {
		/* Nobody flushes for it later. */
		mp_file.header->live_bytes += (uint64_t)writer->delta;
		writer->delta = 0;
	}
	mp_timeline_forked();
	set_state(MP_STATE_ON);
}

void mp_recorder_forked(void)
{
	/* No thread but the forking one came along, but it may have started
	 * others before its first event here. */
	if (!mp_lock_try(&mp_recorder_page.fork_lock))
		return;
	if (atomic_load(&mp_recorder_page.state) == MP_STATE_NEW)
		start_child();
	mp_lock_release(&mp_recorder_page.fork_lock);
}

void mp_recorder_end(enum mpf_state state, int exit_status)
{
	struct mpf_header *header = mp_file.header;
	struct mp_writer *writer;

	if (!header || atomic_load(&mp_recorder_page.state) == MP_STATE_NEW)
		return;
	mp_timeline_end();
	mp_unseen_end();
	writer = mp_writer_enter();
	mp_live_list(writer && !writer->is_nested);
	if (writer)
		mp_writer_leave(writer);
	mp_perf_map_copy();
	header->exit_status = exit_status;
	/* In this order: a time without the state is that of a copy. */
	__atomic_store_n(&header->state, (uint32_t)state, __ATOMIC_RELEASE);
	header->end_ns = mp_sys_clock_ns(CLOCK_MONOTONIC);
	/* A handler that allocates meanwhile must not wait for the file. */
	writer = mp_writer_enter();
	mp_file_trim();
	if (writer)
		mp_writer_leave(writer);
}

void mp_recorder_pause(bool is_paused)
{
	uint32_t from = is_paused ? MP_STATE_ON : MP_STATE_PAUSED;

	atomic_compare_exchange_strong(&mp_recorder_page.state, &from,
				       is_paused ? MP_STATE_PAUSED
						 : MP_STATE_ON);
}

void mp_recorder_confine(void)
{
	uint32_t state = atomic_load(&mp_recorder_page.state);
	struct mp_writer *writer;

	/* Not for a child that borrows our memory until it calls exec(). */
	if ((state != MP_STATE_ON && state != MP_STATE_PAUSED) ||
	    mp_file.header->pid != mp_sys_getpid())
		return;
	writer = mp_writer_enter();
	mp_file_confine();
	if (writer)
		mp_writer_leave(writer);
}
