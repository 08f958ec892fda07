#include "store/pool.h"

#include <stdlib.h>
#include <string.h>

bt_pool *bt_pool_new(bt_store *store) {
    bt_pool *pool = aligned_alloc(alignof(bt_pool), sizeof *pool);
    if (!pool) return NULL;
    memset(pool, 0, sizeof *pool);
    pool->store = store;
    return pool;
}

/* Threads are numbered as they come, so that each has a place to itself until there are more of them
 * than places. */
static unsigned place_of_thread(void) {
    static atomic_uint threads;
    static _Thread_local unsigned number;
    if (!number)
        number = 1 + atomic_fetch_add_explicit(&threads, 1, memory_order_relaxed) % BT_POOL_PLACES;
    return number - 1;
}

static bt_snapshot *take_at(bt_pool *pool, unsigned place) {
    _Atomic(bt_snapshot *) *at = &pool->places[place].snapshot;
    if (!atomic_load_explicit(at, memory_order_relaxed)) return NULL;
    return atomic_exchange_explicit(at, NULL, memory_order_acquire);
}

static bool put_at(bt_pool *pool, unsigned place, bt_snapshot *snapshot) {
    bt_snapshot *none = NULL;
    return atomic_compare_exchange_strong_explicit(&pool->places[place].snapshot, &none, snapshot,
                                                   memory_order_release, memory_order_relaxed);
}

/* Another thread's is taken only where there are as many as places: threads that each have their own do
 * not wait for each other's cache lines. */
static bt_snapshot *take_any(bt_pool *pool, unsigned own) {
    bt_snapshot *snapshot = take_at(pool, own);
    if (snapshot) return snapshot;
    if (atomic_load_explicit(&pool->opened, memory_order_relaxed) < BT_POOL_PLACES) return NULL;
    for (unsigned i = 1; !snapshot && i < BT_POOL_PLACES; i++)
        snapshot = take_at(pool, (own + i) % BT_POOL_PLACES);
    return snapshot;
}

static bt_err open_one(bt_pool *pool, bt_snapshot **ret_snapshot, bt_fault *fault) {
    BT_TRY(bt_snapshot_open(pool->store, ret_snapshot, fault));
    atomic_fetch_add_explicit(&pool->opened, 1, memory_order_relaxed);
    return BT_OK;
}

static void close_one(bt_pool *pool, bt_snapshot *snapshot) {
    atomic_fetch_sub_explicit(&pool->opened, 1, memory_order_relaxed);
    bt_snapshot_close(snapshot);
}

bt_err bt_pool_take(bt_pool *pool, bt_snapshot **ret_snapshot, bt_fault *fault) {
    bt_snapshot *snapshot = take_any(pool, place_of_thread());
    if (!snapshot) BT_TRY(open_one(pool, &snapshot, fault));
    bt_err err = bt_snapshot_renew(snapshot);
    if (!err) {
        *ret_snapshot = snapshot;
        return BT_OK;
    }
    close_one(pool, snapshot);
    return bt_fail(fault, err,
                   err == BT_ERR_UNAVAILABLE
                       ? "store %s: has grown past what was reserved for it here, or cannot be "
                         "read now; start this process again"
                       : "store %s: is damaged",
                   bt_store_directory(pool->store));
}

void bt_pool_put(bt_pool *pool, bt_snapshot *snapshot) {
    if (!snapshot) return;
    bt_snapshot_reset(snapshot);
    unsigned own = place_of_thread();
    for (unsigned i = 0; i < BT_POOL_PLACES; i++)
        if (put_at(pool, (own + i) % BT_POOL_PLACES, snapshot)) return;
    close_one(pool, snapshot);
}

void bt_pool_free(bt_pool *pool) {
    for (unsigned i = 0; pool && i < BT_POOL_PLACES; i++) {
        bt_snapshot *snapshot = take_at(pool, i);
        if (snapshot) close_one(pool, snapshot);
    }
    free(pool);
}
