#include "check/ask.h"

#include <inttypes.h>
#include <stdio.h>

#include "check/quote.h"
#include "check/scope_names.h"

static bt_err unknown_environment(const bt_environments *environments, bt_bytes name,
                                  bt_fault *fault) {
    char known[256] = "none";
    size_t used = 0;
    for (size_t i = 0; i < environments->count && used < sizeof known; i++)
        used += (size_t)snprintf(known + used, sizeof known - used, "%s%s", i ? ", " : "",
                                 environments->list[i].name);
    return bt_fail(fault, BT_ERR_INVALID, "environment: there is no \"%s\"; there are: %s",
                   bt_text_quote(name).text, known);
}

bt_err bt_ask_environment(const bt_environments *environments, bt_bytes name,
                          const bt_environment *own, const bt_environment **ret_environment,
                          bt_fault *fault) {
    if (!name.size && !own)
        return bt_fail(fault, BT_ERR_INVALID,
                       "environment: must be named, since there is no default for it here");
    const bt_environment *named = name.size ? bt_environment_find(environments, name) : own;
    if (!named) return unknown_environment(environments, name, fault);
    *ret_environment = named;
    return BT_OK;
}

bt_err bt_ask_reached(const bt_snapshot *snapshot, uint64_t min_revision, bt_fault *fault) {
    uint64_t revision = bt_snapshot_head(snapshot)->revision;
    if (revision >= min_revision) return BT_OK;
    return bt_fail(fault, BT_ERR_UNAVAILABLE,
                   "min_revision: this store is at revision %" PRIu64
                   " and has not reached %" PRIu64,
                   revision, min_revision);
}

static bt_err read_client_ip(bt_bytes text, bt_address *ret_address, bt_fault *fault) {
    *ret_address = (bt_address){.family = BT_FAMILY_UNKNOWN};
    if (text.size == 0 || bt_address_parse(text, ret_address)) return BT_OK;
    return bt_fail(fault, BT_ERR_INVALID,
                   "client_ip: \"%s\" is no IPv4 or IPv6 address, such as 192.0.2.1 or 2001:db8::1",
                   bt_text_quote(text).text);
}

static bt_err check_resource(bt_bytes text, bt_fault *fault) {
    if (text.size == 0 || bt_resource_ok(text)) return BT_OK;
    return bt_fail(fault, BT_ERR_INVALID,
                   "resource: \"%s\" is not type:name in at most %u printable characters, the type "
                   "in lower case, such as project:42",
                   bt_text_quote(text).text, BT_RESOURCE_MAX);
}

static bt_err check_kinds(uint64_t kinds, bt_fault *fault) {
    const uint64_t known = (UINT64_C(2) << BT_KIND_LAST) - (UINT64_C(1) << BT_KIND_BACKEND);
    if (!(kinds & ~known)) return BT_OK;
    return bt_fail(fault, BT_ERR_INVALID, "accepted_kinds: has a value that is no kind of key");
}

bt_err bt_ask_key(const bt_snapshot *snapshot, const bt_environment *environment, const bt_ask *ask,
                  int64_t now_ms, bt_asked *ret_asked, bt_fault *fault) {
    bt_asked asked = {.token = ask->token, .environment = environment};
    BT_TRY(check_kinds(ask->accepted_kinds, fault));
    asked.question.accepted_kinds = (uint32_t)ask->accepted_kinds;
    asked.question.now_ms = now_ms;
    BT_TRY(read_client_ip(ask->client_ip, &asked.question.client, fault));
    BT_TRY(bt_ask_reached(snapshot, ask->min_revision, fault));
    *ret_asked = asked;
    return BT_OK;
}

static bt_err read_requested(const bt_catalogue *catalogue, const bt_ask_scope *ask,
                             bt_question *question, bt_fault *fault) {
    uint64_t named = 0;
    bt_fault inner;
    bt_err err =
        bt_scope_names_resolve(catalogue, ask->requested, ask->requested_count, &named, &inner);
    if (!err) err = bt_scope_mask_check(ask->requested_mask, &inner);
    if (err) return bt_fail(fault, err, "requested_%s", inner.text);
    question->requested = named | ask->requested_mask;
    question->has_requested = ask->has_requested || question->requested;
    return BT_OK;
}

