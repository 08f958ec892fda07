#include "grpc/blocks.h"

#include <string.h>
#include <sys/mman.h>

bool bt_blocks_init(bt_blocks *blocks, size_t block_size, size_t count) {
    size_t size = (block_size + 63) & ~(size_t)63;
    void *base = mmap(NULL, size * count, PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (base == MAP_FAILED) return false;
    *blocks = (bt_blocks){.base = base, .block_size = size, .count = count};
    return true;
}

void bt_blocks_destroy(bt_blocks *blocks) {
    if (blocks->base) munmap(blocks->base, blocks->block_size * blocks->count);
    *blocks = (bt_blocks){0};
}

void *bt_blocks_take(bt_blocks *blocks) {
    void *block = blocks->spare;
    if (block) {
        memcpy(&blocks->spare, block, sizeof blocks->spare);
        return block;
    }
    if (blocks->used == blocks->count) return NULL;
    return blocks->base + blocks->block_size * blocks->used++;
}

void bt_blocks_give(bt_blocks *blocks, void *block) {
    memcpy(block, &blocks->spare, sizeof blocks->spare);
    blocks->spare = block;
}
