/* SPDX-License-Identifier: MIT */
/*
 * walk: allocates from every kind of frame that a stack can have. Each block
 * has a size of its own and is lost; "stack.SIZE=" states the functions of
 * this file on its stack, innermost first.
 */
#include "tests/e2e/targets/tally.h"

#include <alloca.h>
#include <cstdint>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <ucontext.h>

#define FRAME extern "C" __attribute__((noinline, used))

static void *volatile kept;
static volatile int zero;

static inline void stay()
{
	asm volatile("" : : : "memory");
}

static void expect(size_t bytes, const char *functions)
{
	char line[200];
	int used = snprintf(line, sizeof(line), "stack.%zu=%s\n", bytes,
			    functions);

	print_bytes(line, (size_t)used);
}

FRAME void take(size_t bytes)
{
	kept = malloc(bytes);
	stay();
}

FRAME void with_alloca(int bytes)
{
	char *area = static_cast<char *>(alloca(static_cast<size_t>(bytes)));

	memset(area, 1, static_cast<size_t>(bytes));
	asm volatile("" : : "r"(area) : "memory");
	take(1001);
	asm volatile("" : : "r"(area) : "memory");
}

FRAME void with_big_locals()
{
	char area[200 * 1024];

	area[zero] = 1;
	asm volatile("" : : "r"(area) : "memory");
	take(1002);
	asm volatile("" : : "r"(area) : "memory");
}

FRAME void with_realigned_frame(int bytes)
{
	alignas(128) char area[256];
	char *more = static_cast<char *>(alloca(static_cast<size_t>(bytes)));

	area[zero] = more[0] = 1;
	asm volatile("" : : "r"(area), "r"(more) : "memory");
	MUST(reinterpret_cast<std::uintptr_t>(area) % 128 == 0);
	take(1003);
	asm volatile("" : : "r"(area), "r"(more) : "memory");
}

/* The call is the last instruction: its return address is in what follows. */
FRAME __attribute__((noreturn)) void never_returns(jmp_buf *back)
{
	take(1004);
	longjmp(*back, 1);
}

FRAME __attribute__((noreturn)) void ends_with_call(jmp_buf *back)
{
	never_returns(back);
}

FRAME void with_longjmp()
{
	jmp_buf back;

	if (setjmp(back) == 0)
		ends_with_call(&back);
	take(1005);
	stay();
}

struct cleaner {
	[[gnu::always_inline]] inline ~cleaner();
};

FRAME void in_destructor()
{
	take(1006);
	stay();
}

inline cleaner::~cleaner()
{
	in_destructor();
}

FRAME void throws(int value)
{
	if (value)
		throw value;
	stay();
}

FRAME void with_landing_pad(int value)
{
	cleaner cleaner;

	throws(value);
	stay();
}

FRAME void with_catch()
{
	try {
		with_landing_pad(1 + zero);
	} catch (int value) {
		take(1006 + static_cast<size_t>(value));
	}
	take(1008);
	stay();
}

FRAME int compare(const void *a, const void *b)
{
	if (!zero) {
		zero = 1;
		take(1009);
		zero = 1;
	}
	return *static_cast<const int *>(a) - *static_cast<const int *>(b);
}

FRAME void with_callback_of_libc()
{
	int numbers[] = { 2, 1 };

	zero = 0;
	qsort(numbers, 2, sizeof(numbers[0]), compare);
	zero = 0;
	stay();
}

FRAME void on_signal(int)
{
	take(1010);
	stay();
}

FRAME void with_signal()
{
	struct sigaction action = {};

	action.sa_handler = on_signal;
	MUST(sigaction(SIGUSR1, &action, NULL) == 0);
	raise(SIGUSR1);
	stay();
}

FRAME void on_fault(int)
{
	struct sigaction action = {};

	take(1011);
	action.sa_handler = SIG_DFL;
	sigaction(SIGTRAP, &action, NULL);
	stay();
}

/* The interrupted instruction is the first of a function, after no call. */
FRAME void with_trap()
{
	struct sigaction action = {};

	action.sa_handler = on_fault;
	MUST(sigaction(SIGTRAP, &action, NULL) == 0);
	asm volatile("int3");
	stay();
}

static ucontext_t main_context, co_context;

FRAME void coroutine()
{
	take(1012);
	swapcontext(&co_context, &main_context);
	take(1013);
	stay();
}

FRAME void with_coroutine()
{
	static char stack[65536];

	MUST(getcontext(&co_context) == 0);
	co_context.uc_stack.ss_sp = stack;
	co_context.uc_stack.ss_size = sizeof(stack);
	co_context.uc_link = &main_context;
	makecontext(&co_context, coroutine, 0);
	swapcontext(&main_context, &co_context);
	take(1014);
	swapcontext(&main_context, &co_context);
	stay();
}

struct base {
	virtual void act() = 0;
	virtual ~base()
	{
	}
};

FRAME void in_virtual()
{
	take(1015);
	stay();
}

struct derived : base {
	void act() override
	{
		in_virtual();
		stay();
	}
};

FRAME void with_virtual()
{
	derived object;
	base *volatile hidden = &object;

	hidden->act();
	stay();
}

FRAME void *on_thread(void *)
{
	take(1016);
	stay();
	return NULL;
}

FRAME void with_thread()
{
	pthread_t thread;

	MUST(pthread_create(&thread, NULL, on_thread, NULL) == 0);
	pthread_join(thread, NULL);
	stay();
}

static pthread_once_t once = PTHREAD_ONCE_INIT;

FRAME void in_once()
{
	take(1017);
	stay();
}

FRAME void with_once()
{
	pthread_once(&once, in_once);
	stay();
}

/* Pushes arguments in the middle of a function: the CFA moves with them. */
FRAME int many_arguments(int a, int b, int c, int d, int e, int f, long g,
			 long h, long i)
{
	take(1018);
	stay();
	return static_cast<int>(a + b + c + d + e + f + g + h + i);
}

FRAME void with_many_arguments()
{
	kept = reinterpret_cast<void *>(static_cast<std::intptr_t>(
		many_arguments(1, 2, 3, 4, 5, 6, 7, 8, 9)));
	take(1019);
	stay();
}

int main()
{
	with_alloca(3000 + zero);
	expect(1001, "take,with_alloca,main");
	with_big_locals();
	expect(1002, "take,with_big_locals,main");
	with_realigned_frame(100 + zero);
	expect(1003, "take,with_realigned_frame,main");
	with_longjmp();
	expect(1004, "take,never_returns,ends_with_call,with_longjmp,main");
	expect(1005, "take,with_longjmp,main");
	with_catch();
	expect(1006, "take,in_destructor,~cleaner,with_landing_pad,"
		     "with_catch,main");
	expect(1007, "take,with_catch,main");
	expect(1008, "take,with_catch,main");
	with_callback_of_libc();
	expect(1009, "take,compare,with_callback_of_libc,main");
	with_signal();
	expect(1010, "take,on_signal,with_signal,main");
	with_trap();
	expect(1011, "take,on_fault,with_trap,main");
	with_coroutine();
	expect(1012, "take,coroutine");
	expect(1013, "take,coroutine");
	expect(1014, "take,with_coroutine,main");
	with_virtual();
	expect(1015, "take,in_virtual,act,with_virtual,main");
	with_thread();
	expect(1016, "take,on_thread");
	with_once();
	expect(1017, "take,in_once,with_once,main");
	with_many_arguments();
	expect(1018, "take,many_arguments,with_many_arguments,main");
	expect(1019, "take,with_many_arguments,main");
	return 0;
}
