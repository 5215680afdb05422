/* SPDX-License-Identifier: MIT */
/* What a program says of its own pools; see preload/memprof.h. */
#include "config.h"

#include "preload/memprof.h"
#include "preload/record/pools.h"
#include "preload/shim/hook.h"

MP_EXPORT void memprof_pool_alloc(const void *block, size_t bytes)
{
	struct mp_regs regs = MP_REGS_CALLER();

	if (block && mp_hook_enter())
		mp_pools_alloc(block, bytes, &regs);
}

MP_EXPORT void memprof_pool_free(const void *block)
{
	if (mp_hook_enter_free())
		mp_pools_free(block);
}

MP_EXPORT void memprof_pool_reset(const void *start, size_t bytes)
{
	if (mp_hook_enter_free())
		mp_pools_reset(start, bytes);
}

MP_EXPORT void memprof_pool_chunk(const void *chunk)
{
	if (mp_hook_enter_free())
		mp_pools_chunk(chunk);
}
