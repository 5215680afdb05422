/* SPDX-License-Identifier: MIT */
/* Text in XML: of an element, or within double quotes. */
#ifndef MEMPROF_ANALYZER_VIEW_XML_H
#define MEMPROF_ANALYZER_VIEW_XML_H

#include <stdio.h>

/* text has been through term_clean(): XML has no way to write the others. */
void xml_put(FILE *file, const char *text);

#endif
