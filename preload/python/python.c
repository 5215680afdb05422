/* SPDX-License-Identifier: MIT */
/* Meeting an interpreter: its symbols, its version, whether it is known. */
#include "config.h"

#include "preload/python/python.h"

#include <stddef.h>

#include "preload/python/freed.h"

struct mp_python_reader mp_python_reader;

static uint32_t number(const char **text)
{
	uint32_t value = 0;

	for (; **text >= '0' && **text <= '9' && value < 1000; ++*text)
		value = value * 10 + (uint32_t)(**text - '0');
	return value;
}

static bool has_text(const char *in, const char *text)
{
	for (; *in; in++) {
		size_t i = 0;

		while (text[i] && in[i] == text[i])
			i++;
		if (!text[i])
			return true;
	}
	return false;
}

/* "3.11.2 (main, ...": 0x030b0200. 0: it is none. */
static uint32_t parse_version(const char *text)
{
	uint32_t major, minor, micro = 0;

	major = number(&text);
	if (*text++ != '.')
		return 0;
	minor = number(&text);
	if (*text == '.') {
		text++;
		micro = number(&text);
	}
	if (major > 255 || minor > 255 || micro > 255)
		return 0;
	return major << 24 | minor << 16 | micro << 8;
}

/* Symbols of the API, which every interpreter exports that can load modules
 * written in C, stripped or not. */
static bool find_symbols(const struct mp_symbols *symbols,
			 struct mp_python_reader *reader)
{
	uint64_t bytes = 0;
	uintptr_t attached, finalizing;

	attached = mp_symbols_find(symbols, "PyThreadState_GetUnchecked", NULL);
	if (!attached)
		attached = mp_symbols_find(symbols,
					   "_PyThreadState_UncheckedGet", NULL);
	finalizing = mp_symbols_find(symbols, "Py_IsFinalizing", NULL);
	if (!finalizing)
		finalizing = mp_symbols_find(symbols, "_Py_IsFinalizing", NULL);
	reader->own_state = (void *(*)(void))mp_symbols_find(
		symbols, "PyGILState_GetThisThreadState", NULL);
	reader->attached_state = (void *(*)(void))attached;
	reader->is_finalizing = (int (*)(void))finalizing;
	reader->code_type = mp_symbols_find(symbols, "PyCode_Type", NULL);
	reader->runtime = mp_symbols_find(symbols, "_PyRuntime", NULL);
	reader->evaluator =
		mp_symbols_find(symbols, "_PyEval_EvalFrameDefault", &bytes);
	reader->evaluator_end = reader->evaluator + bytes;
	return reader->own_state && reader->attached_state &&
	       reader->is_finalizing && reader->code_type;
}

static void find_domains(const struct mp_symbols *symbols,
			 struct mp_python_domains *domains)
{
	const uintptr_t get =
		mp_symbols_find(symbols, "PyMem_GetAllocator", NULL);
	const uintptr_t set =
		mp_symbols_find(symbols, "PyMem_SetAllocator", NULL);
	const uintptr_t get_arenas =
		mp_symbols_find(symbols, "PyObject_GetArenaAllocator", NULL);
	const uintptr_t set_arenas =
		mp_symbols_find(symbols, "PyObject_SetArenaAllocator", NULL);
	const uintptr_t is_initialized =
		mp_symbols_find(symbols, "Py_IsInitialized", NULL);

	domains->get_allocator =
		(void (*)(int, struct mp_python_allocator *))get;
	domains->set_allocator =
		(void (*)(int, struct mp_python_allocator *))set;
	domains->get_arenas = (void (*)(struct mp_python_arenas *))get_arenas;
	domains->set_arenas = (void (*)(struct mp_python_arenas *))set_arenas;
	domains->is_initialized = (int (*)(void))is_initialized;
	domains->is_complete =
		get && set && get_arenas && set_arenas && is_initialized;
}

static enum mpf_python judge(const char *version,
			     const struct mp_symbols *symbols,
			     struct mp_python_reader *reader)
{
	const bool has_symbols = find_symbols(symbols, reader);

	find_domains(symbols, &reader->domains);
	reader->version = parse_version(version);
	if (has_text(version, "free-threading"))
		return MPF_PYTHON_THREADED;
	if (reader->version >> 24 == 3)
		reader->offsets =
			mp_python_offsets(reader->version >> 16 & 255);
	if (!reader->offsets)
		return MPF_PYTHON_VERSION;
	return has_symbols && mp_python_check(reader) ? MPF_PYTHON_ON
						      : MPF_PYTHON_DIFFERENT;
}

static bool meet_object(uintptr_t start, uintptr_t end, uintptr_t bias)
{
	struct mp_python_reader reader = { .state = 0 };
	const char *(*get_version)(void);
	struct mp_symbols symbols;
	enum mpf_python state;

	/* The first one stays: its states are in all that was recorded. */
	if (atomic_load(&mp_python_reader.state) != MPF_PYTHON_NONE ||
	    !mp_symbols_open(start, end, bias, &symbols))
		return false;
	get_version = (const char *(*)(void))mp_symbols_find(
		&symbols, "Py_GetVersion", NULL);
	if (!get_version || !mp_symbols_find(&symbols, "PyCode_Type", NULL))
		return false;
	state = judge(get_version(), &symbols, &reader);
	if (state == MPF_PYTHON_ON)
		mp_freed_watch(&reader, start, end);
	mp_python_reader = reader;
	atomic_store(&mp_python_reader.state, (uint32_t)state);
	return true;
}

static enum mpf_python get_state(uint32_t *ret_version, uintptr_t *ret_address)
{
	*ret_version = mp_python_reader.version;
	*ret_address = (uintptr_t)mp_python_reader.own_state;
	return (enum mpf_python)atomic_load(&mp_python_reader.state);
}

static void get_evaluator(uintptr_t *ret_start, uintptr_t *ret_end)
{
	*ret_start = mp_python_reader.evaluator;
	*ret_end = mp_python_reader.evaluator_end;
}

const struct mp_language mp_python = {
	.object = meet_object,
	.state = get_state,
	.own = mp_python_own,
	.walk = mp_python_walk,
	.top = mp_python_top,
	.attend = mp_python_attend,
	.describe = mp_python_describe,
	.evaluator = get_evaluator,
};
