#include "rpc/call.h"

#include "base/clock.h"

/* Calls of one method that were dispatched together and have ended alike, and are not counted yet. */
typedef struct tally {
    bt_counters *counters;
    int64_t began_ns;
    const char *path;
    unsigned code;
    uint64_t calls;
} tally;

/* Of this thread; NULL: each call is counted by itself. */
static _Thread_local tally *together;

static void count_together(tally *calls) {
    if (calls->calls)
        bt_count_calls(calls->counters, calls->path, calls->code, calls->calls,
                       bt_clock_monotonic_ns() - calls->began_ns);
    calls->calls = 0;
}

static void add_to(tally *calls, const char *path, unsigned code) {
    if (calls->path != path || calls->code != code) count_together(calls);
    calls->path = path;
    calls->code = code;
    calls->calls++;
}

/* A call that watches lasts as long as its client likes, and says nothing about time. */
static void count(const bt_call *call, bt_err err) {
    const bt_method *method = call->method;
    unsigned code = (unsigned)bt_call_status(err);
    if (method->flags & BT_METHOD_STREAM) return;
    if (together)
        add_to(together, method->path, code);
    else
        bt_count_calls(call->session->counters, method->path, code, 1,
                       bt_clock_monotonic_ns() - call->began_ns);
}

/* Counted before it ends: then the call is gone. */
void bt_call_reply(bt_call *call, bt_bytes message) {
    if (call->session && call->session->counters) count(call, BT_OK);
    call->transport->reply(call, message);
}

void bt_call_fail(bt_call *call, const bt_fault *fault) {
    if (call->session && call->session->counters) count(call, fault->err);
    call->transport->fail(call, fault);
}

static bt_err admit_trusted(bt_call *call, bt_fault *fault) {
    if (!(call->method->flags & BT_METHOD_TRUSTED))
        return bt_fail(fault, BT_ERR_UNIMPLEMENTED,
                       "%s is not served on a trusted listener; use a guarded one",
                       call->method->path);
    const bt_environments *environments = bt_snapshot_environments(call->session->snapshot);
    call->caller = bt_caller_trusted(environments, bt_bytes_text(call->listener->environment));
    return BT_OK;
}

static void find_peer(const void *context, bt_address *address) {
    const bt_call *call = context;
    if (call->transport->peer) call->transport->peer(call, address);
}

static bt_err admit_guarded(bt_call *call, bt_fault *fault) {
    if (call->authorization_twice)
        return bt_fail(fault, BT_ERR_UNAUTHENTICATED, "authorization: sent more than once");
    const bt_peer peer = {.find = find_peer, .context = call};
    return bt_caller_authenticate(call->session, call->authorization, call->method->need, &peer,
                                  &call->caller, fault);
}

static bt_err admit(bt_call *call, bt_fault *fault) {
    return call->listener->trusted ? admit_trusted(call, fault) : admit_guarded(call, fault);
}

bt_err bt_call_check_size(const bt_method *method, size_t size, bt_fault *fault) {
    if (size <= method->request_max) return BT_OK;
    return bt_fail(fault, BT_ERR_EXHAUSTED, "request: has %zu bytes, at most %zu are allowed", size,
                   method->request_max);
}

/* False: the call has ended. */
static bool settle(bt_call *call, const bt_fault *fault) {
    if (fault->err && !(call->method->flags & BT_METHOD_NEVER_FAILS)) {
        bt_call_fail(call, fault);
        return false;
    }
    call->refused.err = fault->err;
    if (fault->err) call->refused = *fault;
    return fault->err || !call->method->prepare || call->method->prepare(call);
}

/* Whether handle is to be called. renewed: the error of it. */
static bool begin(bt_call *call, bt_err renewed) {
    bt_fault fault;
    fault.err = BT_OK;
    call->caller = (bt_caller){0};
    call->user = NULL;
    call->asked = NULL;
    if (bt_call_check_size(call->method, call->message.size, &fault) ||
        call->method->flags & BT_METHOD_OPEN)
        return settle(call, &fault);
    if (renewed)
        bt_fail(&fault, BT_ERR_UNAVAILABLE, "the store cannot be read now");
    else
        admit(call, &fault);
    return settle(call, &fault);
}

static bool needs_store(bt_call *const *calls, size_t count) {
    for (size_t i = 0; i < count; i++)
        if (!(calls[i]->method->flags & BT_METHOD_OPEN)) return true;
    return false;
}

static void seek(bt_call *const *calls, size_t count) {
    bt_asked *asked[BT_CALLS_TOGETHER];
    size_t asked_count = 0;
    for (size_t i = 0; i < count; i++)
        if (calls[i]->asked) asked[asked_count++] = calls[i]->asked;
    if (asked_count > 1) bt_ask_seek(calls[0]->session, asked, asked_count);
}

/* A call may be gone once it has ended, so nothing of it is used after that. */
static void dispatch(bt_call *const *calls, size_t calls_count, bt_err renewed) {
    bt_call *left[BT_CALLS_TOGETHER];
    size_t left_count = 0;
    for (size_t i = 0; i < calls_count; i++)
        if (begin(calls[i], renewed)) left[left_count++] = calls[i];
    seek(left, left_count);
    for (size_t i = 0; i < left_count; i++) left[i]->method->handle(left[i]);
}

void bt_call_dispatch_many(bt_call *const *calls, size_t calls_count) {
    bt_session *session = calls[0]->session;
    bt_counters *counters = session ? session->counters : NULL;
    bool store = needs_store(calls, calls_count);
    bt_err renewed = store ? bt_snapshot_renew(session->snapshot) : BT_OK;
    tally group = {.counters = counters, .began_ns = counters ? bt_clock_monotonic_ns() : 0};
    int64_t now_ms = bt_clock_ms();
    for (size_t i = 0; i < calls_count; i++) {
        calls[i]->began_ns = group.began_ns;
        calls[i]->now_ms = now_ms;
        if (!(calls[i]->method->flags & BT_METHOD_STREAM))
            bt_count_started(counters, calls[i]->method->path);
    }
    if (calls[0]->transport->gathers) together = &group;
    dispatch(calls, calls_count, renewed);
    together = NULL;
    count_together(&group);
    if (store) bt_snapshot_reset(session->snapshot);
}

void bt_call_dispatch(bt_call *call) {
    bt_call_dispatch_many(&call, 1);
}
