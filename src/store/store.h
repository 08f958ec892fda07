/* The store: one LMDB file in a data directory, read by many processes.
 *
 * LMDB's table of readers does not survive a file being opened twice by one process, so a second open of
 * the same directory shares the first (the only global of the library). */
#ifndef BT_STORE_STORE_H
#define BT_STORE_STORE_H

#include "base/bytes.h"
#include "base/err.h"
#include "key/digest.h"

#define BT_STORE_SCHEMA 1u
#define BT_STORE_ID_SIZE 16u
#define BT_STORE_ID_TEXT_SIZE (2 * BT_STORE_ID_SIZE + 1) /* hexadecimal digits and a NUL */
#define BT_STORE_FILE "bitting.mdb"
#define BT_STORE_READERS_MAX 1022u

typedef struct bt_store bt_store;
typedef struct bt_pool bt_pool; /* store/pool.h */

typedef enum bt_store_mode {
    BT_STORE_READ,   /* the store must exist; its schema must be this one */
    BT_STORE_WRITE,  /* as above, and an older schema is upgraded in one transaction */
    BT_STORE_CREATE, /* as above, and a missing store, directory and pepper are made */
} bt_store_mode;

typedef struct bt_store_options {
    const char *directory;
    const char *pepper_file; /* NULL: DIRECTORY/pepper */
    bt_store_mode mode;
    size_t map_size; /* address space reserved for the file, in bytes; 0: 64 GiB */
} bt_store_options;

/* A pepper is made only together with a new store. Errors, each with a text that says what to do:
 * BT_ERR_NOT_FOUND (no store there), BT_ERR_PRECONDITION (not a store of ours, a newer schema, a pepper that
 * is missing, readable by others, or not the one this store was made with), BT_ERR_UNAVAILABLE (permissions,
 * disk). */
bt_err bt_store_open(const bt_store_options *options, bt_store **ret_store, bt_fault *fault);

/* NULL is taken; returns NULL. All snapshots must have been closed and the writer stopped. */
bt_store *bt_store_close(bt_store *store);

/* False in a process that fork made since the store was opened: LMDB's handles are not to be used
 * there. Takes no lock. */
bool bt_store_usable(const bt_store *store);

/* True where another file has come into the place of the store's or of its lock file, or the store's was removed: a
 * restore. What is read by this handle is then of the past, whatever is written, and what it writes is nowhere. Three
 * calls of the system. For any thread. */
bool bt_store_look(bt_store *store);
/* The same, for the way of a check: looks once in BT_STORE_LOOK_MS. */
bool bt_store_is_replaced(bt_store *store);
#define BT_STORE_LOOK_MS 100
/* BT_ERR_UNAVAILABLE, with the text for it. */
bt_err bt_store_replaced(const bt_store *store, bt_fault *fault);

/* These live as long as the store. */
bt_pool *bt_store_pool(const bt_store *store);
const bt_pepper *bt_store_pepper(const bt_store *store);
const char *bt_store_directory(const bt_store *store);

/* Takes the lock of the one serving process (DIRECTORY/serve.lock), held until the store is closed.
 * BT_ERR_PRECONDITION, naming the other's process id, where it is taken. */
bt_err bt_store_lock_serving(bt_store *store, bt_fault *fault);

/* Frees the slots of readers that died. For a timer: every few seconds in the server. */
bt_err bt_store_check_readers(bt_store *store, unsigned *ret_freed);

typedef struct bt_store_info {
    uint8_t
        store_id[BT_STORE_ID_SIZE]; /* made at random with the store, and anew with each backup */
    uint64_t map_size, used_bytes, file_bytes;
    uint64_t records;
    unsigned readers, readers_max;
} bt_store_info;

bt_err bt_store_info_get(bt_store *store, bt_store_info *ret_info);

#endif
