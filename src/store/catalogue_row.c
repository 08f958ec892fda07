#include <stdlib.h>

#include "bitting/store/v1/store.pb-c.h"
#include "key/kind.h"
#include "key/narrow.h"
#include "store/row.h"

/* Names, titles, descriptions and templates of all that a catalogue can have are 60 KiB, and as much again are
 * the messages around them. */
#define ARENA_SIZE ((size_t)192 << 10)

typedef struct catalogue_row {
    Bitting__Store__V1__Catalogue row;
    Bitting__Store__V1__Category categories[BT_CATEGORIES_MAX], *categories_list[BT_CATEGORIES_MAX];
    Bitting__Store__V1__Scope scopes[BT_MASK_BITS], *scopes_list[BT_MASK_BITS];
    ProtobufCBinaryData former[BT_FORMER_NAMES_MAX];
    Bitting__Store__V1__Preset presets[BT_PRESETS_MAX], *presets_list[BT_PRESETS_MAX];
} catalogue_row;

static void add_categories(catalogue_row *to, const bt_catalogue *catalogue) {
    for (size_t i = 0; i < catalogue->categories_count; i++) {
        Bitting__Store__V1__Category *row = to->categories_list[i] = &to->categories[i];
        const bt_category *category = &catalogue->categories[i];
        bitting__store__v1__category__init(row);
        row->name = bt_row_text(category->name);
        row->title = bt_row_text(category->title);
        row->first_bit = category->first_bit;
        row->bits = category->bits;
    }
    to->row.categories = to->categories_list;
    to->row.n_categories = catalogue->categories_count;
}

/* next: where the names of this scope go. Returns where those of the following one do. */
static ProtobufCBinaryData *add_former(const bt_catalogue *catalogue, uint32_t bit,
                                       ProtobufCBinaryData *next, Bitting__Store__V1__Scope *row) {
    row->former = next;
    for (size_t i = 0; i < catalogue->former_count; i++)
        if (catalogue->former[i].bit == bit) *next++ = bt_row_text(catalogue->former[i].name);
    row->n_former = (size_t)(next - row->former);
    return next;
}

static void add_scopes(catalogue_row *to, const bt_catalogue *catalogue) {
    size_t count = 0;
    ProtobufCBinaryData *former = to->former;
    for (uint32_t bit = 0; bit < BT_MASK_BITS; bit++) {
        const bt_scope *scope = &catalogue->scopes[bit];
        if (!scope->name[0]) continue;
        Bitting__Store__V1__Scope *row = to->scopes_list[count] = &to->scopes[count];
        count++;
        bitting__store__v1__scope__init(row);
        row->bit = bit;
        row->name = bt_row_text(scope->name);
        row->title = bt_row_text(scope->title);
        row->description = bt_row_text(scope->description);
        row->high_risk = scope->high_risk;
        row->retired = scope->retired;
        former = add_former(catalogue, bit, former, row);
    }
    to->row.scopes = to->scopes_list;
    to->row.n_scopes = count;
}

static void add_presets(catalogue_row *to, const bt_catalogue *catalogue) {
    for (size_t i = 0; i < catalogue->presets_count; i++) {
        Bitting__Store__V1__Preset *row = to->presets_list[i] = &to->presets[i];
        const bt_preset *preset = &catalogue->presets[i];
        bitting__store__v1__preset__init(row);
        row->name = bt_row_text(preset->name);
        row->description = bt_row_text(preset->description);
        row->mask = preset->mask;
        row->full_access = preset->full_access;
        row->version = preset->version;
        row->kind = preset->kind;
        row->life_ms = preset->life_ms;
        row->labels = bt_row_data(bt_catalogue_template(catalogue, preset->labels));
        row->narrow = bt_row_data(bt_catalogue_template(catalogue, preset->narrow));
    }
    to->row.presets = to->presets_list;
    to->row.n_presets = catalogue->presets_count;
}

bt_err bt_catalogue_encode(const bt_catalogue *catalogue, bt_bytes *ret_row) {
    if (catalogue->categories_count > BT_CATEGORIES_MAX ||
        catalogue->presets_count > BT_PRESETS_MAX || catalogue->former_count > BT_FORMER_NAMES_MAX)
        return BT_ERR_INVALID;
    catalogue_row to;
    bitting__store__v1__catalogue__init(&to.row);
    to.row.generation = catalogue->generation;
    add_categories(&to, catalogue);
    add_scopes(&to, catalogue);
    add_presets(&to, catalogue);
    return bt_row_pack(&to.row.base, ret_row);
}

#define COPY(from, to) bt_bytes_copy_text(bt_row_bytes(from), to, sizeof(to))

static bool read_category(const Bitting__Store__V1__Category *row, uint64_t *taken,
                          bt_category *ret_category) {
    if (row->bits < 1 || row->bits > BT_MASK_BITS || row->first_bit > BT_MASK_BITS - row->bits)
        return false;
    ret_category->first_bit = (uint8_t)row->first_bit;
    ret_category->bits = (uint8_t)row->bits;
    uint64_t window = bt_category_window(ret_category);
    if (*taken & window) return false;
    *taken |= window;
    return row->name.len > 0 && COPY(row->name, ret_category->name) &&
           COPY(row->title, ret_category->title);
}

/* "billing.read" is of "billing". */
static bool is_of_category(ProtobufCBinaryData name, const bt_category *category) {
    size_t size = strlen(category->name);
    return name.len > size + 1 && name.data[size] == '.' &&
           memcmp(name.data, category->name, size) == 0;
}

