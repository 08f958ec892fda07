#include "key/foreign.h"

#include <sodium.h>

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

int bt_foreign_scheme(const bt_environment *environment, bt_bytes token) {
    int best = -1;
    size_t longest = 0;
    for (size_t i = 0; i < environment->schemes_count; i++) {
        bt_bytes prefix = bt_bytes_text(environment->schemes[i].prefix);
        if (!bt_bytes_starts_with(token, prefix)) continue;
        if (best >= 0 && prefix.size <= longest) continue;
        best = (int)i;
        longest = prefix.size;
    }
    return best;
}

bt_foreign_hash bt_foreign_hash_token(const bt_scheme *scheme, bt_bytes token) {
    size_t skip = scheme->hashes_rest ? strlen(scheme->prefix) : 0;
    bt_foreign_hash hash;
    crypto_hash_sha256(hash.bytes, token.data + skip, token.size - skip);
    return hash;
}

static bool parse_base64(bt_bytes text, int variant, bt_foreign_hash *ret_hash) {
    size_t size;
    const char *end;
    return sodium_base642bin(ret_hash->bytes, sizeof ret_hash->bytes, (const char *)text.data,
                             text.size, NULL, &size, &end, variant) == 0 &&
           size == sizeof ret_hash->bytes && end == (const char *)text.data + text.size;
}

bool bt_foreign_hash_parse(bt_bytes text, bt_foreign_hash *ret_hash) {
    static const int variants[] = {
        sodium_base64_VARIANT_ORIGINAL, sodium_base64_VARIANT_ORIGINAL_NO_PADDING,
        sodium_base64_VARIANT_URLSAFE, sodium_base64_VARIANT_URLSAFE_NO_PADDING};
    bt_foreign_hash hash;
    bool ok = bt_hex_decode(text, hash.bytes, sizeof hash.bytes);
    for (size_t i = 0; !ok && text.size && i < sizeof variants / sizeof *variants; i++)
        ok = parse_base64(text, variants[i], &hash);
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
