/* rooms: store */
#include <stdlib.h>

#include "store/row.h"

/* Every live scope has a name that finds it, and lies in its category's window. */
static void check_scopes(const bt_catalogue *catalogue) {
    if (catalogue->live & BT_MASK_FORBIDDEN) abort();
    for (unsigned bit = 0; bit < BT_MASK_BITS; bit++) {
        const bt_scope *scope = &catalogue->scopes[bit];
        if (!scope->name[0]) continue;
        if (bt_catalogue_find(catalogue, bt_bytes_text(scope->name)) != (int)bit) abort();
        const bt_category *category = &catalogue->categories[scope->category];
        if (scope->category >= catalogue->categories_count) abort();
        if (!(bt_category_window(category) & bt_mask_bit(bit))) abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static bt_catalogue catalogue, again;
    bt_bytes row;
    if (bt_catalogue_decode(bt_bytes_of(data, size), &catalogue)) return 0;
    check_scopes(&catalogue);
    if (bt_catalogue_encode(&catalogue, &row) || bt_catalogue_decode(row, &again)) abort();
    if (memcmp(&catalogue, &again, sizeof again) != 0) abort();
    free((void *)row.data);
    return 0;
}
