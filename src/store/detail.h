/* What is known of a key beside its record, as a row of the table `detail`. The row is a message of
 * proto/bitting/store/v1/store.proto; nobody else sees that. */
#ifndef BT_STORE_DETAIL_H
#define BT_STORE_DETAIL_H

#include "base/arena.h"
#include "base/err.h"
#include "key/environment.h"
#include "key/label.h"
#include "key/owner.h"

#define BT_NAME_MAX 200u
#define BT_METADATA_MAX 8192u
#define BT_REVOKE_REASON_MAX 500u
#define BT_CREATED_BY_MAX 64u
/* An arena of this size decodes any detail that this program wrote. */
#define BT_DETAIL_ARENA 65536u

typedef struct bt_detail {
    uint64_t record_key;
    bt_bytes name;
    bt_bytes metadata;
    const bt_label *labels;
    size_t labels_count;
    bt_bytes user_id;
    bt_bytes org_id;
    bt_bytes preset;
    uint32_t preset_version;
    bt_bytes created_by;
    int64_t revoked_ms; /* 0: not revoked */
    bt_bytes revoke_reason;
    bt_bytes rotated_from; /* key id, BT_KEY_ID_SIZE bytes; or empty */
    bt_bytes rotated_to;
    /* Of an imported key: the place of its environment's scheme that finds it, counted from 1; 0: it was not noted. */
    uint32_t scheme;
} bt_detail;

/* The views point into the arena. BT_ERR_INTERNAL where the row is damaged, BT_ERR_EXHAUSTED where the
 * arena is too small. */
bt_err bt_detail_decode(bt_bytes row, bt_arena *arena, bt_detail *ret_detail);

#endif
