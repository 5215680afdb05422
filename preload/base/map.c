/* SPDX-License-Identifier: MIT */
/* Private zeroed memory straight from the kernel. */
#include "config.h"

#include "preload/base/map.h"

#include <sys/prctl.h>

#include "preload/base/sandbox.h"
#include "preload/base/sys.h"

#ifndef PR_SET_VMA
#define PR_SET_VMA 0x53564d41
#endif
#ifndef PR_SET_VMA_ANON_NAME
#define PR_SET_VMA_ANON_NAME 0
#endif

_Atomic bool mp_sandbox_is_on;

void *mp_map_new(size_t bytes)
{
	void *addr;

	addr = mp_sys_mmap(NULL, bytes, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (mp_sys_failed((long)addr))
		return NULL;
	if (mp_sandbox_is_on)
		return addr;
	/* Shown as [anon:memprof] where the kernel can; harmless if not. */
	mp_sys6(SYS_prctl, PR_SET_VMA, PR_SET_VMA_ANON_NAME, (long)addr,
		(long)bytes, (long)"memprof", 0);
	return addr;
}

void mp_map_free(void *addr, size_t bytes)
{
	if (addr)
		mp_sys_munmap(addr, bytes);
}
