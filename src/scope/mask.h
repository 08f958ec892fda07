/* A mask is a set of scopes: bit n stands for the scope with bit n. */
#ifndef BT_SCOPE_MASK_H
#define BT_SCOPE_MASK_H

#include <stdint.h>

#define BT_MASK_BITS 63u
#define BT_MASK_FORBIDDEN (UINT64_C(1) << 63) /* never assigned, never granted */

static inline uint64_t bt_mask_bit(unsigned bit) {
    return UINT64_C(1) << bit;
}

static inline unsigned bt_mask_count(uint64_t mask) {
    return (unsigned)__builtin_popcountll(mask);
}

/* The lowest bit of a mask that is not 0. */
static inline unsigned bt_mask_lowest(uint64_t mask) {
    return (unsigned)__builtin_ctzll(mask);
}

/* for (uint64_t rest = mask; rest; rest = bt_mask_without_lowest(rest)) ... bt_mask_lowest(rest) */
static inline uint64_t bt_mask_without_lowest(uint64_t mask) {
    return mask & (mask - 1);
}

#endif
