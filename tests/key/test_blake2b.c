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

UNIT_MAIN("blake2b", hash_differs_from_libsodiums)
