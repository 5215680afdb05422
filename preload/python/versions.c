/* SPDX-License-Identifier: MIT */
/*
 * The table of offsets: offsetof() of each field, from the headers of each
 * version, its internal ones included.
 */
#include "config.h"

#include "preload/python/versions.h"

#include <stddef.h>

#include "preload/format/format.h"

#define NONE MP_PYTHON_NONE

/* 3.8 and 3.9 differ in nothing that is read. */
#define UP_TO_3_9                                                       \
	.lasti_unit = 1, .owner_native = 255, .lines = MPF_CODE_LNOTAB, \
	.state = { .frame = 24,                                         \
		   .cframe = NONE,                                      \
		   .root_cframe = NONE,                                 \
		   .thread_id = 176 },                                  \
	.cframe = { NONE, NONE },                                       \
	.frame = { .previous = 24,                                      \
		   .code = 32,                                          \
		   .position = 104,                                     \
		   .owner = NONE,                                       \
		   .is_entry = NONE },                                  \
	.code = { .first_line = 40,                                     \
		  .file = 104,                                          \
		  .name = 112,                                          \
		  .lines = 120,                                         \
		  .bytecode = 48,                                       \
		  .first_traceable = NONE,                              \
		  .version = NONE,                                      \
		  .size = 176 },                                        \
	.string = { 48, 72 }

static const struct mp_python_offsets table[] = {
	{ .minor = 8, UP_TO_3_9 },
	{ .minor = 9, UP_TO_3_9 },
	{ .minor = 10,
	  .lasti_unit = 2,
	  .owner_native = 255,
	  .lines = MPF_CODE_LINES,
	  .state = { .frame = 24,
		     .cframe = 48,
		     .root_cframe = 264,
		     .thread_id = 176 },
	  .cframe = { NONE, 8 },
	  .frame = { .previous = 24,
		     .code = 32,
		     .position = 96,
		     .owner = NONE,
		     .is_entry = NONE },
	  .code = { .first_line = 40,
		    .file = 104,
		    .name = 112,
		    .lines = 120,
		    .bytecode = 48,
		    .first_traceable = NONE,
		    .version = NONE,
		    .size = 176 },
	  .string = { 48, 72 } },
	{ .minor = 11,
	  .owner_native = 255,
	  .lines = MPF_CODE_LOCATIONS,
	  .bits_mask = 0xffff,
	  .state = { .frame = NONE,
		     .cframe = 56,
		     .root_cframe = 336,
		     .thread_id = 152 },
	  .cframe = { 8, 16 },
	  .frame = { .previous = 48,
		     .code = 32,
		     .position = 56,
		     .owner = 69,
		     .is_entry = 68,
		     .bits = 68 },
	  .code = { .first_line = 72,
		    .file = 112,
		    .name = 128,
		    .lines = 136,
		    .bytecode = 184,
		    .first_traceable = 168,
		    .version = NONE,
		    .size = 192 },
	  .string = { 48, 72 } },
	{ .minor = 12,
	  .owner_native = 3,
	  .lines = MPF_CODE_LOCATIONS,
	  .bits_mask = 0xff,
	  .state = { .frame = NONE,
		     .cframe = 56,
		     .root_cframe = NONE,
		     .thread_id = 136 },
	  .cframe = { 0, NONE },
	  .frame = { .previous = 8,
		     .code = 0,
		     .position = 56,
		     .owner = 70,
		     .is_entry = NONE,
		     .bits = 70 },
	  .code = { .first_line = 68,
		    .file = 112,
		    .name = 128,
		    .lines = 136,
		    .bytecode = 192,
		    .first_traceable = 176,
		    .version = 92,
		    .size = 200 },
	  .string = { 40, 56 } },
	{ .minor = 13,
	  .owner_native = 3,
	  .lines = MPF_CODE_LOCATIONS,
	  .bits_mask = 0xff,
	  .state = { .frame = 72,
		     .cframe = NONE,
		     .root_cframe = NONE,
		     .thread_id = 152 },
	  .cframe = { NONE, NONE },
	  .frame = { .previous = 8,
		     .code = 0,
		     .position = 56,
		     .owner = 70,
		     .is_entry = NONE,
		     .bits = 70 },
	  .code = { .first_line = 68,
		    .file = 112,
		    .name = 128,
		    .lines = 136,
		    .bytecode = 200,
		    .first_traceable = 184,
		    .version = 92,
		    .size = 208 },
	  .string = { 40, 56 },
	  .debug = { .current_frame = 184,
		     .thread_id = 192,
		     .previous = 232,
		     .executable = 240,
		     .instr_ptr = 248,
		     .owner = 264,
		     .code_size = 272,
		     .file = 280,
		     .qualname = 296,
		     .lines = 304,
		     .first_line = 312,
		     .bytecode = 344,
		     .ob_type = 360,
		     .ascii_size = 560 } },
	{ .minor = 14,
	  .code_tag = 3,
	  .owner_native = 3,
	  .lines = MPF_CODE_LOCATIONS,
	  .bits_mask = 0xff,
	  .state = { .frame = 72,
		     .cframe = NONE,
		     .root_cframe = NONE,
		     .thread_id = 152 },
	  .cframe = { NONE, NONE },
	  .frame = { .previous = 8,
		     .code = 0,
		     .position = 56,
		     .owner = 74,
		     .is_entry = NONE,
		     .bits = 74 },
	  .code = { .first_line = 68,
		    .file = 112,
		    .name = 128,
		    .lines = 136,
		    .bytecode = 208,
		    .first_traceable = 192,
		    .version = 92,
		    .size = 216 },
	  .string = { 40, 56 },
	  .debug = { .current_frame = 208,
		     .thread_id = 216,
		     .previous = 256,
		     .executable = 264,
		     .instr_ptr = 272,
		     .owner = 288,
		     .code_size = 312,
		     .file = 320,
		     .qualname = 336,
		     .lines = 344,
		     .first_line = 352,
		     .bytecode = 384,
		     .ob_type = 408,
		     .ascii_size = 640 } },
	{ .minor = 15,
	  .code_tag = 3,
	  .owner_native = 3,
	  .lines = MPF_CODE_LOCATIONS,
	  .bits_mask = 0xff,
	  .state = { .frame = 72,
		     .cframe = NONE,
		     .root_cframe = NONE,
		     .thread_id = 176 },
	  .cframe = { NONE, NONE },
	  .frame = { .previous = 8,
		     .code = 0,
		     .position = 56,
		     .owner = 74,
		     .is_entry = NONE,
		     .bits = 74 },
	  .code = { .first_line = 68,
		    .file = 112,
		    .name = 128,
		    .lines = 136,
		    .bytecode = 208,
		    .first_traceable = 192,
		    .version = 92,
		    .size = 216 },
	  .string = { 40, 56 },
	  .debug = { .current_frame = 208,
		     .thread_id = 240,
		     .previous = 320,
		     .executable = 328,
		     .instr_ptr = 336,
		     .owner = 352,
		     .code_size = 376,
		     .file = 384,
		     .qualname = 400,
		     .lines = 408,
		     .first_line = 416,
		     .bytecode = 448,
		     .ob_type = 472,
		     .ascii_size = 736 } },
};

const struct mp_python_offsets *mp_python_offsets(unsigned minor)
{
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
		if (table[i].minor == minor)
			return &table[i];
	return NULL;
}
