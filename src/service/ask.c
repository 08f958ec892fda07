#include "service/ask.h"

#include "service/scope_names.h"
#include "service/text.h"

static bt_err read_client_ip(bt_bytes text, bt_address *ret_address, bt_fault *fault) {
    *ret_address = (bt_address){.family = BT_FAMILY_UNKNOWN};
    if (text.size == 0 || bt_address_parse(text, ret_address)) return BT_OK;
    return bt_fail(
        fault, BT_ERR_INVALID,
        "client_ip: \"%.*s\" is no IPv4 or IPv6 address, such as 192.0.2.1 or 2001:db8::1",
        BT_BYTES_ARG(bt_text_quote(text)));
}

static bt_err check_resource(bt_bytes text, bt_fault *fault) {
    if (text.size == 0 || bt_resource_ok(text)) return BT_OK;
    return bt_fail(
        fault, BT_ERR_INVALID,
        "resource: \"%.*s\" is not type:name in at most %u printable characters, such as "
        "project:42",
        BT_BYTES_ARG(bt_text_quote(text)), BT_RESOURCE_MAX);
}

static bt_err check_kinds(uint64_t kinds, bt_fault *fault) {
    const uint64_t known = (UINT64_C(2) << BT_KIND_LAST) - (UINT64_C(1) << BT_KIND_BACKEND);
    if (!(kinds & ~known)) return BT_OK;
    return bt_fail(fault, BT_ERR_INVALID, "accepted_kinds: has a value that is no kind of key");
}

/* The administrator names an environment or asks about the token's own. The token of none gets its
 * denial in whichever there is. */
static const bt_environment *environment_of_token(const bt_session *session, bt_bytes token) {
    const bt_environment *own = bt_check_environment(session->snapshot, token);
    const bt_environments *all = bt_snapshot_environments(session->snapshot);
    return own || all->count == 0 ? own : &all->list[0];
}

static bt_err prepare(bt_session *session, const bt_caller *caller, const bt_ask *ask,
                      int64_t now_ms, bt_asked *asked, bt_fault *fault) {
    const bt_environments *all = bt_snapshot_environments(session->snapshot);
    const bt_environment *environment = NULL;
    BT_TRY(bt_caller_environment(caller, all, ask->environment, &environment, fault));
    if (!environment) environment = environment_of_token(session, ask->token);
    if (!environment) return bt_fail(fault, BT_ERR_INVALID, "environment: this store has none");
    BT_TRY(check_kinds(ask->accepted_kinds, fault));
    *asked = (bt_asked){.token = ask->token, .environment = environment};
    asked->question.accepted_kinds = (uint32_t)ask->accepted_kinds;
    asked->question.now_ms = now_ms;
    BT_TRY(read_client_ip(ask->client_ip, &asked->question.client, fault));
    return bt_session_reached(session, ask->min_revision, fault);
}

bt_err bt_ask_prepare(bt_session *session, const bt_caller *caller, const bt_ask_scope *ask,
                      int64_t now_ms, bt_asked *ret_asked, bt_fault *fault) {
    const bt_catalogue *catalogue = bt_snapshot_catalogue(session->snapshot);
    bt_asked asked;
    uint64_t named = 0;
    BT_TRY(prepare(session, caller, &ask->ask, now_ms, &asked, fault));
    BT_TRY(bt_scope_names_resolve(catalogue, ask->scopes, ask->scopes_count, &named, fault));
    BT_TRY(bt_scope_mask_check(ask->scope_mask, fault));
    BT_TRY(check_resource(ask->resource, fault));
    asked.question.resource = ask->resource;
    asked.question.needed = named | ask->scope_mask;
    asked.question.any = ask->match == BT_MATCH_ANY;
    if (!asked.question.needed)
        return bt_fail(fault, BT_ERR_INVALID,
                       "scopes: must name at least one scope, or scope_mask have a bit");
    *ret_asked = asked;
    return BT_OK;
}

bt_err bt_ask_answer(bt_session *session, const bt_asked *asked, bt_answer *ret_answer,
                     bt_fault *fault) {
    bt_err err = bt_check_token(session->snapshot, bt_store_pepper(session->service->store),
                                asked->token, asked->environment, &asked->question, ret_answer);
    if (!err) return BT_OK;
    return bt_fail(
        fault, err,
        err == BT_ERR_UNAVAILABLE
            ? "token: this key has limits that this program cannot judge; nothing is decided"
            : "token: the store's row of this key is damaged; nothing is decided");
}

bt_err bt_ask_validate(bt_session *session, const bt_caller *caller, const bt_ask *ask,
                       bt_answer *ret_answer, bt_fault *fault) {
    bt_asked asked;
    BT_TRY(prepare(session, caller, ask, bt_clock_ms(), &asked, fault));
    return bt_ask_answer(session, &asked, ret_answer, fault);
}

bt_err bt_ask_check_scope(bt_session *session, const bt_caller *caller, const bt_ask_scope *ask,
                          bt_answer *ret_answer, bt_fault *fault) {
    bt_asked asked;
    BT_TRY(bt_ask_prepare(session, caller, ask, bt_clock_ms(), &asked, fault));
    return bt_ask_answer(session, &asked, ret_answer, fault);
}
