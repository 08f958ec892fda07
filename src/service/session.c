#include "service/session.h"

#include "check/ask.h"

bt_err bt_caller_reject(bt_fault *fault) {
    return bt_fail(
        fault, BT_ERR_UNAUTHENTICATED,
        "authorization: must be `Bearer <token>` with the token of a backend key that is "
        "good in this store");
}

bt_err bt_caller_judge(const bt_verdict *verdict, const bt_catalogue *catalogue, bt_fault *fault) {
    if (verdict->reason == BT_REASON_ALLOWED) return BT_OK;
    if (verdict->reason != BT_REASON_MISSING_SCOPE) return bt_caller_reject(fault);
    const bt_scope *scope = &catalogue->scopes[bt_mask_lowest(verdict->missing)];
    return bt_fail(fault, BT_ERR_FORBIDDEN,
                   "authorization: the caller's key lacks the scope %s, which this call needs",
                   scope->name);
}

/* Asks again with the address, where the key turns out to be bound to some. */
static bt_err ask(bt_session *session, bt_bytes credential, const bt_environment *environment,
                  const bt_peer *peer, bt_question *question, bt_answer *ret_answer) {
    const bt_pepper *pepper = bt_store_pepper(session->service->store);
    BT_TRY(
        bt_check_token(session->snapshot, pepper, credential, environment, question, ret_answer));
    if (ret_answer->verdict.reason != BT_REASON_ADDRESS_NOT_ALLOWED || !peer) return BT_OK;
    peer->find(peer->context, &question->client);
    return bt_check_token(session->snapshot, pepper, credential, environment, question, ret_answer);
}

bt_err bt_caller_authenticate(bt_session *session, bt_bytes credential, uint64_t need,
                              const bt_peer *peer, bt_caller *ret_caller, bt_fault *fault) {
    bt_snapshot *snapshot = session->snapshot;
    const bt_environment *environment = bt_check_environment(snapshot, credential);
    if (!environment) return bt_caller_reject(fault);
    bt_question question = {
        .needed = need, .accepted_kinds = 1u << BT_KIND_BACKEND, .now_ms = bt_clock_ms()};
    bt_answer answer;
    bt_err err = ask(session, credential, environment, peer, &question, &answer);
    if (err) return bt_fail(fault, err, "authorization: the caller's key cannot be looked up now");
    BT_TRY(bt_caller_judge(&answer.verdict, bt_snapshot_catalogue(snapshot), fault));
    *ret_caller = (bt_caller){.environment = environment,
                              .held = answer.verdict.held,
                              .full_access = answer.record->flags & BT_RECORD_FULL_ACCESS,
                              .key_id = answer.record->key_id,
                              .slot = answer.slot,
                              .address = question.client};
    return BT_OK;
}

bt_caller bt_caller_trusted(const bt_environments *environments, bt_bytes environment) {
    return (bt_caller){.trusted = true,
                       .environment =
                           environment.size ? bt_environment_find(environments, environment) : NULL,
                       .listener_environment = environment};
}

bt_err bt_caller_environment(const bt_caller *caller, const bt_environments *environments,
                             bt_bytes name, const bt_environment **ret_environment,
                             bt_fault *fault) {
    const bt_environment *own = caller->environment;
    bool bound = !caller->administrator && !caller->trusted;
    if (bound && !own) return bt_fail(fault, BT_ERR_INTERNAL, "environment: the caller has none");
    if (bound && name.size && !bt_bytes_equal(name, bt_bytes_text(own->name)))
        return bt_fail(fault, BT_ERR_FORBIDDEN,
                       "environment: the caller's key belongs to %s and acts in no other",
                       own->name);
    if (!name.size && !own) name = caller->listener_environment;
    if (!caller->administrator || name.size)
        return bt_ask_environment(environments, name, own, ret_environment, fault);
    *ret_environment = NULL;
    return BT_OK;
}

bool bt_caller_sees(const bt_caller *caller, uint8_t environment) {
    if (caller->administrator) return true;
    return !caller->trusted && caller->environment && caller->environment->id == environment;
}

const char *bt_caller_view(const bt_caller *caller) {
    return caller->administrator ? "this store" : "this environment";
}

bt_err bt_session_reached(const bt_session *session, uint64_t min_revision, bt_fault *fault) {
    return bt_ask_reached(session->snapshot, min_revision, fault);
}

bt_err bt_session_open(bt_service *service, bt_session *ret_session, bt_fault *fault) {
    *ret_session = (bt_session){.service = service};
    ret_session->counters = bt_counters_add(&service->counters);
    if (!ret_session->counters) return bt_fail(fault, BT_ERR_EXHAUSTED, "no memory for a thread");
    return bt_snapshot_open(service->store, &ret_session->snapshot, fault);
}

void bt_session_close(bt_session *session) {
    session->snapshot = bt_snapshot_close(session->snapshot);
}
