#include "catalogue/revision.h"

/* Bits are given out in three rounds, so that a scope which may have any bit never takes one that another has or
 * asks for. */
typedef enum round { KNOWN, FIXED, FREE } round;

static bool is_named(const bt_draft_scope *scope, bt_bytes name) {
    if (bt_bytes_equal(scope->name, name)) return true;
    for (size_t i = 0; i < scope->former_count; i++)
        if (bt_bytes_equal(scope->former[i], name)) return true;
    return false;
}

/* The bit of the scope that has or had one of these names; -1 where there is none. */
static bt_err find_known(const bt_revision *revision, const bt_draft_scope *scope, int *ret_bit) {
    const bt_catalogue *base = revision->base;
    int bit = bt_catalogue_find(base, scope->name);
    for (size_t i = 0; i < scope->former_count; i++) {
        int at = bt_catalogue_find(base, scope->former[i]);
        if (at >= 0 && bit >= 0 && at != bit)
            return bt_yaml_fail(bt_yaml_get(scope->node, "renamed_from"), revision->fault,
                                "`%.*s` is another scope (bit %d): this one has bit %d",
                                BT_BYTES_ARG(scope->former[i]), at, bit);
        if (at >= 0) bit = at;
    }
    if (bit >= 0 && !is_named(scope, bt_bytes_text(base->scopes[bit].name)))
        return bt_yaml_fail(scope->node, revision->fault,
                            "bit %d is called `%s` now, and `%.*s` was its name before: to rename "
                            "it, say so with `renamed_from`",
                            bit, base->scopes[bit].name, BT_BYTES_ARG(scope->name));
    *ret_bit = bit;
    return BT_OK;
}

static bt_err check_fixed(const bt_revision *revision, const bt_draft_scope *scope, int bit) {
    if (scope->bit < 0 || scope->bit == bit) return BT_OK;
    return bt_yaml_fail(bt_yaml_get(scope->node, "bit"), revision->fault,
                        "`%.*s` has bit %d for ever, and cannot move to bit %d",
                        BT_BYTES_ARG(scope->name), bit, scope->bit);
}

static bt_err choose_bit(const bt_revision *revision, const bt_draft_category *category,
                         const bt_draft_scope *scope, round now, int *ret_bit) {
    const bt_catalogue *next = revision->next;
    if (now == FIXED) {
        *ret_bit = scope->bit;
        const char *taken = next->scopes[scope->bit].name;
        if (!taken[0]) return BT_OK;
        return bt_yaml_fail(bt_yaml_get(scope->node, "bit"), revision->fault,
                            "bit %d is that of `%s`, and is never given to another scope",
                            scope->bit, taken);
    }
    uint64_t rest = bt_category_window(&category->window);
    for (; rest; rest = bt_mask_without_lowest(rest)) {
        *ret_bit = (int)bt_mask_lowest(rest);
        if (!next->scopes[*ret_bit].name[0]) return BT_OK;
    }
    return bt_yaml_fail(scope->node, revision->fault,
                        "no bit is left for `%.*s`: each of the category's window of %u has been "
                        "used, and none is used twice",
                        BT_BYTES_ARG(scope->name), category->window.bits);
}

static void forget_former(bt_catalogue *next, bt_bytes name) {
    for (size_t i = 0; i < next->former_count; i++)
        if (bt_bytes_equal(bt_bytes_text(next->former[i].name), name))
            next->former[i--] = next->former[--next->former_count];
}

static bt_err put_former(bt_revision *revision, const bt_draft_scope *scope, int bit) {
    bt_catalogue *next = revision->next;
    forget_former(next, scope->name);
    for (size_t i = 0; i < scope->former_count; i++) {
        forget_former(next, scope->former[i]);
        if (next->former_count == BT_FORMER_NAMES_MAX)
            return bt_yaml_fail(scope->node, revision->fault,
                                "`%.*s` cannot be renamed: %u former names are remembered, and "
                                "none is forgotten",
                                BT_BYTES_ARG(scope->name), BT_FORMER_NAMES_MAX);
        bt_former_name *former = &next->former[next->former_count++];
        bt_bytes_copy_text(scope->former[i], former->name, sizeof former->name);
        former->bit = (uint8_t)bit;
    }
    return BT_OK;
}

