#include "catalogue/diff.h"

static const char *const words[BT_DIFFERENCE_FLAGS] = {
    "added",     "removed", "renamed", "retired", "restored",
    "high_risk", "bits",    "meaning", "texts",   "former names",
};

const char *bt_difference_word(unsigned flag) {
    return words[__builtin_ctz(flag)];
}

const char *bt_difference_name(const bt_difference *difference) {
    bool removed = difference->flags & BT_DIFFERENCE_REMOVED;
    switch (difference->type) {
    case BT_DIFFERENCE_CATEGORY:
        return (removed ? difference->before : difference->after).category->name;
    case BT_DIFFERENCE_SCOPE:
        return (removed ? difference->before : difference->after).scope->name;
    default:
        return (removed ? difference->before : difference->after).preset->name;
    }
}

static bool same(const char *a, const char *b) {
    return strcmp(a, b) == 0;
}

static void add(bt_diff *diff, const bt_difference *difference) {
    if (difference->flags) diff->list[diff->count++] = *difference;
}

static void diff_category(const bt_category *before, const bt_category *after, bt_diff *diff) {
    bt_difference difference = {
        .type = BT_DIFFERENCE_CATEGORY, .before.category = before, .after.category = after};
    if (!before || !after) {
        difference.flags = after ? BT_DIFFERENCE_ADDED : BT_DIFFERENCE_REMOVED;
    } else {
        if (bt_category_window(before) != bt_category_window(after))
            difference.flags |= BT_DIFFERENCE_WINDOW;
        if (!same(before->title, after->title)) difference.flags |= BT_DIFFERENCE_TEXT;
    }
    add(diff, &difference);
}

static void diff_categories(const bt_catalogue *before, const bt_catalogue *after, bt_diff *diff) {
    for (size_t i = 0; i < before->categories_count; i++) {
        const bt_category *category = &before->categories[i];
        diff_category(category, bt_catalogue_category(after, bt_bytes_text(category->name)), diff);
    }
    for (size_t i = 0; i < after->categories_count; i++) {
        const bt_category *category = &after->categories[i];
        if (!bt_catalogue_category(before, bt_bytes_text(category->name)))
            diff_category(NULL, category, diff);
    }
}

static size_t count_former(const bt_catalogue *catalogue, unsigned bit) {
    size_t count = 0;
    for (size_t i = 0; i < catalogue->former_count; i++) count += catalogue->former[i].bit == bit;
    return count;
}

static unsigned compare_scopes(const bt_scope *before, const bt_scope *after) {
    unsigned flags = 0;
    if (!same(before->name, after->name)) flags |= BT_DIFFERENCE_RENAMED;
    if (!before->retired && after->retired) flags |= BT_DIFFERENCE_RETIRED;
    if (before->retired && !after->retired) flags |= BT_DIFFERENCE_RESTORED;
    if (before->high_risk != after->high_risk) flags |= BT_DIFFERENCE_RISK;
    if (!same(before->title, after->title) || !same(before->description, after->description))
        flags |= BT_DIFFERENCE_TEXT;
    return flags;
}

static void diff_scope(const bt_catalogue *before, const bt_catalogue *after, unsigned bit,
                       bt_diff *diff) {
    const bt_scope *old = &before->scopes[bit], *new = &after->scopes[bit];
    bt_difference difference = {.type = BT_DIFFERENCE_SCOPE, .bit = bit};
    bool replaced = old->name[0] && new->name[0] &&
                    bt_catalogue_find(after, bt_bytes_text(old->name)) != (int)bit;
    if (old->name[0]) difference.before.scope = old;
    if (new->name[0] && !replaced) difference.after.scope = new;
    if (old->name[0] && new->name[0] && !replaced) {
        difference.flags = compare_scopes(old, new);
        if (count_former(after, bit) > count_former(before, bit) && same(old->name, new->name))
            difference.flags |= BT_DIFFERENCE_REMEMBERED;
    } else if (old->name[0] || new->name[0]) {
        difference.flags = old->name[0] ? BT_DIFFERENCE_REMOVED : BT_DIFFERENCE_ADDED;
    }
    add(diff, &difference);
    if (replaced)
        add(diff, &(bt_difference){.type = BT_DIFFERENCE_SCOPE,
                                   .bit = bit,
                                   .flags = BT_DIFFERENCE_ADDED,
                                   .after.scope = new});
}

static void diff_preset(const bt_preset *before, const bt_preset *after, bt_diff *diff) {
    bt_difference difference = {
        .type = BT_DIFFERENCE_PRESET, .before.preset = before, .after.preset = after};
    if (!before || !after) {
        difference.flags = after ? BT_DIFFERENCE_ADDED : BT_DIFFERENCE_REMOVED;
    } else {
        if (before->version != after->version) difference.flags |= BT_DIFFERENCE_MEANING;
        if (!same(before->description, after->description)) difference.flags |= BT_DIFFERENCE_TEXT;
    }
    add(diff, &difference);
}

static void diff_presets(const bt_catalogue *before, const bt_catalogue *after, bt_diff *diff) {
    for (size_t i = 0; i < before->presets_count; i++) {
        const bt_preset *preset = &before->presets[i];
        diff_preset(preset, bt_catalogue_preset(after, bt_bytes_text(preset->name)), diff);
    }
    for (size_t i = 0; i < after->presets_count; i++) {
        const bt_preset *preset = &after->presets[i];
        if (!bt_catalogue_preset(before, bt_bytes_text(preset->name)))
            diff_preset(NULL, preset, diff);
    }
}

void bt_catalogue_diff(const bt_catalogue *before, const bt_catalogue *after, bt_diff *ret_diff) {
    ret_diff->count = 0;
    diff_categories(before, after, ret_diff);
    for (unsigned bit = 0; bit < BT_MASK_BITS; bit++) diff_scope(before, after, bit, ret_diff);
    diff_presets(before, after, ret_diff);
}
