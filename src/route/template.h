/* Path templates: `/api/users/{id}`. A segment is literal, a variable `{name}` (one segment), or, at the end,
 * `{name...}` (all that is left, one segment or more). A slash at the end is part of the template. */
#ifndef BT_ROUTE_TEMPLATE_H
#define BT_ROUTE_TEMPLATE_H

#include "base/arena.h"
#include "base/bytes.h"
#include "base/err.h"

#define BT_TEMPLATE_MAX 512u
#define BT_TEMPLATE_SEGMENTS_MAX 32u
#define BT_TEMPLATE_COMMON_SIZE ((size_t)2 * BT_TEMPLATE_MAX)

/* From the most specific to the least. */
typedef enum bt_segment_type {
    BT_SEGMENT_LITERAL,
    BT_SEGMENT_VARIABLE,
    BT_SEGMENT_REST
} bt_segment_type;

typedef struct bt_segment {
    bt_segment_type type;
    bt_bytes text; /* the literal, or the variable's name */
} bt_segment;

typedef struct bt_template {
    bt_bytes text; /* as written */
    bool slash;    /* ends in a slash; false for "/" alone */
    size_t count;
    const bt_segment *segments;
} bt_template;

/* The text must outlive the template. BT_ERR_INVALID, and the fault quotes it. */
bt_err bt_template_parse(bt_bytes text, bt_arena *arena, bt_template *ret_template,
                         bt_fault *fault);

/* The index of the segment that is this variable; -1 where there is none. */
int bt_template_variable(const bt_template *path, bt_bytes name);

typedef enum bt_overlap {
    BT_OVERLAP_NONE,   /* no path matches both */
    BT_OVERLAP_SAME,   /* the same paths, but for letter case of literals */
    BT_OVERLAP_WITHIN, /* all that match one match the other: the narrower goes first */
    BT_OVERLAP_PARTLY, /* neither is narrower */
} bt_overlap;

bt_overlap bt_template_overlap(const bt_template *a, const bt_template *b);

/* Writes, for two that overlap, the template of the paths that match both, NUL-terminated. */
void bt_template_common(const bt_template *a, const bt_template *b,
                        char ret_text[BT_TEMPLATE_COMMON_SIZE]);

/* Whether a template matches the same paths as what bt_template_common writes. */
bool bt_template_is_common(const bt_template *path, const bt_template *a, const bt_template *b);

/* Orders two segments: literals first, by folded bytes; then a variable; then the rest. */
int bt_segment_compare(const bt_segment *a, const bt_segment *b);

/* Orders bytes without regard to the case of ASCII letters; shorter first. */
int bt_fold_compare(bt_bytes a, bt_bytes b);

#endif
