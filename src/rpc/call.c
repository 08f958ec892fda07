#include "rpc/call.h"

static bt_err admit_trusted(bt_call *call, bt_fault *fault) {
    if (!(call->method->flags & BT_METHOD_TRUSTED))
        return bt_fail(fault, BT_ERR_UNIMPLEMENTED,
                       "%s is not served on a trusted listener; use a guarded one",
                       call->method->path);
    const bt_environments *environments = bt_snapshot_environments(call->session->snapshot);
    bt_bytes name = bt_bytes_text(call->listener->environment);
    call->caller.trusted = true;
    call->caller.environment = name.size ? bt_environment_find(environments, name) : NULL;
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
    if (bt_snapshot_renew(call->session->snapshot))
        return bt_fail(fault, BT_ERR_UNAVAILABLE, "the store cannot be read now");
    return call->listener->trusted ? admit_trusted(call, fault) : admit_guarded(call, fault);
}

bt_err bt_call_check_size(const bt_method *method, size_t size, bt_fault *fault) {
    if (size <= method->request_max) return BT_OK;
    return bt_fail(fault, BT_ERR_EXHAUSTED, "request: has %zu bytes, at most %zu are allowed", size,
                   method->request_max);
}

/* The call may be gone once its handler has answered, so nothing of it is used after that. */
static void handle_or_fail(bt_call *call, const bt_fault *fault) {
    if (!fault->err || call->method->flags & BT_METHOD_NEVER_FAILS) {
        call->refused = *fault;
        call->method->handle(call);
    } else {
        bt_call_fail(call, fault);
    }
}

void bt_call_dispatch(bt_call *call) {
    bt_fault fault = {0};
    call->caller = (bt_caller){0};
    call->user = NULL;
    bt_err err = bt_call_check_size(call->method, call->message.size, &fault);
    if (call->method->flags & BT_METHOD_OPEN) {
        handle_or_fail(call, &fault);
        return;
    }
    bt_session *session = call->session;
    if (!err) admit(call, &fault);
    handle_or_fail(call, &fault);
    bt_snapshot_reset(session->snapshot);
}
