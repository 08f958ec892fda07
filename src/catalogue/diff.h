/* What a change of the catalogue changes, for people and programs to read. */
#ifndef BT_CATALOGUE_DIFF_H
#define BT_CATALOGUE_DIFF_H

#include "scope/catalogue.h"

typedef enum bt_difference_type {
    BT_DIFFERENCE_CATEGORY,
    BT_DIFFERENCE_SCOPE,
    BT_DIFFERENCE_PRESET,
} bt_difference_type;

enum {
    BT_DIFFERENCE_ADDED = 1u << 0,
    BT_DIFFERENCE_REMOVED = 1u << 1,  /* scopes: of the shipped catalogue, and granted to no key */
    BT_DIFFERENCE_RENAMED = 1u << 2,  /* scopes */
    BT_DIFFERENCE_RETIRED = 1u << 3,  /* scopes */
    BT_DIFFERENCE_RESTORED = 1u << 4, /* scopes */
    BT_DIFFERENCE_RISK = 1u << 5,     /* scopes: high_risk went on or off */
    BT_DIFFERENCE_WINDOW = 1u << 6,   /* categories */
    BT_DIFFERENCE_MEANING = 1u << 7,  /* presets: version went up */
    BT_DIFFERENCE_TEXT = 1u << 8,     /* title or description */
    BT_DIFFERENCE_REMEMBERED = 1u << 9, /* scopes: former names were added */
};

#define BT_DIFFERENCE_FLAGS 10

/* Exactly one of before and after is NULL where something was added or removed. */
typedef struct bt_difference {
    bt_difference_type type;
    unsigned flags;
    unsigned bit; /* scopes */
    union {
        const bt_scope *scope;
        const bt_category *category;
        const bt_preset *preset;
    } before, after;
} bt_difference;

#define BT_DIFFERENCES_MAX (2u * (BT_CATEGORIES_MAX + BT_MASK_BITS + BT_PRESETS_MAX))

/* Points into both catalogues. Categories first, then scopes by bit, then presets. */
typedef struct bt_diff {
    size_t count;
    bt_difference list[BT_DIFFERENCES_MAX];
} bt_diff;

void bt_catalogue_diff(const bt_catalogue *before, const bt_catalogue *after, bt_diff *ret_diff);

/* "added", "removed", ... of one flag. */
const char *bt_difference_word(unsigned flag);
/* The name of what is different: the newer one where it was renamed. */
const char *bt_difference_name(const bt_difference *difference);

#endif
