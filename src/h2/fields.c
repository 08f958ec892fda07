#include "h2/fields.h"

/* Nanoseconds; 0 for what is not a unit. */
static int64_t unit_ns(uint8_t unit) {
    switch (unit) {
    case 'H':
        return INT64_C(3600000000000);
    case 'M':
        return INT64_C(60000000000);
    case 'S':
        return 1000000000;
    case 'm':
        return 1000000;
    case 'u':
        return 1000;
    case 'n':
        return 1;
    default:
        return 0;
    }
}

bool bt_h2_timeout_parse(bt_bytes value, int64_t *ret_timeout_ms) {
    if (value.size < 2 || value.size > 9) return false;
    int64_t count = 0;
    for (size_t i = 0; i + 1 < value.size; i++) {
        uint8_t digit = value.data[i];
        if (digit < '0' || digit > '9') return false;
        count = count * 10 + (digit - '0');
    }
    int64_t unit = unit_ns(value.data[value.size - 1]);
    if (!unit) return false;
    const int64_t ms = 1000000; /* in ns; 99999999 H does not fit in nanoseconds */
    *ret_timeout_ms = unit >= ms ? count * (unit / ms) : (count * unit + ms - 1) / ms;
    return true;
}

bool bt_h2_content_type_is_grpc(bt_bytes value) {
    const bt_bytes base = BT_LITERAL("application/grpc");
    if (!bt_bytes_starts_with(value, base)) return false;
    if (value.size == base.size) return true;
    uint8_t next = value.data[base.size];
    return next == '+' || next == ';' || next == ' ';
}

size_t bt_h2_percent_encode(bt_bytes text, char *ret_value, size_t size) {
    static const char digits[] = "0123456789ABCDEF";
    size_t used = 0;
    for (size_t i = 0; i < text.size; i++) {
        uint8_t c = text.data[i];
        bool plain = c >= 0x20 && c <= 0x7e && c != '%';
        if (size - used < (plain ? 1u : 3u)) break;
        if (plain) {
            ret_value[used++] = (char)c;
            continue;
        }
        ret_value[used++] = '%';
        ret_value[used++] = digits[c >> 4];
        ret_value[used++] = digits[c & 15];
    }
    return used;
}

void bt_h2_prefix_write(size_t message_size, uint8_t ret_prefix[BT_H2_PREFIX_SIZE]) {
    ret_prefix[0] = 0;
    ret_prefix[1] = (uint8_t)(message_size >> 24);
    ret_prefix[2] = (uint8_t)(message_size >> 16);
    ret_prefix[3] = (uint8_t)(message_size >> 8);
    ret_prefix[4] = (uint8_t)message_size;
}

size_t bt_h2_prefix_size(const uint8_t prefix[BT_H2_PREFIX_SIZE]) {
    return (size_t)prefix[1] << 24 | (size_t)prefix[2] << 16 | (size_t)prefix[3] << 8 | prefix[4];
}
