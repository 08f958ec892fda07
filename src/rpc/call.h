/* gRPC without a transport: what a method is, and what a call of one is to its handler. The transports
 * (grpc/ on c-core, h2/ on nghttp2) fill in a bt_call and hand it to bt_call_dispatch; handlers read bytes
 * and answer through the call, and never see a transport's type. */
#ifndef BT_RPC_CALL_H
#define BT_RPC_CALL_H

#include "base/arena.h"
#include "base/err.h"
#include "service/session.h"

typedef struct bt_call bt_call;
typedef struct bt_method bt_method;

enum {
    BT_METHOD_OPEN = 1u << 0,    /* needs no credential on any listener: health, reflection */
    BT_METHOD_TRUSTED = 1u << 1, /* served on trusted listeners; others are UNIMPLEMENTED there */
    /* Answers a bad credential and everything else inside an OK reply, because its client takes an RPC error for
     * an outage and may let the request through (ext_authz): the handler is called with call->refused set. */
    BT_METHOD_NEVER_FAILS = 1u << 2,
};

struct bt_method {
    const char *path; /* "/bitting.v1.CheckService/Validate" */
    unsigned flags;
    uint64_t need;      /* scopes that a caller on a guarded listener must hold */
    size_t request_max; /* bytes of a request message; larger is RESOURCE_EXHAUSTED */
    /* Called on a worker's thread with the whole request and a renewed snapshot. Ends in exactly one bt_call_reply
     * or bt_call_fail, now or later, from this thread or another; only until the handler returns may it use the
     * session's snapshot. */
    void (*handle)(bt_call *call);
};

/* What a listener lets in; lives as long as the server. */
typedef struct bt_listener_policy {
    bool trusted;
    char environment[BT_ENVIRONMENT_NAME_MAX + 1]; /* of questions that name none; empty: none. Trusted only */
} bt_listener_policy;

/* A transport's side of a call. Both copy what they are given, and may be called from any thread. */
typedef struct bt_call_transport {
    void (*reply)(bt_call *call, bt_bytes message);
    void (*fail)(bt_call *call, const bt_fault *fault);
} bt_call_transport;

struct bt_call {
    const bt_method *method;
    bt_session *session; /* of the thread that dispatches */
    const bt_listener_policy *listener;
    const bt_call_transport *transport;
    bt_bytes message;         /* the request; good until the call has ended */
    bt_bytes authorization;   /* value of the metadata `authorization`; empty where there is none */
    bool authorization_twice; /* more than one was sent: refused */
    int64_t deadline_ms;      /* BT_NEVER_MS where there is none */
    bt_arena arena;           /* of this call; good until it has ended */
    bt_caller caller;         /* set by dispatch */
    bt_fault refused;         /* BT_METHOD_NEVER_FAILS: why the caller is refused, or err 0 */
};

/* Renews the session's snapshot, authenticates the caller as listener and method ask, calls the handler, and
 * resets the snapshot. The transport has set all but caller and refused. */
void bt_call_dispatch(bt_call *call);

/* Ends the call with status OK. */
static inline void bt_call_reply(bt_call *call, bt_bytes message) {
    call->transport->reply(call, message);
}

/* Ends the call with the status of fault->err. */
static inline void bt_call_fail(bt_call *call, const bt_fault *fault) {
    call->transport->fail(call, fault);
}

/* The number of a gRPC status code, for an error. https://grpc.github.io/grpc/core/md_doc_statuscodes.html */
int bt_call_status(bt_err err);

/* Every unary method that the program serves, ended by a path of NULL. */
extern const bt_method bt_methods[];

#endif
