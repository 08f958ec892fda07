#include "base/bytes.h"

#include <assert.h>

bool bt_bytes_starts_with(bt_bytes bytes, bt_bytes prefix) {
    return bytes.size >= prefix.size &&
           bt_bytes_equal(bt_bytes_of(bytes.data, prefix.size), prefix);
}

/* Reads one character at data[0..left). Its length, or 0 where it is ill-formed (RFC 3629, section
 * 4). */
static size_t utf8_read(const uint8_t *data, size_t left, uint32_t *ret_character) {
    uint8_t lead = data[0];
    if (lead < 0x80) {
        *ret_character = lead;
        return 1;
    }
    size_t length = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
    if (lead < 0xC2 || lead > 0xF4 || length > left) return 0;
    uint32_t character = lead & (0x7Fu >> length);
    for (size_t i = 1; i < length; i++) {
        if ((data[i] & 0xC0) != 0x80) return 0;
        character = character << 6 | (data[i] & 0x3Fu);
    }
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    bool surrogate = character >= 0xD800 && character <= 0xDFFF;
    if (character < least[length] || character > 0x10FFFF || surrogate) return 0;
    *ret_character = character;
    return length;
}

static bool is_control(uint32_t character) {
    return character < 0x20 || (character >= 0x7F && character < 0xA0);
}

static bool utf8_check(bt_bytes bytes, bool allow_control) {
    for (size_t at = 0; at < bytes.size;) {
        uint32_t character = 0;
        size_t length = utf8_read(bytes.data + at, bytes.size - at, &character);
        if (length == 0 || (!allow_control && is_control(character))) return false;
        at += length;
    }
    return true;
}

/* How many bytes at the beginning are ASCII. */
static size_t ascii_size(bt_bytes bytes) {
    size_t at = 0;
    for (uint64_t eight; bytes.size - at >= sizeof eight; at += sizeof eight) {
        memcpy(&eight, bytes.data + at, sizeof eight);
        if (eight & UINT64_C(0x8080808080808080)) break;
    }
    while (at < bytes.size && bytes.data[at] < 0x80) at++;
    return at;
}

bool bt_bytes_utf8(bt_bytes bytes) {
    size_t ascii = ascii_size(bytes);
    return ascii == bytes.size ||
           utf8_check(bt_bytes_of(bytes.data + ascii, bytes.size - ascii), true);
}

bool bt_bytes_printable(bt_bytes bytes) {
    return utf8_check(bytes, false);
}

void bt_text_make_printable(char *text, size_t size) {
    for (size_t at = 0; at < size;) {
        uint32_t character = 0;
        size_t length = utf8_read((const uint8_t *)text + at, size - at, &character);
        bool fine = length > 0 && !is_control(character);
        if (length == 0) length = 1;
        if (!fine) memset(text + at, '?', length);
        at += length;
    }
}

/* The digits of four bytes at a time: every key id in an answer comes through here. */
static void hex_four(const uint8_t *bytes, char *ret_digits) {
    uint32_t four;
    memcpy(&four, bytes, sizeof four);
    uint64_t nibbles = four;
    nibbles = (nibbles | nibbles << 16) & UINT64_C(0x0000FFFF0000FFFF);
    nibbles = (nibbles | nibbles << 8) & UINT64_C(0x00FF00FF00FF00FF);
    nibbles = (nibbles >> 4 | nibbles << 8) & UINT64_C(0x0F0F0F0F0F0F0F0F);
    uint64_t letters = (nibbles + UINT64_C(0x0606060606060606)) >> 4 & UINT64_C(0x0101010101010101);
    uint64_t digits = nibbles + UINT64_C(0x3030303030303030) + letters * ('a' - '0' - 10);
    memcpy(ret_digits, &digits, sizeof digits);
}

static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "the first byte is the lowest of a word");

void bt_hex_encode(bt_bytes bytes, char *ret_text) {
    static const char digits[] = "0123456789abcdef";
    size_t i = 0;
    for (; bytes.size - i >= 4; i += 4) hex_four(bytes.data + i, ret_text + 2 * i);
    for (; i < bytes.size; i++) {
        ret_text[2 * i] = digits[bytes.data[i] >> 4];
        ret_text[2 * i + 1] = digits[bytes.data[i] & 15];
    }
    ret_text[2 * bytes.size] = '\0';
}

static int hex_value(uint8_t digit) {
    if (digit >= '0' && digit <= '9') return digit - '0';
    if (digit >= 'a' && digit <= 'f') return digit - 'a' + 10;
    if (digit >= 'A' && digit <= 'F') return digit - 'A' + 10;
    return -1;
}

bool bt_hex_decode(bt_bytes text, uint8_t *ret_bytes, size_t size) {
    if (text.size != 2 * size) return false;
    for (size_t i = 0; i < size; i++) {
        int high = hex_value(text.data[2 * i]);
        int low = hex_value(text.data[2 * i + 1]);
        if (high < 0 || low < 0) return false;
        ret_bytes[i] = (uint8_t)(high << 4 | low);
    }
    return true;
}

bool bt_bytes_copy_text(bt_bytes bytes, char *ret_text, size_t size) {
    ret_text[0] = '\0';
    if (bytes.size >= size) return false;
    if (bytes.size == 0) return true;
    if (memchr(bytes.data, 0, bytes.size)) return false;
    memcpy(ret_text, bytes.data, bytes.size);
    ret_text[bytes.size] = '\0';
    return true;
}
