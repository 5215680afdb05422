/* SPDX-License-Identifier: MIT */
/* Calls of malloc within calls of another allocator. */
#include "config.h"

#include "preload/record/inner.h"

__thread struct mp_inner mp_inner;

void mp_inner_keep(void)
{
	const void *addr = mp_inner.addr;

	mp_inner.addr = NULL;
	mp_recorder_alloc(addr, mp_inner.bytes, mp_inner.call, mp_inner.regs);
}

void mp_inner_alloc(const void *addr, size_t bytes, enum mpf_call call)
{
	if (!addr)
		return; /* the other allocator says so, or tries again */
	if (mp_inner.addr)
		mp_inner_keep();
	mp_inner.call = call;
	mp_inner.bytes = bytes;
	mp_inner.addr = addr;
}

bool mp_inner_forgets(const void *addr)
{
	if (!mp_inner.is_inside)
		return false;
	if (mp_inner.addr == addr)
		mp_inner.addr = NULL;
	return true;
}
