/* SPDX-License-Identifier: MIT */
/* Rules from unwind tables, hand-made and broken ones included. */
#include "config.h"

#include <check.h>
#include <link.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "preload/unwind/cfi.h"

#define PAGE	     4096u
#define OBJECT_BYTES (2 * PAGE)
#define CODE	     0x100 /* offset of the function in the object */
#define CODE_BYTES   0x100
#define FRAMES	     0x800 /* offset of .eh_frame */
#define NO_RULE	     MP_RULE_MAKE(MP_RULE_OTHER, MP_RULE_NO_RULE, 0)

static uint8_t *base; /* of an object that ends where nothing is mapped */
static struct mp_code_object object;

static void set_up(void)
{
	base = mmap(NULL, OBJECT_BYTES + PAGE, PROT_READ | PROT_WRITE,
		    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	ck_assert_ptr_ne(base, MAP_FAILED);
	ck_assert_int_eq(munmap(base + OBJECT_BYTES, PAGE), 0);
	object = (struct mp_code_object) {
		.start = (uintptr_t)base,
		.end = (uintptr_t)base + OBJECT_BYTES,
		.path = "test",
		.eh_frame_hdr = base,
	};
}

static void tear_down(void)
{
	munmap(base, OBJECT_BYTES);
}

static uint8_t *put32(uint8_t *at, uint32_t value)
{
	memcpy(at, &value, 4);
	return at + 4;
}

struct program {
	const uint8_t *bytes;
	size_t count;
};

#define PROGRAM(...)                                              \
	{                                                         \
		(const uint8_t[]) { __VA_ARGS__ },                \
			sizeof((const uint8_t[]) { __VA_ARGS__ }) \
	}

/* What compilers put into every CIE: CFA = rsp + 8, RA at CFA - 8. */
static const struct program usual = PROGRAM(0x0c, 7, 8, 0x90, 1);

struct layout {
	bool is_wide;	/* 64-bit lengths */
	bool has_table; /* of the usual encoding */
	const char *augmentation;
	uint8_t version;
};

static const struct layout plain_layout = { false, true, "zR", 1 };

/* The length of an entry, to be filled in by end_entry(). */
static uint8_t *begin_entry(uint8_t *at, bool is_wide)
{
	if (!is_wide)
		return at + 4;
	put32(at, 0xffffffff);
	return at + 12;
}

static uint8_t *end_entry(uint8_t *begin, uint8_t *at, bool is_wide)
{
	while ((at - begin) % 8)
		*at++ = 0;
	if (is_wide)
		memset(begin - 4, 0, 4);
	put32(begin - (is_wide ? 8 : 4), (uint32_t)(at - begin));
	return at;
}

/* A header, one CIE and one FDE for the function. Returns their end. */
static uint8_t *build(const struct layout *layout, struct program cie,
		      struct program fde)
{
	uint8_t *const cie_at = base + FRAMES;
	uint8_t *fde_at, *begin, *at;

	begin = at = begin_entry(cie_at, layout->is_wide);
	at = put32(at, 0);
	*at++ = layout->version;
	at = (uint8_t *)stpcpy((char *)at, layout->augmentation) + 1;
	*at++ = 1;    /* code alignment */
	*at++ = 0x78; /* data alignment -8 */
	*at++ = 16;   /* return address */
	*at++ = 1;    /* bytes of augmentation data */
	*at++ = 0x1b; /* pc-relative, signed 4 bytes */
	memcpy(at, cie.bytes, cie.count);
	fde_at = end_entry(begin, at + cie.count, layout->is_wide);

	begin = at = begin_entry(fde_at, layout->is_wide);
	at = put32(at, (uint32_t)(at - cie_at));
	at = put32(at, (uint32_t)(base + CODE - at));
	at = put32(at, CODE_BYTES);
	*at++ = 0;
	memcpy(at, fde.bytes, fde.count);
	at = end_entry(begin, at + fde.count, layout->is_wide);
	put32(at, 0);

	base[0] = 1;
	base[1] = 0x1b;
	base[2] = layout->has_table ? 0x03 : 0xff;
	base[3] = layout->has_table ? 0x3b : 0xff;
	put32(base + 4, FRAMES - 4);
	put32(base + 8, 1);
	put32(base + 12, CODE);
	put32(base + 16, (uint32_t)(fde_at - base));
	return at + 4;
}

static mp_rule rule_at(unsigned offset)
{
	return mp_cfi_rule(&object, (uintptr_t)base + CODE + offset);
}

static const struct {
	struct program program;
	unsigned offset; /* of the pc in the function */
	mp_rule rule;
} rules[] = {
	/* the CIE alone */
	{ PROGRAM(0), 0, MP_RULE_MAKE(MP_RULE_SP, 1, 0) },
	/* push %rbp: only behind it */
	{ PROGRAM(0x41, 0x0e, 16, 0x86, 2), 0, MP_RULE_MAKE(MP_RULE_SP, 1, 0) },
	{ PROGRAM(0x41, 0x0e, 16, 0x86, 2), 1, MP_RULE_MAKE(MP_RULE_SP, 2, 2) },
	{ PROGRAM(0x41, 0x0e, 16, 0x86, 2, 0x43, 0x0d, 6), 4,
	  MP_RULE_MAKE(MP_RULE_BP, 2, 2) },
	/* advance_loc1, 2 and 4, set_loc is relative to itself */
	{ PROGRAM(2, 0x80, 0x0e, 16), 0x7f, MP_RULE_MAKE(MP_RULE_SP, 1, 0) },
	{ PROGRAM(2, 0x80, 0x0e, 16), 0x80, MP_RULE_MAKE(MP_RULE_SP, 2, 0) },
	{ PROGRAM(3, 0x80, 0, 0x0e, 16), 0x80, MP_RULE_MAKE(MP_RULE_SP, 2, 0) },
	{ PROGRAM(4, 0x80, 0, 0, 0, 0x0e, 16), 0x7f,
	  MP_RULE_MAKE(MP_RULE_SP, 1, 0) },
	/* remember, change, restore: the CFA too */
	{ PROGRAM(0x0e, 32, 0x86, 2, 0x0a, 0x41, 0x0e, 8, 0xc6, 0x41, 0x0b), 1,
	  MP_RULE_MAKE(MP_RULE_SP, 1, 0) },
	{ PROGRAM(0x0e, 32, 0x86, 2, 0x0a, 0x41, 0x0e, 8, 0xc6, 0x41, 0x0b), 2,
	  MP_RULE_MAKE(MP_RULE_SP, 4, 2) },
	{ PROGRAM(0x0b), 0, NO_RULE },
	/* signed forms, extended forms, registers of no interest */
	{ PROGRAM(0x12, 7, 0x7e), 0, MP_RULE_MAKE(MP_RULE_SP, 2, 0) },
	{ PROGRAM(0x13, 0x7d, 0x11, 6, 2), 0, MP_RULE_MAKE(MP_RULE_SP, 3, 2) },
	{ PROGRAM(0x0e, 24, 5, 6, 2, 0x83, 3, 0x2e, 8, 0x07, 3, 0x08, 12), 0,
	  MP_RULE_MAKE(MP_RULE_SP, 3, 2) },
	{ PROGRAM(0x0e, 24, 0x86, 2, 6, 6), 0, MP_RULE_MAKE(MP_RULE_SP, 3, 0) },
	{ PROGRAM(0x0e, 24, 0x86, 2, 8, 6), 0, MP_RULE_MAKE(MP_RULE_SP, 3, 0) },
	/* epilogue: popped, the slot is still named */
	{ PROGRAM(0x0e, 8, 0x86, 2), 0, MP_RULE_MAKE(MP_RULE_SP, 1, 2) },
	{ PROGRAM(0x0e, 8, 0x86, 18), 0, NO_RULE },
	/* nothing called it */
	{ PROGRAM(0x07, 16), 0, MP_RULE_MAKE(MP_RULE_OTHER, MP_RULE_END, 0) },
	/* the PLTs of today and of indirect branch tracking */
	{ PROGRAM(0x0f, 11, 0x77, 8, 0x80, 0, 0x3f, 0x1a, 0x3b, 0x2a, 0x33,
		  0x24, 0x22),
	  0, MP_RULE_MAKE(MP_RULE_PLT, 11, 0) },
	{ PROGRAM(0x0f, 11, 0x77, 8, 0x80, 0, 0x3f, 0x1a, 0x39, 0x2a, 0x33,
		  0x24, 0x22),
	  0, MP_RULE_MAKE(MP_RULE_PLT, 9, 0) },
	{ PROGRAM(0x0f, 11, 0x77, 8, 0x80, 0, 0x3f, 0x1a, 0x3b, 0x2a, 0x32,
		  0x24, 0x22),
	  0, NO_RULE },
	/* realigned: CFA = *(rbp - 8), rbp at [rbp] */
	{ PROGRAM(0x0f, 3, 0x76, 0x78, 6, 0x10, 6, 2, 0x76, 0), 0,
	  MP_RULE_MAKE(MP_RULE_DEREF, 1, 1) },
	{ PROGRAM(0x0f, 3, 0x76, 0x78, 6), 0, NO_RULE },
	{ PROGRAM(0x0f, 3, 0x76, 8, 6, 0x10, 6, 2, 0x76, 0), 0, NO_RULE },
	{ PROGRAM(0x0f, 3, 0x76, 0x78, 0x22, 0x10, 6, 2, 0x76, 0), 0, NO_RULE },
	/* 200 000 bytes, with and without rbp; 1 GiB */
	{ PROGRAM(0x0e, 0xc0, 0x9a, 0x0c), 0, MP_RULE_BIG | 25000u << 7 },
	{ PROGRAM(0x0c, 6, 0xc0, 0x9a, 0x0c, 0x86, 2), 0,
	  MP_RULE_BIG | 1 << 3 | 2 << 4 | 25000u << 7 },
	{ PROGRAM(0x0e, 0x80, 0x80, 0x80, 0x80, 4), 0, NO_RULE },
	/* what a rule cannot say */
	{ PROGRAM(0x0e, 12), 0, NO_RULE },
	{ PROGRAM(0x0e, 0), 0, NO_RULE },
	{ PROGRAM(0x0c, 10, 0), 0, NO_RULE },
	{ PROGRAM(0x90, 2), 0, NO_RULE },
	{ PROGRAM(0x0e, 24, 0x86, 1), 0, NO_RULE },
	{ PROGRAM(9, 6, 3), 0, NO_RULE },
	{ PROGRAM(9, 16, 3), 0, NO_RULE },
	{ PROGRAM(0x14, 6, 1), 0, NO_RULE },
	{ PROGRAM(0x14, 7, 1), 0, NO_RULE },
	{ PROGRAM(0x16, 16, 1, 0x30), 0, NO_RULE },
	{ PROGRAM(0x10, 6, 2, 0x77, 0), 0, NO_RULE },
	{ PROGRAM(0x87, 3), 0, NO_RULE },
	/* cut short, unknown */
	{ PROGRAM(0x3f), 0, NO_RULE },
	{ PROGRAM(0x0f, 0x7f), 0, NO_RULE },
	{ PROGRAM(0x0a, 0x0a, 0x0a, 0x0a, 0x0a, 0x0a, 0x0a, 0x0a, 0x0a), 0,
	  NO_RULE },
};

START_TEST(test_cfi_program_gives_the_rule)
{
	build(&plain_layout, usual, rules[_i].program);

	ck_assert_uint_eq(rule_at(rules[_i].offset), rules[_i].rule);
}
END_TEST

START_TEST(test_cfi_kernel_frame_is_known_by_its_ucontext)
{
	const struct layout layout = { false, true, "zRS", 1 };
	const struct program kernel =
		PROGRAM(0x0f, 4, 0x77, 0xa0, 1, 6, 0x10, 6, 3, 0x77, 0xf8, 0,
			0x10, 7, 3, 0x77, 0xa0, 1, 0x10, 16, 3, 0x77, 0xa8, 1);
	const struct program other = PROGRAM(0x0e, 16);

	build(&layout, usual, kernel);
	ck_assert_uint_eq(rule_at(0), MP_RULE_MAKE(MP_RULE_SIG, 0, 0));
	build(&layout, usual, other);
	ck_assert_uint_eq(rule_at(0), NO_RULE);
}
END_TEST

START_TEST(test_cfi_layouts_are_all_read)
{
	const struct layout layouts[] = {
		{ false, true, "zR", 1 },
		{ true, true, "zR", 3 },
		{ false, false, "zR", 3 },
		{ true, false, "zR", 1 },
	};
	const struct program program = PROGRAM(0x0e, 16);

	build(&layouts[_i], usual, program);

	ck_assert_uint_eq(rule_at(0), MP_RULE_MAKE(MP_RULE_SP, 2, 0));
	ck_assert_uint_eq(rule_at(CODE_BYTES - 1),
			  MP_RULE_MAKE(MP_RULE_SP, 2, 0));
	ck_assert_uint_eq(rule_at(CODE_BYTES), NO_RULE);
	ck_assert_uint_eq(rule_at(-1u), NO_RULE);
}
END_TEST

START_TEST(test_cfi_unknown_augmentations_are_refused)
{
	const struct layout layouts[] = {
		{ false, true, "zRX", 1 },
		{ false, true, "R", 1 },
		{ false, true, "zR", 2 },
	};
	const struct program program = PROGRAM(0x0e, 16);

	build(&layouts[_i], usual, program);

	ck_assert_uint_eq(rule_at(0), NO_RULE);
}
END_TEST

START_TEST(test_cfi_scan_stops_at_the_terminator)
{
	const struct layout layout = { false, false, "zR", 1 };
	const struct program program = PROGRAM(0x0e, 16);

	build(&layout, usual, program);
	put32(base + FRAMES, 0);

	ck_assert_uint_eq(rule_at(0), NO_RULE);
}
END_TEST

START_TEST(test_cfi_header_of_another_version_is_refused)
{
	const struct program program = PROGRAM(0x0e, 16);

	build(&plain_layout, usual, program);
	base[0] = 2;

	ck_assert_uint_eq(rule_at(0), NO_RULE);
}
END_TEST

START_TEST(test_cfi_entry_point_without_data_is_the_end)
{
	ElfW(Ehdr) *header = (ElfW(Ehdr) *)base;

	memcpy(header->e_ident, ELFMAG, SELFMAG);
	header->e_entry = CODE;
	object.bias = (uintptr_t)base;
	object.eh_frame_hdr = NULL;

	ck_assert_uint_eq(rule_at(8), mp_rule_other(MP_RULE_END));
	ck_assert_uint_eq(rule_at(0x1000), NO_RULE);
}
END_TEST

/* Whatever the tables say, nothing outside of the object is read. */
START_TEST(test_cfi_broken_tables_are_survived)
{
	const struct layout layouts[] = {
		{ false, true, "zR", 1 },
		{ false, false, "zR", 1 },
		{ true, false, "zR", 1 },
	};
	const struct program program =
		PROGRAM(0x41, 0x0e, 16, 0x86, 2, 0x43, 0x0d, 6, 0x0a, 0x41,
			0x0c, 7, 8, 0x41, 0x0b, 0x0f, 3, 0x76, 0x78, 6);
	uint8_t good[512];
	unsigned seed = 20240229;
	uint32_t fde;
	size_t bytes;

	bytes = (size_t)(build(&layouts[_i], usual, program) - base - FRAMES);
	ck_assert_uint_le(bytes, sizeof(good));
	memcpy(good, base + FRAMES, bytes);
	memcpy(&fde, base + 16, 4);
	for (unsigned i = 0; i < 100000; i++) {
		/* Its last byte is the last that is mapped. */
		uint8_t *frames = base + OBJECT_BYTES - bytes;

		build(&layouts[_i], usual, program);
		memcpy(frames, good, bytes);
		put32(base + 4, (uint32_t)(frames - base - 4));
		put32(base + 16, (uint32_t)(frames - base) + fde - FRAMES);
		for (unsigned k = (unsigned)rand_r(&seed) % 4 + 1; k--;) {
			uint8_t *in = rand_r(&seed) % 4 ? frames : base;
			const size_t limit = in == base ? 20 : bytes;

			in[(size_t)rand_r(&seed) % limit] =
				(uint8_t)rand_r(&seed);
		}
		mp_rule_kind(rule_at((unsigned)rand_r(&seed) % CODE_BYTES));
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("cfi");
	TCase *tcase = tcase_create("tables");
	SRunner *runner;
	int failed;

	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_set_timeout(tcase, 60);
	tcase_add_loop_test(tcase, test_cfi_program_gives_the_rule, 0,
			    sizeof(rules) / sizeof(rules[0]));
	tcase_add_test(tcase, test_cfi_kernel_frame_is_known_by_its_ucontext);
	tcase_add_loop_test(tcase, test_cfi_layouts_are_all_read, 0, 4);
	tcase_add_loop_test(tcase, test_cfi_unknown_augmentations_are_refused,
			    0, 3);
	tcase_add_test(tcase, test_cfi_scan_stops_at_the_terminator);
	tcase_add_test(tcase, test_cfi_header_of_another_version_is_refused);
	tcase_add_test(tcase, test_cfi_entry_point_without_data_is_the_end);
	tcase_add_loop_test(tcase, test_cfi_broken_tables_are_survived, 0, 3);
	suite_add_tcase(suite, tcase);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
