#include "route/template.h"

#include <stdio.h>

#include "route/target.h"

static uint8_t fold(uint8_t byte) {
    return byte >= 'A' && byte <= 'Z' ? byte | 0x20 : byte;
}

int bt_fold_compare(bt_bytes a, bt_bytes b) {
    if (a.size != b.size) return a.size < b.size ? -1 : 1;
    for (size_t i = 0; i < a.size; i++) {
        int difference = (int)fold(a.data[i]) - (int)fold(b.data[i]);
        if (difference) return difference;
    }
    return 0;
}

int bt_segment_compare(const bt_segment *a, const bt_segment *b) {
    if (a->type != b->type) return a->type < b->type ? -1 : 1;
    return a->type == BT_SEGMENT_LITERAL ? bt_fold_compare(a->text, b->text) : 0;
}

static bool is_name(bt_bytes name) {
    if (name.size == 0 || name.size > 32) return false;
    for (size_t i = 0; i < name.size; i++) {
        uint8_t byte = name.data[i];
        bool letter = (byte >= 'a' && byte <= 'z') || byte == '_';
        if (!letter && !(i && byte >= '0' && byte <= '9')) return false;
    }
    return true;
}

/* `{name}` or `{name...}`; the braces are there. */
static bool parse_variable(bt_bytes raw, bt_segment *ret_segment) {
    bt_bytes name = bt_bytes_of(raw.data + 1, raw.size - 2);
    bool rest = name.size > 3 && memcmp(name.data + name.size - 3, "...", 3) == 0;
    if (rest) name.size -= 3;
    *ret_segment = (bt_segment){rest ? BT_SEGMENT_REST : BT_SEGMENT_VARIABLE, name};
    return is_name(name);
}

static bool parse_literal(bt_bytes raw, bt_segment *ret_segment) {
    size_t dots = 0;
    for (size_t i = 0; i < raw.size; i++) {
        if (!bt_target_plain(raw.data[i])) return false;
        dots += raw.data[i] == '.';
    }
    *ret_segment = (bt_segment){BT_SEGMENT_LITERAL, raw};
    return dots < raw.size;
}

static bool parse_segment(bt_bytes raw, bt_segment *ret_segment) {
    if (raw.size > 2 && raw.data[0] == '{' && raw.data[raw.size - 1] == '}')
        return parse_variable(raw, ret_segment);
    return parse_literal(raw, ret_segment);
}

static bool repeats_name(const bt_segment *segments, size_t count) {
    const bt_segment *last = &segments[count - 1];
    for (size_t i = 0; last->type != BT_SEGMENT_LITERAL && i + 1 < count; i++)
        if (segments[i].type != BT_SEGMENT_LITERAL && bt_bytes_equal(segments[i].text, last->text))
            return true;
    return false;
}

/* Returns what is wrong, or NULL. */
static const char *parse_segments(bt_template *path, bt_segment *segments) {
    const uint8_t *at = path->text.data + 1, *end = path->text.data + path->text.size;
    while (at < end) {
        if (path->count == BT_TEMPLATE_SEGMENTS_MAX) return "has too many segments";
        if (path->count && segments[path->count - 1].type == BT_SEGMENT_REST)
            return "has more behind `{...}` that takes all the rest";
        const uint8_t *slash = memchr(at, '/', (size_t)(end - at));
        bt_bytes raw = bt_bytes_of(at, (size_t)((slash ? slash : end) - at));
        if (!parse_segment(raw, &segments[path->count++]))
            return "has a segment that is neither plain text, nor `{name}`, nor `{name...}`";
        if (repeats_name(segments, path->count)) return "names a variable twice";
        path->slash = slash != NULL;
        at += raw.size + (slash != NULL);
    }
    return NULL;
}

