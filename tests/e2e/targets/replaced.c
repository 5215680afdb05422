/* SPDX-License-Identifier: MIT */
/*
 * replaced OBJECT: generated code, then an object, where one and the same
 * address is returned to. As OBJECT (-DPLUGIN) it calls back its host.
 */
#ifdef PLUGIN

void *plugin(void *(*callee)(void));

/* No frame pointer, and a frame of its own. */
void *plugin(void *(*callee)(void))
{
	volatile char area[200];
	void *block;

	area[0] = 1;
	block = callee();
	area[1] = area[0];
	return block;
}

#else

#include "tests/e2e/targets/tally.h"

#include <dlfcn.h>
#include <link.h>
#include <stdint.h>
#include <sys/mman.h>

#define PAGE   4096ul

static void *volatile kept;
static unsigned char *returned_to;
static size_t bytes;

__attribute__((noinline)) static void *callback(void)
{
	returned_to = __builtin_return_address(0);
	kept = malloc(bytes);
	return kept;
}

typedef void *plugin_fn(void *(*)(void));

static void *load(const char *path, plugin_fn **ret_plugin)
{
	void *object = dlopen(path, RTLD_NOW);

	MUST(object);
	*(void **)ret_plugin = dlsym(object, "plugin");
	MUST(*ret_plugin);
	return object;
}

/* Where the object lies that has pc. */
struct place {
	unsigned char *pc, *start;
	size_t bytes;
};

static int find_place(struct dl_phdr_info *info, size_t unused, void *arg)
{
	struct place *place = arg;
	uintptr_t start = info->dlpi_addr, end = 0;

	(void)unused;
	for (int i = 0; i < info->dlpi_phnum; i++)
		if (info->dlpi_phdr[i].p_type == PT_LOAD)
			end = start + info->dlpi_phdr[i].p_vaddr +
			      info->dlpi_phdr[i].p_memsz;
	end = (end + PAGE - 1) / PAGE * PAGE;
	if ((uintptr_t)place->pc - start >= end - start)
		return 0;
	place->start = (unsigned char *)start;
	place->bytes = end - start;
	return 1;
}

/*
 * push rbp; mov rbp, rsp; call rdi; pop rbp; ret, the call's end at pc. The
 * place stays taken until it is given up, so that nothing else comes there.
 */
static void generate(const struct place *place)
{
	static const unsigned char code[] = { 0x55, 0x48, 0x89, 0xe5,
					      0xff, 0xd7, 0x5d, 0xc3 };
	plugin_fn *compiled;

	MUST(mmap(place->start, place->bytes, PROT_READ | PROT_WRITE,
		  MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1,
		  0) == place->start);
	memcpy(place->pc - 6, code, sizeof(code));
	MUST(mprotect(place->start, place->bytes, PROT_READ | PROT_EXEC) == 0);
	*(void **)&compiled = place->pc - 6;
	bytes = 1001;
	MUST(compiled(callback));
	MUST(returned_to == place->pc);
}

/* Nothing else may come between, so it is tried until all is warm. */
#define ROUNDS 50

static int is_same_place(const char *path)
{
	struct place place;
	plugin_fn *plugin;
	void *object = load(path, &plugin);

	bytes = 1000;
	MUST(plugin(callback));
	place.pc = returned_to;
	MUST(dl_iterate_phdr(find_place, &place) == 1);
	MUST(dlclose(object) == 0);
	generate(&place);
	MUST(munmap(place.start, place.bytes) == 0);
	object = load(path, &plugin);
	bytes = 1002;
	MUST(plugin(callback));
	MUST(dlclose(object) == 0);
	return returned_to == place.pc;
}

int main(int argc, char **argv)
{
	unsigned long rounds = 0, same = 0;

	MUST(argc == 2);
	for (; rounds < ROUNDS && same < 3; rounds++)
		same += (unsigned long)is_same_place(argv[1]);
	print_value(NULL, "rounds", rounds);
	print_value(NULL, "same", same);
	return 0;
}

#endif
