/* SPDX-License-Identifier: MIT */
/*
 * MiniDebugInfo: the small ELF file with the names of local functions that
 * some distributions leave, xz-compressed, in .gnu_debugdata.
 */
#ifndef MEMPROF_ANALYZER_SYM_MINIDEBUG_H
#define MEMPROF_ANALYZER_SYM_MINIDEBUG_H

#include <libelf.h>
#include <stddef.h>
#include <stdint.h>

/* Symbols of the largest programs take a tenth of this. */
#define MINIDEBUG_LIMIT (512u * 1024 * 1024)

struct minidebug;

/* NULL: there is none, it is damaged, too large, or memory is out. */
struct minidebug *minidebug_open(Elf *elf);
/* NULL is fine. */
void minidebug_close(struct minidebug *mini);
/* Lives as long as mini. */
Elf *minidebug_elf(const struct minidebug *mini);

/*
 * What one xz stream of LZMA2 will unpack to, read from the headers of its
 * pieces without unpacking it. UINT64_MAX: it is not such a stream.
 */
uint64_t minidebug_unpacked_bytes(const uint8_t *data, size_t bytes);

#endif
