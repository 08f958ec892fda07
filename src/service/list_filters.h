/* Which keys a listing is about. */
#ifndef BT_SERVICE_LIST_FILTERS_H
#define BT_SERVICE_LIST_FILTERS_H

#include "service/read_keys.h"

/* Values are those of bitting.v1.ListView. */
typedef enum bt_list_view {
    BT_LIST_ALL = 0,
    BT_LIST_CURRENT = 1,  /* neither revoked nor expired nor lost nor of a deleted owner */
    BT_LIST_ARCHIVED = 2, /* the others */
} bt_list_view;

#define BT_LIST_LABELS_MAX 8u

/* Those that are empty or 0 match every key; of those that are set all must match. */
typedef struct bt_list_filters {
    bt_bytes environment;
    bt_kind kind;
    bt_bytes user_id;
    bt_bytes org_id;
    bt_key_state state;
    bt_list_view view;
    bt_bytes name_prefix;
    bt_bytes preset;
    bt_bytes scope;          /* the name of one that the key holds now */
    uint64_t preset_drifted; /* its preset means something else today */
    /* From the first on and before the second; 0: not said. A key that does not expire has no expiry. */
    int64_t created_after_ms, created_before_ms;
    int64_t expires_after_ms, expires_before_ms;
    size_t labels_count;
    bt_label labels[BT_LIST_LABELS_MAX];
} bt_list_filters;

/* BT_ERR_INVALID, naming the field. ret_scope: the bit of `scope`, 0 for none. */
bt_err bt_list_filters_check(const bt_list_filters *filters, const bt_catalogue *catalogue,
                             uint64_t *ret_scope, bt_fault *fault);

/* A seal of the filters, which tells one listing from another. */
void bt_list_filters_seal(const bt_list_filters *filters, const bt_pepper *pepper,
                          uint8_t environment, uint8_t ret_seal[BT_SEAL_SIZE]);

/* All but environment and preset_drifted, which take a whole key to tell. state: bt_key_rows_state. */
bool bt_list_filters_match(const bt_list_filters *filters, uint64_t scope, const bt_key_rows *rows,
                           const bt_catalogue *catalogue, bt_key_state state);

#endif
