#include "decide/decide.h"
#include "library/handle.h"

static_assert(BITTING_SCOPE_NAME_SIZE == BT_SCOPE_NAME_MAX + 1, "size of scope names");

static bitting_err refuse(char *message, bt_err err, const char *text) {
    bt_fault fault;
    bt_fail(&fault, err, "%s", text);
    return bt_public_err(err, &fault, message);
}

bitting_err bt_scope_bit(bitting *handle, const char *name, unsigned *ret_bit, char *message) {
    bt_snapshot *snapshot;
    if (!handle || !name || !ret_bit)
        return refuse(message, BT_ERR_INVALID, "handle, name, ret_bit: must not be NULL");
    bitting_err err = bt_handle_begin(handle, &snapshot, message);
    if (err) return err;
    int bit = bt_catalogue_find(bt_snapshot_catalogue(snapshot), bt_bytes_text(name));
    bt_pool_put(handle->pool, snapshot);
    if (bit < 0) return refuse(message, BT_ERR_NOT_FOUND, "name: there is no scope of that name");
    *ret_bit = (unsigned)bit;
    return BITTING_OK;
}

bitting_err bt_scope_name(bitting *handle, unsigned bit, char ret_name[BITTING_SCOPE_NAME_SIZE],
                          char *message) {
    bt_snapshot *snapshot;
    if (!handle || !ret_name)
        return refuse(message, BT_ERR_INVALID, "handle, ret_name: must not be NULL");
    bitting_err err = bt_handle_begin(handle, &snapshot, message);
    if (err) return err;
    static const char none[BITTING_SCOPE_NAME_SIZE];
    const char *name =
        bit < BT_MASK_BITS ? bt_snapshot_catalogue(snapshot)->scopes[bit].name : none;
    bool assigned = name[0];
    if (assigned) memcpy(ret_name, name, BITTING_SCOPE_NAME_SIZE);
    bt_pool_put(handle->pool, snapshot);
    return assigned ? BITTING_OK
                    : refuse(message, BT_ERR_NOT_FOUND, "bit: is not assigned to any scope");
}

const char *bt_reason_text(bitting_reason reason) {
    return bt_reason_name((bt_reason)reason);
}
