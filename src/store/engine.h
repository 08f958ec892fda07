/* What a store is inside, and the list of stores that this process has open. */
#ifndef BT_STORE_ENGINE_H
#define BT_STORE_ENGINE_H

#include <pthread.h>
#include <stdatomic.h>

#include "store/directory.h"
#include "store/store.h"
#include "store/tables.h"

typedef struct bt_known_pepper bt_known_pepper;

struct bt_store {
    MDB_env *env;
    bt_tables tables;
    bt_pepper *pepper;
    uid_t owner;              /* of the directory */
    bt_known_pepper *peppers; /* of other systems, read so far; under the lock */
    pthread_mutex_t peppers_lock;
    char *directory;
    char *path;  /* of the file */
    char *place; /* the same from the root; NULL: not known */
    char *lock_place;
    dev_t lock_device; /* of the lock file that is open */
    ino_t lock_inode;
    bt_pool *pool;
    _Atomic int64_t looked_ms; /* at the place, by a clock of its own */
    atomic_bool replaced;
    bool read_only;
    int serve_lock; /* file, or -1 */

    /* The rest is the registry's. */
    dev_t device; /* of the directory */
    ino_t inode;
    unsigned references;
    unsigned long process;
    bt_store *next;
};

/* bt_lmdb_fail for the store's file. */
bt_err bt_store_fail(const bt_store *store, int rc, bt_fault *fault);

/* For bt_store_is_replaced. Without memory, or where the path has no end, it sees less. */
void bt_store_note_place(bt_store *store);

/* Wipes them. */
void bt_store_free_peppers(bt_store *store);

/* BT_ERR_PRECONDITION where a server has the lock of bt_store_lock_serving. */
bt_err bt_store_check_unserved(const bt_store *store, bt_fault *fault);

/* BT_ERR_PRECONDITION where a server has it that runs in another pid namespace than this process, as far as
 * can be told. Not for a process that holds the lock itself: this would drop it. */
bt_err bt_store_check_namespace(const bt_store *store, bt_fault *fault);

/* Between these two, no other thread of the process opens or closes a store. */
void bt_registry_lock(void);
void bt_registry_unlock(void);

/* The open store of a directory; NULL where there is none. */
bt_store *bt_registry_find(const bt_directory *directory);
void bt_registry_add(bt_store *store, const bt_directory *directory);
void bt_registry_remove(bt_store *store);

/* BT_ERR_PRECONDITION, with the text for a process where bt_store_usable is false. */
bt_err bt_store_forked(const bt_store *store, bt_fault *fault);

#endif
