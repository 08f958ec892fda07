/* The messages of bitting.v1.CheckService that a check reads and writes. */
#ifndef BT_RPC_CHECK_MESSAGES_H
#define BT_RPC_CHECK_MESSAGES_H

#include "rpc/wire.h"
#include "service/ask.h"

/* Views into the message. BT_ERR_INVALID. */
bt_err bt_ask_read(bt_bytes message, bt_ask *ret_ask, bt_fault *fault);
bt_err bt_ask_scope_read(bt_bytes message, bt_ask_scope *ret_ask, bt_fault *fault);

/* A CheckScopeResponse without names is no larger than this. */
#define BT_ANSWER_FIXED_MAX 128u
#define BT_ANSWER_MAX (BT_ANSWER_FIXED_MAX + BT_MASK_BITS * (BT_SCOPE_NAME_MAX + 2u))

/* A CheckScopeResponse. */
void bt_answer_write(const bt_answer *answer, const bt_catalogue *catalogue, bt_out *out);

/* One of a batch that could not be decided: what is read as no allow, whoever reads it. */
void bt_answer_write_undecided(const bt_fault *fault, uint64_t revision, bt_out *out);

#endif
