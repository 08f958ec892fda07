#include "route/json.h"

/* Reads from `at`; a take_ function moves it behind what it took, or returns false and leaves it anywhere. */
typedef struct cursor {
    const uint8_t *at;
    const uint8_t *end;
} cursor;

static void skip_space(cursor *c) {
    while (c->at < c->end && (*c->at == ' ' || *c->at == '\t' || *c->at == '\n' || *c->at == '\r'))
        c->at++;
}

static bool take_byte(cursor *c, uint8_t byte) {
    if (c->at == c->end || *c->at != byte) return false;
    c->at++;
    return true;
}

static bool take_word(cursor *c, bt_bytes word) {
    if (!bt_bytes_starts_with(bt_bytes_of(c->at, (size_t)(c->end - c->at)), word)) return false;
    c->at += word.size;
    return true;
}

static bool take_digits(cursor *c) {
    const uint8_t *start = c->at;
    while (c->at < c->end && *c->at >= '0' && *c->at <= '9') c->at++;
    return c->at > start;
}

static bool take_number(cursor *c) {
    take_byte(c, '-');
    if (!take_byte(c, '0') && !take_digits(c)) return false;
    if (take_byte(c, '.') && !take_digits(c)) return false;
    if (!take_byte(c, 'e') && !take_byte(c, 'E')) return true;
    if (!take_byte(c, '+')) take_byte(c, '-');
    return take_digits(c);
}

