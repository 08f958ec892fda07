#include "key/blake2b.h"

#include <assert.h>
#include <string.h>

#include "base/secret.h"

static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "words are copied from bytes as they are");

static const uint64_t iv[8] = {
    UINT64_C(0x6A09E667F3BCC908), UINT64_C(0xBB67AE8584CAA73B), UINT64_C(0x3C6EF372FE94F82B),
    UINT64_C(0xA54FF53A5F1D36F1), UINT64_C(0x510E527FADE682D1), UINT64_C(0x9B05688C2B3E6C1F),
    UINT64_C(0x1F83D9ABFB41BD6B), UINT64_C(0x5BE0CD19137E2179),
};

/* Four words, of four hashes. */
typedef uint64_t lanes __attribute__((vector_size(32)));

/* On words, or on lanes: the same operators. */
#define ROTATE(word, bits) ((word) >> (bits) | (word) << (64 - (bits)))
#define MIX(a, b, c, d, x, y)                                                                      \
    do {                                                                                           \
        a += b + x;                                                                                \
        d = ROTATE(d ^ a, 32);                                                                     \
        c += d;                                                                                    \
        b = ROTATE(b ^ c, 24);                                                                     \
        a += b + y;                                                                                \
        d = ROTATE(d ^ a, 16);                                                                     \
        c += d;                                                                                    \
        b = ROTATE(b ^ c, 63);                                                                     \
    } while (0)

/* One round, with the words of the message in the order of its row of SIGMA: constants, so that no word is
 * looked up by an index that is only known when it runs. */
#define ROUND(s0, s1, s2, s3, s4, s5, s6, s7, s8, s9, s10, s11, s12, s13, s14, s15)                \
    do {                                                                                           \
        MIX(v0, v4, v8, v12, m[s0], m[s1]);                                                        \
        MIX(v1, v5, v9, v13, m[s2], m[s3]);                                                        \
        MIX(v2, v6, v10, v14, m[s4], m[s5]);                                                       \
        MIX(v3, v7, v11, v15, m[s6], m[s7]);                                                       \
        MIX(v0, v5, v10, v15, m[s8], m[s9]);                                                       \
        MIX(v1, v6, v11, v12, m[s10], m[s11]);                                                     \
        MIX(v2, v7, v8, v13, m[s12], m[s13]);                                                      \
        MIX(v3, v4, v9, v14, m[s14], m[s15]);                                                      \
    } while (0)

#define ALL_ROUNDS                                                                                 \
    do {                                                                                           \
        ROUND(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);                               \
        ROUND(14, 10, 4, 8, 9, 15, 13, 6, 1, 12, 0, 2, 11, 7, 5, 3);                               \
        ROUND(11, 8, 12, 0, 5, 2, 15, 13, 10, 14, 3, 6, 7, 1, 9, 4);                               \
        ROUND(7, 9, 3, 1, 13, 12, 11, 14, 2, 6, 5, 10, 4, 0, 15, 8);                               \
        ROUND(9, 0, 5, 7, 2, 4, 10, 15, 14, 1, 11, 12, 6, 8, 3, 13);                               \
        ROUND(2, 12, 6, 10, 0, 11, 8, 3, 4, 13, 7, 5, 15, 14, 1, 9);                               \
        ROUND(12, 5, 1, 15, 14, 13, 4, 10, 0, 7, 6, 3, 9, 2, 8, 11);                               \
        ROUND(13, 11, 7, 14, 12, 1, 3, 9, 5, 0, 15, 4, 8, 6, 2, 10);                               \
        ROUND(6, 15, 14, 9, 11, 3, 0, 8, 12, 2, 13, 7, 1, 4, 10, 5);                               \
        ROUND(10, 2, 8, 4, 7, 6, 1, 5, 15, 11, 9, 14, 3, 12, 13, 0);                               \
        ROUND(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);                               \
        ROUND(14, 10, 4, 8, 9, 15, 13, 6, 1, 12, 0, 2, 11, 7, 5, 3);                               \
    } while (0)

/* count: bytes up to the end of this block. last: all ones for the last block, else 0. */
/* NOLINTNEXTLINE(readability-function-size): the blocks are the macros' */
static void compress(uint64_t h[8], const uint64_t m[BT_BLAKE2B_WORDS], uint64_t count,
                     uint64_t last) {
    uint64_t v0 = h[0], v1 = h[1], v2 = h[2], v3 = h[3], v4 = h[4], v5 = h[5], v6 = h[6], v7 = h[7];
    uint64_t v8 = iv[0], v9 = iv[1], v10 = iv[2], v11 = iv[3];
    uint64_t v12 = iv[4] ^ count, v13 = iv[5], v14 = iv[6] ^ last, v15 = iv[7];
    ALL_ROUNDS;
    h[0] ^= v0 ^ v8, h[1] ^= v1 ^ v9, h[2] ^= v2 ^ v10, h[3] ^= v3 ^ v11;
    h[4] ^= v4 ^ v12, h[5] ^= v5 ^ v13, h[6] ^= v6 ^ v14, h[7] ^= v7 ^ v15;
}

