/* SPDX-License-Identifier: MIT */
/* Readable pages of stacks, and the window of them that walks use. */
#include "config.h"

#include "preload/unwind/stack.h"

#include <string.h>

#include "preload/base/sys.h"

#define USER_END (UINT64_C(1) << 47)

bool mp_stack_probe(uintptr_t addr)
{
	/*
	 * The kernel reads the set before it looks at "how", which is none
	 * of the three: EFAULT or EINVAL, and nothing changes. Sandboxes
	 * allow this call, unlike process_vm_readv.
	 */
	return mp_sys6(SYS_rt_sigprocmask, -1, (long)addr, 0, 8, 0, 0) ==
	       -EINVAL;
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
