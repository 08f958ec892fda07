/* Opening a store to another user's processes that check in-process with the library. */
#ifndef BT_STORE_SHARE_H
#define BT_STORE_SHARE_H

#include "store/store.h"

/* Gives a group, by name or number, what the library needs: to look into the directory (0750), to read the
 * store, the lock of the server, and the peppers that lie in the directory (0640), and to write the readers' lock
 * file (0660). BT_ERR_INVALID where there is no such group; BT_ERR_UNAVAILABLE where this user does not own
 * the files or is not in the group. */
bt_err bt_store_share(const bt_store *store, const char *group, bt_fault *fault);

#endif
