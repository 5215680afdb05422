/* SPDX-License-Identifier: MIT */
/*
 * A program that does to its stacks whatever a program may do, and walks them
 * at every turn. Each walk is compared with a full one that remembers
 * nothing, and every REFERENCE_EVERY-th with _Unwind_Backtrace. Built with
 * several compilers and options by test_unwind_variants.sh.
 *
 * Usage: unwind_adversary [ROUNDS [SEED [fp]]]; exit 0: no difference. With
 * fp the walks are by frame pointers, which in code without them means rubbish:
 * they are compared with full ones only.
 */
#include <alloca.h>
#include <csetjmp>
#include <csignal>
#include <cstdarg>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <dlfcn.h>
#include <functional>
#include <map>
#include <pthread.h>
#include <string>
#include <sys/mman.h>
#include <sys/time.h>
#include <ucontext.h>

extern "C" {
#include "preload/unwind/unwind.h"
}

#define NOINLINE __attribute__((noinline, noclone))
#ifdef __clang__
#undef NOINLINE
#define NOINLINE __attribute__((noinline))
#endif

#define REFERENCE_EVERY 97
#define FIBRES		4
#define FIBRE_BYTES	(64u << 10)
#define BIG_BYTES	(200u << 10)
#define ADDRESS_MASK	((UINT64_C(1) << 56) - 1)
#define SAID_MAX	5

struct fibre {
	ucontext_t context;
	char *stack;
	bool is_started;
};

/* One thread's run. */
struct world {
	struct mp_walker *walker, *handler_walker;
	uint64_t random;
	uint64_t last[MP_DEPTH_MAX]; /* pcs of the last walk that set them */
	size_t last_depth;
	std::map<std::string, uint32_t> ids;
	std::map<uint32_t, std::string> stacks;
	uint64_t walks, frames, fresh, tagged, references, differences;
	uint64_t signals, incomplete;
	ucontext_t scheduler;
	struct fibre fibres[FIBRES];
	int current;
};

static bool is_fp;
static thread_local struct world *world;
static thread_local volatile int sink;
static volatile uint64_t async_signals, async_differences, async_cut;

static void differ(const char *what, const struct mp_walk *walk,
		   const uint64_t *pcs, size_t depth)
{
	if (world->differences++ >= SAID_MAX)
		return;
	fprintf(stderr, "%s differs: depth %zu (kept %zu, end %d) not %zu\n",
		what, walk->depth, walk->kept, (int)walk->end, depth);
	for (size_t i = 0; i < walk->depth || i < depth; i++)
		fprintf(stderr, "  %4zu %16llx %16llx\n", i,
			i < walk->depth ? (unsigned long long)walk->pcs[i] : 0,
			i < depth ? (unsigned long long)pcs[i] : 0);
}

static bool same(const struct mp_walk *walk, const uint64_t *pcs, size_t depth,
		 uint64_t mask)
{
	if (walk->depth != depth)
		return false;
	for (size_t i = 0; i < depth; i++)
		if ((walk->pcs[i] & mask) != (pcs[i] & mask))
			return false;
	return true;
}

static void compare_reference(const struct mp_regs *regs,
			      const struct mp_walk *full)
{
	static thread_local uint64_t pcs[MP_DEPTH_MAX];
	const size_t depth = mp_unwind_reference(regs, pcs, MP_DEPTH_MAX);

	world->references++;
	if (!same(full, pcs, depth, ADDRESS_MASK))
		differ("reference", full, pcs, depth);
}

