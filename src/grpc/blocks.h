/* A store of blocks of one size, given out and taken back by one thread. Its memory is reserved once and
 * used from the front, so that what was never needed at a time is never resident. */
#ifndef BT_GRPC_BLOCKS_H
#define BT_GRPC_BLOCKS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct bt_blocks {
    uint8_t *base;
    size_t block_size; /* at least a pointer's */
    size_t count, used;
    void *spare; /* given back; each begins with a pointer to the next */
} bt_blocks;

/* False without memory. block_size is rounded up to a multiple of 64. */
bool bt_blocks_init(bt_blocks *blocks, size_t block_size, size_t count);
void bt_blocks_destroy(bt_blocks *blocks);

/* NULL where all are out. The one given back last; zeros where it is new. */
void *bt_blocks_take(bt_blocks *blocks);
void bt_blocks_give(bt_blocks *blocks, void *block);

#endif
