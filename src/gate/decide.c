#include "gate/parts.h"
#include "service/ask.h"

typedef struct gate_call {
    bt_session *session;
    const bt_caller *caller;
    const bt_gate_request *request;
    const bt_gate_options *options;
    bt_arena *arena;
    bt_gate_decision *decision;
    bt_fault *fault;
} gate_call;

static bt_err find_need(const gate_call *call, bt_gate_need *need) {
    const bt_routes_view *table;
    if (bt_gate_table(call->session, &table))
        return bt_fail(call->fault, BT_ERR_EXHAUSTED, "no memory for the route table");
    return bt_gate_find_need(table, call->decision->catalogue, call->request, need, call->fault);
}

static bt_err ask_key(const gate_call *call, const bt_gate_need *need, bt_bytes token,
                      bt_answer *ret_answer) {
    const bt_environments *all = bt_snapshot_environments(call->session->snapshot);
    bt_asked asked = {.token = token};
    BT_TRY(bt_caller_environment(call->caller, all, need->environment, &asked.environment,
                                 call->fault));
    asked.question = (bt_question){.needed = need->all,
                                   .also = need->any,
                                   .also_count = need->any_count,
                                   .acts = true,
                                   .client = bt_gate_client(call->options, call->request),
                                   .resource = need->resource,
                                   .now_ms = bt_clock_ms()};
    BT_TRY(bt_ask_answer(call->session, &asked, ret_answer, call->fault));
    call->decision->environment = bt_bytes_text(asked.environment->name);
    return BT_OK;
}

static bt_err let_in(const gate_call *call, const char *kind) {
    bt_gate_decision *decision = call->decision;
    if (bt_gate_list_removals(call->options, call->request, call->arena, decision))
        return bt_fail(call->fault, BT_ERR_INVALID, "the request has too many or odd headers");
    decision->status = 200;
    decision->kind = kind;
    return BT_OK;
}

static bt_err deny_reason(const gate_call *call, const bt_verdict *verdict) {
    bt_gate_decision *decision = call->decision;
    if (bt_reason_is_credential(verdict->reason))
        bt_gate_deny_credential(decision);
    else if (verdict->reason == BT_REASON_MISSING_SCOPE)
        bt_gate_deny_scope(decision, verdict->missing, decision->catalogue, call->arena);
    else if (verdict->reason == BT_REASON_RESOURCE_NOT_GRANTED)
        bt_gate_deny_resource(decision);
    else if (verdict->reason == BT_REASON_RATE_LIMITED)
        bt_gate_deny_rate(decision);
    else
        return bt_fail(call->fault, BT_ERR_INTERNAL, "an unknown reason to deny");
    return BT_OK;
}

static bt_err decide_on_key(const gate_call *call, const bt_gate_need *need,
                            const bt_gate_credential *credential) {
    bt_gate_decision *decision = call->decision;
    bt_answer answer;
    BT_TRY(ask_key(call, need, credential->value, &answer));
    decision->reason = answer.verdict.reason;
    decision->held = answer.verdict.held;
    decision->revision = answer.revision;
    if (answer.record) BT_TRY(bt_gate_name_key(answer.record, call->arena, decision, call->fault));
    if (answer.verdict.reason != BT_REASON_ALLOWED) return deny_reason(call, &answer.verdict);
    if (need->unmatched) {
        bt_gate_deny_with(decision, "no_route", need->unmatched, call->arena);
        return BT_OK;
    }
    BT_TRY(bt_gate_identify(call->session, answer.record, call->arena, decision, call->fault));
    if (!call->options->keep_credential) decision->remove_parameter = credential->parameter;
    return let_in(call, "allowed");
}

static bt_err decide(const gate_call *call) {
    bt_gate_need need;
    bt_gate_credential credential;
    BT_TRY(find_need(call, &need));
    if (need.ambiguous) {
        bt_gate_deny_with(call->decision, "ambiguous_request", need.ambiguous, call->arena);
        return BT_OK;
    }
    if (need.is_public) return let_in(call, "public");
    bt_gate_find_credential(call->options, call->request, &credential);
    if (credential.found == 1) return decide_on_key(call, &need, &credential);
    call->decision->reason = BT_REASON_MALFORMED_TOKEN;
    bt_gate_deny_credential(call->decision);
    return BT_OK;
}

void bt_gate_decide(bt_session *session, const bt_caller *caller, const bt_gate_request *request,
                    bt_arena *arena, bt_gate_decision *ret_decision) {
    bt_fault fault = {0};
    *ret_decision = (bt_gate_decision){.catalogue = bt_snapshot_catalogue(session->snapshot)};
    const gate_call call = {session, caller,       request, bt_gate_options_of(session),
                            arena,   ret_decision, &fault};
    if (decide(&call)) bt_gate_broken(&fault, ret_decision);
}