static void compare_note(const struct mp_walk *walk, const struct mp_walk *full)
{
	const std::string stack((const char *)full->pcs,
				full->depth * sizeof(uint64_t));

	if (walk->note && walk->note->tag) {
		const std::string &had = world->stacks[walk->note->tag];

		world->tagged++;
		if (had != stack || walk->end != full->end ||
		    walk->has_guess != full->has_guess)
			differ("tagged walk", full,
			       (const uint64_t *)had.data(), had.size() / 8);
		return;
	}
	if (!same(walk, full->pcs, full->depth, ~UINT64_C(0)) ||
	    walk->end != full->end || walk->has_guess != full->has_guess)
		differ("walk", walk, full->pcs, full->depth);
	if (walk->kept > walk->depth || walk->kept > world->last_depth ||
	    memcmp(world->last, walk->pcs, walk->kept * 8) != 0)
		differ("kept part", walk, world->last, world->last_depth);
	memcpy(world->last, walk->pcs, walk->depth * 8);
	world->last_depth = walk->depth;
	world->fresh += walk->depth - walk->kept;
	if (!walk->note)
		return;
	uint32_t &id = world->ids[stack];

	if (!id) {
		id = (uint32_t)world->ids.size();
		world->stacks[id] = stack;
	}
	walk->note->tag = id;
}

static void check(const struct mp_regs *regs)
{
	struct mp_walk walk, full;

	mp_unwind_walk(world->walker, regs, &walk);
	mp_unwind_walk_full(world->walker, regs, &full);
	compare_note(&walk, &full);
	world->walks++;
	world->frames += full.depth;
	world->incomplete +=
		full.end != MP_WALK_COMPLETE && full.end != MP_WALK_CUT_DEPTH;
	if (world->walks % REFERENCE_EVERY == 0 && !is_fp)
		compare_reference(regs, &full);
}

/* The allocating call of this program. */
NOINLINE static void leaf(void)
{
	const struct mp_regs regs = MP_REGS_CALLER();

	check(&regs);
	sink = sink + 1;
}

static unsigned pick(unsigned limit)
{
	world->random ^= world->random << 13;
	world->random ^= world->random >> 7;
	world->random ^= world->random << 17;
	return (unsigned)(world->random >> 33) % limit;
}

NOINLINE static void leaf_twice(void)
{
	leaf();
	sink = sink + 1;
	leaf();
	sink = sink + 1;
}

/* Uses every register that survives calls, rbp among them. */
NOINLINE static int clobber(int a, int b, int c, int d, int e, int f)
{
	a += sink;
	leaf();
	return a ^ b ^ c ^ d ^ e ^ f;
}

NOINLINE static void climb(unsigned depth);
NOINLINE static void with_aligned_arguments(int a, int b, int c, int d, int e,
					    int f, int g, int h, int i);

NOINLINE static void with_alloca(unsigned bytes)
{
	char *mem = (char *)alloca(bytes + 1);

	/* Not initialised on purpose: stale return addresses stay in it. */
	mem[bytes] = 1;
	if (bytes & 16)
		leaf();
	else if (bytes & 32)
		climb(1 + pick(3));
	else
		sink = clobber(1, 2, 3, 4, 5, (int)bytes);
	sink = sink + mem[bytes];
}

NOINLINE static void alloca_caller_a(unsigned bytes)
{
	with_alloca(bytes);
	sink = sink + 1;
}

NOINLINE static void alloca_caller_b(unsigned bytes)
{
	volatile char pad[112];

	pad[0] = pad[111] = (char)bytes;
	with_alloca(bytes);
	sink = sink + pad[0];
}

NOINLINE static void with_vla(unsigned count)
{
	volatile int vla[count + 1];

	vla[count] = 3;
	leaf_twice();
	sink = sink + vla[count];
}

struct alignas(64) wide {
	volatile char bytes[64];
};

NOINLINE static void with_aligned(unsigned depth)
{
	struct wide wide;

	wide.bytes[0] = (char)depth;
	if (depth)
		with_aligned(depth - 1);
	else
		leaf();
	sink = sink + wide.bytes[0];
}

/*
 * Its arguments are behind a gap of unknown size: the CFA is kept in a word
 * of the frame.
 */
NOINLINE static void with_aligned_arguments(int a, int b, int c, int d, int e,
					    int f, int g, int h, int i)
{
	struct wide wide;
	volatile char *mem = (volatile char *)alloca((size_t)(i + 1));

	wide.bytes[0] = 1;
	mem[i] = 1;
	leaf();
	sink = sink + wide.bytes[0] + a + b + c + d + e + f + g + h + mem[i];
}

