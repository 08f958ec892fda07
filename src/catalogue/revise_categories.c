#include <stdlib.h>

#include "catalogue/revision.h"

static unsigned last_bit(const bt_category *category) {
    return category->first_bit + category->bits - 1u;
}

static const bt_yaml *bits_node(const bt_draft_category *from) {
    return bt_yaml_get(from->node, "bits");
}

/* The category of this name in `next`, which is added where it is new. */
static bt_err find_or_add(bt_revision *revision, const bt_draft_category *from,
                          bt_category **ret_category) {
    bt_catalogue *next = revision->next;
    for (size_t i = 0; i < next->categories_count; i++) {
        *ret_category = &next->categories[i];
        if (bt_bytes_equal(bt_bytes_text(next->categories[i].name), from->name)) return BT_OK;
    }
    if (next->categories_count == BT_CATEGORIES_MAX)
        return bt_yaml_fail(from->node, revision->fault,
                            "`%.*s` would be one category more than the %u there can be, those "
                            "whose scopes are all retired among them",
                            BT_BYTES_ARG(from->name), BT_CATEGORIES_MAX);
    *ret_category = &next->categories[next->categories_count++];
    **ret_category = (bt_category){0};
    return BT_OK;
}

static bt_err put_category(bt_revision *revision, const bt_draft_category *from) {
    bt_category *category = NULL;
    BT_TRY(find_or_add(revision, from, &category));
    if (bt_category_window(category) & ~bt_category_window(&from->window))
        return bt_yaml_fail(bits_node(from), revision->fault,
                            "category `%s` has the bits %u-%u for ever: its window can grow, and "
                            "neither shrink nor move",
                            category->name, category->first_bit, last_bit(category));
    bt_bytes_copy_text(from->name, category->name, sizeof category->name);
    bt_bytes_copy_text(from->title, category->title, sizeof category->title);
    category->first_bit = from->window.first_bit;
    category->bits = from->window.bits;
    return BT_OK;
}

static bt_err check_overlap(const bt_revision *revision, const bt_draft_category *from) {
    const bt_catalogue *next = revision->next;
    for (size_t i = 0; i < next->categories_count; i++) {
        const bt_category *other = &next->categories[i];
        if (bt_bytes_equal(bt_bytes_text(other->name), from->name)) continue;
        if (bt_category_window(other) & bt_category_window(&from->window))
            return bt_yaml_fail(bits_node(from), revision->fault,
                                "`bits` of category `%.*s` overlap those of `%s`, which are %u-%u",
                                BT_BYTES_ARG(from->name), other->name, other->first_bit,
                                last_bit(other));
    }
    return BT_OK;
}

/* Of two that overlap it is the new one that is told. */
static bt_err check_overlaps(const bt_revision *revision, bool is_new) {
    const bt_draft *draft = revision->draft;
    for (size_t i = 0; i < draft->categories_count; i++)
        if (is_new == !bt_catalogue_category(revision->base, draft->categories[i].name))
            BT_TRY(check_overlap(revision, &draft->categories[i]));
    return BT_OK;
}

static int compare_windows(const void *a, const void *b) {
    const bt_category *left = a, *right = b;
    return left->first_bit - right->first_bit;
}

bt_err bt_revise_categories(bt_revision *revision) {
    const bt_draft *draft = revision->draft;
    bt_catalogue *next = revision->next;
    for (size_t i = 0; i < draft->categories_count; i++)
        BT_TRY(put_category(revision, &draft->categories[i]));
    BT_TRY(check_overlaps(revision, true));
    BT_TRY(check_overlaps(revision, false));
    qsort(next->categories, next->categories_count, sizeof *next->categories, compare_windows);
    return BT_OK;
}
