/* SPDX-License-Identifier: MIT */
/* The page without its data. The assembler finds the files below the folder
 * of the build, where make runs. */
#include "config.h"

#include "analyzer/view/html_page.h"

#define EMBED(name, path)                                                  \
	__asm__(".pushsection .rodata\n"                                   \
		".globl " #name "\n.type " #name ", @object\n" #name ":\n" \
		".incbin \"" path "\"\n"                                   \
		".globl " #name "_end\n" #name "_end:\n"                   \
		".byte 0\n"                                                \
		".popsection\n")

EMBED(html_page_head, "analyzer/view/html/head.html");
EMBED(html_page_tail, "analyzer/view/html/tail.html");
