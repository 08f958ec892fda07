#include "route/target.h"

bool bt_target_plain(uint8_t byte) {
    static const bool plain[256] = {
        ['!'] = true, ['$'] = true, ['&'] = true, ['\''] = true, ['('] = true, [')'] = true,
        ['*'] = true, ['+'] = true, [','] = true, ['='] = true,  [':'] = true, ['@'] = true,
        ['-'] = true, ['.'] = true, ['_'] = true, ['~'] = true,
    };
    uint8_t lower = byte | 0x20;
    return (lower >= 'a' && lower <= 'z') || (byte >= '0' && byte <= '9') || plain[byte];
}

static int hex_value(uint8_t digit) {
    if (digit >= '0' && digit <= '9') return digit - '0';
    uint8_t lower = digit | 0x20;
    return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

static bool escape_is_syntax(uint8_t byte) {
    return byte < 0x20 || byte == 0x7F || strchr("/\\.%;#?", byte) != NULL;
}

/* Code points that NFKC or a "best fit" table turns into / \ . % ; # ? or into nothing at all; and the two that are
 * another letter case of s and k. */
static bool is_lookalike(uint32_t point) {
    static const struct {
        uint32_t first, last;
    } ranges[] = {
        {0x00AD, 0x00AD}, {0x017F, 0x017F}, {0x037E, 0x037E}, {0x200B, 0x200F}, {0x2024, 0x202E},
        {0x2044, 0x2044}, {0x2047, 0x2049}, {0x2060, 0x206F}, {0x2100, 0x2106}, {0x212A, 0x212A},
        {0x2215, 0x2216}, {0x2488, 0x249B}, {0x29F5, 0x29F9}, {0x3002, 0x3002}, {0xFE10, 0xFE1F},
        {0xFE50, 0xFE6F}, {0xFEFF, 0xFEFF}, {0xFF00, 0xFFEF}, {0xFFF0, 0xFFFF},
    };
    for (size_t i = 0; i < sizeof ranges / sizeof *ranges; i++)
        if (point >= ranges[i].first && point <= ranges[i].last) return true;
    return false;
}

/* Bytes are well-formed UTF-8. */
static bool has_lookalike(bt_bytes text) {
    for (size_t i = 0; i < text.size; i++) {
        const uint8_t *at = text.data + i;
        if ((at[0] & 0xE0) == 0xC0 && is_lookalike((at[0] & 0x1Fu) << 6 | (at[1] & 0x3Fu)))
            return true;
        if ((at[0] & 0xF0) != 0xE0) continue;
        if (is_lookalike((at[0] & 0x0Fu) << 12 | (at[1] & 0x3Fu) << 6 | (at[2] & 0x3Fu)))
            return true;
    }
    return false;
}

static const char *check_plain(uint8_t byte) {
    if (bt_target_plain(byte)) return NULL;
    if (byte == ';') return "the path has a `;`";
    if (byte == '\\') return "the path has a backslash";
    if (byte == '#') return "the path has a fragment (`#`)";
    return "the path has a byte that must be escaped";
}

/* Decodes the escape at `raw`. */
static const char *decode_escape(bt_bytes raw, uint8_t *ret_byte) {
    int high = raw.size > 2 ? hex_value(raw.data[1]) : -1;
    int low = raw.size > 2 ? hex_value(raw.data[2]) : -1;
    if (high < 0 || low < 0) return "the path has a `%` without two hexadecimal digits";
    *ret_byte = (uint8_t)(high << 4 | low);
    return escape_is_syntax(*ret_byte)
               ? "the path has an escaped / \\ . % ; # ? or control character"
               : NULL;
}

static const char *check_decoded(bt_bytes segment) {
    if (!bt_bytes_printable(segment)) return "the path has escapes that are not UTF-8 text";
    return has_lookalike(segment) ? "the path has a character that resembles syntax" : NULL;
}

/* The segment from `raw` on, to the next slash. Decoded bytes go to *out. */
static const char *decode_segment(bt_bytes raw, uint8_t **out, bt_bytes *ret_segment) {
    uint8_t *start = *out;
    for (size_t i = 0; i < raw.size; i++) {
        const char *wrong;
        uint8_t byte = raw.data[i];
        if (byte != '%') {
            wrong = check_plain(byte);
        } else {
            wrong = decode_escape(bt_bytes_of(raw.data + i, raw.size - i), &byte);
            i += 2;
        }
        if (wrong) return wrong;
        *(*out)++ = byte;
    }
    *ret_segment = bt_bytes_of(start, (size_t)(*out - start));
    return check_decoded(*ret_segment);
}

/* Most segments are plain and stay where they are. */
static const char *take_segment(bt_bytes raw, uint8_t **out, bt_bytes *ret_segment) {
    if (raw.size == 0) return "the path has an empty segment (`//`)";
    size_t plain = 0, dots = 0;
    for (; plain < raw.size && bt_target_plain(raw.data[plain]); plain++)
        dots += raw.data[plain] == '.';
    if (dots == raw.size) return "the path has a dot segment (`/./` or `/../`)";
    *ret_segment = raw;
    return plain == raw.size ? NULL : decode_segment(raw, out, ret_segment);
}

static const char *take_segments(bt_target *target) {
    uint8_t *out = target->decoded;
    const uint8_t *at = target->path.data + 1, *end = target->path.data + target->path.size;
    while (at < end) {
        if (target->count == BT_TARGET_SEGMENTS_MAX) return "the path has too many segments";
        const uint8_t *slash = memchr(at, '/', (size_t)(end - at));
        bt_bytes raw = bt_bytes_of(at, (size_t)((slash ? slash : end) - at));
        const char *wrong = take_segment(raw, &out, &target->segments[target->count++]);
        if (wrong) return wrong;
        target->slash = slash != NULL;
        at += raw.size + (slash != NULL);
    }
    return NULL;
}

static const char *check_query(bt_bytes query) {
    for (size_t i = 0; i < query.size; i++) {
        uint8_t byte = query.data[i];
        if (byte == '#') return "the query has a fragment (`#`)";
        if (byte <= 0x20 || byte == 0x7F) return "the query has a space or control character";
    }
    return NULL;
}

bt_bytes bt_target_query(bt_bytes target) {
    const uint8_t *mark = target.size ? memchr(target.data, '?', target.size) : NULL;
    if (!mark) return (bt_bytes){0};
    return bt_bytes_of(mark + 1, target.size - (size_t)(mark + 1 - target.data));
}

const char *bt_target_parse(bt_bytes target, bt_target *ret_target) {
    bt_bytes query = bt_target_query(target);
    size_t size = query.data ? (size_t)(query.data - target.data) - 1 : target.size;
    if (size == 0 || target.data[0] != '/') return "the path does not begin with `/`";
    if (size > BT_TARGET_PATH_MAX) return "the path is too long";
    ret_target->path = bt_bytes_of(target.data, size);
    ret_target->query = query;
    ret_target->slash = false;
    ret_target->count = 0;
    const char *wrong = take_segments(ret_target);
    return wrong ? wrong : check_query(query);
}
