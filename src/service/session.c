#include "service/session.h"

#include <inttypes.h>
#include <stdio.h>

#include "service/text.h"

/* One text for all: who tries credentials learns nothing from it. */
static bt_err reject_credential(bt_fault *fault) {
    return bt_fail(
        fault, BT_ERR_UNAUTHENTICATED,
        "authorization: must be `Bearer <token>` with the token of a backend key that is "
        "good in this store");
}

bt_err bt_caller_judge(const bt_verdict *verdict, const bt_catalogue *catalogue, bt_fault *fault) {
    if (verdict->reason == BT_REASON_ALLOWED) return BT_OK;
    if (verdict->reason != BT_REASON_MISSING_SCOPE) return reject_credential(fault);
    const bt_scope *scope = &catalogue->scopes[bt_mask_lowest(verdict->missing)];
    return bt_fail(fault, BT_ERR_FORBIDDEN,
                   "authorization: the caller's key lacks the scope %s, which this call needs",
                   scope->name);
}

bt_err bt_caller_authenticate(bt_session *session, bt_bytes credential, uint64_t need,
                              bt_caller *ret_caller, bt_fault *fault) {
    bt_snapshot *snapshot = session->snapshot;
    const bt_environment *environment = bt_check_environment(snapshot, credential);
    if (!environment) return reject_credential(fault);
    bt_question question = {
        .needed = need, .accepted_kinds = 1u << BT_KIND_BACKEND, .now_ms = bt_clock_ms()};
    bt_answer answer;
    bt_err err = bt_check_token(snapshot, bt_store_pepper(session->service->store), credential,
                                environment, &question, &answer);
    if (err) return bt_fail(fault, err, "authorization: the caller's key cannot be looked up now");
    BT_TRY(bt_caller_judge(&answer.verdict, bt_snapshot_catalogue(snapshot), fault));
    *ret_caller = (bt_caller){.environment = environment,
                              .held = answer.verdict.held,
                              .full_access = answer.record->flags & BT_RECORD_FULL_ACCESS,
                              .key_id = answer.record->key_id,
                              .slot = answer.slot};
    return BT_OK;
}

static bt_err unknown_environment(const bt_environments *environments, bt_bytes name,
                                  bt_fault *fault) {
    char known[256] = "none";
    size_t used = 0;
    for (size_t i = 0; i < environments->count && used < sizeof known; i++)
        used += (size_t)snprintf(known + used, sizeof known - used, "%s%s", i ? ", " : "",
                                 environments->list[i].name);
    return bt_fail(fault, BT_ERR_INVALID, "environment: there is no \"%.*s\"; there are: %s",
                   BT_BYTES_ARG(bt_text_quote(name)), known);
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
    if (caller->trusted && !own && !name.size)
        return bt_fail(fault, BT_ERR_INVALID,
                       "environment: must be named, since this listener has none of its own");
    const bt_environment *named = name.size ? bt_environment_find(environments, name) : own;
    if (name.size && !named) return unknown_environment(environments, name, fault);
    *ret_environment = named;
    return BT_OK;
}

bool bt_caller_sees(const bt_caller *caller, uint8_t environment) {
    if (caller->administrator) return true;
    return !caller->trusted && caller->environment && caller->environment->id == environment;
}

bt_err bt_session_reached(const bt_session *session, uint64_t min_revision, bt_fault *fault) {
    uint64_t revision = bt_snapshot_head(session->snapshot)->revision;
    if (revision >= min_revision) return BT_OK;
    return bt_fail(fault, BT_ERR_UNAVAILABLE,
                   "min_revision: this store is at revision %" PRIu64
                   " and has not reached %" PRIu64,
                   revision, min_revision);
}
