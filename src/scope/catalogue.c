#include "scope/catalogue.h"

#define SLOTS sizeof(((bt_catalogue *)0)->index)
#define SLOT_EMPTY 255

/* FNV-1a. 63 names in 128 slots: a search ends after one or two. */
static size_t slot_of(bt_bytes name) {
    uint32_t hash = 2166136261u;
    for (size_t i = 0; i < name.size; i++) hash = (hash ^ name.data[i]) * 16777619u;
    return (hash ^ hash >> 15) % SLOTS;
}

static void index_insert(bt_catalogue *catalogue, uint8_t bit) {
    size_t slot = slot_of(bt_bytes_text(catalogue->scopes[bit].name));
    while (catalogue->index[slot] != SLOT_EMPTY) slot = (slot + 1) % SLOTS;
    catalogue->index[slot] = bit;
}

void bt_catalogue_seal(bt_catalogue *catalogue) {
    catalogue->live = catalogue->retired = catalogue->high_risk = 0;
    memset(catalogue->index, SLOT_EMPTY, sizeof catalogue->index);
    for (uint8_t bit = 0; bit < BT_MASK_BITS; bit++) {
        const bt_scope *scope = &catalogue->scopes[bit];
        if (!scope->name[0]) continue;
        *(scope->retired ? &catalogue->retired : &catalogue->live) |= bt_mask_bit(bit);
        if (scope->high_risk) catalogue->high_risk |= bt_mask_bit(bit);
        index_insert(catalogue, bit);
    }
}

int bt_catalogue_find(const bt_catalogue *catalogue, bt_bytes name) {
    if (name.size == 0 || name.size > BT_SCOPE_NAME_MAX) return -1;
    for (size_t slot = slot_of(name); catalogue->index[slot] != SLOT_EMPTY;
         slot = (slot + 1) % SLOTS) {
        uint8_t bit = catalogue->index[slot];
        const char *text = catalogue->scopes[bit].name;
        if (bt_bytes_equal(bt_bytes_text(text), name)) return bit;
    }
    return -1;
}

const bt_preset *bt_catalogue_preset(const bt_catalogue *catalogue, bt_bytes name) {
    for (size_t i = 0; i < catalogue->presets_count; i++)
        if (bt_bytes_equal(bt_bytes_text(catalogue->presets[i].name), name))
            return &catalogue->presets[i];
    return NULL;
}

const bt_category *bt_catalogue_category(const bt_catalogue *catalogue, bt_bytes name) {
    for (size_t i = 0; i < catalogue->categories_count; i++)
        if (bt_bytes_equal(bt_bytes_text(catalogue->categories[i].name), name))
            return &catalogue->categories[i];
    return NULL;
}

uint64_t bt_category_window(const bt_category *category) {
    if (category->bits == 0) return 0;
    return (UINT64_MAX >> (64 - category->bits)) << category->first_bit;
}

unsigned bt_category_selected(const bt_catalogue *catalogue, const bt_category *category,
                              uint64_t mask) {
    return bt_mask_count(mask & catalogue->live & bt_category_window(category));
}

unsigned bt_category_total(const bt_catalogue *catalogue, const bt_category *category) {
    return bt_category_selected(catalogue, category, UINT64_MAX);
}
