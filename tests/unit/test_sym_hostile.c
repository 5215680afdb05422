/* SPDX-License-Identifier: MIT */
/*
 * Files made to harm: programs with debug information in which bytes were
 * changed, cut or exchanged. Any answer is fine, as long as there is one, soon
 * and without a fault. MUTATIONS=n and SEED=n run more or others.
 */
#include "config.h"

#include "analyzer/sym/sym.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/sym_fixture.h"

#define MUTATIONS 150

static uint64_t state;

static uint64_t next_random(void)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return state;
}

static unsigned long setting(const char *name, unsigned long otherwise)
{
	const char *text = getenv(name);

	return text == NULL ? otherwise : strtoul(text, NULL, 0);
}

static unsigned char *contents(const char *file, size_t *ret_bytes)
{
	FILE *from = fopen(fixture_path(file), "re");
	unsigned char *data = malloc(1 << 20);

	ck_assert_ptr_nonnull(from);
	ck_assert_ptr_nonnull(data);
	*ret_bytes = fread(data, 1, 1 << 20, from);
	ck_assert_uint_gt(*ret_bytes, 0);
	fclose(from);
	return data;
}

static void mutate(unsigned char *data, size_t bytes)
{
	static const unsigned char favourites[] = { 0x00, 0x01, 0x7f,
						    0x80, 0xfe, 0xff };
	unsigned int changes = 1u << next_random() % 7;

	while (changes-- > 0) {
		size_t at = next_random() % bytes;
		size_t from = next_random() % bytes;
		size_t run = 1 + next_random() % 16;

		if (run > bytes - at)
			run = bytes - at;
		if (run > bytes - from)
			run = bytes - from;
		switch (next_random() % 4) {
		case 0:
			data[at] ^= (unsigned char)(1u << next_random() % 8);
			break;
		case 1:
			data[at] =
				favourites[next_random() % sizeof(favourites)];
			break;
		case 2:
			memset(data + at, (int)next_random() & 0xff, run);
			break;
		default:
			memmove(data + at, data + from, run);
			break;
		}
	}
}

static void resolve_everywhere(const char *file)
{
	struct sym_options options = { .use_debuginfod = false };
	struct sym_object object = { .path = fixture_path(file) };
	struct sym *sym = sym_new(&options);
	uint32_t handle = sym_add_object(sym, &object);

	sym_object_source(sym, handle);
	for (uint64_t a = 0x1000; a < 0x1400; a += 3) {
		const struct sym_frame *frames;
		size_t count = sym_resolve(sym, handle, a, &frames);

		for (size_t i = 0; i < count; i++) {
			if (frames[i].function != NULL)
				ck_assert_uint_le(strlen(frames[i].function),
						  1 << 17);
			if (frames[i].file != NULL)
				ck_assert_uint_le(strlen(frames[i].file),
						  1 << 17);
		}
	}
	sym_free(sym);
}

START_TEST(test_sym_survives_changed_files)
{
	static const char *const builds[] = {
		"$CC -O2 -g -gdwarf-5 -o prog $S/sym_inline.c",
		"$CC -O2 -g -gdwarf-4 -o prog $S/sym_inline.c",
		"$CC -O2 -g -gz -o prog $S/sym_inline.c",
		"$CC -O2 -g -o full $S/sym_inline.c && rm -f mini mini.xz &&"
		"objcopy --only-keep-debug full mini && xz -0 -k mini &&"
		"strip -o prog full &&"
		"objcopy --add-section .gnu_debugdata=mini.xz prog",
	};
	unsigned long seed = setting("SEED", 1 + (unsigned long)_i);
	unsigned long mutations = setting("MUTATIONS", MUTATIONS);
	unsigned char *original;
	unsigned char *changed;
	size_t bytes;

	if (_i == 3 && !fixture_has("xz"))
		return;
	fixture_run(builds[_i]);
	original = contents("prog", &bytes);
	changed = malloc(bytes);
	ck_assert_ptr_nonnull(changed);
	for (unsigned long i = 0; i < mutations; i++) {
		size_t kept = bytes;
		FILE *to;

		state = (seed * 1000003 + i) * 0x9e3779b97f4a7c15u | 1;
		memcpy(changed, original, bytes);
		mutate(changed, bytes);
		if (next_random() % 8 == 0)
			kept = next_random() % bytes;
		to = fopen("changed", "we");
		ck_assert_ptr_nonnull(to);
		ck_assert_uint_eq(fwrite(changed, 1, kept, to), kept);
		ck_assert_int_eq(fclose(to), 0);
		/* Which one it was, when it does not come back. */
		to = fopen("last", "we");
		if (to != NULL) {
			fprintf(to, "SEED=%lu mutation %lu\n", seed, i);
			fclose(to);
		}
		resolve_everywhere("changed");
	}
	free(changed);
	free(original);
}
END_TEST

START_TEST(test_sym_absurd_trees_take_no_time_and_no_stack)
{
	struct sym_options options = { .use_debuginfod = false };
	struct sym_object object = { .path = fixture_path("deep") };
	const struct sym_frame *frames;
	struct sym *sym;
	uint32_t handle;
	size_t count;

	fixture_run("as --defsym SCOPES=5000000 --defsym CALLS=20000 -o deep.o"
		    " $S/sym_deep.s && $CC -no-pie -o deep deep.o");
	sym = sym_new(&options);
	handle = sym_add_object(sym, &object);

	ck_assert_int_eq(sym_object_status(sym, handle), SYM_FULL);
	count = sym_resolve(sym, handle, fixture_mark("deep", "main"), &frames);

	/* All that is read of the nest; the outermost one is kept. */
	ck_assert_uint_eq(count, 256);
	ck_assert(frames[0].is_inlined);
	ck_assert(!frames[255].is_inlined);
	ck_assert_ptr_null(frames[0].function);
	/* DWARF does not say; the symbol table does. */
	ck_assert_pstr_eq(frames[255].function, "main");
	sym_free(sym);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("sym_hostile");
	TCase *tcase = tcase_create("files");
	SRunner *runner;
	int failed;

	fixture_begin();
	fixture_need("objcopy");
	fixture_need("$CC");
	tcase_set_timeout(tcase, 60 + (double)setting("MUTATIONS", 0));
	tcase_add_loop_test(tcase, test_sym_survives_changed_files, 0, 4);
	tcase_add_test(tcase, test_sym_absurd_trees_take_no_time_and_no_stack);
	suite_add_tcase(suite, tcase);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	if (failed != 0)
		(void)!system("cat last");
	return failed != 0;
}
