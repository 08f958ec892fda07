#include "envoy/check.h"

#include "envoy/check_request.h"
#include "envoy/check_response.h"

#define RESPONSE_MAX ((size_t)128 << 10)

/* What is no clear request is left to the handler. */
bool bt_envoy_prepare(bt_call *call) {
    bt_envoy_request request;
    bt_fault fault;
    if (bt_envoy_request_read(call->message, &request, &fault) || !request.is_http) return true;
    bt_gate_plan *plan =
        bt_gate_prepare(call->session, &call->caller, &request.gate, call->now_ms, &call->arena);
    call->user = plan;
    call->asked = plan ? bt_gate_plan_asked(plan) : NULL;
    return true;
}

static void decide_unprepared(bt_call *call, bt_arena *arena, bt_gate_decision *ret_decision) {
    bt_envoy_request request;
    bt_fault fault = call->refused;
    if (!fault.err) bt_envoy_request_read(call->message, &request, &fault);
    if (fault.err)
        bt_gate_broken(&fault, ret_decision);
    else if (!request.is_http)
        bt_gate_unreadable(ret_decision);
    else
        bt_gate_decide(call->session, &call->caller, &request.gate, arena, ret_decision);
}

/* An allowance that does not fit becomes a denial that does. */
static bt_bytes write_response(const bt_gate_decision *decision, bool say_broken, uint8_t *block) {
    bt_out out = bt_out_into(block, RESPONSE_MAX);
    bt_envoy_response_write(decision, say_broken, &out);
    if (!out.full) return bt_out_written(&out);
    bt_gate_decision broken;
    bt_fault fault;
    bt_fail(&fault, BT_ERR_INVALID, "the request's headers would make the answer too large");
    bt_gate_broken(&fault, &broken);
    out = bt_out_into(block, RESPONSE_MAX);
    bt_envoy_response_write(&broken, say_broken, &out);
    return bt_out_written(&out);
}

/* All memory is on the stack: some 300 KiB, of which a usual request touches the first pages of each part. */
void bt_envoy_check(bt_call *call) {
    bt_gate_decision decision;
    bt_arena arena;
    uint8_t arena_block[BT_GATE_ARENA], response_block[RESPONSE_MAX];
    bt_arena_init(&arena, arena_block, sizeof arena_block);
    if (call->user)
        bt_gate_finish(call->session, call->user, &arena, &decision);
    else
        decide_unprepared(call, &arena, &decision);
    bool say_broken = bt_gate_says_broken(call->session);
    bt_call_reply(call, write_response(&decision, say_broken, response_block));
}
