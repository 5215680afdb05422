/* SPDX-License-Identifier: MIT */
/* What the lock remembers of a thread. */
#include "config.h"

#include "preload/base/lock.h"

__thread bool mp_lock_is_hopeless;
