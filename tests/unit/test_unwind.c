/* SPDX-License-Identifier: MIT */
/*
 * Walks of real stacks and of made-up ones. unwind_adversary.cc does the same
 * to many more stacks.
 */
#include "config.h"

#include <check.h>
#include <dlfcn.h>
#include <errno.h>
#include <link.h>
#include <malloc.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "preload/unwind/unwind.h"

#define NOINLINE     __attribute__((noinline, noclone))
#define ADDRESS_MASK ((UINT64_C(1) << 56) - 1)
#define PAGE	     4096u

#ifdef __clang__
#undef NOINLINE
#define NOINLINE __attribute__((noinline))
#endif

/* What leaf() does and finds, one test in each process. */
static struct {
	struct mp_walker *walker;
	struct mp_walk walk;
	uint64_t pcs[MP_DEPTH_MAX]; /* of the walk, or of the full one */
	size_t depth;
	unsigned differences, objects, programs;
	volatile int sink;
} test;

static void on_object(const struct mp_code_object *object)
{
	test.objects++;
	test.programs += object->path[0] == 0;
	ck_assert_uint_lt(object->start, object->end);
}

static void on_difference(const struct mp_regs *regs,
			  const struct mp_walk *remembered,
			  const struct mp_walk *full)
{
	(void)regs;
	(void)remembered;
	(void)full;
	test.differences++;
}

static void init(enum mp_unwind_method method, unsigned max_depth)
{
	const struct mp_unwind_options options = {
		.method = method,
		.max_depth = max_depth,
		.on_object = on_object,
		.verify = true,
		.on_difference = on_difference,
	};

	ck_assert_int_eq(mp_unwind_init(&options), 0);
}

