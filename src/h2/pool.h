/* Memory of a worker's connections: blocks of a few sizes that are kept when freed, each charged to the
 * connection that holds it. An account over its limit gets no more, so what a peer can make us hold is
 * bounded whatever it sends. One thread at a time. */
#ifndef BT_H2_POOL_H
#define BT_H2_POOL_H

#include <stdbool.h>
#include <stddef.h>

#include <nghttp2/nghttp2.h>

#define BT_H2_POOL_CLASSES 8 /* blocks of 32, 64, ... 4096 bytes; larger ones are malloc's */

typedef struct bt_h2_block bt_h2_block;

typedef struct bt_h2_pool {
    bt_h2_block *idle[BT_H2_POOL_CLASSES];
    size_t idle_bytes, idle_max;
    size_t used, limit; /* of all accounts, in bytes with overhead */
} bt_h2_pool;

typedef struct bt_h2_account {
    bt_h2_pool *pool;
    size_t used, limit;
} bt_h2_account;

void bt_h2_pool_init(bt_h2_pool *pool, size_t limit);
/* Every account's blocks must have been freed. */
void bt_h2_pool_clear(bt_h2_pool *pool);

/* Most of it is in use: whoever holds most should go. */
static inline bool bt_h2_pool_is_short(const bt_h2_pool *pool) {
    return pool->used > pool->limit / 4 * 3;
}

/* NULL over the account's or the pool's limit, or without memory. Not zeroed; aligned for any type. */
void *bt_h2_alloc(bt_h2_account *account, size_t size);
/* NULL is taken. */
void bt_h2_free(bt_h2_account *account, void *data);
void *bt_h2_resize(bt_h2_account *account, void *data, size_t size);

/* Counts memory of another allocator as this account's; the second whether it has room for it or not. */
bool bt_h2_charge(bt_h2_account *account, size_t size);
void bt_h2_charge_anyway(bt_h2_account *account, size_t size);
void bt_h2_discharge(bt_h2_account *account, size_t size);

/* The account as nghttp2's allocator; it must outlive the session. */
nghttp2_mem bt_h2_account_mem(bt_h2_account *account);

#endif
