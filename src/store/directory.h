/* The data directory: made, judged and locked. */
#ifndef BT_STORE_DIRECTORY_H
#define BT_STORE_DIRECTORY_H

#include <sys/types.h>

#include "base/bytes.h"
#include "base/err.h"

#define BT_SERVE_LOCK_FILE "serve.lock"
#define BT_PEPPERS_FOLDER "peppers"
#define BT_PEPPER_FILE "pepper"
#define BT_PEPPER_NEW_FILE "pepper.new" /* while it is made */

typedef struct bt_directory {
    int file;
    dev_t device;
    ino_t inode;
    uid_t owner;
} bt_directory;

/* create: makes it, and what is missing above it, with mode 0700; each is on disk on return.
 * BT_ERR_NOT_FOUND, BT_ERR_PRECONDITION (not a directory; everybody may write to it),
 * BT_ERR_UNAVAILABLE. */
bt_err bt_directory_open(const char *path, bool create, bt_directory *ret_directory,
                         bt_fault *fault);
void bt_directory_close(bt_directory *directory);

/* Waits until no other process makes a store in here; ends with bt_directory_close. */
bt_err bt_directory_lock(const bt_directory *directory, const char *path, bt_fault *fault);

/* Whether it has that entry. BT_ERR_UNAVAILABLE where that cannot be told. */
bt_err bt_directory_has(const bt_directory *directory, const char *path, const char *name,
                        bool *ret_has, bt_fault *fault);

/* BT_ERR_PRECONDITION where it has files that a new data directory cannot have. */
bt_err bt_directory_check_vacant(const char *path, bt_fault *fault);

/* A path in it, in memory of malloc; NULL where there is none. */
char *bt_directory_path(const char *directory, const char *name);

#endif
