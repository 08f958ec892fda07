#include "key/digest.h"

#include <assert.h>
#include <sodium.h>

#include "key/blake2b.h"

struct bt_pepper {
    uint8_t bytes[BT_PEPPER_SIZE];
    bt_blake2b keyed; /* what a digest begins from: as secret as the pepper */
};

bt_pepper *bt_pepper_from_bytes(const uint8_t bytes[BT_PEPPER_SIZE]) {
    if (sodium_init() < 0) return NULL;
    bt_pepper *pepper = sodium_malloc(sizeof *pepper);
    if (!pepper) return NULL;
    memcpy(pepper->bytes, bytes, BT_PEPPER_SIZE);
    pepper->keyed = bt_blake2b_keyed(bytes, BT_PEPPER_SIZE, BT_DIGEST_SIZE);
    sodium_mprotect_readonly(pepper);
    return pepper;
}

bt_pepper *bt_pepper_free(bt_pepper *pepper) {
    sodium_free(pepper);
    return NULL;
}

static void keyed_hash(const bt_pepper *pepper, bt_bytes input, uint8_t *ret_hash, size_t size) {
    /* Fails for sizes out of its range alone, and these are constants. */
    if (crypto_generichash_blake2b(ret_hash, size, input.data, input.size, pepper->bytes,
                                   BT_PEPPER_SIZE) != 0)
        __builtin_trap();
}

void bt_pepper_fingerprint(const bt_pepper *pepper, uint8_t ret_fingerprint[BT_FINGERPRINT_SIZE]) {
    /* No environment begins with a zero byte, so this is the digest of no token. */
    keyed_hash(pepper, BT_LITERAL("\0bitting pepper fingerprint"), ret_fingerprint,
               BT_FINGERPRINT_SIZE);
}

/* Returns the size of the input. */
static size_t write_input(bt_bytes environment, bt_bytes token,
                          uint64_t ret_block[BT_BLAKE2B_WORDS]) {
    uint8_t *input = (uint8_t *)ret_block;
    static_assert(BT_BLAKE2B_BLOCK == BT_DIGEST_INPUT_MAX, "a digest's input is one block");
    size_t size = environment.size + 1 + token.size;
    if (size > BT_DIGEST_INPUT_MAX) __builtin_trap();
    memset(input, 0, BT_DIGEST_INPUT_MAX);
    memcpy(input, environment.data, environment.size);
    memcpy(input + environment.size + 1, token.data, token.size);
    return size;
}

bt_digest bt_digest_token(const bt_pepper *pepper, bt_bytes environment, bt_bytes token) {
    uint64_t block[BT_BLAKE2B_WORDS];
    bt_blake2b state = pepper->keyed;
    bt_digest digest;
    bt_blake2b_end(&state, block, write_input(environment, token, block));
    memcpy(digest.bytes, state.h, sizeof digest.bytes);
    sodium_memzero(block, sizeof block);
    sodium_memzero(&state, sizeof state);
    return digest;
}

static void digest_four(const bt_pepper *pepper, bt_bytes environment, const bt_bytes *tokens,
                        bt_digest *const *ret_digests) {
    uint64_t blocks[BT_BLAKE2B_LANES][BT_BLAKE2B_WORDS];
    size_t sizes[BT_BLAKE2B_LANES];
    bt_blake2b states[BT_BLAKE2B_LANES];
    for (size_t i = 0; i < BT_BLAKE2B_LANES; i++)
        sizes[i] = write_input(environment, tokens[i], blocks[i]);
    bt_blake2b_end_four(&pepper->keyed, (const uint64_t(*)[BT_BLAKE2B_WORDS])blocks, sizes, states);
    for (size_t i = 0; i < BT_BLAKE2B_LANES; i++)
        memcpy(ret_digests[i]->bytes, states[i].h, BT_DIGEST_SIZE);
    sodium_memzero(blocks, sizeof blocks);
    sodium_memzero(states, sizeof states);
}

void bt_digest_tokens(const bt_pepper *pepper, bt_bytes environment, const bt_bytes *tokens,
                      size_t count, bt_digest *const *ret_digests) {
    size_t at = 0;
    for (; count - at >= BT_BLAKE2B_LANES; at += BT_BLAKE2B_LANES)
        digest_four(pepper, environment, tokens + at, ret_digests + at);
    for (; at < count; at++) *ret_digests[at] = bt_digest_token(pepper, environment, tokens[at]);
}

void bt_digest_seal(const bt_pepper *pepper, const char *purpose, bt_bytes bytes,
                    uint8_t ret_seal[BT_SEAL_SIZE]) {
    /* No environment begins with a zero byte, so this is the digest of no token. */
    static const uint8_t zero = 0;
    crypto_generichash_blake2b_state state;
    crypto_generichash_blake2b_init(&state, pepper->bytes, BT_PEPPER_SIZE, BT_SEAL_SIZE);
    crypto_generichash_blake2b_update(&state, &zero, 1);
    crypto_generichash_blake2b_update(&state, (const uint8_t *)purpose, strlen(purpose) + 1);
    crypto_generichash_blake2b_update(&state, bytes.data, bytes.size);
    crypto_generichash_blake2b_final(&state, ret_seal, BT_SEAL_SIZE);
    sodium_memzero(&state, sizeof state);
}

uint64_t bt_digest_slot(const bt_digest *digest) {
    uint64_t slot;
    memcpy(&slot, digest->bytes, sizeof slot);
    return slot;
}
