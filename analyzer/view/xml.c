/* SPDX-License-Identifier: MIT */
/* The characters that XML keeps for itself. */
#include "config.h"

#include "analyzer/view/xml.h"

void xml_put(FILE *file, const char *text)
{
	for (; *text; text++) {
		switch (*text) {
		case '<':
			fputs("&lt;", file);
			break;
		case '>':
			fputs("&gt;", file);
			break;
		case '&':
			fputs("&amp;", file);
			break;
		case '"':
			fputs("&quot;", file);
			break;
		default:
			putc(*text, file);
		}
	}
}
