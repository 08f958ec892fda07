#include "gate/parts.h"
#include "service/ask.h"

static bt_err find_need(bt_session *session, const bt_gate_request *request, bt_gate_plan *plan) {
    const bt_routes_view *table;
    if (bt_gate_table(session, &table))
        return bt_fail(&plan->fault, BT_ERR_EXHAUSTED, "no memory for the route table");
    return bt_gate_find_need(table, bt_snapshot_catalogue(session->snapshot), request, &plan->need,
                             &plan->fault);
}

static bt_err plan_question(bt_session *session, const bt_caller *caller,
                            const bt_gate_request *request, int64_t now_ms, bt_gate_plan *plan) {
    const bt_environments *all = bt_snapshot_environments(session->snapshot);
    const bt_gate_need *need = &plan->need;
    BT_TRY(bt_caller_environment(caller, all, need->environment, &plan->asked.environment,
                                 &plan->fault));
    plan->asked.token = plan->credential.value;
    plan->asked.seeks = false;
    plan->asked.describes = true;
    plan->asked.question =
        (bt_question){.needed = need->all,
                      .also = need->any,
                      .also_count = need->any_count,
                      .acts = true,
                      .client = bt_gate_client(bt_gate_options_of(session), request),
                      .resource = need->resource,
                      .now_ms = now_ms};
    plan->asks = true;
    return BT_OK;
}

static bt_err make_plan(bt_session *session, const bt_caller *caller,
                        const bt_gate_request *request, int64_t now_ms, bt_arena *arena,
                        bt_gate_plan *plan) {
    BT_TRY(find_need(session, request, plan));
    plan->strays_err = bt_gate_list_strays(request, arena, plan);
    if (plan->need.ambiguous || plan->need.is_public) return BT_OK;
    bt_gate_find_credential(bt_gate_options_of(session), request, &plan->credential);
    if (plan->credential.found != 1) return BT_OK;
    return plan_question(session, caller, request, now_ms, plan);
}

bt_gate_plan *bt_gate_prepare(bt_session *session, const bt_caller *caller,
                              const bt_gate_request *request, int64_t now_ms, bt_arena *arena) {
    bt_gate_plan *new = bt_arena_alloc(arena, sizeof *new);
    if (!new) return NULL;
    new->fault.err = BT_OK;
    new->asks = false;
    new->strays = NULL;
    new->strays_count = 0;
    make_plan(session, caller, request, now_ms, arena, new);
    return new;
}

bt_asked *bt_gate_plan_asked(bt_gate_plan *plan) {
    return plan->asks ? &plan->asked : NULL;
}

typedef struct gate_call {
    bt_session *session;
    const bt_gate_plan *plan;
    const bt_gate_options *options;
    bt_arena *arena;
    bt_gate_decision *decision;
    bt_fault *fault;
} gate_call;

static bt_err let_in(const gate_call *call, const char *kind) {
    bt_gate_decision *decision = call->decision;
    if (bt_gate_list_removals(call->options, call->plan, call->arena, decision))
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

static bt_err decide_on_key(const gate_call *call) {
    bt_gate_decision *decision = call->decision;
    const bt_gate_plan *plan = call->plan;
    bt_answer answer;
    BT_TRY(bt_ask_answer(call->session, &plan->asked, &answer, call->fault));
    decision->environment = bt_bytes_text(plan->asked.environment->name);
    decision->reason = answer.verdict.reason;
    decision->held = answer.verdict.held;
    decision->revision = answer.revision;
    if (answer.record) BT_TRY(bt_gate_name_key(answer.record, call->arena, decision, call->fault));
    if (answer.verdict.reason != BT_REASON_ALLOWED) return deny_reason(call, &answer.verdict);
    if (plan->need.unmatched) {
        bt_gate_deny_with(decision, "no_route", plan->need.unmatched, call->arena);
        return BT_OK;
    }
    BT_TRY(bt_gate_identify(call->session, &answer, call->arena, decision, call->fault));
    if (!call->options->keep_credential) decision->remove_parameter = plan->credential.parameter;
    return let_in(call, "allowed");
}

static bt_err decide(const gate_call *call) {
    const bt_gate_plan *plan = call->plan;
    if (plan->need.ambiguous) {
        bt_gate_deny_with(call->decision, "ambiguous_request", plan->need.ambiguous, call->arena);
        return BT_OK;
    }
    if (plan->need.is_public) return let_in(call, "public");
    if (plan->asks) return decide_on_key(call);
    call->decision->reason = BT_REASON_MALFORMED_TOKEN;
    bt_gate_deny_credential(call->decision);
    return BT_OK;
}

void bt_gate_finish(bt_session *session, bt_gate_plan *plan, bt_arena *arena,
                    bt_gate_decision *ret_decision) {
    *ret_decision = (bt_gate_decision){.catalogue = bt_snapshot_catalogue(session->snapshot)};
    const gate_call call = {session, plan,         bt_gate_options_of(session),
                            arena,   ret_decision, &plan->fault};
    if (plan->fault.err || decide(&call)) bt_gate_broken(&plan->fault, ret_decision);
}

void bt_gate_decide(bt_session *session, const bt_caller *caller, const bt_gate_request *request,
                    bt_arena *arena, bt_gate_decision *ret_decision) {
    bt_gate_plan *plan = bt_gate_prepare(session, caller, request, bt_clock_ms(), arena);
    bt_fault full;
    if (plan) {
        bt_gate_finish(session, plan, arena, ret_decision);
        return;
    }
    bt_fail(&full, BT_ERR_EXHAUSTED, "no memory for a request");
    bt_gate_broken(&full, ret_decision);
}
