/* SPDX-License-Identifier: MIT */
/*
 * The functions that create threads: the new one is told where. Both are a
 * jump into the C library's, so what that allocates has the stack it has
 * without us. Threads that the C library creates for itself do not come here.
 */
#include "config.h"

#include <errno.h>
#include <stdint.h>

#include "preload/record/starts.h"
#include "preload/shim/hook.h"

MP_EXPORT int pthread_create(pthread_t *thread, const pthread_attr_t *attr,
			     void *(*function)(void *), void *arg);
MP_EXPORT int thrd_create(thrd_t *thread, thrd_start_t function, void *arg);

/*
 * The start of a thread to be; NULL: it begins as it would. Of its own and by
 * value, because who has given an address away does not end in a jump.
 */
static __attribute__((noinline)) struct mp_start_of_thread *
begin(mp_starts_fn *function, void *arg, struct mp_regs regs)
{
	uint32_t node;

	if (!mp_hook_enter())
		return NULL;
	node = mp_recorder_stack(&regs);
	return node ? mp_starts_new(function, arg, node) : NULL;
}

int pthread_create(pthread_t *thread, const pthread_attr_t *attr,
		   void *(*function)(void *), void *arg)
{
	struct mp_start_of_thread *start =
		begin(function, arg, MP_REGS_CALLER());

	if (!mp_next.pthread_create)
		return EAGAIN;
	return mp_next.pthread_create(thread, attr,
				      start ? mp_starts_run : function,
				      start ? start : arg);
}

/* What starts are is the same for both: only what comes back is an int. */
int thrd_create(thrd_t *thread, thrd_start_t function, void *arg)
{
	mp_starts_fn *as_pointer = (mp_starts_fn *)(void *)(uintptr_t)function;
	struct mp_start_of_thread *start =
		begin(as_pointer, arg, MP_REGS_CALLER());

	if (!mp_next.thrd_create)
		return thrd_error;
	if (start)
		function = (thrd_start_t)(void *)(uintptr_t)mp_starts_run;
	return mp_next.thrd_create(thread, function, start ? start : arg);
}