NOINLINE static void with_aligned_alloca(unsigned bytes)
{
	struct wide wide;
	volatile char *mem = (volatile char *)alloca(bytes + 16);

	wide.bytes[1] = 1;
	mem[bytes] = 1;
	leaf();
	sink = sink + wide.bytes[1] + mem[bytes];
}

NOINLINE static void with_big_frame(unsigned n)
{
	volatile char big[BIG_BYTES];

	big[0] = big[BIG_BYTES - 1] = (char)n;
	leaf();
	sink = sink + big[0];
}

NOINLINE static void with_stack_arguments(int a, int b, int c, int d, int e,
					  int f, int g, int h, int i)
{
	leaf();
	sink = sink + a + b + c + d + e + f + g + h + i;
}

NOINLINE static void with_variadic(int count, ...)
{
	va_list args;

	va_start(args, count);
	leaf();
	while (count--)
		sink = sink + va_arg(args, int);
	va_end(args);
}

static thread_local jmp_buf escape;

NOINLINE static void jump_from(unsigned depth)
{
	volatile char pad[24];

	pad[0] = 0;
	leaf();
	if (depth == 0)
		longjmp(escape, 1);
	jump_from(depth - 1);
	sink = sink + pad[0];
}

NOINLINE static void with_longjmp(unsigned depth)
{
	if (setjmp(escape) == 0)
		jump_from(depth);
	leaf();
	sink = sink + 1;
}

__attribute__((noreturn)) NOINLINE static void never_return(void)
{
	leaf();
	longjmp(escape, 1);
}

/* Ends with a call: the return address is in the next function. */
NOINLINE static void call_at_the_end(void)
{
	volatile char pad[1000];

	pad[0] = pad[999] = 1;
	never_return();
}

NOINLINE static void with_noreturn(void)
{
	if (setjmp(escape) == 0)
		call_at_the_end();
	leaf();
}

/* Allocates while the stack is being unwound: called from landing pads. */
struct guard {
	unsigned n;
	NOINLINE ~guard()
	{
		leaf();
		sink = sink + (int)n;
	}
};

NOINLINE static void throw_from(unsigned depth)
{
	struct guard guard = { depth };

	leaf();
	if (depth == 0)
		throw(int) 7;
	throw_from(depth - 1);
	sink = sink + 1;
}

NOINLINE static void with_exception(unsigned depth)
{
	try {
		throw_from(depth);
	} catch (int value) {
		leaf();
		sink = sink + value;
	}
	leaf();
}

NOINLINE static void with_rethrow(unsigned depth)
{
	try {
		try {
			throw_from(depth);
		} catch (...) {
			leaf();
			throw;
		}
	} catch (int) {
		leaf();
	}
}

extern "C" void handle(int)
{
	world->signals++;
	leaf();
	sink = sink + 1;
}

NOINLINE static void with_signal(int signal)
{
	raise(signal);
	leaf();
}

static int compare_ints(const void *a, const void *b)
{
	leaf();
	return *(const int *)a - *(const int *)b;
}

NOINLINE static void with_callbacks(void)
{
	int numbers[] = { 3, 1, 2 };
	std::function<void(int)> function = [](int n) {
		leaf();
		sink = sink + n;
	};

	qsort(numbers, 3, sizeof(numbers[0]), compare_ints);
	function(numbers[0]);
}

struct base {
	virtual void run(unsigned depth) = 0;
	virtual ~base()
	{
	}
};

struct other {
	volatile int field;
	virtual void see(unsigned depth) = 0;
	virtual ~other()
	{
	}
};

struct derived : base, other {
	NOINLINE void run(unsigned depth) override
	{
		leaf();
		if (depth)
			see(depth - 1);
		sink = sink + 1;
	}
	NOINLINE void see(unsigned depth) override
	{
		leaf();
		if (depth)
			static_cast<base *>(this)->run(depth - 1);
		sink = sink + 1;
	}
};

NOINLINE static void with_virtual(unsigned depth)
{
	struct derived derived;
	other *seen = &derived;

	seen->see(depth);
	leaf();
}

