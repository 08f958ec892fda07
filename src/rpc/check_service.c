#include "rpc/check_service.h"

#include "rpc/answer.h"
#include "rpc/check_messages.h"
#include "rpc/key_message.h"
#include "service/read_keys.h"

/* What prepare leaves for the handler. */
static bt_asked *asked_new(bt_call *call, bt_fault *fault) {
    bt_asked *asked = bt_arena_alloc(&call->arena, sizeof *asked);
    if (!asked) bt_fail(fault, BT_ERR_EXHAUSTED, "no memory for a question now; try again");
    return asked;
}

static bool prepared(bt_call *call, bt_asked *asked, bt_err err, const bt_fault *fault) {
    if (err) {
        bt_call_fail(call, fault);
        return false;
    }
    call->asked = asked;
    return true;
}

static bt_err prepare(bt_call *call, bt_bytes message, bt_asked *ret_asked, bt_fault *fault) {
    bt_ask_scope ask;
    BT_TRY(bt_ask_scope_read(message, &ask, fault));
    return bt_ask_prepare(call->session, &call->caller, &ask, call->now_ms, ret_asked, fault);
}

bool bt_rpc_prepare_check_scope(bt_call *call) {
    bt_fault fault;
    bt_asked *asked = asked_new(call, &fault);
    bt_err err = asked ? prepare(call, call->message, asked, &fault) : fault.err;
    return prepared(call, asked, err, &fault);
}

void bt_rpc_check_scope(bt_call *call) {
    bt_answer answer;
    bt_fault fault;
    if (bt_ask_answer(call->session, call->asked, &answer, &fault)) {
        bt_call_fail(call, &fault);
        return;
    }
    uint8_t block[BT_ANSWER_MAX];
    bt_out out = bt_out_into(block, sizeof block);
    bt_answer_write(&answer, bt_snapshot_catalogue(call->session->snapshot), &out);
    bt_answer_with(call, &out);
}

static bt_err prepare_key(bt_call *call, bt_asked *ret_asked, bt_fault *fault) {
    bt_ask ask;
    BT_TRY(bt_ask_read(call->message, &ask, fault));
    BT_TRY(bt_ask_prepare_key(call->session, &call->caller, &ask, call->now_ms, ret_asked, fault));
    ret_asked->describes = true;
    return BT_OK;
}

bool bt_rpc_prepare_validate(bt_call *call) {
    bt_fault fault;
    bt_asked *asked = asked_new(call, &fault);
    bt_err err = asked ? prepare_key(call, asked, &fault) : fault.err;
    return prepared(call, asked, err, &fault);
}

static bt_err write_valid_key(bt_call *call, const bt_answer *answer, bt_out *out,
                              bt_fault *fault) {
    uint8_t block[BT_DETAIL_ARENA];
    bt_arena arena;
    bt_key key;
    bt_arena_init(&arena, block, sizeof block);
    BT_TRY(bt_service_key_of(call->session, answer, &arena, &key, fault));
    bt_key_write_field(&key, 3, out);
    return BT_OK;
}

static bt_err validate(bt_call *call, bt_out *out, bt_fault *fault) {
    bt_answer answer;
    BT_TRY(bt_ask_answer(call->session, call->asked, &answer, fault));
    bool valid = answer.verdict.reason == BT_REASON_ALLOWED;
    bt_out_uint(out, 1, valid);
    bt_out_uint(out, 2, answer.verdict.reason);
    if (valid) BT_TRY(write_valid_key(call, &answer, out, fault));
    bt_out_uint(out, 4, answer.revision);
    return BT_OK;
}

void bt_rpc_validate(bt_call *call) {
    uint8_t block[BT_ANSWER_FIXED_MAX + BT_KEY_MESSAGE_MAX];
    bt_out out = bt_out_into(block, sizeof block);
    bt_fault fault;
    if (validate(call, &out, &fault))
        bt_call_fail(call, &fault);
    else
        bt_answer_with(call, &out);
}

typedef struct batch_request {
    size_t count;
    bt_bytes messages[BT_ASK_BATCH_MAX];
    bt_asked asked[BT_ASK_BATCH_MAX];
} batch_request;

static bt_err read_batch(bt_bytes message, batch_request *batch, bt_fault *fault) {
    static const bt_wire_field fields[] = {
        [1] = {"checks", BT_WIRE_LIST, BT_ASK_BATCH_MAX, offsetof(batch_request, messages),
               offsetof(batch_request, count)},
    };
    static const bt_wire_message type = {"bitting.v1.BatchCheckScopeRequest", fields,
                                         BT_WIRE_COUNT(fields)};
    batch->count = 0;
    BT_TRY(bt_wire_read(&type, message, batch, fault));
    if (batch->count > 0) return BT_OK;
    return bt_fail(fault, BT_ERR_INVALID, "checks: has none; 1 to %u are right", BT_ASK_BATCH_MAX);
}

/* All questions are looked at before the first is answered. */
static bt_err prepare_batch(bt_call *call, batch_request *batch, bt_fault *fault) {
    for (size_t i = 0; i < batch->count; i++) {
        bt_fault inner;
        bt_err err = prepare(call, batch->messages[i], &batch->asked[i], &inner);
        if (err) return bt_fail(fault, err, "checks[%zu].%s", i, inner.text);
    }
    return BT_OK;
}

/* Makes the look-ups of the next answers together. */
static void seek(bt_call *call, batch_request *batch, size_t from) {
    bt_asked *asked[BT_ASKED_TOGETHER];
    size_t count = 0;
    while (count < BT_ASKED_TOGETHER && from + count < batch->count) {
        asked[count] = &batch->asked[from + count];
        count++;
    }
    bt_ask_seek(call->session, asked, count);
}

/* One that cannot be decided, such as a token of another system whose pepper is missing here, keeps no other from its
 * answer. */
static void answer_one(bt_call *call, const bt_asked *asked, bt_out *out) {
    uint8_t block[BT_ANSWER_MAX];
    bt_out result = bt_out_into(block, sizeof block);
    bt_answer answer;
    bt_fault fault;
    if (bt_ask_answer(call->session, asked, &answer, &fault))
        bt_answer_write_undecided(&fault, bt_call_revision(call), &result);
    else
        bt_answer_write(&answer, bt_snapshot_catalogue(call->session->snapshot), &result);
    bt_out_item(out, 1, bt_out_written(&result));
}

static void answer_batch(bt_call *call, batch_request *batch, bt_out *out) {
    for (size_t i = 0; i < batch->count && !out->full; i++) {
        if (i % BT_ASKED_TOGETHER == 0) seek(call, batch, i);
        answer_one(call, &batch->asked[i], out);
    }
    bt_out_uint(out, 2, bt_call_revision(call));
}

static bt_err check_batch(bt_call *call, bt_out *out, bt_fault *fault) {
    batch_request *batch = bt_arena_alloc(&call->arena, sizeof *batch);
    if (!batch) return bt_fail(fault, BT_ERR_EXHAUSTED, "no memory for a batch now; try again");
    BT_TRY(read_batch(call->message, batch, fault));
    BT_TRY(prepare_batch(call, batch, fault));
    *out = bt_out_rest(&call->arena);
    answer_batch(call, batch, out);
    return BT_OK;
}

void bt_rpc_batch_check_scope(bt_call *call) {
    bt_out out = {.full = true};
    bt_fault fault;
    if (check_batch(call, &out, &fault))
        bt_call_fail(call, &fault);
    else
        bt_answer_with(call, &out);
}
