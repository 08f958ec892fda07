/* The compression function of BLAKE2b (RFC 7693, 3.2), for what libsodium's interface has no way to say: a
 * hash that begins from the state after its key, which is the same for every digest. That halves a digest's
 * time. Everything else is libsodium's, and the tests hold this to its results. */
#ifndef BT_KEY_BLAKE2B_H
#define BT_KEY_BLAKE2B_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define BT_BLAKE2B_BLOCK 128u
#define BT_BLAKE2B_WORDS 16u /* the same, as little-endian numbers */

typedef struct bt_blake2b {
    uint64_t h[8];
} bt_blake2b;

/* The state of a hash of `size` bytes (1 to 64) after its key of key_size bytes (1 to 64). */
bt_blake2b bt_blake2b_keyed(const uint8_t *key, size_t key_size, size_t size);

/* Ends a keyed hash whose message is one block: 1 to BT_BLAKE2B_BLOCK bytes, and zeros after them. The hash is
 * the beginning of h. */
void bt_blake2b_end(bt_blake2b *state, const uint64_t block[BT_BLAKE2B_WORDS], size_t size);

/* Ends four hashes that begin from one state, as bt_blake2b_end does, in little more than the time of one where
 * the processor can (AVX2). */
#define BT_BLAKE2B_LANES 4u
void bt_blake2b_end_four(const bt_blake2b *from,
                         const uint64_t blocks[BT_BLAKE2B_LANES][BT_BLAKE2B_WORDS],
                         const size_t sizes[BT_BLAKE2B_LANES],
                         bt_blake2b ret_states[BT_BLAKE2B_LANES]);

#endif
