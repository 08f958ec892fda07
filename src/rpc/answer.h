/* What handlers have in common: how a call ends. */
#ifndef BT_RPC_ANSWER_H
#define BT_RPC_ANSWER_H

#include "rpc/call.h"
#include "rpc/wire.h"

/* Replies with what was written; fails the call where it did not fit. */
void bt_answer_with(bt_call *call, const bt_out *out);

/* Fails the call of a change for which there is no memory. */
void bt_answer_no_memory(bt_call *call);

/* The revision that the call's snapshot shows. */
static inline uint64_t bt_call_revision(const bt_call *call) {
    return bt_snapshot_head(call->session->snapshot)->revision;
}

#endif
