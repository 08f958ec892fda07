#include "key/token.h"

#include <sodium.h>

#include "key/crc32.h"

static const char digits[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
#define BASE 62u

#define NO_DIGIT 0x80u

/* What each byte is worth as a digit, or NO_DIGIT. */
/* clang-format off */
#define no NO_DIGIT
static const uint8_t worth[256] = {
    no, no, no, no, no, no, no, no, no, no, no, no, no, no, no, no,
    no, no, no, no, no, no, no, no, no, no, no, no, no, no, no, no,
    no, no, no, no, no, no, no, no, no, no, no, no, no, no, no, no,
    0, 1, 2, 3, 4, 5, 6, 7, 8, 9, no, no, no, no, no, no,
    no, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24,
    25, 26, 27, 28, 29, 30, 31, 32, 33, 34, 35, no, no, no, no, no,
    no, 36, 37, 38, 39, 40, 41, 42, 43, 44, 45, 46, 47, 48, 49, 50,
    51, 52, 53, 54, 55, 56, 57, 58, 59, 60, 61, no, no, no, no, no,
    no, no, no, no, no, no, no, no, no, no, no, no, no, no, no, no,
    no, no, no, no, no, no, no, no, no, no, no, no, no, no, no, no,
    no, no, no, no, no, no, no, no, no, no, no, no, no, no, no, no,
    no, no, no, no, no, no, no, no, no, no, no, no, no, no, no, no,
    no, no, no, no, no, no, no, no, no, no, no, no, no, no, no, no,
    no, no, no, no, no, no, no, no, no, no, no, no, no, no, no, no,
    no, no, no, no, no, no, no, no, no, no, no, no, no, no, no, no,
    no, no, no, no, no, no, no, no, no, no, no, no, no, no, no, no,
};
#undef no
/* clang-format on */

bool bt_token_prefix_ok(bt_bytes prefix) {
    if (prefix.size == 0 || prefix.size > BT_TOKEN_PREFIX_MAX) return false;
    if (prefix.data[0] < 'a' || prefix.data[0] > 'z') return false;
    for (size_t i = 1; i < prefix.size; i++) {
        uint8_t c = prefix.data[i];
        if (c != '_' && !(c >= 'a' && c <= 'z') && !(c >= '0' && c <= '9')) return false;
    }
    return prefix.data[prefix.size - 1] != '_';
}

/* 62^6 > 2^32, so every checksum has a form and exactly one. */
static void write_checksum(bt_bytes covered, char ret_text[BT_TOKEN_CHECKSUM]) {
    uint32_t sum = bt_crc32(covered);
    for (size_t i = BT_TOKEN_CHECKSUM; i-- > 0; sum /= BASE) ret_text[i] = digits[sum % BASE];
}

/* What six digits say, which may be more than any checksum is. */
static uint64_t read_checksum(const uint8_t text[BT_TOKEN_CHECKSUM]) {
    uint64_t sum = 0;
    for (size_t i = 0; i < BT_TOKEN_CHECKSUM; i++) sum = sum * BASE + worth[text[i]];
    return sum;
}

/* Each digit as likely as any other: bytes from the last, incomplete round of 62 are thrown away.
 * One system call nearly always; randombytes_uniform takes one a digit. */
static void write_random(char *ret_text, size_t count) {
    uint8_t bytes[BT_TOKEN_RANDOM + 21];
    for (size_t left = 0; count > 0;) {
        if (left == 0) randombytes_buf(bytes, left = sizeof bytes);
        uint8_t byte = bytes[--left];
        if (byte < 256 / BASE * BASE) ret_text[--count] = digits[byte % BASE];
    }
    sodium_memzero(bytes, sizeof bytes);
}

void bt_token_compose(bt_bytes prefix, const char random[BT_TOKEN_RANDOM],
                      char ret_token[BT_TOKEN_MAX + 1]) {
    memcpy(ret_token, prefix.data, prefix.size);
    size_t at = prefix.size;
    ret_token[at++] = '_';
    memcpy(ret_token + at, random, BT_TOKEN_RANDOM);
    at += BT_TOKEN_RANDOM;
    write_checksum(bt_bytes_of(ret_token, at), ret_token + at);
    ret_token[at + BT_TOKEN_CHECKSUM] = '\0';
}

void bt_token_mint(bt_bytes prefix, char ret_token[BT_TOKEN_MAX + 1]) {
    char random[BT_TOKEN_RANDOM];
    write_random(random, sizeof random);
    bt_token_compose(prefix, random, ret_token);
    sodium_memzero(random, sizeof random);
}

bt_bytes bt_token_strip_bearer(bt_bytes credential) {
    static const char scheme[] = "bearer";
    const size_t size = sizeof scheme - 1;
    if (credential.size <= size || credential.data[size] != ' ') return credential;
    for (size_t i = 0; i < size; i++)
        if ((credential.data[i] | 0x20) != scheme[i]) return credential;
    size_t at = size;
    while (at < credential.size && credential.data[at] == ' ') at++;
    return bt_bytes_of(credential.data + at, credential.size - at);
}

typedef uint8_t sixteen __attribute__((vector_size(16)));

/* All ones where a byte is a letter or a digit. */
static sixteen digits_at(const uint8_t *text) {
    sixteen bytes;
    memcpy(&bytes, text, sizeof bytes);
    return (sixteen)(bytes - '0' < 10) | (sixteen)((bytes | 0x20) - 'a' < 26);
}

/* Sixteen at a time; the last of them may have been looked at before. */
static bool is_digits(const uint8_t *text, size_t size) {
    sixteen all = digits_at(text + size - sizeof all);
    for (size_t i = 0; i < size - sizeof all; i += sizeof all) all &= digits_at(text + i);
    uint64_t halves[2];
    memcpy(halves, &all, sizeof halves);
    return (halves[0] & halves[1]) == UINT64_MAX;
}

bool bt_token_parse(bt_bytes token, bt_bytes *ret_prefix) {
    if (token.size > BT_TOKEN_MAX || token.size < BT_TOKEN_BODY + 2) return false;
    bt_bytes prefix = bt_bytes_of(token.data, token.size - BT_TOKEN_BODY - 1);
    if (token.data[prefix.size] != '_') return false;
    if (!is_digits(token.data + prefix.size + 1, BT_TOKEN_BODY)) return false;
    if (!bt_token_prefix_ok(prefix)) return false;
    size_t covered = token.size - BT_TOKEN_CHECKSUM;
    if (read_checksum(token.data + covered) != bt_crc32(bt_bytes_of(token.data, covered)))
        return false;
    *ret_prefix = prefix;
    return true;
}
