/* SPDX-License-Identifier: MIT */
/*
 * The two functions by which programs enter a seccomp sandbox, so that the
 * recorder knows before. Every other call goes on to the C library as it is.
 */
#include "config.h"

#include <errno.h>
#include <linux/prctl.h>
#include <linux/seccomp.h>
#include <stdarg.h>

#include "preload/base/sandbox.h"
#include "preload/base/sys.h"
#include "preload/leak/leak.h"
#include "preload/shim/hook.h"

MP_EXPORT int prctl(int option, ...);

/* For the assembly below. */
long mp_sandbox_raw(long number, long a, long b, long c, long d, long e,
		    long f);
long mp_sandbox_seccomp(long number, long operation, long flags, long args);

static long result(long ret)
{
	if (!mp_sys_failed(ret))
		return ret;
	errno = (int)-ret;
	return -1;
}

/* True when it is on because of this call: to be undone if that fails. */
static bool prepare(void)
{
	if (mp_sandbox_is_on)
		return false;
	mp_leak_confine();
	mp_recorder_confine();
	return mp_sandbox_is_on;
}

int prctl(int option, ...)
{
	bool is_new = false;
	long args[4], ret;
	va_list list;

	va_start(list, option);
	for (unsigned i = 0; i < 4; i++)
		args[i] = va_arg(list, long);
	va_end(list);
	/* Without a filter it asks whether there could be one. */
	if (option == PR_SET_SECCOMP &&
	    (args[0] == SECCOMP_MODE_STRICT || args[1]))
		is_new = prepare();
	if (mp_next.prctl)
		ret = mp_next.prctl(option, args[0], args[1], args[2], args[3]);
	else
		ret = result(mp_sys6(SYS_prctl, option, args[0], args[1],
				     args[2], args[3], 0));
	if (is_new && ret < 0)
		mp_sandbox_is_on = false;
	return (int)ret;
}

long mp_sandbox_raw(long number, long a, long b, long c, long d, long e, long f)
{
	return result(mp_sys6(number, a, b, c, d, e, f));
}

long mp_sandbox_seccomp(long number, long operation, long flags, long args)
{
	bool is_new = false;
	long ret;

	if (operation == SECCOMP_SET_MODE_FILTER
		    ? args != 0
		    : operation == SECCOMP_SET_MODE_STRICT)
		is_new = prepare();
	if (mp_next.syscall)
		ret = mp_next.syscall(number, operation, flags, args);
	else
		ret = mp_sandbox_raw(number, operation, flags, args, 0, 0, 0);
	if (is_new && ret < 0)
		mp_sandbox_is_on = false;
	return ret;
}

/*
 * syscall() as one jump, because what it calls may return twice, or on another
 * stack: all but one number pass with every register as it came.
 */
__asm__(".text\n"
	".globl syscall\n"
	".type syscall, @function\n"
	"syscall:\n"
	"	.cfi_startproc\n"
	"	endbr64\n"
	"	cmpq	$317, %rdi\n" /* SYS_seccomp */
	"	je	mp_sandbox_seccomp\n"
	"	movq	mp_next+" MP_NEXT_SYSCALL "(%rip), %rax\n"
	"	testq	%rax, %rax\n"
	"	je	mp_sandbox_raw\n"
	"	jmp	*%rax\n"
	"	.cfi_endproc\n"
	".size syscall, . - syscall\n");
_Static_assert(SYS_seccomp == 317, "the assembly has it as a number");
