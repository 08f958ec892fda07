#include "catalogue/revise.h"

#include "catalogue/revision.h"

/* The bits whose scopes are for ever. */
static uint64_t bound_bits(const bt_catalogue *present, uint64_t granted) {
    uint64_t assigned = present->live | present->retired;
    if (present->generation > BT_CATALOGUE_SHIPPED) return assigned;
    return assigned & (BT_APIKEYS_WINDOW | granted);
}

/* A category without a scope that is for ever is as if it had never been. */
static void keep_categories(const bt_catalogue *present, uint64_t bound, bt_catalogue *base) {
    base->categories_count = 0;
    for (size_t i = 0; i < present->categories_count; i++)
        if (bt_category_window(&present->categories[i]) & bound)
            base->categories[base->categories_count++] = present->categories[i];
}

static void keep_bound(const bt_catalogue *present, uint64_t bound, bt_catalogue *base) {
    *base = *present;
    for (unsigned bit = 0; bit < BT_MASK_BITS; bit++)
        if (!(bound & bt_mask_bit(bit))) base->scopes[bit] = (bt_scope){0};
    keep_categories(present, bound, base);
    base->presets_count = base->templates_size = 0;
    bt_catalogue_seal(base);
}

bt_err bt_catalogue_revise(const bt_catalogue *present, uint64_t granted, const bt_draft *draft,
                           bt_catalogue *ret_next, bt_fault *fault) {
    bt_catalogue base, next;
    keep_bound(present, bound_bits(present, granted), &base);
    next = base;
    next.generation = present->generation + 1;
    bt_revision revision = {
        .draft = draft, .present = present, .base = &base, .next = &next, .fault = fault};
    BT_TRY(bt_revise_categories(&revision));
    BT_TRY(bt_revise_scopes(&revision));
    BT_TRY(bt_revise_presets(&revision));
    *ret_next = next;
    return BT_OK;
}