bt_err bt_template_parse(bt_bytes text, bt_arena *arena, bt_template *ret_template,
                         bt_fault *fault) {
    if (text.size == 0 || text.size > BT_TEMPLATE_MAX || text.data[0] != '/')
        return bt_fail(fault, BT_ERR_INVALID,
                       "path `%.*s` does not begin with `/`, or is longer than %u bytes",
                       BT_BYTES_ARG(text), BT_TEMPLATE_MAX);
    bt_segment segments[BT_TEMPLATE_SEGMENTS_MAX];
    bt_template path = {.text = text};
    const char *wrong = parse_segments(&path, segments);
    if (wrong) return bt_fail(fault, BT_ERR_INVALID, "path `%.*s` %s", BT_BYTES_ARG(text), wrong);
    bt_segment *copy = bt_arena_alloc(arena, (path.count + 1) * sizeof *copy);
    if (!copy) return bt_fail(fault, BT_ERR_EXHAUSTED, "the table is too large");
    memcpy(copy, segments, path.count * sizeof *copy);
    path.segments = copy;
    *ret_template = path;
    return BT_OK;
}

int bt_template_variable(const bt_template *path, bt_bytes name) {
    for (size_t i = 0; i < path->count; i++)
        if (path->segments[i].type != BT_SEGMENT_LITERAL &&
            bt_bytes_equal(path->segments[i].text, name))
            return (int)i;
    return -1;
}

static bool ends_in_rest(const bt_template *path) {
    return path->count && path->segments[path->count - 1].type == BT_SEGMENT_REST;
}

/* A rest covers any number of segments of the other, but no less than one. What is longer has no rest there, so that
 * comparing the segments both have tells which is narrower. */
static bool lengths_meet(const bt_template *a, const bt_template *b) {
    if (a->slash != b->slash) return false;
    if (a->count == b->count) return true;
    return a->count < b->count ? ends_in_rest(a) : ends_in_rest(b);
}

bt_overlap bt_template_overlap(const bt_template *a, const bt_template *b) {
    if (!lengths_meet(a, b)) return BT_OVERLAP_NONE;
    size_t count = a->count < b->count ? a->count : b->count;
    bool a_narrower = false, b_narrower = false;
    for (size_t i = 0; i < count; i++) {
        int order = bt_segment_compare(&a->segments[i], &b->segments[i]);
        if (a->segments[i].type == BT_SEGMENT_LITERAL &&
            b->segments[i].type == BT_SEGMENT_LITERAL && order)
            return BT_OVERLAP_NONE;
        a_narrower |= order < 0;
        b_narrower |= order > 0;
    }
    if (a_narrower && b_narrower) return BT_OVERLAP_PARTLY;
    return a_narrower || b_narrower ? BT_OVERLAP_WITHIN : BT_OVERLAP_SAME;
}

/* The narrower of the segments at i; a template that has ended, ended in a rest. */
static const bt_segment *common_segment(const bt_template *a, const bt_template *b, size_t i) {
    if (i >= a->count) return &b->segments[i];
    if (i >= b->count) return &a->segments[i];
    return bt_segment_compare(&a->segments[i], &b->segments[i]) <= 0 ? &a->segments[i]
                                                                     : &b->segments[i];
}

static size_t common_count(const bt_template *a, const bt_template *b) {
    return a->count > b->count ? a->count : b->count;
}

void bt_template_common(const bt_template *a, const bt_template *b,
                        char ret_text[BT_TEMPLATE_COMMON_SIZE]) {
    size_t used = 0;
    for (size_t i = 0; i < common_count(a, b); i++) {
        const bt_segment *segment = common_segment(a, b, i);
        static const char *const open[] = {"/", "/{", "/{"}, *const close[] = {"", "}", "...}"};
        size_t left = BT_TEMPLATE_COMMON_SIZE - used;
        int size = snprintf(ret_text + used, left, "%s%.*s%s", open[segment->type],
                            BT_BYTES_ARG(segment->text), close[segment->type]);
        if (size < 0 || (size_t)size >= left) return;
        used += (size_t)size;
    }
    snprintf(ret_text + used, BT_TEMPLATE_COMMON_SIZE - used, "%s",
             a->slash || used == 0 ? "/" : "");
}

bool bt_template_is_common(const bt_template *path, const bt_template *a, const bt_template *b) {
    if (path->count != common_count(a, b) || path->slash != a->slash) return false;
    for (size_t i = 0; i < path->count; i++)
        if (bt_segment_compare(&path->segments[i], common_segment(a, b, i))) return false;
    return true;
}
