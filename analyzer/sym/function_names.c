/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "analyzer/sym/function_names.h"

#include <stdlib.h>

#include "analyzer/sym/demangle.h"

void function_names_done(struct function_names *names)
{
	word_map_done(&names->shown);
	intern_done(&names->texts);
}

/* Where memory is out the linkage name itself is shown. */
static const char *demangled(struct function_names *names, const char *mangled)
{
	uint64_t key = (uintptr_t)mangled;
	const char *shown = word_map_get(&names->shown, key);
	char *text;

	if (shown != NULL)
		return shown;
	text = demangle_name(mangled);
	shown = text == NULL ? mangled : intern_string(&names->texts, text);
	free(text);
	if (shown == NULL)
		return mangled;
	word_map_add(&names->shown, key, shown);
	return shown;
}

void function_names_set(struct function_names *names, const char *raw,
			size_t bytes, struct sym_frame *frame)
{
	const char *mangled = NULL;

	if (bytes > 0 && raw[0] != '\0')
		mangled = intern_bytes(&names->texts, raw, bytes);
	frame->mangled = mangled;
	frame->function = mangled;
	if (mangled != NULL && demangle_is_mangled(mangled))
		frame->function = demangled(names, mangled);
}
