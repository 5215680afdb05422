/* SPDX-License-Identifier: MIT */
/* A library with a variable that a program keeps a block in. */
extern void *plugin_variable;
void *plugin_variable;
