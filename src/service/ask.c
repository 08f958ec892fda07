#include "service/ask.h"

#define RATE_LIMITED "token: this key has a rate limit, and this program does not count"

/* The administrator names an environment or asks about the token's own. The token of none gets its
 * denial in whichever there is. */
static const bt_environment *environment_of_token(const bt_session *session, bt_bytes token) {
    const bt_environment *own = bt_check_environment(session->snapshot, token);
    const bt_environments *all = bt_snapshot_environments(session->snapshot);
    return own || all->count == 0 ? own : &all->list[0];
}

static bt_err find_environment(bt_session *session, const bt_caller *caller, const bt_ask *ask,
                               const bt_environment **ret_environment, bt_fault *fault) {
    const bt_environments *all = bt_snapshot_environments(session->snapshot);
    const bt_environment *environment = NULL;
    BT_TRY(bt_caller_environment(caller, all, ask->environment, &environment, fault));
    if (!environment) environment = environment_of_token(session, ask->token);
    if (!environment) return bt_fail(fault, BT_ERR_INVALID, "environment: this store has none");
    *ret_environment = environment;
    return BT_OK;
}

bt_err bt_ask_prepare(bt_session *session, const bt_caller *caller, const bt_ask_scope *ask,
                      int64_t now_ms, bt_asked *ret_asked, bt_fault *fault) {
    const bt_environment *environment;
    BT_TRY(find_environment(session, caller, &ask->ask, &environment, fault));
    return bt_ask_scopes(session->snapshot, environment, ask, now_ms, ret_asked, fault);
}

bt_err bt_ask_prepare_key(bt_session *session, const bt_caller *caller, const bt_ask *ask,
                          int64_t now_ms, bt_asked *ret_asked, bt_fault *fault) {
    const bt_environment *environment;
    BT_TRY(find_environment(session, caller, ask, &environment, fault));
    return bt_ask_key(session->snapshot, environment, ask, now_ms, ret_asked, fault);
}

void bt_ask_seek(const bt_session *session, bt_asked *const *asked, size_t count) {
    bt_asked_seek(session->snapshot, bt_store_pepper(session->service->store), asked, count);
}

bt_err bt_ask_answer(bt_session *session, const bt_asked *asked, bt_answer *ret_answer,
                     bt_fault *fault) {
    bt_err err = bt_ask_decide(session->snapshot, bt_store_pepper(session->service->store), asked,
                               ret_answer, fault);
    if (!err) bt_count_decision(session->counters, ret_answer->verdict.reason);
    /* Nobody counts yet. */
    return err == BT_ERR_UNIMPLEMENTED ? bt_fail(fault, BT_ERR_UNAVAILABLE, "%s", RATE_LIMITED)
                                       : err;
}

bt_err bt_ask_validate(bt_session *session, const bt_caller *caller, const bt_ask *ask,
                       bt_answer *ret_answer, bt_fault *fault) {
    bt_asked asked;
    BT_TRY(bt_ask_prepare_key(session, caller, ask, bt_clock_ms(), &asked, fault));
    return bt_ask_answer(session, &asked, ret_answer, fault);
}

bt_err bt_ask_check_scope(bt_session *session, const bt_caller *caller, const bt_ask_scope *ask,
                          bt_answer *ret_answer, bt_fault *fault) {
    bt_asked asked;
    BT_TRY(bt_ask_prepare(session, caller, ask, bt_clock_ms(), &asked, fault));
    return bt_ask_answer(session, &asked, ret_answer, fault);
}
