/* A copy of the store, made while it is in use. */
#ifndef BT_STORE_BACKUP_H
#define BT_STORE_BACKUP_H

#include "store/store.h"

/* Writes the store, as it is at one revision, to the file `path`, mode 0600, which is there whole
 * and on disk on success, in place of an older one, and is left as it was on failure. The pepper is
 * not in it, and its store_id is a new one. Holds a snapshot for as long as it takes. BT_ERR_INVALID (the store
 * itself, or no regular file), BT_ERR_UNAVAILABLE, BT_ERR_EXHAUSTED (disk full). */
bt_err bt_store_backup(bt_store *store, const char *path, bt_fault *fault);

#endif
