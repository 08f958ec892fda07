#include "key/foreign.h"

#include <sodium.h>

#include "key/foreign_pepper.h"

static const char *const methods[] = {
    [BT_HASH_SHA256] = "sha256",
    [BT_HASH_HMAC_SHA256] = "hmac-sha256",
    [BT_HASH_PEPPER_FIRST] = "sha256-pepper-first",
    [BT_HASH_PEPPER_LAST] = "sha256-pepper-last",
};

const char *bt_hash_method_name(bt_hash_method method) {
    return method >= BT_HASH_SHA256 && method <= BT_HASH_LAST ? methods[method] : NULL;
}

bt_hash_method bt_hash_method_find(bt_bytes name) {
    for (int method = BT_HASH_SHA256; method <= BT_HASH_LAST; method++)
        if (bt_bytes_equal(bt_bytes_text(methods[method]), name)) return (bt_hash_method)method;
    return (bt_hash_method)0;
}

static bool begins_like_ours(const bt_environments *environments, bt_bytes token) {
    for (size_t i = 0; i < environments->count; i++) {
        bt_bytes prefix = bt_bytes_text(environments->list[i].prefix);
        if (bt_bytes_starts_with(token, prefix) && token.size > prefix.size &&
            token.data[prefix.size] == '_')
            return true;
    }
    return false;
}

bool bt_foreign_ok(const bt_environments *environments, bt_bytes token) {
    if (token.size < BT_FOREIGN_MIN || token.size > BT_FOREIGN_MAX) return false;
    for (size_t i = 0; i < token.size; i++)
        if (token.data[i] <= ' ' || token.data[i] > '~') return false;
    return !begins_like_ours(environments, token);
}

static bool fits(const bt_scheme *scheme, bt_bytes token) {
    return !scheme->forgotten && bt_bytes_starts_with(token, bt_bytes_text(scheme->prefix));
}

bool bt_foreign_fits(const bt_environment *environment, bt_bytes token) {
    for (size_t i = 0; i < environment->schemes_count; i++)
        if (fits(&environment->schemes[i], token)) return true;
    return false;
}

int bt_foreign_scheme(const bt_environment *environment, bt_bytes token) {
    int best = -1;
    size_t longest = 0;
    for (size_t i = 0; i < environment->schemes_count; i++) {
        const bt_scheme *scheme = &environment->schemes[i];
        size_t size = strlen(scheme->prefix);
        if (scheme->method != BT_HASH_SHA256 || !fits(scheme, token)) continue;
        if (best >= 0 && size <= longest) continue;
        best = (int)i;
        longest = size;
    }
    return best;
}

static bool ready(const bt_scheme *scheme) {
    return scheme->method == BT_HASH_SHA256 || scheme->pepper;
}

const bt_scheme *bt_foreign_lacking(const bt_environment *environment, bt_bytes token) {
    for (size_t i = 0; i < environment->schemes_count; i++) {
        const bt_scheme *scheme = &environment->schemes[i];
        if (fits(scheme, token) && !ready(scheme)) return scheme;
    }
    return NULL;
}

bool bt_foreign_is_lost(const bt_environment *environment, unsigned place) {
    if (place)
        return place <= environment->schemes_count && environment->schemes[place - 1].forgotten;
    for (size_t i = 0; i < environment->schemes_count; i++)
        if (!environment->schemes[i].forgotten) return false;
    return environment->schemes_count > 0;
}

static bt_foreign_hash hash_two(bt_bytes first, bt_bytes second) {
    crypto_hash_sha256_state state;
    bt_foreign_hash hash;
    crypto_hash_sha256_init(&state);
    crypto_hash_sha256_update(&state, first.data, first.size);
    crypto_hash_sha256_update(&state, second.data, second.size);
    crypto_hash_sha256_final(&state, hash.bytes);
    sodium_memzero(&state, sizeof state);
    return hash;
}

static bt_foreign_hash hmac(bt_bytes key, bt_bytes message) {
    crypto_auth_hmacsha256_state state;
    bt_foreign_hash hash;
    crypto_auth_hmacsha256_init(&state, key.data, key.size);
    crypto_auth_hmacsha256_update(&state, message.data, message.size);
    crypto_auth_hmacsha256_final(&state, hash.bytes);
    sodium_memzero(&state, sizeof state);
    return hash;
}

bt_foreign_hash bt_foreign_hash_token(const bt_scheme *scheme, bt_bytes token) {
    size_t skip = scheme->hashes_rest ? strlen(scheme->prefix) : 0;
    bt_bytes message = bt_bytes_of(token.data + skip, token.size - skip);
    bt_bytes pepper = {0};
    if (scheme->pepper) pepper = bt_bytes_of(scheme->pepper->bytes, scheme->pepper->size);
    switch (scheme->method) {
    case BT_HASH_HMAC_SHA256:
        return hmac(pepper, message);
    case BT_HASH_PEPPER_LAST:
        return hash_two(message, pepper);
    case BT_HASH_PEPPER_FIRST:
    case BT_HASH_SHA256:
        break;
    }
    return hash_two(pepper, message);
}

bool bt_foreign_next(const bt_pepper *pepper, const bt_environment *environment, bt_bytes token,
                     unsigned *at, bt_digest *ret_digest) {
    while (*at < environment->schemes_count) {
        unsigned place = (*at)++;
        const bt_scheme *scheme = &environment->schemes[place];
        if (!fits(scheme, token) || !ready(scheme)) continue;
        bt_foreign_hash hash = bt_foreign_hash_token(scheme, token);
        *ret_digest = bt_foreign_digest(pepper, environment, place, &hash);
        sodium_memzero(&hash, sizeof hash);
        return true;
    }
    return false;
}

bool bt_base64_decode(bt_bytes text, uint8_t *ret_bytes, size_t capacity, size_t *ret_size) {
    static const int variants[] = {
        sodium_base64_VARIANT_ORIGINAL, sodium_base64_VARIANT_ORIGINAL_NO_PADDING,
        sodium_base64_VARIANT_URLSAFE, sodium_base64_VARIANT_URLSAFE_NO_PADDING};
    const char *end, *begin = (const char *)text.data;
    for (size_t i = 0; text.size && i < sizeof variants / sizeof *variants; i++)
        if (sodium_base642bin(ret_bytes, capacity, begin, text.size, NULL, ret_size, &end,
                              variants[i]) == 0 &&
            end == begin + text.size)
            return true;
    return false;
}

bool bt_foreign_hash_parse(bt_bytes text, bt_foreign_hash *ret_hash) {
    bt_foreign_hash hash;
    size_t size = 0;
    bool ok =
        bt_hex_decode(text, hash.bytes, sizeof hash.bytes) ||
        (bt_base64_decode(text, hash.bytes, sizeof hash.bytes, &size) && size == sizeof hash.bytes);
    if (ok) *ret_hash = hash;
    return ok;
}

bt_digest bt_foreign_digest(const bt_pepper *pepper, const bt_environment *environment,
                            unsigned scheme, const bt_foreign_hash *hash) {
    /* No token of ours begins with this byte. */
    uint8_t input[2 + BT_FOREIGN_HASH_SIZE] = {1, (uint8_t)scheme};
    memcpy(input + 2, hash->bytes, sizeof hash->bytes);
    return bt_digest_token(pepper, bt_bytes_text(environment->name),
                           bt_bytes_of(input, sizeof input));
}
