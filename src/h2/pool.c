#include "h2/pool.h"

#include <stdalign.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

struct bt_h2_block {
    alignas(max_align_t) size_t size; /* of the whole block */
    bt_h2_block *next;                /* while idle */
};

#define SMALLEST ((size_t)32)
#define LARGEST (SMALLEST << (BT_H2_POOL_CLASSES - 1))

/* A sanitizer sees a use after free only where free is free. */
#if defined(__SANITIZE_ADDRESS__)
#define IDLE_MAX ((size_t)0)
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define IDLE_MAX ((size_t)0)
#endif
#endif
#ifndef IDLE_MAX
#define IDLE_MAX ((size_t)4 << 20)
#endif

static unsigned class_of(size_t size) {
    if (size <= SMALLEST) return 0;
    return (unsigned)(64 - __builtin_clzl(size - 1)) - 5;
}

void bt_h2_pool_init(bt_h2_pool *pool, size_t limit) {
    memset(pool, 0, sizeof *pool);
    pool->idle_max = IDLE_MAX;
    pool->limit = limit;
}

void bt_h2_pool_clear(bt_h2_pool *pool) {
    for (unsigned class = 0; class < BT_H2_POOL_CLASSES; class ++) {
        while (pool->idle[class]) {
            bt_h2_block *block = pool->idle[class];
            pool->idle[class] = block->next;
            free(block);
        }
    }
    pool->idle_bytes = 0;
}

static bt_h2_block *block_take(bt_h2_pool *pool, size_t size) {
    unsigned class = class_of(size);
    bt_h2_block *block = pool->idle[class];
    if (!block) return malloc(SMALLEST << class);
    pool->idle[class] = block->next;
    pool->idle_bytes -= block->size;
    return block;
}

static bool block_keep(bt_h2_pool *pool, bt_h2_block *block) {
    if (block->size > LARGEST || pool->idle_bytes + block->size > pool->idle_max) return false;
    unsigned class = class_of(block->size);
    block->next = pool->idle[class];
    pool->idle[class] = block;
    pool->idle_bytes += block->size;
    return true;
}

bool bt_h2_charge(bt_h2_account *account, size_t size) {
    const bt_h2_pool *pool = account->pool;
    if (size > SIZE_MAX / 2) return false;
    if (account->used + size > account->limit || pool->used + size > pool->limit) return false;
    bt_h2_charge_anyway(account, size);
    return true;
}

void bt_h2_charge_anyway(bt_h2_account *account, size_t size) {
    account->used += size;
    account->pool->used += size;
}

void bt_h2_discharge(bt_h2_account *account, size_t size) {
    account->used -= size;
    account->pool->used -= size;
}

void *bt_h2_alloc(bt_h2_account *account, size_t size) {
    bt_h2_pool *pool = account->pool;
    if (size > SIZE_MAX / 2) return NULL;
    size += sizeof(bt_h2_block);
    bool small = size <= LARGEST;
    if (small) size = SMALLEST << class_of(size);
    if (!bt_h2_charge(account, size)) return NULL;
    bt_h2_block *block = small ? block_take(pool, size) : malloc(size);
    if (!block) {
        bt_h2_discharge(account, size);
        return NULL;
    }
    block->size = size;
    return block + 1;
}

void bt_h2_free(bt_h2_account *account, void *data) {
    if (!data) return;
    bt_h2_block *block = (bt_h2_block *)data - 1;
    bt_h2_discharge(account, block->size);
    if (!block_keep(account->pool, block)) free(block);
}

void *bt_h2_resize(bt_h2_account *account, void *data, size_t size) {
    if (!data) return bt_h2_alloc(account, size);
    size_t old = ((bt_h2_block *)data - 1)->size - sizeof(bt_h2_block);
    if (size <= old && size >= old / 2) return data;
    void *bigger = bt_h2_alloc(account, size);
    if (!bigger) return NULL;
    memcpy(bigger, data, old < size ? old : size);
    bt_h2_free(account, data);
    return bigger;
}

static void *mem_malloc(size_t size, void *account) {
    return bt_h2_alloc(account, size);
}

static void mem_free(void *data, void *account) {
    bt_h2_free(account, data);
}

static void *mem_calloc(size_t count, size_t size, void *account) {
    size_t total;
    if (__builtin_mul_overflow(count, size, &total)) return NULL;
    void *data = bt_h2_alloc(account, total);
    return data ? memset(data, 0, total) : NULL;
}

static void *mem_realloc(void *data, size_t size, void *account) {
    return bt_h2_resize(account, data, size);
}

nghttp2_mem bt_h2_account_mem(bt_h2_account *account) {
    return (nghttp2_mem){account, mem_malloc, mem_free, mem_calloc, mem_realloc};
}
