/* Structs of the public header begin with their size, so that a program and a library of different
 * versions understand each other: fields are only ever added at the end. */
#ifndef BT_LIBRARY_SIZED_H
#define BT_LIBRARY_SIZED_H

#include "base/err.h"
#include "bitting/bitting.h"

/* Copies a caller's struct into ours of `size` bytes, with zeros for what theirs is too old to have.
 * BT_ERR_INVALID where it is NULL or shorter than `least`, the size in the first version, and where what is
 * too new for us is not zeros. */
bt_err bt_sized_read(const void *from, size_t least, void *to, size_t size, const char *name,
                     bt_fault *fault);

/* BT_ERR_INVALID where a caller's struct, which is to be written, is NULL or shorter than `least`. */
bt_err bt_sized_check(const void *theirs, size_t least, const char *name, bt_fault *fault);

/* Writes as much of ours as a caller's struct has room for, and zeros into the rest of it. */
void bt_sized_write(const void *from, size_t size, void *to);

#endif
