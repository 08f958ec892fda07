/* Buffers that hold a secret: wiped when they go out of scope. */
#ifndef BT_BASE_SECRET_H
#define BT_BASE_SECRET_H

#include <stddef.h>

/* Overwrites with zeros in a way that the compiler keeps. */
void bt_secret_wipe(void *data, size_t size);

/* Once, at the start of a program: no core files and no ptrace by others (prctl PR_SET_DUMPABLE,
 * RLIMIT_CORE). */
void bt_secret_protect_process(void);

#endif
