/* SPDX-License-Identifier: MIT */
/* Any bytes as a file of suppressions: read, and tried on a stack. */
#include "config.h"

#include <stdlib.h>

#include "analyzer/model/suppressions.h"
#include "tests/fuzz/driver.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct stack_frame frames[] = {
		{ .function = "a::b(int)",
		  .mangled = "_ZN1a1bEi",
		  .file = "/src/a.cc",
		  .line = 12,
		  .module = "/lib/liba.so" },
		{ .module = "/lib/liba.so" },
		{ .function = "main",
		  .file = "/src/main.c",
		  .line = 3,
		  .module = "/bin/a" },
		{ .is_guessed = true },
	};
	const struct stack stack = { .frames = frames, .count = 4 };
	struct suppressions suppressions = { 0 };
	struct suppressions_error error;
	enum suppressions_code code = suppressions_add(
		&suppressions, "file", (const char *)data, size, &error);

	if (code != error.code)
		abort();
	for (unsigned verdict = 0; verdict <= 4; verdict++)
		suppressions_find(&suppressions, &stack, verdict);
	suppressions_done(&suppressions);
	return 0;
}
