/* SPDX-License-Identifier: MIT */
/*
 * Exports what an interpreter of version VERSION exports, with nothing of what
 * one has behind it. Where any of it is taken for a frame, it crashes.
 */
#include <stdlib.h>

const char *Py_GetVersion(void);
void *PyGILState_GetThisThreadState(void);
void *_PyThreadState_UncheckedGet(void);
int _Py_IsFinalizing(void);
char PyCode_Type[512];
char _PyRuntime[4096];

const char *Py_GetVersion(void)
{
	return VERSION;
}

void *PyGILState_GetThisThreadState(void)
{
	return (void *)8;
}

void *_PyThreadState_UncheckedGet(void)
{
	return (void *)8;
}

int _Py_IsFinalizing(void)
{
	return 0;
}

int main(void)
{
	for (int i = 0; i < 100; i++)
		free(malloc(1000));
	return 0;
}