NOINLINE static void recurse(unsigned depth)
{
	volatile char pad[8];

	pad[0] = 0;
	if (depth == 0)
		leaf_twice();
	else
		recurse(depth - 1);
	sink = sink + pad[0];
}

/* Walks on the way in and out, around the limit of frames. */
NOINLINE static void recurse_walking(unsigned depth)
{
	volatile char pad[8];

	pad[0] = 0;
	if (depth % 41 == 0)
		leaf();
	if (depth)
		recurse_walking(depth - 1);
	if (depth % 29 == 0)
		leaf();
	sink = sink + pad[0];
}

/*
 * Twins of one size that call each other at random: the same function at the
 * same depth, again and again, called from elsewhere.
 */
NOINLINE static void twin_a(unsigned depth)
{
	climb(depth);
	sink = sink + 1;
}

NOINLINE static void twin_b(unsigned depth)
{
	climb(depth);
	sink = sink + 2;
}

NOINLINE static void climb(unsigned depth)
{
	if (depth == 0 && pick(3) == 0) {
		with_aligned_arguments(1, 2, 3, 4, 5, 6, 7, 8, 9);
		sink = sink + 3;
	} else if (depth == 0 && pick(2)) {
		with_aligned_arguments(1, 2, 3, 4, 5, 6, 7, 8, 9);
		sink = sink + 4;
	} else if (depth == 0)
		leaf();
	else if (pick(2))
		twin_a(depth - 1);
	else
		twin_b(depth - 1);
	sink = sink + 1;
}

NOINLINE static void yield(void)
{
	struct fibre *fibre = &world->fibres[world->current];

	swapcontext(&fibre->context, &world->scheduler);
	sink = sink + 1;
}

NOINLINE static void fibre_recurse(unsigned depth)
{
	leaf();
	if (depth)
		fibre_recurse(depth - 1);
	else
		yield();
	leaf();
	sink = sink + 1;
}

static void fibre_main(void)
{
	for (;;)
		fibre_recurse(pick(5));
}

