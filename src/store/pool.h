/* Snapshots of a store for any number of threads, without a lock: a thread takes one, has it alone, and
 * puts it back. An open store has one pool, however often this process has opened it: each snapshot keeps
 * one of the places for readers, of which all processes together have BT_STORE_READERS_MAX. */
#ifndef BT_STORE_POOL_H
#define BT_STORE_POOL_H

#include <stdalign.h>
#include <stdatomic.h>

#include "store/snapshot.h"

/* More threads than this, all in a call at one time, open and close snapshots of their own. */
#define BT_POOL_PLACES 64u

typedef struct bt_pool_place {
    alignas(64) _Atomic(bt_snapshot *) snapshot; /* a cache line each; NULL: none, or taken */
} bt_pool_place;

struct bt_pool {
    bt_store *store;
    atomic_uint opened; /* snapshots that places were filled from */
    bt_pool_place places[BT_POOL_PLACES];
};

/* NULL without memory. */
bt_pool *bt_pool_new(bt_store *store);
/* When all have been put back. NULL is taken. */
void bt_pool_free(bt_pool *pool);

/* A renewed snapshot. */
bt_err bt_pool_take(bt_pool *pool, bt_snapshot **ret_snapshot, bt_fault *fault);
/* Resets it and puts it back. NULL is taken. */
void bt_pool_put(bt_pool *pool, bt_snapshot *snapshot);

#endif
