#include "check/ask.h"
#include "library/answer.h"
#include "library/handle.h"
#include "library/sized.h"

static_assert(BITTING_SCOPES_MAX == BT_ASK_SCOPES_MAX, "limit of scopes");

/* One call, from its question to its answer. */
typedef struct call {
    const bitting *handle;
    bt_snapshot *snapshot;
    bitting_question question;
    bt_asked asked;
    bt_answer answer;
    bt_fault fault;
} call;

static bt_ask ask_of(const bitting_question *question) {
    return (bt_ask){.token = bt_bytes_of(question->token, question->token_size),
                    .environment = bt_bytes_text(question->environment),
                    .client_ip = bt_bytes_text(question->client_ip),
                    .accepted_kinds = question->accepted_kinds,
                    .min_revision = question->min_revision};
}

/* NULL is a good name: there is none. */
static bt_err find_environment(call *self, const bt_ask *ask,
                               const bt_environment **ret_environment) {
    const bt_environments *all = bt_snapshot_environments(self->snapshot);
    const bt_environment *own = NULL;
    if (!ask->environment.size && self->handle->environment[0])
        own = bt_environment_find(all, bt_bytes_text(self->handle->environment));
    return bt_ask_environment(all, ask->environment, own, ret_environment, &self->fault);
}

static bt_err check_names(const char *const *names, size_t count, const char *field,
                          bt_fault *fault) {
    if (count > BITTING_SCOPES_MAX)
        return bt_fail(fault, BT_ERR_INVALID, "%s: there are %zu; at most %d are allowed", field,
                       count, BITTING_SCOPES_MAX);
    if (count && !names)
        return bt_fail(fault, BT_ERR_INVALID, "%s: is NULL, and its count is not 0", field);
    return BT_OK;
}

static bt_err check_pointers(call *self) {
    const bitting_question *question = &self->question;
    if (question->token_size && !question->token)
        return bt_fail(&self->fault, BT_ERR_INVALID, "token: is NULL, and token_size is not 0");
    BT_TRY(check_names(question->scopes, question->scopes_count, "scopes", &self->fault));
    return check_names(question->requested, question->requested_count, "requested", &self->fault);
}

static void copy_names(const char *const *names, size_t count, bt_bytes *ret_names) {
    for (size_t i = 0; i < count; i++) ret_names[i] = bt_bytes_text(names[i]);
}

static bt_err prepare_scopes(call *self) {
    const bitting_question *question = &self->question;
    const bt_environment *environment;
    bt_ask_scope ask;
    memset(&ask, 0, BT_ASK_SCOPE_HEAD);
    ask.ask = ask_of(question);
    ask.scope_mask = question->scope_mask;
    ask.match = question->any ? BT_MATCH_ANY : BT_MATCH_ALL;
    ask.has_requested = question->has_requested;
    ask.requested_mask = question->requested_mask;
    ask.resource = bt_bytes_text(question->resource);
    ask.scopes_count = question->scopes_count;
    ask.requested_count = question->requested_count;
    copy_names(question->scopes, question->scopes_count, ask.scopes);
    copy_names(question->requested, question->requested_count, ask.requested);
    BT_TRY(find_environment(self, &ask.ask, &environment));
    return bt_ask_scopes(self->snapshot, environment, &ask, bt_clock_ms(), &self->asked,
                         &self->fault);
}

static bt_err prepare_key(call *self) {
    const bitting_question *question = &self->question;
    const bt_environment *environment;
    bt_ask ask = ask_of(question);
    if (question->scopes_count || question->scope_mask || question->any ||
        question->has_requested || question->requested_count || question->requested_mask ||
        (question->resource && question->resource[0]))
        return bt_fail(&self->fault, BT_ERR_INVALID,
                       "question: has scopes or a resource, which are for bt_check");
    BT_TRY(find_environment(self, &ask, &environment));
    return bt_ask_key(self->snapshot, environment, &ask, bt_clock_ms(), &self->asked, &self->fault);
}

/* Until something was decided, nothing is allowed. */
static bt_err begin_answer(bitting_answer *answer, bt_fault *fault) {
    static const bitting_answer none = BITTING_ANSWER_INIT;
    if (answer) answer->allowed = false;
    BT_TRY(bt_sized_check(answer, sizeof none, "ret_answer", fault));
    bt_sized_write(&none, sizeof none, answer);
    return BT_OK;
}

typedef bt_err prepare_call(call *self);

static bt_err begin_call(call *self, const bitting *handle, const bitting_question *question,
                         bitting_answer *answer, bitting_key *key) {
    BT_TRY(begin_answer(answer, &self->fault));
    if (key) BT_TRY(bt_answer_no_key(key, &self->fault));
    if (!handle) return bt_fail(&self->fault, BT_ERR_INVALID, "handle: must not be NULL");
    self->handle = handle;
    BT_TRY(bt_sized_read(question, sizeof self->question, &self->question, sizeof self->question,
                         "question", &self->fault));
    return check_pointers(self);
}

static bt_err decide(call *self, prepare_call *prepare, bitting_key *key) {
    BT_TRY(prepare(self));
    BT_TRY(bt_ask_decide(self->snapshot, bt_store_pepper(self->handle->store), &self->asked,
                         &self->answer, &self->fault));
    if (!key || self->answer.verdict.reason != BT_REASON_ALLOWED) return BT_OK;
    return bt_answer_write_key(self->snapshot, &self->answer, self->asked.environment, key,
                               &self->fault);
}

static bitting_err run(bitting *handle, const bitting_question *question, bitting_answer *answer,
                       bitting_key *key, prepare_call *prepare, char *message) {
    call self;
    bt_err err = begin_call(&self, handle, question, answer, key);
    if (err) return bt_public_err(err, &self.fault, message);
    bitting_err begun = bt_handle_begin(handle, &self.snapshot, message);
    if (begun) return begun;
    err = decide(&self, prepare, key);
    if (!err) bt_answer_write(&self.answer, answer);
    bt_pool_put(handle->pool, self.snapshot);
    return err ? bt_public_err(err, &self.fault, message) : BITTING_OK;
}

bitting_err bt_check(bitting *handle, const bitting_question *question, bitting_answer *ret_answer,
                     char *message) {
    return run(handle, question, ret_answer, NULL, prepare_scopes, message);
}

bitting_err bt_validate(bitting *handle, const bitting_question *question,
                        bitting_answer *ret_answer, bitting_key *ret_key, char *message) {
    return run(handle, question, ret_answer, ret_key, prepare_key, message);
}
