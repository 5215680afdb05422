/* SPDX-License-Identifier: MIT */
/*
 * Where CPython keeps what a walk reads, by minor version, on 64-bit targets
 * with the global lock. Offsets in bytes; NONE where a version has no such
 * field. None of it is used before check.c found it in the running interpreter.
 */
#ifndef MEMPROF_PRELOAD_PYTHON_VERSIONS_H
#define MEMPROF_PRELOAD_PYTHON_VERSIONS_H

#include <stdint.h>

#define MP_PYTHON_NONE 0xffffu

struct mp_python_offsets {
	uint8_t minor;
	uint8_t code_tag;     /* bits of frame.code that are no address */
	uint8_t lasti_unit;   /* bytes, of frame.position as a number; 0: it is
				 an address in the code */
	uint8_t owner_native; /* owners from this on are no Python frames */
	uint8_t lines;	      /* enum mpf_code_lines */
	uint16_t bits_mask;   /* what of frame.bits is meant; 0: nothing */
	struct {
		uint16_t frame;	 /* the frame, but: */
		uint16_t cframe; /* the _PyCFrame that is in each evaluator */
		uint16_t root_cframe;
		uint16_t thread_id;
	} state;
	struct {
		uint16_t frame, previous;
	} cframe;
	struct {
		uint16_t previous, code, position, owner, is_entry;
		uint16_t bits; /* two bytes that hold the last two */
	} frame;
	struct {
		uint16_t first_line, file, name, lines, bytecode;
		uint16_t first_traceable, version, size;
	} code;
	struct {
		uint16_t ascii, compact; /* data of strings */
	} string;
	struct { /* of fields in _Py_DebugOffsets, in its order */
		uint16_t current_frame, thread_id, previous, executable;
		uint16_t instr_ptr, owner, code_size, file, qualname;
		uint16_t lines, first_line, bytecode, ob_type;
		uint16_t ascii_size;
	} debug;
};

/* NULL: a version that is not known. */
const struct mp_python_offsets *mp_python_offsets(unsigned minor);

#endif
