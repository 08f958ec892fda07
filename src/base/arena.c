#include "base/arena.h"

#include <stdalign.h>

void bt_arena_init(bt_arena *arena, void *block, size_t size) {
    *arena = (bt_arena){.block = block, .size = size};
}

void *bt_arena_alloc(bt_arena *arena, size_t size) {
    uintptr_t base = (uintptr_t)arena->block;
    size_t mask = alignof(max_align_t) - 1;
    size_t start = (size_t)(((base + arena->used + mask) & ~(uintptr_t)mask) - base);
    if (start > arena->size || size > arena->size - start) return NULL;
    arena->used = start + size;
    return arena->block + start;
}

char *bt_arena_text(bt_arena *arena, bt_bytes bytes) {
    char *text = bytes.size < SIZE_MAX ? bt_arena_alloc(arena, bytes.size + 1) : NULL;
    if (!text) return NULL;
    if (bytes.size) memcpy(text, bytes.data, bytes.size);
    text[bytes.size] = '\0';
    return text;
}

void bt_arena_reset(bt_arena *arena) {
    arena->used = 0;
}
