// SPDX-License-Identifier: MIT
/*
 * Loads libpython, whose path is the argument, with RTLD_LOCAL, and starts and
 * ends the interpreter twice. Each life keeps 500 strings until it ends, and
 * says how many. While the second one lives, the program ends.
 */
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static const char script[] =
	"def keep(n):\n"
	"    return ['a string %d' % i for i in range(n)]\n"
	"kept = keep(500)\n"
	"print(len(kept), flush=True)\n";

int main(int argc, char **argv)
{
	void (*initialize)(int);
	int (*run)(const char *, void *);
	int (*finalize)(void);
	void *library;

	(void)argc;
	free(malloc(100));
	library = dlopen(argv[1], RTLD_NOW | RTLD_LOCAL);
	if (!library) {
		fprintf(stderr, "%s\n", dlerror());
		return 2;
	}
	*(void **)&initialize = dlsym(library, "Py_InitializeEx");
	*(void **)&run = dlsym(library, "PyRun_SimpleStringFlags");
	*(void **)&finalize = dlsym(library, "Py_FinalizeEx");
	for (volatile int life = 0; life < 2; life++) {
		initialize(0);
		if (run(script, NULL) != 0)
			return 3;
		if (life == 1)
			_exit(0);
		finalize();
	}
	return 0;
}
