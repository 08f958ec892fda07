/* Calls that change something. Each is a use case of service/ that begins with its bt_mutation; what they have in
 * common is here: memory, the idempotency of request_id, and the answer, which is sent from the writer's thread. */
#ifndef BT_RPC_CHANGE_H
#define BT_RPC_CHANGE_H

#include "rpc/call.h"
#include "rpc/wire.h"
#include "service/mutation.h"

/* The number of the field request_id in every request that changes something. */
#define BT_REQUEST_ID_FIELD 30u

typedef struct bt_change_kind {
    size_t size; /* of the use case; the first member is a bt_mutation */
    bt_err (*read)(bt_bytes message, void *use_case, bt_fault *fault); /* into one that is zero */
    void (*run)(void *use_case, bt_service *service, const bt_caller *caller);
    /* Writes the answer. A repeated request is answered as the first was, save for the token: with_token is
     * false for the copy that is kept. */
    void (*write)(const void *use_case, uint64_t revision, bool with_token, bt_out *out);
    bt_body_parts *parts;         /* of the request; NULL: its fields, in any order */
    size_t answer_max;            /* bytes that write needs at most */
    void (*wipe)(void *use_case); /* NULL: it holds no secret */
} bt_change_kind;

/* kind must outlive the call. */
void bt_rpc_change(bt_call *call, const bt_change_kind *kind);

#endif
