/* Snapshots of a store for any number of threads, without a lock: a thread takes one, has it alone, and
 * puts it back. */
#ifndef BT_LIBRARY_POOL_H
#define BT_LIBRARY_POOL_H

#include <stdalign.h>
#include <stdatomic.h>

#include "store/snapshot.h"

/* More threads than this, all in a call at one time, open and close snapshots of their own. */
#define BT_POOL_PLACES 64u

typedef struct bt_pool_place {
    alignas(64) _Atomic(bt_snapshot *) snapshot; /* a cache line each; NULL: none, or taken */
} bt_pool_place;

typedef struct bt_pool {
    bt_store *store;
    atomic_uint opened; /* snapshots that places were filled from */
    bt_pool_place places[BT_POOL_PLACES];
} bt_pool;

/* Zeros are an empty pool, but for the store. */

/* A renewed snapshot. */
bt_err bt_pool_take(bt_pool *pool, bt_snapshot **ret_snapshot, bt_fault *fault);
/* Resets it and puts it back. NULL is taken. */
void bt_pool_put(bt_pool *pool, bt_snapshot *snapshot);

/* When all have been put back. */
void bt_pool_empty(bt_pool *pool);

#endif