static void set_up(void)
{
	test.walker = mmap(NULL, mp_walker_bytes(), PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	ck_assert_ptr_ne(test.walker, MAP_FAILED);
}

/* Walks; what a note stands for is taken from a full walk. */
static void walk_from(const struct mp_regs *regs)
{
	struct mp_walk full;

	mp_unwind_walk(test.walker, regs, &test.walk);
	if (test.walk.note && test.walk.note->tag) {
		mp_unwind_walk_full(test.walker, regs, &full);
		test.walk.depth = full.depth;
		test.walk.pcs = full.pcs;
	}
	test.depth = test.walk.depth;
	memcpy(test.pcs, test.walk.pcs, test.depth * sizeof(*test.pcs));
}

NOINLINE static void leaf(void)
{
	const struct mp_regs regs = MP_REGS_CALLER();

	walk_from(&regs);
	test.sink++;
}

/* As leaf(), and says that the reference agrees. */
NOINLINE static void leaf_checked(void)
{
	const struct mp_regs regs = MP_REGS_CALLER();
	static uint64_t pcs[MP_DEPTH_MAX];
	size_t depth;

	walk_from(&regs);
	depth = mp_unwind_reference(&regs, pcs, MP_DEPTH_MAX);
	ck_assert_uint_eq(test.depth, depth);
	for (size_t i = 0; i < depth; i++)
		ck_assert_uint_eq(test.pcs[i] & ADDRESS_MASK, pcs[i]);
	test.sink++;
}

NOINLINE static void recurse(volatile unsigned depth, void (*then)(void))
{
	if (depth == 0)
		then();
	else
		recurse(depth - 1, then);
	test.sink++;
}

START_TEST(test_unwind_before_init_gives_the_first_frame)
{
	const struct mp_regs regs = { .pc = 0x123456 };

	walk_from(&regs);

	ck_assert_uint_eq(test.depth, 1);
	ck_assert_uint_eq(test.pcs[0], 0x123456);
	ck_assert_int_eq(test.walk.end, MP_WALK_CUT_NO_RULE);
}
END_TEST

START_TEST(test_unwind_agrees_with_the_reference)
{
	static const unsigned depths[] = { 0, 1, 10, 500, 900 };

	init(MP_UNWIND_CFI, MP_DEPTH_MAX);

	recurse(depths[_i], leaf_checked);

	ck_assert_int_eq(test.walk.end, MP_WALK_COMPLETE);
	ck_assert_uint_ge(test.depth, depths[_i]);
	ck_assert_uint_eq(test.walk.has_guess, false);
}
END_TEST

static void *run_thread(void *arg)
{
	leaf_checked();
	return arg;
}

START_TEST(test_unwind_thread_ends_complete)
{
	pthread_t thread;

	init(MP_UNWIND_CFI, MP_DEPTH_MAX);

	ck_assert_int_eq(pthread_create(&thread, NULL, run_thread, NULL), 0);
	pthread_join(thread, NULL);

	ck_assert_int_eq(test.walk.end, MP_WALK_COMPLETE);
	ck_assert_uint_ge(test.depth, 2);
}
END_TEST

START_TEST(test_unwind_depth_keeps_the_innermost)
{
	uint64_t pcs[MP_DEPTH_MAX];
	size_t depth;

	init(MP_UNWIND_CFI, MP_DEPTH_MAX);
	recurse(20, leaf);
	depth = test.depth;
	memcpy(pcs, test.pcs, sizeof(pcs));

	init(MP_UNWIND_CFI, 5);
	mp_unwind_forget();
	recurse(20, leaf);

	ck_assert_uint_eq(test.depth, 5);
	ck_assert_int_eq(test.walk.end, MP_WALK_CUT_DEPTH);
	/* But for the return address into this function. */
	ck_assert_mem_eq(test.pcs, pcs + depth - 5, 5 * sizeof(*pcs));
}
END_TEST

START_TEST(test_unwind_depth_of_exactly_the_limit_is_complete)
{
	size_t depth;

	init(MP_UNWIND_CFI, MP_DEPTH_MAX);
	recurse(20, leaf);
	depth = test.depth;

	for (int more = -1; more <= 1; more++) {
		init(MP_UNWIND_CFI, (unsigned)((int)depth + more));
		mp_unwind_forget();
		recurse(20, leaf);
		ck_assert_int_eq(test.walk.end, more < 0 ? MP_WALK_CUT_DEPTH
							 : MP_WALK_COMPLETE);
	}
}
END_TEST

START_TEST(test_unwind_limit_holds_as_stacks_grow_and_shrink)
{
	init(MP_UNWIND_CFI, 40);

	for (unsigned i = 0; i < 100; i++) {
		recurse(i * 7 % 60, leaf);
		ck_assert_uint_le(test.depth, 40);
		if (i * 7 % 60 > 40)
			ck_assert_int_eq(test.walk.end, MP_WALK_CUT_DEPTH);
	}

	ck_assert_uint_eq(test.differences, 0);
}
END_TEST

NOINLINE static void leaf_twice(void)
{
	leaf();
	test.sink++;
	leaf();
}

START_TEST(test_unwind_kept_counts_unchanged_frames)
{
	init(MP_UNWIND_CFI, MP_DEPTH_MAX);

	leaf();
	ck_assert_uint_eq(test.walk.kept, 0);
	recurse(10, leaf_twice);

	/* Two calls of leaf() in one frame: that frame's pc alone differs. */
	ck_assert_uint_eq(test.walk.kept, test.walk.depth - 1);
	ck_assert_int_eq(test.walk.last_end, MP_WALK_COMPLETE);
	mp_unwind_forget();
	leaf();
	ck_assert_uint_eq(test.walk.kept, 0);
}
END_TEST

START_TEST(test_unwind_note_stays_with_its_stack)
{
	volatile uint32_t seen = 0;

	init(MP_UNWIND_CFI, MP_DEPTH_MAX);

	/* The first walk may find that the stack goes on behind a page, which
	 * is no walk to be noted. volatile: one call, also where loops are
	 * unrolled or peeled. */
	leaf();
	for (volatile unsigned i = 0; i < 4; i++) {
		if (i == 3) {
			mp_unwind_forget();
			leaf();
		}
		leaf();
		ck_assert_ptr_nonnull(test.walk.note);
		ck_assert_uint_eq(test.walk.note->tag, i == 3 ? 0 : seen);
		test.walk.note->tag = seen = 77;
	}
	leaf();
	ck_assert_uint_eq(test.walk.note->tag, 0);
	ck_assert_uint_eq(test.differences, 0);
}
END_TEST

START_TEST(test_unwind_verify_counts_walks)
{
	uint64_t walks, differences;

	init(MP_UNWIND_CFI, MP_DEPTH_MAX);

	for (unsigned i = 0; i < 10; i++)
		recurse(i, leaf_twice);

	mp_unwind_verified(&walks, &differences);
	ck_assert_uint_eq(walks, 20);
	ck_assert_uint_eq(differences, 0);
}
END_TEST

START_TEST(test_unwind_objects_are_announced_once)
{
	unsigned objects;

	init(MP_UNWIND_CFI, MP_DEPTH_MAX);

	leaf();
	objects = test.objects;
	leaf();
	recurse(3, leaf);
	ck_assert_uint_ge(objects, 2); /* the program and libc at least */
	ck_assert_uint_eq(test.objects, objects);
	ck_assert_uint_eq(test.programs, 1);

	mp_unwind_forget();
	leaf();
	ck_assert_uint_eq(test.objects, 2 * objects);
	ck_assert_uint_eq(test.programs, 2);
}
END_TEST

START_TEST(test_unwind_keeps_errno_and_allocates_nothing)
{
	struct mallinfo2 before, after;

	init(MP_UNWIND_CFI, MP_DEPTH_MAX);

	before = mallinfo2();
	errno = 4711;
	recurse(300, leaf);
	ck_assert_int_eq(errno, 4711);
	after = mallinfo2();
	ck_assert_uint_eq(after.uordblks, before.uordblks);
}
END_TEST

static void handle(int signal)
{
	(void)signal;
	leaf_checked();
}

START_TEST(test_unwind_signal_frame_marks_the_interrupted_pc)
{
	unsigned exact = 0;

	init(MP_UNWIND_CFI, MP_DEPTH_MAX);
	signal(SIGUSR1, handle);

	raise(SIGUSR1);

	ck_assert_int_eq(test.walk.end, MP_WALK_COMPLETE);
	for (size_t i = 0; i < test.depth; i++)
		exact += (test.pcs[i] & MP_PC_EXACT) != 0;
	ck_assert_uint_eq(exact, 1);
}
END_TEST

/* Machine code that no object knows; calls the function given to it. */
static void (*make_code(bool has_frame))(void (*)(void))
{
	static const uint8_t framed[] = { 0x55, 0x48, 0x89, 0xe5, 0xff,
					  0xd7, 0x90, 0x5d, 0xc3 };
	/* push %rbp; xor %ebp,%ebp; call *%rdi; pop %rbp; ret */
	static const uint8_t frameless[] = { 0x55, 0x31, 0xed, 0xff,
					     0xd7, 0x5d, 0xc3 };
	void (*code)(void (*)(void));
	void *mem = mmap(NULL, PAGE, PROT_READ | PROT_WRITE | PROT_EXEC,
			 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	ck_assert_ptr_ne(mem, MAP_FAILED);
	memcpy(mem, has_frame ? framed : frameless,
	       has_frame ? sizeof(framed) : sizeof(frameless));
	memcpy(&code, &mem, sizeof(code));
	return code;
}

START_TEST(test_unwind_generated_code_is_guessed_and_marked)
{
	size_t here;

	init(MP_UNWIND_CFI, MP_DEPTH_MAX);
	leaf();
	here = test.depth;

	for (unsigned i = 0; i < 3; i++) {
		make_code(true)(leaf);
		ck_assert_int_eq(test.walk.end, MP_WALK_COMPLETE);
		ck_assert_uint_eq(test.walk.has_guess, true);
		/* The generated code is further in than this function. */
		ck_assert_uint_eq(test.depth, here + 1);
		ck_assert_uint_eq(test.pcs[here - 1] & MP_PC_GUESSED,
				  MP_PC_GUESSED);
		ck_assert_uint_eq(test.pcs[here] & MP_PC_GUESSED, 0);
	}
	ck_assert_uint_eq(test.differences, 0);
}
END_TEST

START_TEST(test_unwind_generated_code_without_frame_is_cut)
{
	init(MP_UNWIND_CFI, MP_DEPTH_MAX);

	make_code(false)(leaf);

	ck_assert_uint_eq(test.depth, 1);
	ck_assert_int_eq(test.walk.end, MP_WALK_CUT_NO_RULE);
	ck_assert_uint_eq(test.walk.has_guess, false);
}
END_TEST

/*
 * A stack of our own making: frames of generated code whose chain of frame
 * pointers is what the tests want. The pages behind it are not mapped.
 */
static uintptr_t *make_stack(void)
{
	uint8_t *mem = mmap(NULL, 3 * PAGE, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	ck_assert_ptr_ne(mem, MAP_FAILED);
	munmap(mem, PAGE);
	munmap(mem + 2 * PAGE, PAGE);
	return (uintptr_t *)(void *)(mem + PAGE);
}

START_TEST(test_unwind_never_reads_outside_of_the_stack)
{
	const uintptr_t pc = (uintptr_t)make_code(true) + 6;
	uintptr_t *stack = make_stack();
	const size_t words = PAGE / sizeof(*stack);
	const uintptr_t wild[] = {
		0,
		8,
		4096,
		(uintptr_t)stack,
		(uintptr_t)(stack + words),
		(uintptr_t)(stack + words - 1),
		(uintptr_t)stack - 16,
		(uintptr_t)stack + 4,
		UINTPTR_MAX,
		UINTPTR_MAX - 7,
		UINT64_C(1) << 47,
		(UINT64_C(1) << 47) - 8,
		0x8000000000000000,
		(uintptr_t)&test,
	};

	init(_i ? MP_UNWIND_FP : MP_UNWIND_CFI, MP_DEPTH_MAX);
	for (size_t i = 0; i < sizeof(wild) / sizeof(wild[0]); i++) {
		struct mp_regs regs = {
			.pc = pc,
			.sp = (uintptr_t)stack,
			.bp = (uintptr_t)(stack + 4),
		};

		/* One good frame, then a wild one. */
		stack[4] = wild[i];
		stack[5] = pc;
		walk_from(&regs);
		ck_assert_uint_ge(test.depth, 2);
		ck_assert_uint_le(test.depth, 3);
		/* Wild from the beginning. */
		regs.bp = wild[i];
		walk_from(&regs);
		ck_assert_uint_ge(test.depth, 1);
		regs.sp = wild[i] & ~UINT64_C(7);
		walk_from(&regs);
		ck_assert_uint_ge(test.depth, 1);
	}
	ck_assert_uint_eq(test.differences, 0);
}
END_TEST

START_TEST(test_unwind_chain_through_the_whole_page_is_followed)
{
	const uintptr_t pc = (uintptr_t)make_code(true) + 6;
	uintptr_t *stack = make_stack();
	const size_t words = PAGE / sizeof(*stack);
	const struct mp_regs regs = {
		.pc = pc,
		.sp = (uintptr_t)stack,
		.bp = (uintptr_t)stack,
	};

	init(_i ? MP_UNWIND_FP : MP_UNWIND_CFI, MP_DEPTH_MAX);
	for (size_t i = 0; i < words; i += 2) {
		stack[i] = (uintptr_t)(stack + i + 2);
		stack[i + 1] = pc;
	}
	for (unsigned n = 0; n < 3; n++) {
		walk_from(&regs);
		ck_assert_uint_eq(test.depth, words / 2 + 1);
		ck_assert_int_ne(test.walk.end, MP_WALK_COMPLETE);
	}
	ck_assert_uint_eq(test.differences, 0);
}
END_TEST

START_TEST(test_unwind_stack_that_is_gone_is_not_read)
{
	const uintptr_t pc = (uintptr_t)make_code(true) + 6;
	uintptr_t *stack = make_stack();
	const struct mp_regs regs = {
		.pc = pc,
		.sp = (uintptr_t)stack,
		.bp = (uintptr_t)stack,
	};

	init(MP_UNWIND_CFI, MP_DEPTH_MAX);
	stack[0] = (uintptr_t)(stack + 1);
	stack[1] = pc;
	walk_from(&regs);
	ck_assert_uint_eq(test.depth, 2);
	munmap(stack, PAGE);
	walk_from(&regs);

	ck_assert_uint_eq(test.depth, 1);
	ck_assert_uint_eq(test.differences, 0);
}
END_TEST

START_TEST(test_unwind_return_to_zero_is_the_end)
{
	const uintptr_t pc = (uintptr_t)make_code(true) + 6;
	uintptr_t *stack = make_stack();
	const struct mp_regs regs = {
		.pc = pc,
		.sp = (uintptr_t)stack,
		.bp = (uintptr_t)stack,
	};

	init(MP_UNWIND_FP, MP_DEPTH_MAX);
	stack[0] = (uintptr_t)(stack + 2);
	stack[1] = pc;
	stack[2] = (uintptr_t)(stack + 4);
	stack[3] = 0;
	walk_from(&regs);

	ck_assert_uint_eq(test.depth, 2);
	ck_assert_int_eq(test.walk.end, MP_WALK_COMPLETE);
}
END_TEST

/* Built with frame pointers, as this file is. */
START_TEST(test_unwind_frame_pointers_find_the_same_callers)
{
	uint64_t pcs[MP_DEPTH_MAX];
	size_t depth;

	for (unsigned i = 0; i < 2; i++) {
		init(i ? MP_UNWIND_FP : MP_UNWIND_CFI, MP_DEPTH_MAX);
		mp_unwind_forget();
		recurse(15, leaf);
		if (i)
			break;
		depth = test.depth;
		memcpy(pcs, test.pcs, sizeof(pcs));
	}

	ck_assert_uint_ge(test.depth, 16);
	ck_assert_mem_eq(test.pcs + test.depth - 16, pcs + depth - 16,
			 16 * sizeof(*pcs));
	ck_assert_uint_eq(test.walk.has_guess, false);
	ck_assert_uint_eq(test.differences, 0);
}
END_TEST

/* Threads walk while rules are dropped under them. */
static _Atomic bool is_over;

static void *forget(void *arg)
{
	while (!is_over)
		mp_unwind_forget();
	return arg;
}

START_TEST(test_unwind_forgetting_disturbs_nobody)
{
	pthread_t thread;

	init(MP_UNWIND_CFI, MP_DEPTH_MAX);
	ck_assert_int_eq(pthread_create(&thread, NULL, forget, NULL), 0);

	for (unsigned i = 0; i < 3000; i++) {
		recurse(i % 30, leaf_checked);
		ck_assert_int_eq(test.walk.end, MP_WALK_COMPLETE);
	}

	is_over = true;
	pthread_join(thread, NULL);
	ck_assert_uint_eq(test.differences, 0);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("unwind");
	TCase *tcase = tcase_create("walks");
	SRunner *runner;
	int failed;

	tcase_add_checked_fixture(tcase, set_up, NULL);
	tcase_set_timeout(tcase, 60);
	tcase_add_test(tcase, test_unwind_before_init_gives_the_first_frame);
	tcase_add_loop_test(tcase, test_unwind_agrees_with_the_reference, 0, 5);
	tcase_add_test(tcase, test_unwind_thread_ends_complete);
	tcase_add_test(tcase, test_unwind_depth_keeps_the_innermost);
	tcase_add_test(tcase,
		       test_unwind_depth_of_exactly_the_limit_is_complete);
	tcase_add_test(tcase,
		       test_unwind_limit_holds_as_stacks_grow_and_shrink);
	tcase_add_test(tcase, test_unwind_kept_counts_unchanged_frames);
	tcase_add_test(tcase, test_unwind_note_stays_with_its_stack);
	tcase_add_test(tcase, test_unwind_verify_counts_walks);
	tcase_add_test(tcase, test_unwind_objects_are_announced_once);
	tcase_add_test(tcase, test_unwind_keeps_errno_and_allocates_nothing);
	tcase_add_test(tcase,
		       test_unwind_signal_frame_marks_the_interrupted_pc);
	tcase_add_test(tcase, test_unwind_generated_code_is_guessed_and_marked);
	tcase_add_test(tcase, test_unwind_generated_code_without_frame_is_cut);
	tcase_add_loop_test(tcase, test_unwind_never_reads_outside_of_the_stack,
			    0, 2);
	tcase_add_loop_test(
		tcase, test_unwind_chain_through_the_whole_page_is_followed, 0,
		2);
	tcase_add_test(tcase, test_unwind_stack_that_is_gone_is_not_read);
	tcase_add_test(tcase, test_unwind_return_to_zero_is_the_end);
	tcase_add_test(tcase, test_unwind_frame_pointers_find_the_same_callers);
	tcase_add_test(tcase, test_unwind_forgetting_disturbs_nobody);
	suite_add_tcase(suite, tcase);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
