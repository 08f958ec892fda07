/* rooms: key PkgConfig::SODIUM */
#include <sodium.h>

#include "key/blake2b.h"
#include "unit.h"

START_TEST(hash_differs_from_libsodiums) {
    ck_assert_int_ge(sodium_init(), 0);
    for (int i = 0; i < 5000; i++) {
        uint8_t key[64], expected[64];
        uint64_t block[BT_BLAKE2B_WORDS] = {0};
        size_t key_size = 1 + randombytes_uniform(64), size = 1 + randombytes_uniform(64);
        size_t input = 1 + (size_t)i % BT_BLAKE2B_BLOCK;
        randombytes_buf(key, sizeof key);
        randombytes_buf(block, input);
        crypto_generichash_blake2b(expected, size, (const uint8_t *)block, input, key, key_size);
        bt_blake2b state = bt_blake2b_keyed(key, key_size, size);
        bt_blake2b_end(&state, block, input);
        ck_assert_mem_eq(state.h, expected, size);
    }
}
END_TEST

START_TEST(four_at_a_time_differ_from_one_by_one) {
    uint8_t key[32];
    for (int round = 0; round < 500; round++) {
        uint64_t blocks[BT_BLAKE2B_LANES][BT_BLAKE2B_WORDS] = {0};
        size_t sizes[BT_BLAKE2B_LANES];
        bt_blake2b four[BT_BLAKE2B_LANES];
        randombytes_buf(key, sizeof key);
        bt_blake2b from = bt_blake2b_keyed(key, sizeof key, 32);
        for (size_t i = 0; i < BT_BLAKE2B_LANES; i++) {
            sizes[i] = 1 + randombytes_uniform(BT_BLAKE2B_BLOCK);
            randombytes_buf(blocks[i], sizes[i]);
        }
        bt_blake2b_end_four(&from, (const uint64_t(*)[BT_BLAKE2B_WORDS])blocks, sizes, four);
        for (size_t i = 0; i < BT_BLAKE2B_LANES; i++) {
            bt_blake2b one = from;
            bt_blake2b_end(&one, blocks[i], sizes[i]);
            ck_assert_mem_eq(one.h, four[i].h, sizeof one.h);
        }
    }
}
END_TEST

UNIT_MAIN("blake2b", hash_differs_from_libsodiums, four_at_a_time_differ_from_one_by_one)
