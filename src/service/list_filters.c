#include "service/list_filters.h"

#include "check/scope_names.h"
#include "decide/decide.h"
#include "service/text.h"

static bt_err check_values(const bt_list_filters *filters, bt_fault *fault) {
    if ((unsigned)filters->kind > BT_KIND_LAST)
        return bt_fail(fault, BT_ERR_INVALID, "kind: has a value that is no kind of key");
    if ((unsigned)filters->state > BT_KEY_STATE_LAST)
        return bt_fail(fault, BT_ERR_INVALID, "state: has a value that is no state of a key");
    if ((unsigned)filters->view > BT_LIST_ARCHIVED)
        return bt_fail(fault, BT_ERR_INVALID, "view: has a value that is no view");
    return bt_text_labels(filters->labels, filters->labels_count, fault);
}

static bt_err check_texts(const bt_list_filters *filters, bt_fault *fault) {
    BT_TRY(bt_text_check("user_id", filters->user_id, BT_OWNER_ID_MAX, fault));
    BT_TRY(bt_text_check("org_id", filters->org_id, BT_OWNER_ID_MAX, fault));
    BT_TRY(bt_text_check("preset", filters->preset, BT_PRESET_NAME_MAX, fault));
    return bt_text_check("name_prefix", filters->name_prefix, BT_NAME_MAX, fault);
}

bt_err bt_list_filters_check(const bt_list_filters *filters, const bt_catalogue *catalogue,
                             uint64_t *ret_scope, bt_fault *fault) {
    bt_fault inner;
    BT_TRY(check_values(filters, fault));
    BT_TRY(check_texts(filters, fault));
    *ret_scope = 0;
    if (!filters->scope.size) return BT_OK;
    bt_err err = bt_scope_names_resolve(catalogue, &filters->scope, 1, ret_scope, &inner);
    /* The text speaks of a list, and here is one. */
    const char *why = err ? strstr(inner.text, ": ") : NULL;
    return err ? bt_fail(fault, err, "scope%s", why ? why : inner.text) : BT_OK;
}

/* Texts with their lengths, so that none runs into the next. */
typedef struct sealing {
    uint8_t bytes[8192];
    size_t size;
} sealing;

static void add(sealing *all, const void *data, size_t size) {
    uint32_t length = (uint32_t)size;
    if (all->size + sizeof length + size > sizeof all->bytes) __builtin_trap();
    memcpy(all->bytes + all->size, &length, sizeof length);
    if (size) memcpy(all->bytes + all->size + sizeof length, data, size);
    all->size += sizeof length + size;
}

static void add_text(sealing *all, bt_bytes text) {
    add(all, text.data, text.size);
}

static void add_number(sealing *all, int64_t number) {
    add(all, &number, sizeof number);
}

static int order(bt_bytes a, bt_bytes b) {
    int common = memcmp(a.data, b.data, a.size < b.size ? a.size : b.size);
    return common ? common : (a.size > b.size) - (a.size < b.size);
}

/* By their keys, of which no two are the same: a map has no order, and some clients send it in another each time. NULL
 * after the last. */
static const bt_label *label_after(const bt_list_filters *filters, const bt_label *before) {
    const bt_label *next = NULL;
    for (size_t i = 0; i < filters->labels_count; i++) {
        const bt_label *label = &filters->labels[i];
        if (before && order(label->key, before->key) <= 0) continue;
        if (!next || order(label->key, next->key) < 0) next = label;
    }
    return next;
}

void bt_list_filters_seal(const bt_list_filters *filters, const bt_pepper *pepper,
                          uint8_t environment, uint8_t ret_seal[BT_SEAL_SIZE]) {
    sealing all = {.size = 0};
    const int64_t numbers[] = {environment,
                               filters->kind,
                               filters->state,
                               filters->view,
                               filters->preset_drifted != 0,
                               filters->created_after_ms,
                               filters->created_before_ms,
                               filters->expires_after_ms,
                               filters->expires_before_ms,
                               (int64_t)filters->labels_count};
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) add_number(&all, numbers[i]);
    add_text(&all, filters->user_id);
    add_text(&all, filters->org_id);
    add_text(&all, filters->name_prefix);
    add_text(&all, filters->preset);
    add_text(&all, filters->scope);
    const bt_label *label = NULL;
    while ((label = label_after(filters, label))) {
        add_text(&all, label->key);
        add_text(&all, label->value);
    }
    bt_digest_seal(pepper, "list filters", bt_bytes_of(all.bytes, all.size), ret_seal);
}

static bool is(bt_bytes filter, bt_bytes value) {
    return filter.size == 0 || bt_bytes_equal(filter, value);
}

static bool has_label(const bt_detail *detail, const bt_label *label) {
    for (size_t i = 0; i < detail->labels_count; i++)
        if (bt_bytes_equal(detail->labels[i].key, label->key))
            return bt_bytes_equal(detail->labels[i].value, label->value);
    return false;
}

static bool labels_match(const bt_list_filters *filters, const bt_detail *detail) {
    for (size_t i = 0; i < filters->labels_count; i++)
        if (!has_label(detail, &filters->labels[i])) return false;
    return true;
}

static bool within(int64_t time_ms, int64_t after_ms, int64_t before_ms) {
    return (after_ms == 0 || time_ms >= after_ms) && (before_ms == 0 || time_ms < before_ms);
}

static bool times_match(const bt_list_filters *filters, const bt_record *record) {
    bool asks_expiry = filters->expires_after_ms || filters->expires_before_ms;
    if (asks_expiry && record->expires_ms == BT_NEVER_MS) return false;
    return within(record->created_ms, filters->created_after_ms, filters->created_before_ms) &&
           within(record->expires_ms, filters->expires_after_ms, filters->expires_before_ms);
}

static bool state_matches(const bt_list_filters *filters, bt_key_state state, bool owner_deleted) {
    bool archived =
        owner_deleted || state == BT_KEY_REVOKED || state == BT_KEY_EXPIRED || state == BT_KEY_LOST;
    if (filters->view == BT_LIST_CURRENT && archived) return false;
    if (filters->view == BT_LIST_ARCHIVED && !archived) return false;
    return filters->state == 0 || filters->state == state;
}

bool bt_list_filters_match(const bt_list_filters *filters, uint64_t scope, const bt_key_rows *rows,
                           const bt_catalogue *catalogue, bt_key_state state) {
    const bt_record *record = rows->record;
    const bt_detail *detail = &rows->detail;
    if (filters->kind && filters->kind != (bt_kind)record->kind) return false;
    if (scope & ~bt_decide_held(record, catalogue->live)) return false;
    bool owner_deleted = rows->owner_deleted_ms != BT_NEVER_MS;
    return state_matches(filters, state, owner_deleted) && times_match(filters, record) &&
           is(filters->user_id, detail->user_id) && is(filters->org_id, detail->org_id) &&
           is(filters->preset, detail->preset) && labels_match(filters, detail) &&
           bt_bytes_starts_with(detail->name, filters->name_prefix);
}