bt_err bt_ask_scopes(const bt_snapshot *snapshot, const bt_environment *environment,
                     const bt_ask_scope *ask, int64_t now_ms, bt_asked *ret_asked,
                     bt_fault *fault) {
    const bt_catalogue *catalogue = bt_snapshot_catalogue(snapshot);
    bt_asked asked;
    uint64_t named = 0;
    BT_TRY(bt_ask_key(snapshot, environment, &ask->ask, now_ms, &asked, fault));
    BT_TRY(bt_scope_names_resolve(catalogue, ask->scopes, ask->scopes_count, &named, fault));
    BT_TRY(bt_scope_mask_check(ask->scope_mask, fault));
    BT_TRY(check_resource(ask->resource, fault));
    asked.question.resource = ask->resource;
    asked.question.needed = named | ask->scope_mask;
    asked.question.any = ask->match == BT_MATCH_ANY;
    BT_TRY(read_requested(catalogue, ask, &asked.question, fault));
    if (!asked.question.needed)
        return bt_fail(fault, BT_ERR_INVALID,
                       "scopes: must name at least one scope, or scope_mask have a bit");
    *ret_asked = asked;
    return BT_OK;
}

static const char *undecided(bt_err err) {
    if (err == BT_ERR_UNIMPLEMENTED)
        return "token: this key has a rate limit, and who decides does not count; ask a server";
    if (err == BT_ERR_PRECONDITION)
        return "token: may be one that was imported, and the other system's pepper cannot be read "
               "here; nothing is decided";
    if (err == BT_ERR_UNAVAILABLE)
        return "token: this key has limits that this program cannot judge; nothing is decided";
    return "token: the store's row of this key is damaged; nothing is decided";
}

/* Questions of one environment, beginning with the first. Returns how many those are. */
static size_t digest_run(const bt_pepper *pepper, bt_asked *const *waiting, const bt_bytes *tokens,
                         size_t count) {
    bt_digest *digests[BT_ASKED_TOGETHER];
    const bt_environment *environment = waiting[0]->environment;
    size_t run = 0;
    while (run < count && waiting[run]->environment == environment) {
        digests[run] = &waiting[run]->sought.digest;
        run++;
    }
    bt_digest_tokens(pepper, bt_bytes_text(environment->name), tokens, run, digests);
    return run;
}

/* What is found is a look-up's hint: whether the record is that of the token is seen later. */
static void seek_details(bt_snapshot *snapshot, bt_asked *const *found, size_t count) {
    bt_sought *wanting[BT_ASKED_TOGETHER];
    const void *ids[BT_ASKED_TOGETHER];
    bt_bytes rows[BT_ASKED_TOGETHER];
    size_t wanted = 0;
    for (size_t i = 0; i < count; i++) {
        const bt_record *record = found[i]->describes ? bt_record_view(found[i]->sought.row) : NULL;
        if (!record) continue;
        ids[wanted] = &record->key_id;
        wanting[wanted++] = &found[i]->sought;
    }
    if (wanted) bt_snapshot_expect_details(snapshot, ids, wanted, rows);
    for (size_t i = 0; i < wanted; i++) wanting[i]->detail = rows[i];
}

static void seek_rows(bt_snapshot *snapshot, bt_asked *const *found, size_t count) {
    const void *slots[BT_ASKED_TOGETHER];
    bt_bytes rows[BT_ASKED_TOGETHER];
    for (size_t i = 0; i < count; i++) slots[i] = &found[i]->sought.slot;
    bt_snapshot_expect(snapshot, slots, count, rows);
    for (size_t i = 0; i < count; i++) found[i]->sought.row = rows[i];
    seek_details(snapshot, found, count);
}

void bt_asked_seek(bt_snapshot *snapshot, const bt_pepper *pepper, bt_asked *const *asked,
                   size_t count) {
    bt_asked *waiting[BT_ASKED_TOGETHER];
    bt_bytes tokens[BT_ASKED_TOGETHER];
    size_t found = 0;
    for (size_t i = 0; i < count; i++) {
        asked[i]->seeks = true;
        asked[i]->sought = bt_check_parse(snapshot, pepper, asked[i]->token, asked[i]->environment,
                                          &tokens[found]);
        if (tokens[found].size) waiting[found++] = asked[i];
    }
    for (size_t at = 0; at < found;)
        at += digest_run(pepper, waiting + at, tokens + at, found - at);
    for (size_t i = 0; i < found; i++)
        waiting[i]->sought.slot = bt_digest_slot(&waiting[i]->sought.digest);
    if (found > 1) seek_rows(snapshot, waiting, found);
}

bt_err bt_ask_decide(bt_snapshot *snapshot, const bt_pepper *pepper, const bt_asked *asked,
                     bt_answer *ret_answer, bt_fault *fault) {
    bt_sought sought = asked->seeks
                           ? asked->sought
                           : bt_check_seek(snapshot, pepper, asked->token, asked->environment);
    bt_err err =
        bt_check_sought(snapshot, &sought, asked->environment, &asked->question, ret_answer);
    return err ? bt_fail(fault, err, "%s", undecided(err)) : BT_OK;
}
