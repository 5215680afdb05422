/* SPDX-License-Identifier: MIT */
/* Whether dumps know how long blocks lived. */
#ifndef MEMPROF_ANALYZER_CMD_LIFETIMES_H
#define MEMPROF_ANALYZER_CMD_LIFETIMES_H

#include <stdbool.h>

#include "analyzer/model/set.h"

/* Lifetimes are there when they were asked for while it was recorded;
 * needs_live: the ages of live blocks too. False after having said what to do.
 */
bool lifetimes_are_there(const struct set *set, bool needs_live);

#endif
