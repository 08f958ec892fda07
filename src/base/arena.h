/* Memory of one request: given out from a fixed block, and all given back at once. It never grows,
 * so what a request can take is bounded by the block. Not for use by two threads at a time. */
#ifndef BT_BASE_ARENA_H
#define BT_BASE_ARENA_H

#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"

typedef struct bt_arena {
    uint8_t *block;
    size_t size;
    size_t used;
} bt_arena;

/* The block stays the caller's and must outlive the arena. */
void bt_arena_init(bt_arena *arena, void *block, size_t size);

/* Aligned for any type, not zeroed. NULL where the block has no room left. */
void *bt_arena_alloc(bt_arena *arena, size_t size);

/* A copy with a NUL after it, or NULL. */
char *bt_arena_text(bt_arena *arena, bt_bytes bytes);

void bt_arena_reset(bt_arena *arena);

#endif
