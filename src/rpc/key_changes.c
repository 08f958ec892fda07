/* Handlers of the methods of KeyService that change keys. */
#include "rpc/change.h"
#include "rpc/key_message.h"
#include "rpc/key_messages.h"
#include "rpc/key_service.h"
#include "service/revoke_key.h"

#define TOKEN_ANSWER_MAX (BT_TOKEN_MAX + BT_KEY_MESSAGE_MAX + 128u)

static bt_err read_create(bt_bytes message, void *use_case, bt_fault *fault) {
    return bt_create_key_read(message, &((bt_create_key *)use_case)->request, fault);
}

static void run_create(void *use_case, bt_service *service, const bt_caller *caller) {
    bt_create_key_run(use_case, service, caller);
}

static void write_create(const void *use_case, uint64_t revision, bool with_token, bt_out *out) {
    const bt_create_key *create = use_case;
    if (with_token) bt_out_bytes(out, 1, bt_bytes_text(create->issued.token));
    bt_key_write_field(&create->issued.key, 2, out);
    bt_out_uint(out, 3, revision);
}

static void wipe_create(void *use_case) {
    bt_create_key_wipe(use_case);
}

void bt_rpc_create_key(bt_call *call) {
    static const bt_change_kind kind = {.size = sizeof(bt_create_key),
                                        .read = read_create,
                                        .run = run_create,
                                        .write = write_create,
                                        .answer_max = TOKEN_ANSWER_MAX,
                                        .wipe = wipe_create};
    bt_rpc_change(call, &kind);
}

static bt_err read_update(bt_bytes message, void *use_case, bt_fault *fault) {
    return bt_update_key_read(message, &((bt_update_key *)use_case)->request, fault);
}

static void run_update(void *use_case, bt_service *service, const bt_caller *caller) {
    bt_update_key_run(use_case, service, caller);
}

static void write_update(const void *use_case, uint64_t revision, bool with_token, bt_out *out) {
    (void)with_token;
    bt_key_write_field(&((const bt_update_key *)use_case)->issued.key, 1, out);
    bt_out_uint(out, 2, revision);
}

void bt_rpc_update_key(bt_call *call) {
    static const bt_change_kind kind = {.size = sizeof(bt_update_key),
                                        .read = read_update,
                                        .run = run_update,
                                        .write = write_update,
                                        .answer_max = BT_KEY_MESSAGE_MAX + 128u};
    bt_rpc_change(call, &kind);
}

static bt_err read_rotate(bt_bytes message, void *use_case, bt_fault *fault) {
    return bt_rotate_key_read(message, use_case, fault);
}

static void run_rotate(void *use_case, bt_service *service, const bt_caller *caller) {
    bt_rotate_key_run(use_case, service, caller);
}

static void write_rotate(const void *use_case, uint64_t revision, bool with_token, bt_out *out) {
    const bt_rotate_key *rotate = use_case;
    if (with_token) bt_out_bytes(out, 1, bt_bytes_text(rotate->issued.token));
    bt_key_write_field(&rotate->issued.key, 2, out);
    bt_out_uint(out, 3, revision);
    bt_out_time(out, 4, rotate->old_expires_ms);
}

static void wipe_rotate(void *use_case) {
    bt_rotate_key_wipe(use_case);
}

void bt_rpc_rotate_key(bt_call *call) {
    static const bt_change_kind kind = {.size = sizeof(bt_rotate_key),
                                        .read = read_rotate,
                                        .run = run_rotate,
                                        .write = write_rotate,
                                        .answer_max = TOKEN_ANSWER_MAX,
                                        .wipe = wipe_rotate};
    bt_rpc_change(call, &kind);
}

static bt_err read_revoke(bt_bytes message, void *use_case, bt_fault *fault) {
    return bt_revoke_key_read(message, use_case, fault);
}

static void run_revoke(void *use_case, bt_service *service, const bt_caller *caller) {
    bt_revoke_key_run(use_case, service, caller);
}

static void write_revoke(const void *use_case, uint64_t revision, bool with_token, bt_out *out) {
    (void)use_case, (void)with_token;
    bt_out_uint(out, 1, revision);
}

void bt_rpc_revoke_key(bt_call *call) {
    static const bt_change_kind kind = {.size = sizeof(bt_revoke_key),
                                        .read = read_revoke,
                                        .run = run_revoke,
                                        .write = write_revoke,
                                        .answer_max = 64};
    bt_rpc_change(call, &kind);
}
