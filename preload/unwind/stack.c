/* SPDX-License-Identifier: MIT */
/* Readable pages of stacks, and the window of them that walks use. */
#include "config.h"

#include "preload/unwind/stack.h"

#include <string.h>
#include <sys/uio.h>

#include "preload/base/sys.h"

#define USER_END (UINT64_C(1) << 47)

/* Sandboxes and emulators that do not answer as Linux does. */
static bool has_odd_sigprocmask;

static bool probe_by_copy(uintptr_t addr)
{
	uint64_t word;
	const struct iovec to = { &word, sizeof(word) };
	const struct iovec from = { (void *)addr, sizeof(word) };

	return mp_sys6(SYS_process_vm_readv, mp_sys_getpid(), (long)&to, 1,
		       (long)&from, 1, 0) == (long)sizeof(word);
}

bool mp_stack_probe(uintptr_t addr)
{
	/*
	 * The kernel reads the set before it looks at "how", which is none
	 * of the three: EFAULT or EINVAL, and nothing changes. Sandboxes
	 * allow this call more often than process_vm_readv.
	 */
	if (__builtin_expect(!has_odd_sigprocmask, 1))
		return mp_sys6(SYS_rt_sigprocmask, -1, (long)addr, 0, 8, 0,
			       0) == -EINVAL;
	return probe_by_copy(addr);
}

void mp_stack_init(void)
{
	const uint64_t here = 0;

	/* The last page of user addresses is never mapped. */
	has_odd_sigprocmask = false;
	has_odd_sigprocmask = !mp_stack_probe((uintptr_t)&here) ||
			      mp_stack_probe(USER_END - MP_STACK_PAGE);
}

static bool page_readable(struct mp_stack *stack, uintptr_t page)
{
	uintptr_t *known = &stack->pages[page / MP_STACK_PAGE % MP_STACK_PAGES];

	if (*known == page)
		return true;
	if (!mp_stack_probe(page))
		return false;
	*known = page;
	return true;
}

bool mp_stack_readable(struct mp_stack *stack, uintptr_t addr)
{
	if (addr % 8 || addr < MP_STACK_PAGE || addr >= USER_END)
		return false;
	if (addr >= stack->lo && addr < stack->hi)
		return true;
	return page_readable(stack, addr - addr % MP_STACK_PAGE);
}

/* Grows the window over consecutive pages up or down to the page. */
static bool extend(struct mp_stack *stack, uintptr_t page)
{
	if (page >= stack->hi) {
		if (page - stack->hi >= MP_STACK_EXTEND * MP_STACK_PAGE)
			return false;
		while (stack->hi <= page && page_readable(stack, stack->hi))
			stack->hi += MP_STACK_PAGE;
		return stack->hi > page;
	}
	if (stack->lo - page > MP_STACK_EXTEND * MP_STACK_PAGE)
		return false;
	while (stack->lo > page &&
	       page_readable(stack, stack->lo - MP_STACK_PAGE))
		stack->lo -= MP_STACK_PAGE;
	return stack->lo <= page;
}

void mp_stack_move(struct mp_stack *stack, uintptr_t addr)
{
	const uintptr_t page = addr - addr % MP_STACK_PAGE;

	if (addr >= stack->lo && addr < stack->hi)
		return;
	if (addr >= MP_STACK_PAGE && addr < USER_END) {
		if (stack->hi != stack->lo && extend(stack, page))
			return;
		if (page_readable(stack, page)) {
			stack->lo = page;
			stack->hi = page + MP_STACK_PAGE;
			return;
		}
	}
	stack->lo = addr;
	stack->hi = addr + 8; /* holds sp, and no step will fit in it */
}

void mp_stack_begin(struct mp_stack *stack, uintptr_t sp, uint32_t generation)
{
	if (stack->generation != generation || stack->walks >= MP_STACK_WALKS) {
		memset(stack->pages, 0, sizeof(stack->pages));
		stack->lo = stack->hi = 0;
		stack->generation = generation;
		stack->walks = 0;
	}
	/* sp may be the very end of the stack, but not what is below it. */
	mp_stack_move(stack, sp - 8);
}