static int hex_value(uint8_t digit) {
    if (digit >= '0' && digit <= '9') return digit - '0';
    uint8_t lower = digit | 0x20;
    return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

/* The four digits behind `\u`. */
static bool take_unit(cursor *c, uint32_t *ret_unit) {
    uint32_t unit = 0;
    for (int i = 0; i < 4; i++) {
        int value = c->at < c->end ? hex_value(*c->at++) : -1;
        if (value < 0) return false;
        unit = unit << 4 | (uint32_t)value;
    }
    *ret_unit = unit;
    return true;
}

/* What is behind a backslash. Surrogates are given as they stand: no name that is looked for has any. */
static bool take_escape(cursor *c, uint32_t *ret_point) {
    static const uint8_t from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
    if (c->at == c->end) return false;
    if (take_byte(c, 'u')) return take_unit(c, ret_point);
    const uint8_t *found = memchr(from, *c->at++, sizeof from - 1);
    if (!found) return false;
    *ret_point = to[found - from];
    return true;
}

/* Above ASCII, and taken for a letter of ASCII by some who compare without regard to letter case: I with and without its
 * dot, the long s, the kelvin sign. */
static const struct {
    char utf8[4];
    uint16_t point;
    char letter;
} foldings[] = {{"\xC4\xB0", 0x0130, 'i'},
                {"\xC4\xB1", 0x0131, 'i'},
                {"\xC5\xBF", 0x017F, 's'},
                {"\xE2\x84\xAA", 0x212A, 'k'}};
enum { FOLDINGS = sizeof foldings / sizeof *foldings };

/* One character of a string, or byte of one above ASCII; those above are given as a whole. */
static bool take_character(cursor *c, uint32_t *ret_point) {
    if (c->at == c->end || *c->at < 0x20) return false;
    if (take_byte(c, '\\')) return take_escape(c, ret_point);
    for (size_t i = 0; *c->at >= 0x80 && i < FOLDINGS; i++) {
        if (!take_word(c, bt_bytes_text(foldings[i].utf8))) continue;
        *ret_point = foldings[i].point;
        return true;
    }
    *ret_point = *c->at++;
    return true;
}

static bool take_string(cursor *c) {
    if (!take_byte(c, '"')) return false;
    for (uint32_t point; !take_byte(c, '"');)
        if (!take_character(c, &point)) return false;
    return true;
}

static bool take_scalar(cursor *c) {
    if (c->at == c->end) return false;
    switch (*c->at) {
    case '"':
        return take_string(c);
    case 't':
        return take_word(c, BT_LITERAL("true"));
    case 'f':
        return take_word(c, BT_LITERAL("false"));
    case 'n':
        return take_word(c, BT_LITERAL("null"));
    default:
        return take_number(c);
    }
}

/* `"name" :` in an object. */
static bool take_name(cursor *c) {
    skip_space(c);
    if (!take_string(c)) return false;
    skip_space(c);
    return take_byte(c, ':');
}

/* What is open, from the outside in. */
typedef struct nesting {
    bool object[BT_JSON_DEPTH_MAX];
    size_t depth;
} nesting;

/* Behind a value: closes what ends here; then a comma has to follow, or nothing be open. */
static bool take_ends(cursor *c, nesting *n) {
    skip_space(c);
    while (n->depth && take_byte(c, n->object[n->depth - 1] ? '}' : ']')) {
        n->depth--;
        skip_space(c);
    }
    if (n->depth == 0) return true;
    if (!take_byte(c, ',')) return false;
    return !n->object[n->depth - 1] || take_name(c);
}

/* A value that is not empty and a container is entered, not taken: *ret_entered. */
static bool take_or_enter(cursor *c, nesting *n, bool *ret_entered) {
    bool object = c->at < c->end && *c->at == '{';
    *ret_entered = false;
    if (!object && !(c->at < c->end && *c->at == '[')) return take_scalar(c);
    c->at++;
    skip_space(c);
    if (take_byte(c, object ? '}' : ']')) return true;
    if (n->depth == BT_JSON_DEPTH_MAX) return false;
    n->object[n->depth++] = object;
    *ret_entered = true;
    return !object || take_name(c);
}

static bool take_value(cursor *c) {
    nesting n = {.depth = 0};
    do {
        bool entered;
        skip_space(c);
        if (!take_or_enter(c, &n, &entered)) return false;
        if (!entered && !take_ends(c, &n)) return false;
    } while (n.depth);
    return true;
}

bool bt_json_is_object(bt_bytes text) {
    cursor c = {text.data, text.data + text.size};
    if (text.size == 0 || !bt_bytes_utf8(text)) return false;
    skip_space(&c);
    if (c.at == c.end || *c.at != '{' || !take_value(&c)) return false;
    skip_space(&c);
    return c.at == c.end;
}

static bool is_skipped(uint32_t point) {
    return point == '_' || point == '-';
}

static uint32_t fold(uint32_t point) {
    for (size_t i = 0; point >= 0x80 && i < FOLDINGS; i++)
        if (point == foldings[i].point) return (uint32_t)foldings[i].letter;
    return point >= 'A' && point <= 'Z' ? point | 0x20 : point;
}

/* Takes the string and compares it with name. One with a NUL is any name: it may end there, or not. */
static bool take_equal_name(cursor *c, bt_bytes name) {
    bool equal = true, cut = false;
    size_t i = 0;
    take_byte(c, '"');
    for (uint32_t point; !take_byte(c, '"');) {
        if (!take_character(c, &point)) return true;
        while (i < name.size && is_skipped(name.data[i])) i++;
        cut = cut || point == 0;
        if (is_skipped(point)) continue;
        equal = equal && i < name.size && fold(name.data[i]) == fold(point);
        i++;
    }
    while (i < name.size && is_skipped(name.data[i])) i++;
    return cut || (equal && i == name.size);
}

static bool may_have(cursor *c, bt_bytes path);

/* The value of a field with the name asked for; `rest` of the path has to be in it. */
static bool value_may_have(cursor *c, bt_bytes rest) {
    skip_space(c);
    if (rest.size == 0 || c->at == c->end || *c->at != '{') return true;
    return may_have(c, rest);
}

/* At an object. The path has BT_JSON_DEPTH_MAX names at most (a table bounds it), and so is the recursion. */
static bool may_have(cursor *c, bt_bytes path) {
    const uint8_t *dot = memchr(path.data, '.', path.size);
    size_t size = dot ? (size_t)(dot - path.data) : path.size;
    bt_bytes name = bt_bytes_of(path.data, size);
    bt_bytes rest = dot ? bt_bytes_of(dot + 1, path.size - size - 1) : (bt_bytes){0};
    take_byte(c, '{');
    skip_space(c);
    if (take_byte(c, '}')) return false;
    do {
        skip_space(c);
        bool equal = take_equal_name(c, name);
        skip_space(c);
        if (!take_byte(c, ':')) return true;
        cursor value = *c;
        if (equal && value_may_have(&value, rest)) return true;
        if (!take_value(c)) return true;
        skip_space(c);
    } while (take_byte(c, ','));
    return !take_byte(c, '}');
}

bool bt_json_may_have(bt_bytes object, bt_bytes path) {
    cursor c = {object.data, object.data + object.size};
    skip_space(&c);
    return may_have(&c, path);
}
