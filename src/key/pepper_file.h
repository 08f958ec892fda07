/* Files that a pepper is in, ours or another system's. */
#ifndef BT_KEY_PEPPER_FILE_H
#define BT_KEY_PEPPER_FILE_H

#include <stddef.h>
#include <sys/types.h>

#include "base/err.h"

/* Reads what fits into `capacity` bytes, so that one byte more than may be there shows a file that is too long. It
 * must be a regular one, owned by this user, by root, or by `owner`; mode 0600 or less, or 0640 (readable by one
 * group). BT_ERR_NOT_FOUND where there is none, BT_ERR_PRECONDITION where others could read or change it,
 * BT_ERR_UNAVAILABLE. What was read is the caller's to wipe. */
bt_err bt_pepper_file_read(const char *path, uid_t owner, char *ret_text, size_t capacity,
                           size_t *ret_size, bt_fault *fault);

#endif
