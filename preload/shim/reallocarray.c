/* SPDX-License-Identifier: MIT */
/*
 * reallocarray() as the C library has it: a check, then realloc() by its name.
 * That may be the program's own, which knows the block when we do not; so the
 * call must not be resolved within this object, and stands in its own file.
 */
#include "config.h"

#include <errno.h>

#include "preload/shim/hook.h"

void *realloc(void *old, size_t bytes);
MP_EXPORT void *reallocarray(void *old, size_t count, size_t bytes);

void *reallocarray(void *old, size_t count, size_t bytes)
{
	size_t total;

	if (__builtin_mul_overflow(count, bytes, &total)) {
		if (mp_hook_enter())
			mp_recorder_failed();
		errno = ENOMEM;
		return NULL;
	}
	return realloc(old, total);
}
