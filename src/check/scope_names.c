#include "check/scope_names.h"

#include <stdio.h>

#include "check/quote.h"

/* Appends to a text that is cut where the buffer ends. */
static void add(char *text, size_t size, const char *separator, const char *word) {
    size_t used = strlen(text);
    if (used + 1 < size) snprintf(text + used, size - used, "%s%s", used ? separator : "", word);
}

static void list_actions(const bt_catalogue *catalogue, const bt_category *category, char *text,
                         size_t size) {
    uint64_t rest = bt_category_window(category) & catalogue->live;
    for (; rest; rest = bt_mask_without_lowest(rest))
        add(text, size, ", ", catalogue->scopes[bt_mask_lowest(rest)].name);
}

static void list_categories(const bt_catalogue *catalogue, char *text, size_t size) {
    for (size_t i = 0; i < catalogue->categories_count; i++)
        add(text, size, ", ", catalogue->categories[i].name);
}

/* Says what there is in the category that was meant, or which categories there are. */
static bt_err unknown_scope(const bt_catalogue *catalogue, size_t at, bt_bytes name,
                            bt_fault *fault) {
    const uint8_t *dot = name.size ? memchr(name.data, '.', name.size) : NULL;
    size_t size = dot ? (size_t)(dot - name.data) : name.size;
    const bt_category *category = bt_catalogue_category(catalogue, bt_bytes_of(name.data, size));
    char there[256] = "";
    if (category)
        list_actions(catalogue, category, there, sizeof there);
    else
        list_categories(catalogue, there, sizeof there);
    return bt_fail(fault, BT_ERR_INVALID, "scopes[%zu]: there is no scope \"%s\"; %s: %s", at,
                   bt_text_quote(name).text,
                   category ? "there are" : "a scope is category.action, the categories are",
                   there);
}

bt_err bt_scope_names_resolve(const bt_catalogue *catalogue, const bt_bytes *names, size_t count,
                              uint64_t *ret_bits, bt_fault *fault) {
    uint64_t bits = 0;
    for (size_t i = 0; i < count; i++) {
        int bit = bt_catalogue_find(catalogue, names[i]);
        if (bit < 0) return unknown_scope(catalogue, i, names[i], fault);
        bits |= bt_mask_bit((unsigned)bit);
    }
    *ret_bits = bits;
    return BT_OK;
}

bt_err bt_scope_mask_check(uint64_t mask, bt_fault *fault) {
    if (!(mask & BT_MASK_FORBIDDEN)) return BT_OK;
    return bt_fail(fault, BT_ERR_INVALID,
                   "scope_mask: has bit 63, which is no scope; bits 0 to 62 are");
}
