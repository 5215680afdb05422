/* SPDX-License-Identifier: MIT */
/* The same stacks from the compiler's own unwinder, for comparison. */
#include "config.h"

#include "preload/unwind/unwind.h"

#include <dlfcn.h>
#include <stdatomic.h>
#include <unwind.h>

#include "preload/unwind/rule.h"

typedef _Unwind_Reason_Code backtrace_fn(_Unwind_Trace_Fn, void *);
typedef _Unwind_Ptr get_ip_fn(struct _Unwind_Context *, int *);

static struct {
	_Atomic(backtrace_fn *) backtrace;
	_Atomic(get_ip_fn *) get_ip;
} reference;

struct trace {
	get_ip_fn *get_ip;
	uintptr_t first;
	uint64_t *pcs;
	size_t depth, limit;
	bool has_begun;
};

/* An address that both libgcc_s and the program may have. */
static void *look_up(const char *name)
{
	void *addr = dlsym(RTLD_DEFAULT, name);
	void *lib;

	if (addr)
		return addr;
	lib = dlopen("libgcc_s.so.1", RTLD_LAZY | RTLD_LOCAL);
	return lib ? dlsym(lib, name) : NULL;
}

static bool load(void)
{
	if (atomic_load(&reference.backtrace))
		return true;
	atomic_store(&reference.get_ip,
		     (get_ip_fn *)(uintptr_t)look_up("_Unwind_GetIPInfo"));
	if (atomic_load(&reference.get_ip))
		atomic_store(&reference.backtrace,
			     (backtrace_fn *)(uintptr_t)look_up(
				     "_Unwind_Backtrace"));
	return atomic_load(&reference.backtrace) != NULL;
}

static _Unwind_Reason_Code visit(struct _Unwind_Context *context, void *arg)
{
	struct trace *trace = arg;
	int unused = 0;
	const uintptr_t pc = trace->get_ip(context, &unused);

	if (!trace->has_begun && pc != trace->first)
		return _URC_NO_REASON;
	trace->has_begun = true;
	if (pc < MP_PC_LOWEST || trace->depth == trace->limit)
		return _URC_END_OF_STACK;
	trace->pcs[trace->depth++] = pc;
	return _URC_NO_REASON;
}

size_t mp_unwind_reference(const struct mp_regs *regs, uint64_t *pcs,
			   size_t limit)
{
	struct trace trace = { .first = regs->pc, .pcs = pcs, .limit = limit };

	if (!load())
		return 0;
	trace.get_ip = atomic_load(&reference.get_ip);
	atomic_load (&reference.backtrace)(visit, &trace);
	for (size_t i = 0; i < trace.depth / 2; i++) {
		const uint64_t pc = pcs[i];

		pcs[i] = pcs[trace.depth - 1 - i];
		pcs[trace.depth - 1 - i] = pc;
	}
	return trace.depth;
}