static bool read_former(const Bitting__Store__V1__Scope *row, bt_catalogue *catalogue) {
    for (size_t i = 0; i < row->n_former; i++) {
        const bt_category *category = &catalogue->categories[catalogue->scopes[row->bit].category];
        if (catalogue->former_count == BT_FORMER_NAMES_MAX) return false;
        if (!is_of_category(row->former[i], category)) return false;
        bt_former_name *former = &catalogue->former[catalogue->former_count++];
        former->bit = (uint8_t)row->bit;
        if (!COPY(row->former[i], former->name)) return false;
    }
    return true;
}

static bool read_scope(const Bitting__Store__V1__Scope *row, bt_catalogue *catalogue) {
    if (row->bit >= BT_MASK_BITS) return false;
    bt_scope *scope = &catalogue->scopes[row->bit];
    if (scope->name[0]) return false;
    uint8_t category = 0;
    while (category < catalogue->categories_count &&
           !(bt_category_window(&catalogue->categories[category]) & bt_mask_bit(row->bit)))
        category++;
    if (category == catalogue->categories_count) return false;
    if (!is_of_category(row->name, &catalogue->categories[category])) return false;
    scope->category = category;
    scope->high_risk = row->high_risk;
    scope->retired = row->retired;
    return COPY(row->name, scope->name) && COPY(row->title, scope->title) &&
           COPY(row->description, scope->description) && read_former(row, catalogue);
}

static bool read_template(ProtobufCBinaryData data, bt_catalogue *catalogue,
                          bt_template_part *ret_part) {
    if (data.len > sizeof catalogue->templates - catalogue->templates_size) return false;
    *ret_part = (bt_template_part){(uint16_t)catalogue->templates_size, (uint16_t)data.len};
    if (data.len) memcpy(catalogue->templates + catalogue->templates_size, data.data, data.len);
    catalogue->templates_size += data.len;
    return true;
}

static bool labels_ok(bt_bytes labels) {
    bt_bytes key, value;
    size_t count = 0;
    for (; bt_label_next(&labels, &key, &value); count++)
        if (!bt_label_key_ok(key) || value.size > BT_LABEL_VALUE_MAX) return false;
    return labels.size == 0 && count <= BT_LABELS_MAX;
}

static bool narrow_ok(bt_bytes row) {
    bt_narrow narrow;
    return row.size == 0 || bt_narrow_decode(row, &narrow);
}

static bool read_preset(const Bitting__Store__V1__Preset *row, bt_catalogue *catalogue,
                        bt_preset *ret_preset) {
    if (row->name.len == 0 || row->mask & BT_MASK_FORBIDDEN) return false;
    if (row->kind > BT_KIND_LAST || row->life_ms < 0) return false;
    if (!labels_ok(bt_row_bytes(row->labels)) || !narrow_ok(bt_row_bytes(row->narrow)))
        return false;
    ret_preset->mask = row->mask;
    ret_preset->full_access = row->full_access;
    ret_preset->version = row->version;
    ret_preset->kind = (uint8_t)row->kind;
    ret_preset->life_ms = row->life_ms;
    return COPY(row->name, ret_preset->name) && COPY(row->description, ret_preset->description) &&
           read_template(row->labels, catalogue, &ret_preset->labels) &&
           read_template(row->narrow, catalogue, &ret_preset->narrow);
}

static bool read_all(const Bitting__Store__V1__Catalogue *row, bt_catalogue *catalogue) {
    if (row->n_categories > BT_CATEGORIES_MAX || row->n_presets > BT_PRESETS_MAX) return false;
    uint64_t taken = 0;
    bool ok = true;
    for (size_t i = 0; ok && i < row->n_categories; i++)
        ok = read_category(row->categories[i], &taken, &catalogue->categories[i]);
    catalogue->categories_count = row->n_categories;
    for (size_t i = 0; ok && i < row->n_scopes; i++) ok = read_scope(row->scopes[i], catalogue);
    for (size_t i = 0; ok && i < row->n_presets; i++)
        ok = read_preset(row->presets[i], catalogue, &catalogue->presets[i]);
    catalogue->presets_count = row->n_presets;
    catalogue->generation = row->generation;
    return ok;
}

/* A name that two bits share finds one of them alone. */
static bool names_unique(const bt_catalogue *catalogue) {
    for (int bit = 0; bit < (int)BT_MASK_BITS; bit++) {
        bt_bytes name = bt_bytes_text(catalogue->scopes[bit].name);
        if (name.size && bt_catalogue_find(catalogue, name) != bit) return false;
    }
    for (size_t i = 0; i < catalogue->former_count; i++) {
        const bt_former_name *former = &catalogue->former[i];
        if (bt_catalogue_find(catalogue, bt_bytes_text(former->name)) != former->bit) return false;
    }
    return true;
}

static void free_block(void **block) {
    free(*block);
}

bt_err bt_catalogue_decode(bt_bytes bytes, bt_catalogue *ret_catalogue) {
    void *block BT_CLEANUP(free_block) = malloc(ARENA_SIZE);
    if (!block) return BT_ERR_EXHAUSTED;
    bt_arena arena;
    bt_arena_init(&arena, block, ARENA_SIZE);
    ProtobufCMessage *message;
    BT_TRY(bt_row_unpack(&bitting__store__v1__catalogue__descriptor, bytes, &arena, &message));
    const Bitting__Store__V1__Catalogue *row = (const Bitting__Store__V1__Catalogue *)message;
    bt_catalogue catalogue = {0};
    if (!read_all(row, &catalogue)) return BT_ERR_INTERNAL;
    bt_catalogue_seal(&catalogue);
    if (!names_unique(&catalogue)) return BT_ERR_INTERNAL;
    *ret_catalogue = catalogue;
    return BT_OK;
}
