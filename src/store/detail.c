#include "store/detail.h"

#include "bitting/store/v1/store.pb-c.h"
#include "store/row.h"

static bool is_id_or_empty(bt_bytes id) {
    return id.size == 0 || id.size == BT_KEY_ID_SIZE;
}

static bool within_limits(const bt_detail *detail) {
    bool ok =
        detail->name.size <= BT_NAME_MAX && detail->metadata.size <= BT_METADATA_MAX &&
        detail->user_id.size <= BT_OWNER_ID_MAX && detail->org_id.size <= BT_OWNER_ID_MAX &&
        detail->preset.size <= BT_PRESET_NAME_MAX && detail->created_by.size <= BT_CREATED_BY_MAX &&
        detail->revoke_reason.size <= BT_REVOKE_REASON_MAX && detail->labels_count <= BT_LABELS_MAX;
    ok = ok && is_id_or_empty(detail->rotated_from) && is_id_or_empty(detail->rotated_to) &&
         detail->scheme <= BT_SCHEMES_MAX;
    for (size_t i = 0; ok && i < detail->labels_count; i++)
        ok = detail->labels[i].key.size <= BT_LABEL_KEY_MAX &&
             detail->labels[i].value.size <= BT_LABEL_VALUE_MAX;
    return ok;
}

bt_err bt_detail_encode(const bt_detail *detail, bt_bytes *ret_row) {
    if (!within_limits(detail)) return BT_ERR_INVALID;
    Bitting__Store__V1__Label labels[BT_LABELS_MAX], *list[BT_LABELS_MAX];
    for (size_t i = 0; i < detail->labels_count; i++) {
        labels[i] = (Bitting__Store__V1__Label)BITTING__STORE__V1__LABEL__INIT;
        labels[i].key = bt_row_data(detail->labels[i].key);
        labels[i].value = bt_row_data(detail->labels[i].value);
        list[i] = &labels[i];
    }
    Bitting__Store__V1__Detail row = BITTING__STORE__V1__DETAIL__INIT;
    row.record_key = detail->record_key;
    row.name = bt_row_data(detail->name);
    row.metadata = bt_row_data(detail->metadata);
    row.labels = list;
    row.n_labels = detail->labels_count;
    row.user_id = bt_row_data(detail->user_id);
    row.org_id = bt_row_data(detail->org_id);
    row.preset = bt_row_data(detail->preset);
    row.preset_version = detail->preset_version;
    row.created_by = bt_row_data(detail->created_by);
    row.revoked_ms = detail->revoked_ms;
    row.revoke_reason = bt_row_data(detail->revoke_reason);
    row.rotated_from = bt_row_data(detail->rotated_from);
    row.rotated_to = bt_row_data(detail->rotated_to);
    row.scheme = detail->scheme;
    return bt_row_pack(&row.base, ret_row);
}

static bt_err decode_labels(const Bitting__Store__V1__Detail *row, bt_arena *arena,
                            bt_detail *ret_detail) {
    bt_label *labels = bt_arena_alloc(arena, row->n_labels * sizeof *labels);
    if (!labels) return BT_ERR_EXHAUSTED;
    for (size_t i = 0; i < row->n_labels; i++) {
        labels[i].key = bt_row_bytes(row->labels[i]->key);
        labels[i].value = bt_row_bytes(row->labels[i]->value);
    }
    ret_detail->labels = labels;
    ret_detail->labels_count = row->n_labels;
    return BT_OK;
}

bt_err bt_detail_decode(bt_bytes bytes, bt_arena *arena, bt_detail *ret_detail) {
    ProtobufCMessage *message;
    BT_TRY(bt_row_unpack(&bitting__store__v1__detail__descriptor, bytes, arena, &message));
    const Bitting__Store__V1__Detail *row = (const Bitting__Store__V1__Detail *)message;
    if (row->n_labels > BT_LABELS_MAX) return BT_ERR_INTERNAL;
    bt_detail detail = {
        .record_key = row->record_key,
        .name = bt_row_bytes(row->name),
        .metadata = bt_row_bytes(row->metadata),
        .user_id = bt_row_bytes(row->user_id),
        .org_id = bt_row_bytes(row->org_id),
        .preset = bt_row_bytes(row->preset),
        .preset_version = row->preset_version,
        .created_by = bt_row_bytes(row->created_by),
        .revoked_ms = row->revoked_ms,
        .revoke_reason = bt_row_bytes(row->revoke_reason),
        .rotated_from = bt_row_bytes(row->rotated_from),
        .rotated_to = bt_row_bytes(row->rotated_to),
        .scheme = row->scheme,
    };
    BT_TRY(decode_labels(row, arena, &detail));
    if (!within_limits(&detail)) return BT_ERR_INTERNAL;
    *ret_detail = detail;
    return BT_OK;
}
