#include "library/handle.h"

#include <stdlib.h>

#include "check/ask.h"
#include "library/sized.h"
#include "store/foreign_peppers.h"

static_assert(BITTING_MESSAGE_SIZE == sizeof(((bt_fault *)0)->text), "size of messages");
static_assert(BITTING_ENVIRONMENT_SIZE == BT_ENVIRONMENT_NAME_MAX + 1, "size of environments");

static bitting_err public_err(bt_err err) {
    switch (err) {
    case BT_ERR_INVALID:
        return BITTING_ERR_INVALID;
    case BT_ERR_NOT_FOUND:
        return BITTING_ERR_NOT_FOUND;
    case BT_ERR_PRECONDITION:
        return BITTING_ERR_PRECONDITION;
    case BT_ERR_EXHAUSTED:
    case BT_ERR_UNAVAILABLE:
        return BITTING_ERR_UNAVAILABLE;
    case BT_ERR_UNIMPLEMENTED: /* of bt_check_token alone */
        return BITTING_ERR_ASK_SERVER;
    default:
        return BITTING_ERR_INTERNAL;
    }
}

bitting_err bt_public_err(bt_err err, const bt_fault *fault, char *message) {
    /* Not the whole: what lies behind its end on our stack is nobody's. */
    if (message) memcpy(message, fault->text, strlen(fault->text) + 1);
    return public_err(err);
}

static bt_err keep_environment(const char *name, bitting *handle, bt_fault *fault) {
    bt_bytes text = bt_bytes_text(name);
    if (text.size == 0) return BT_OK;
    if (!bt_environment_name_ok(text))
        return bt_fail(fault, BT_ERR_INVALID,
                       "environment: must be a letter and up to 15 letters and digits, lower case");
    bt_bytes_copy_text(text, handle->environment, sizeof handle->environment);
    return BT_OK;
}

/* The environment is there, every pepper that tokens may need, and one reader's place is to be had. */
static bt_err try_out(bitting *handle, bt_fault *fault) {
    bt_snapshot *snapshot;
    const bt_environment *environment;
    BT_TRY(bt_pool_take(handle->pool, &snapshot, fault));
    const bt_environments *all = bt_snapshot_environments(snapshot);
    bt_err err =
        handle->environment[0]
            ? bt_ask_environment(all, bt_bytes_text(handle->environment), NULL, &environment, fault)
            : BT_OK;
    if (!err) err = bt_store_check_peppers(handle->store, all, fault);
    bt_pool_put(handle->pool, snapshot);
    return err;
}

static bt_err open_store(const bitting_options *options, bitting *handle, bt_fault *fault) {
    bt_store_options store = {.directory = options->directory,
                              .pepper_file = options->pepper_file && options->pepper_file[0]
                                                 ? options->pepper_file
                                                 : NULL,
                              .mode = BT_STORE_READ};
    if (!options->directory || !options->directory[0])
        return bt_fail(fault, BT_ERR_INVALID, "directory: must be named");
    BT_TRY(keep_environment(options->environment, handle, fault));
    BT_TRY(bt_store_open(&store, &handle->store, fault));
    handle->pool = bt_store_pool(handle->store);
    return try_out(handle, fault);
}

bitting_err bt_open(const bitting_options *options, bitting **ret_handle, char *message) {
    bt_fault fault;
    bitting_options known;
    bt_err err = bt_sized_read(options, sizeof known, &known, sizeof known, "options", &fault);
    if (!err && !ret_handle) err = bt_fail(&fault, BT_ERR_INVALID, "ret_handle: must not be NULL");
    if (err) return bt_public_err(err, &fault, message);
    bitting *handle = calloc(1, sizeof *handle);
    if (!handle)
        return bt_public_err(bt_fail(&fault, BT_ERR_EXHAUSTED, "no memory"), &fault, message);
    err = open_store(&known, handle, &fault);
    if (err) {
        bt_close(handle);
        return bt_public_err(err, &fault, message);
    }
    *ret_handle = handle;
    return BITTING_OK;
}

/* What a child inherited is its parent's, and is left as it is. */
void bt_close(bitting *handle) {
    if (!handle || (handle->store && !bt_store_usable(handle->store))) return;
    bt_store_close(handle->store);
    free(handle);
}

bitting_err bt_handle_begin(bitting *handle, bt_snapshot **ret_snapshot, char *message) {
    bt_fault fault;
    if (!bt_store_usable(handle->store)) {
        bt_fail(&fault, BT_ERR_PRECONDITION,
                "handle: was opened before a fork; this process must bt_open its own");
        bt_public_err(BT_ERR_PRECONDITION, &fault, message);
        return BITTING_ERR_FORKED;
    }
    bt_err err = bt_store_is_replaced(handle->store)
                     ? bt_store_replaced(handle->store, &fault)
                     : bt_pool_take(handle->pool, ret_snapshot, &fault);
    return err ? bt_public_err(err, &fault, message) : BITTING_OK;
}
