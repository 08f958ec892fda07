#include "scope/catalogue.h"

#include <assert.h>

#define SLOTS sizeof(((bt_catalogue *)0)->index)
#define SLOT_EMPTY 255

/* In a slot: the bit of a scope, or FORMER and the place of a former name. */
#define FORMER 64
static_assert(BT_MASK_BITS <= FORMER && FORMER + BT_FORMER_NAMES_MAX <= SLOT_EMPTY, "slot values");

/* FNV-1a. At most 127 names in 256 slots: a search ends after one or two. */
static size_t slot_of(bt_bytes name) {
    uint32_t hash = 2166136261u;
    for (size_t i = 0; i < name.size; i++) hash = (hash ^ name.data[i]) * 16777619u;
    return (hash ^ hash >> 15) % SLOTS;
}

static void index_insert(bt_catalogue *catalogue, const char *name, size_t value) {
    size_t slot = slot_of(bt_bytes_text(name));
    while (catalogue->index[slot] != SLOT_EMPTY) slot = (slot + 1) % SLOTS;
    catalogue->index[slot] = (uint8_t)value;
}

void bt_catalogue_seal(bt_catalogue *catalogue) {
    catalogue->live = catalogue->retired = catalogue->high_risk = 0;
    memset(catalogue->index, SLOT_EMPTY, sizeof catalogue->index);
    for (uint8_t bit = 0; bit < BT_MASK_BITS; bit++) {
        const bt_scope *scope = &catalogue->scopes[bit];
        if (!scope->name[0]) continue;
        *(scope->retired ? &catalogue->retired : &catalogue->live) |= bt_mask_bit(bit);
        if (scope->high_risk) catalogue->high_risk |= bt_mask_bit(bit);
        index_insert(catalogue, scope->name, bit);
    }
    for (size_t i = 0; i < catalogue->former_count; i++)
        index_insert(catalogue, catalogue->former[i].name, FORMER + i);
}

int bt_catalogue_find(const bt_catalogue *catalogue, bt_bytes name) {
    if (name.size == 0 || name.size > BT_SCOPE_NAME_MAX) return -1;
    for (size_t slot = slot_of(name); catalogue->index[slot] != SLOT_EMPTY;
         slot = (slot + 1) % SLOTS) {
        uint8_t value = catalogue->index[slot];
        const bt_former_name *former = value < FORMER ? NULL : &catalogue->former[value - FORMER];
        const char *text = former ? former->name : catalogue->scopes[value].name;
        if (bt_bytes_equal(bt_bytes_text(text), name)) return former ? former->bit : value;
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

bt_bytes bt_catalogue_template(const bt_catalogue *catalogue, bt_template_part part) {
    return bt_bytes_of(catalogue->templates + part.at, part.size);
}

static bool take_text(bt_bytes *from, bt_bytes *ret_text) {
    const uint8_t *end = from->size ? memchr(from->data, 0, from->size) : NULL;
    if (!end) return false;
    *ret_text = bt_bytes_of(from->data, (size_t)(end - from->data));
    *from = bt_bytes_of(end + 1, from->size - ret_text->size - 1);
    return true;
}

bool bt_label_next(bt_bytes *labels, bt_bytes *ret_key, bt_bytes *ret_value) {
    bt_bytes rest = *labels, key, value;
    if (!take_text(&rest, &key) || !take_text(&rest, &value)) return false;
    *labels = rest;
    *ret_key = key;
    *ret_value = value;
    return true;
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