NOINLINE static void with_fibre(void)
{
	const int n = (int)pick(FIBRES);
	struct fibre *fibre = &world->fibres[n];

	world->current = n;
	if (!fibre->is_started) {
		if (!fibre->stack)
			fibre->stack = (char *)mmap(
				NULL, FIBRE_BYTES, PROT_READ | PROT_WRITE,
				MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		getcontext(&fibre->context);
		fibre->context.uc_stack.ss_sp = fibre->stack;
		fibre->context.uc_stack.ss_size = FIBRE_BYTES;
		fibre->context.uc_link = NULL;
		makecontext(&fibre->context, fibre_main, 0);
		fibre->is_started = true;
	}
	swapcontext(&world->scheduler, &fibre->context);
	leaf();
}

/* The stack goes, perhaps to come back at the same place. */
NOINLINE static void with_remapped_fibre(void)
{
	struct fibre *fibre = &world->fibres[pick(FIBRES)];

	if (fibre->stack)
		munmap(fibre->stack, FIBRE_BYTES);
	fibre->stack = NULL;
	fibre->is_started = false;
	if (pick(2))
		with_fibre();
}

NOINLINE static void act(void)
{
	switch (pick(25)) {
	case 0:
		alloca_caller_a(16 * pick(20));
		break;
	case 1:
		alloca_caller_b(16 * pick(20));
		break;
	case 2:
		with_alloca(16 * pick(20));
		break;
	case 3:
		with_vla(pick(60));
		break;
	case 4:
		with_aligned(pick(3));
		with_aligned_arguments(1, 2, 3, 4, 5, 6, 7, 8, (int)pick(99));
		break;
	case 5:
		with_aligned_alloca(16 * pick(12));
		break;
	case 6:
		with_longjmp(pick(6));
		break;
	case 7:
		with_exception(pick(4));
		break;
	case 8:
		with_rethrow(pick(3));
		break;
	case 9:
	case 10:
	case 11:
		with_fibre();
		break;
	case 12:
		with_remapped_fibre();
		break;
	case 13:
		with_signal(SIGUSR1);
		break;
	case 14:
		with_signal(SIGUSR2);
		break;
	case 15:
		with_callbacks();
		break;
	case 16:
		with_virtual(pick(4));
		break;
	case 17:
		with_stack_arguments(1, 2, 3, 4, 5, 6, 7, 8, (int)pick(9));
		break;
	case 18:
		with_variadic(3, 1, 2, 3);
		break;
	case 19:
		recurse(pick(12));
		break;
	case 20:
		if (pick(40) == 0)
			with_big_frame(pick(9));
		else
			leaf_twice();
		break;
	case 21:
	case 22:
		climb(1 + pick(6));
		break;
	case 23:
		with_noreturn();
		break;
	default:
		if (pick(400) == 0)
			recurse(500 + pick(700));
		else if (pick(400) == 0)
			recurse_walking(900 + pick(300));
		leaf();
	}
}

NOINLINE static void act_deep(unsigned depth)
{
	volatile char pad[40];

	pad[0] = 0;
	if (depth)
		act_deep(depth - 1);
	else
		for (int i = 0; i < 20; i++)
			act();
	sink = sink + pad[0];
}

static void use_signal_stack(void)
{
	stack_t stack = {};

	stack.ss_size = 256u << 10;
	stack.ss_sp = mmap(NULL, stack.ss_size, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	sigaltstack(&stack, NULL);
}

static uint64_t run(unsigned rounds, uint64_t seed, const char *name)
{
	struct world here = {};

	here.random = seed;
	here.walker = (struct mp_walker *)calloc(1, mp_walker_bytes());
	here.handler_walker = (struct mp_walker *)calloc(1, mp_walker_bytes());
	world = &here;
	use_signal_stack();
	for (unsigned i = 0; i < rounds; i++) {
		act_deep(pick(8));
		if (pick(1000) == 0)
			mp_unwind_forget();
	}
	printf("%s: %llu walks, depth %.1f, fresh %.1f, tagged %llu, "
	       "reference %llu, signals %llu, incomplete %llu: "
	       "%llu differences\n",
	       name, (unsigned long long)here.walks,
	       (double)here.frames / (double)here.walks,
	       (double)here.fresh / (double)here.walks,
	       (unsigned long long)here.tagged,
	       (unsigned long long)here.references,
	       (unsigned long long)here.signals,
	       (unsigned long long)here.incomplete,
	       (unsigned long long)here.differences);
	if (here.incomplete && !is_fp)
		here.differences++;
	free(here.walker);
	return here.differences;
}

struct order {
	unsigned rounds;
	uint64_t seed, differences;
};

static void *run_thread(void *arg)
{
	struct order *order = (struct order *)arg;

	order->differences = run(order->rounds, order->seed, "thread");
	return NULL;
}

/* Interrupted anywhere: prologues, epilogues, PLTs, libc's assembly. */
static struct mp_walker *timer_walker;

/* The first walk that differed, to be said when no handler runs. */
static struct {
	uint64_t ours[MP_DEPTH_MAX], reference[MP_DEPTH_MAX];
	size_t depth, reference_depth;
} first_difference;

static void differ_in_timer(const struct mp_walk *walk, const uint64_t *pcs,
			    size_t depth)
{
	if (async_differences == 0) {
		memcpy(first_difference.ours, walk->pcs,
		       walk->depth * sizeof(*pcs));
		memcpy(first_difference.reference, pcs, depth * sizeof(*pcs));
		first_difference.depth = walk->depth;
		first_difference.reference_depth = depth;
	}
	async_differences = async_differences + 1;
}

static void say_difference(void)
{
	const size_t ours = first_difference.depth;
	const size_t reference = first_difference.reference_depth;

	for (size_t i = 0; i < ours || i < reference; i++) {
		const uint64_t a = i < ours ? first_difference.ours[i] : 0;
		const uint64_t b =
			i < reference ? first_difference.reference[i] : 0;
		Dl_info info = {};

		dladdr((void *)(uintptr_t)(b ? b : a & ADDRESS_MASK), &info);
		printf("  %4zu %16llx %16llx %s+%llx %s\n", i,
		       (unsigned long long)a, (unsigned long long)b,
		       info.dli_fname ? info.dli_fname : "",
		       (unsigned long long)(b - (uintptr_t)info.dli_fbase),
		       info.dli_sname ? info.dli_sname : "");
	}
}

extern "C" void handle_timer(int)
{
	static uint64_t pcs[MP_DEPTH_MAX];
	const struct mp_regs regs = MP_REGS_CALLER();
	struct mp_walk walk;
	size_t depth;

	mp_unwind_walk(timer_walker, &regs, &walk);
	async_signals = async_signals + 1;
	async_cut = async_cut + (walk.end != MP_WALK_COMPLETE);
	if (is_fp)
		return;
	depth = mp_unwind_reference(&regs, pcs, MP_DEPTH_MAX);
	/* A cut walk holds the innermost part of the truth. */
	if (walk.end == MP_WALK_COMPLETE ? walk.depth != depth
					 : walk.depth > depth)
		differ_in_timer(&walk, pcs, depth);
	else
		for (size_t i = 1; i <= walk.depth; i++)
			if ((walk.pcs[walk.depth - i] & ADDRESS_MASK) !=
			    pcs[depth - i]) {
				differ_in_timer(&walk, pcs, depth);
				break;
			}
}

NOINLINE static void busy(unsigned n)
{
	char text[64];
	struct wide wide;

	wide.bytes[0] = 1;
	for (unsigned i = 0; i < n; i++) {
		snprintf(text, sizeof(text), "%u %s", i, "text");
		sink = sink + (int)strtoul(text, NULL, 10) + (int)strlen(text) +
		       (int)labs((long)i) + wide.bytes[0];
		free(malloc(i % 300));
	}
}

static void run_timer(unsigned signals)
{
	struct itimerval timer = { { 0, 200 }, { 0, 200 } };

	timer_walker = (struct mp_walker *)calloc(1, mp_walker_bytes());
	setitimer(ITIMER_REAL, &timer, NULL);
	while (async_signals < signals)
		busy(100);
	timer.it_value.tv_usec = timer.it_interval.tv_usec = 0;
	setitimer(ITIMER_REAL, &timer, NULL);
	printf("timer: %llu walks, cut %llu: %llu differences\n",
	       (unsigned long long)async_signals, (unsigned long long)async_cut,
	       (unsigned long long)async_differences);
	if (async_differences)
		say_difference();
}

int main(int argc, char **argv)
{
	const unsigned rounds = argc > 1 ? (unsigned)atoi(argv[1]) : 2000;
	const uint64_t seed = argc > 2 ? strtoull(argv[2], NULL, 10) : 88172645;
	struct mp_unwind_options options = {};
	struct order orders[2] = { { rounds / 4, seed + 1, 0 },
				   { rounds / 4, seed + 2, 0 } };
	struct sigaction action = {};
	pthread_t threads[2];
	uint64_t differences;

	is_fp = argc > 3 && strcmp(argv[3], "fp") == 0;
	options.method = is_fp ? MP_UNWIND_FP : MP_UNWIND_CFI;
	options.max_depth = MP_DEPTH_MAX;
	if (mp_unwind_init(&options) != 0)
		return 1;
	printf("seed %llu\n", (unsigned long long)seed);
	action.sa_handler = handle;
	sigaction(SIGUSR1, &action, NULL);
	action.sa_flags = SA_ONSTACK;
	sigaction(SIGUSR2, &action, NULL);
	action.sa_flags = SA_RESTART;
	action.sa_handler = handle_timer;
	sigaction(SIGALRM, &action, NULL);

	differences = run(rounds, seed, "main");
	for (int i = 0; i < 2; i++)
		pthread_create(&threads[i], NULL, run_thread, &orders[i]);
	for (int i = 0; i < 2; i++) {
		pthread_join(threads[i], NULL);
		differences += orders[i].differences;
	}
	run_timer(2000);
	return differences + async_differences == 0 ? 0 : 1;
}
