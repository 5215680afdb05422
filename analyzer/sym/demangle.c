/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "analyzer/sym/demangle.h"

#include <libiberty/demangle.h>
#include <setjmp.h>
#include <stdlib.h>
#include <string.h>

/* The demanglers recurse and use stack in proportion to the input. */
#define INPUT_LIMIT (8u * 1024)
/* Substitutions let a name of a hundred bytes say gigabytes. */
#define OUTPUT_LIMIT (64u * 1024)
/*
 * The C++ demangler refuses names longer than this unless it is told that
 * depth does not matter; templates reach it in honest programs.
 */
#define CPLUS_GUARDED_LIMIT 1024u
/* Its printer reserves this much stack for (references x templates). */
#define CPLUS_SCOPE_PRODUCT (16u * 1024)
/*
 * D names may refer back to parts of themselves and there is no way to stop
 * that demangler on the way: n references give at most e^(n/e) parts.
 */
#define DLANG_BACKREF_LIMIT 32u

struct output {
	char *text;
	size_t bytes;
	size_t capacity;
	jmp_buf stop;
};

typedef int (*demangle_fn)(const char *name, int options,
			   demangle_callbackref callback, void *opaque);

/*
 * The callback cannot refuse what it is given, and a hostile name would go on
 * for hours: leave by longjmp. Neither demangler holds memory of the heap
 * while it calls back, but for a few bytes of a Rust identifier in punycode.
 */
static void append(const char *text, size_t bytes, void *opaque)
{
	struct output *output = opaque;

	if (bytes >= OUTPUT_LIMIT - output->bytes)
		longjmp(output->stop, 1);
	if (output->bytes + bytes + 1 > output->capacity) {
		size_t capacity = 2 * (output->bytes + bytes + 1);
		char *larger = realloc(output->text, capacity);

		if (larger == NULL)
			longjmp(output->stop, 1);
		output->text = larger;
		output->capacity = capacity;
	}
	memcpy(output->text + output->bytes, text, bytes);
	output->bytes += bytes;
	output->text[output->bytes] = '\0';
}

static bool run(struct output *output, demangle_fn demangle, const char *name,
		int options)
{
	if (setjmp(output->stop) != 0)
		return false;
	return demangle(name, options, append, output) != 0 &&
	       output->bytes > 0;
}

static char *collect(demangle_fn demangle, const char *name, int options)
{
	struct output output = { 0 };

	if (run(&output, demangle, name, options))
		return output.text;
	free(output.text);
	return NULL;
}

static int rust(const char *name, int options, demangle_callbackref callback,
		void *opaque)
{
	return rust_demangle_callback(name, options, callback, opaque);
}

static int cplus(const char *name, int options, demangle_callbackref callback,
		 void *opaque)
{
	return cplus_demangle_v3_callback(name, options, callback, opaque);
}

static int cplus_options(const char *name, size_t bytes)
{
	size_t references = 1;
	size_t templates = 1;

	if (bytes > CPLUS_GUARDED_LIMIT) {
		for (const char *c = name; *c != '\0'; c++) {
			references +=
				(c[0] == 'R' || c[0] == 'O') && c[1] == 'T';
			templates += *c == 'I';
		}
		if (references * templates < CPLUS_SCOPE_PRODUCT)
			return DMGL_PARAMS | DMGL_ANSI | DMGL_NO_RECURSE_LIMIT;
	}
	return DMGL_PARAMS | DMGL_ANSI;
}

static char *dlang(const char *name)
{
	size_t references = 0;

	for (const char *c = name; *c != '\0'; c++)
		references += *c == 'Q';
	return references > DLANG_BACKREF_LIMIT ? NULL
						: dlang_demangle(name, 0);
}

bool demangle_is_mangled(const char *name)
{
	return name[0] == '_' &&
	       (name[1] == 'Z' || name[1] == 'R' || name[1] == 'D');
}

char *demangle_name(const char *name)
{
	size_t bytes;
	char *text;

	if (!demangle_is_mangled(name))
		return NULL;
	bytes = strnlen(name, INPUT_LIMIT);
	if (bytes >= INPUT_LIMIT)
		return NULL;
	if (name[1] == 'D')
		return dlang(name);
	/* The older Rust scheme dresses as C++: its own demangler knows. */
	text = collect(rust, name, 0);
	if (text == NULL && name[1] == 'Z')
		text = collect(cplus, name, cplus_options(name, bytes));
	return text;
}
