/* A run of bytes: pointer and length travel together. Owns nothing. */
#ifndef BT_BASE_BYTES_H
#define BT_BASE_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

typedef struct bt_bytes {
    const uint8_t *data; /* may be NULL where size is 0 */
    size_t size;
} bt_bytes;

/* For printf: printf("%.*s", BT_BYTES_ARG(bytes)). */
#define BT_BYTES_ARG(bytes) (int)(bytes).size, (const char *)(bytes).data
#define BT_LITERAL(text) ((bt_bytes){(const uint8_t *)(text), sizeof(text) - 1})

static inline bt_bytes bt_bytes_of(const void *data, size_t size) {
    return (bt_bytes){(const uint8_t *)data, size};
}

/* text is NUL-terminated, or NULL for no bytes. */
static inline bt_bytes bt_bytes_text(const char *text) {
    return bt_bytes_of(text, text ? strlen(text) : 0);
}

/* Not for secrets: takes as long as the common beginning. */
static inline bool bt_bytes_equal(bt_bytes a, bt_bytes b) {
    return a.size == b.size && (a.size == 0 || memcmp(a.data, b.data, a.size) == 0);
}

bool bt_bytes_starts_with(bt_bytes bytes, bt_bytes prefix);

/* Well-formed UTF-8 (RFC 3629: no surrogates, no overlong forms, up to U+10FFFF). */
bool bt_bytes_utf8(bt_bytes bytes);

/* UTF-8 without control characters (C0, DEL, C1): fit to be shown on a terminal or sent in a header
 * after percent-coding. */
bool bt_bytes_printable(bt_bytes bytes);

/* Makes text printable in place: what is ill-formed or a control character becomes '?', byte by byte. */
void bt_text_make_printable(char *text, size_t size);

/* Writes 2 * size lower-case digits and a NUL. */
void bt_hex_encode(bt_bytes bytes, char *ret_text);

/* text must have exactly 2 * size digits, of either case. False, and ret_bytes is undefined, where
 * it does not. */
bool bt_hex_decode(bt_bytes text, uint8_t *ret_bytes, size_t size);

/* Copies into a buffer of size bytes and adds a NUL. False, and the buffer is the empty string,
 * where it does not fit or the bytes have a NUL among them. */
bool bt_bytes_copy_text(bt_bytes bytes, char *ret_text, size_t size);

#endif