bt_blake2b bt_blake2b_keyed(const uint8_t *key, size_t key_size, size_t size) {
    bt_blake2b state;
    uint64_t block[BT_BLAKE2B_WORDS] = {0};
    memcpy(state.h, iv, sizeof state.h);
    /* The parameter block: sizes of hash and key, fanout 1, depth 1. */
    state.h[0] ^= (uint64_t)size | (uint64_t)key_size << 8 | UINT64_C(0x01010000);
    memcpy(block, key, key_size);
    compress(state.h, block, sizeof block, 0);
    bt_secret_wipe(block, sizeof block);
    return state;
}

void bt_blake2b_end(bt_blake2b *state, const uint64_t block[BT_BLAKE2B_WORDS], size_t size) {
    compress(state->h, block, BT_BLAKE2B_BLOCK + size, UINT64_MAX);
}

#if defined(__x86_64__)
#define ALL(word) ((lanes){(word), (word), (word), (word)})
#define WORDS(i) ((lanes){blocks[0][i], blocks[1][i], blocks[2][i], blocks[3][i]})

/* The same code for one kind of processor or another. */
#define DEFINE_END_FOUR(name, processor)                                                           \
    __attribute__((target(processor))) static void name(                                           \
        const uint64_t h[8], const uint64_t blocks[BT_BLAKE2B_LANES][BT_BLAKE2B_WORDS],            \
        const size_t sizes[BT_BLAKE2B_LANES], bt_blake2b *ret_states) {                            \
        lanes m[BT_BLAKE2B_WORDS];                                                                 \
        lanes v0 = ALL(h[0]), v1 = ALL(h[1]), v2 = ALL(h[2]), v3 = ALL(h[3]);                      \
        lanes v4 = ALL(h[4]), v5 = ALL(h[5]), v6 = ALL(h[6]), v7 = ALL(h[7]);                      \
        lanes v8 = ALL(iv[0]), v9 = ALL(iv[1]), v10 = ALL(iv[2]), v11 = ALL(iv[3]);                \
        lanes counts = {sizes[0], sizes[1], sizes[2], sizes[3]};                                   \
        lanes v12 = ALL(iv[4]) ^ (counts + BT_BLAKE2B_BLOCK), v13 = ALL(iv[5]);                    \
        lanes v14 = ALL(~iv[6]), v15 = ALL(iv[7]);                                                 \
        for (size_t i = 0; i < BT_BLAKE2B_WORDS; i++) m[i] = WORDS(i);                             \
        ALL_ROUNDS;                                                                                \
        const lanes ends[8] = {ALL(h[0]) ^ v0 ^ v8,  ALL(h[1]) ^ v1 ^ v9,  ALL(h[2]) ^ v2 ^ v10,   \
                               ALL(h[3]) ^ v3 ^ v11, ALL(h[4]) ^ v4 ^ v12, ALL(h[5]) ^ v5 ^ v13,   \
                               ALL(h[6]) ^ v6 ^ v14, ALL(h[7]) ^ v7 ^ v15};                        \
        for (size_t lane = 0; lane < BT_BLAKE2B_LANES; lane++)                                     \
            for (size_t i = 0; i < 8; i++) ret_states[lane].h[i] = ends[i][lane];                  \
        bt_secret_wipe(m, sizeof m);                                                               \
    }

/* NOLINTNEXTLINE(readability-function-size): likewise */
DEFINE_END_FOUR(end_four_avx2, "avx2")
/* Has registers for all of the state and the message, and rotates in one instruction. */
/* NOLINTNEXTLINE(readability-function-size): likewise */
DEFINE_END_FOUR(end_four_avx512, "avx512vl")
#endif

void bt_blake2b_end_four(const bt_blake2b *from,
                         const uint64_t blocks[BT_BLAKE2B_LANES][BT_BLAKE2B_WORDS],
                         const size_t sizes[BT_BLAKE2B_LANES],
                         bt_blake2b ret_states[BT_BLAKE2B_LANES]) {
#if defined(__x86_64__)
    if (__builtin_cpu_supports("avx512vl")) {
        end_four_avx512(from->h, blocks, sizes, ret_states);
        return;
    }
    if (__builtin_cpu_supports("avx2")) {
        end_four_avx2(from->h, blocks, sizes, ret_states);
        return;
    }
#endif
    for (size_t i = 0; i < BT_BLAKE2B_LANES; i++) {
        ret_states[i] = *from;
        bt_blake2b_end(&ret_states[i], blocks[i], sizes[i]);
    }
}