static bt_err put_scope(bt_revision *revision, const bt_draft_scope *from, int bit) {
    bt_scope *scope = &revision->next->scopes[bit];
    if (scope->retired && from->retired == BT_RETIRED_UNSAID)
        return bt_yaml_fail(from->node, revision->fault,
                            "`%.*s` is retired: write `retired: true`, or `retired: false` to give "
                            "it back to every key that was granted it",
                            BT_BYTES_ARG(from->name));
    bt_bytes_copy_text(from->name, scope->name, sizeof scope->name);
    bt_bytes_copy_text(from->title, scope->title, sizeof scope->title);
    bt_bytes_copy_text(from->description, scope->description, sizeof scope->description);
    scope->high_risk = from->high_risk;
    scope->retired = from->retired == BT_RETIRED_YES;
    revision->seen |= bt_mask_bit((unsigned)bit);
    return put_former(revision, from, bit);
}

static bt_err revise_scope(bt_revision *revision, const bt_draft_category *category,
                           const bt_draft_scope *scope, round now) {
    int bit = -1;
    BT_TRY(find_known(revision, scope, &bit));
    if (now != (bit >= 0 ? KNOWN : scope->bit >= 0 ? FIXED : FREE)) return BT_OK;
    if (now == KNOWN)
        BT_TRY(check_fixed(revision, scope, bit));
    else
        BT_TRY(choose_bit(revision, category, scope, now, &bit));
    return put_scope(revision, scope, bit);
}

static bt_err revise_round(bt_revision *revision, round now) {
    const bt_draft *draft = revision->draft;
    for (size_t c = 0; c < draft->categories_count; c++)
        for (size_t s = 0; s < draft->categories[c].scopes_count; s++)
            BT_TRY(revise_scope(revision, &draft->categories[c], &draft->categories[c].scopes[s],
                                now));
    return BT_OK;
}

static const bt_category *category_of(const bt_catalogue *catalogue, unsigned bit) {
    const bt_category *category = catalogue->categories;
    while (!(bt_category_window(category) & bt_mask_bit(bit))) category++;
    return category;
}

/* Where the file has the category, there; else at its beginning. */
static const bt_yaml *place_of(const bt_draft *draft, const char *category) {
    for (size_t i = 0; i < draft->categories_count; i++)
        if (bt_bytes_equal(draft->categories[i].name, bt_bytes_text(category)))
            return draft->categories[i].node;
    return bt_yaml_get(draft->node, "categories");
}

static bt_err check_dropped(const bt_revision *revision) {
    const bt_catalogue *base = revision->base;
    uint64_t dropped = base->live & ~revision->seen & ~BT_APIKEYS_WINDOW;
    if (!dropped) return BT_OK;
    unsigned bit = bt_mask_lowest(dropped);
    const char *category = category_of(base, bit)->name;
    return bt_yaml_fail(place_of(revision->draft, category), revision->fault,
                        "category `%s` lacks `%s` (bit %u); a scope is never dropped: list it, "
                        "with `retired: true` to end it, or as `renamed_from` of its new name",
                        category, base->scopes[bit].name, bit);
}

static void set_categories(bt_catalogue *next) {
    for (unsigned bit = 0; bit < BT_MASK_BITS; bit++)
        if (next->scopes[bit].name[0])
            next->scopes[bit].category = (uint8_t)(category_of(next, bit) - next->categories);
}

bt_err bt_revise_scopes(bt_revision *revision) {
    for (round now = KNOWN; now <= FREE; now++) BT_TRY(revise_round(revision, now));
    BT_TRY(check_dropped(revision));
    set_categories(revision->next);
    bt_catalogue_seal(revision->next);
    return BT_OK;
}
