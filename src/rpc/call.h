/* gRPC without a transport: what a method is, and what a call of one is to its handler. The
 * transports (grpc/ on c-core, h2/ on nghttp2) fill in a bt_call and hand it to bt_call_dispatch;
 * handlers read bytes and answer through the call, and never see a transport's type. */
#ifndef BT_RPC_CALL_H
#define BT_RPC_CALL_H

#include "base/arena.h"
#include "base/err.h"
#include "service/ask.h"
#include "service/session.h"

typedef struct bt_call bt_call;
typedef struct bt_method bt_method;

enum {
    BT_METHOD_OPEN = 1u << 0,    /* needs no credential on any listener: health, reflection */
    BT_METHOD_TRUSTED = 1u << 1, /* served on trusted listeners; others are UNIMPLEMENTED there */
    /* Answers a bad credential and everything else inside an OK reply, because its client takes an
     * RPC error for an outage and may let the request through (ext_authz): the handler is called
     * with call->refused set. */
    BT_METHOD_NEVER_FAILS = 1u << 2,
    /* The shape of a call, where it is not one request and one answer. A transport that lacks a
     * shape answers UNIMPLEMENTED; every transport has the first. */
    BT_METHOD_WATCH = 1u << 3,    /* one request, any number of answers (Health.Watch) */
    BT_METHOD_DIALOGUE = 1u << 4, /* each request is answered before the next is read */
};

#define BT_METHOD_STREAM (BT_METHOD_WATCH | BT_METHOD_DIALOGUE)

struct bt_method {
    const char *path; /* "/bitting.v1.CheckService/Validate" */
    unsigned flags;
    uint64_t need;      /* scopes that a caller on a guarded listener must hold */
    size_t request_max; /* bytes of a request message; larger is RESOURCE_EXHAUSTED */
    /* Called on a worker's thread with the whole request and a renewed snapshot (none with
     * BT_METHOD_OPEN). Ends in exactly one bt_call_reply or bt_call_fail, now or later, from this
     * thread or another; only until the handler returns may it use the session's snapshot.
     *
     * WATCH: bt_call_send any number of times, then perhaps bt_call_fail; never bt_call_reply.
     *
     * DIALOGUE: called for each request, and answers each with one bt_call_send or bt_call_fail.
     * The transport ends the call with OK when the client's last request has been answered. */
    void (*handle)(bt_call *call);
    /* BT_METHOD_NEVER_FAILS: the reply to a call that a transport has no room for, instead of RESOURCE_EXHAUSTED. */
    bt_bytes overload;
    /* May be NULL. Called before handle, in the same renewal, for who asks one question about a key: reads the
     * request and sets call->asked, in the arena, so that the look-ups of many calls can be made together.
     * False: it has ended the call, and handle is not called. Not with BT_METHOD_OPEN. */
    bool (*prepare)(bt_call *call);
    /* Bytes of the call's arena; 0: BT_CALL_ARENA. At most BT_CALL_ARENA_MAX, of which few are in
     * use at a time: a call that finds none is RESOURCE_EXHAUSTED. */
    size_t arena_size;
    /* WATCH, may be NULL: the last that is heard of a dispatched call, once, whoever ended it; the
     * call is gone when this returns. `user` is NULL where the handler was not called. Never from
     * inside bt_call_send or bt_call_fail, so a lock may be held around those and taken here. */
    void (*ended)(bt_call *call);
};

#define BT_CALL_ARENA ((size_t)16 << 10)
#define BT_CALL_ARENA_MAX ((size_t)2 << 20)

/* What a listener lets in; lives as long as the server. */
typedef struct bt_listener_policy {
    bool trusted;
    /* Of questions that name none, on a trusted listener; empty: none. */
    char environment[BT_ENVIRONMENT_NAME_MAX + 1];
} bt_listener_policy;

/* A transport's side of a call. All copy what they are given, may be called from any thread, never
 * wait, and do nothing where the client has gone. */
typedef struct bt_call_transport {
    void (*reply)(bt_call *call, bt_bytes message);
    void (*fail)(bt_call *call, const bt_fault *fault);
    /* A transport keeps one unsent message a call: where the client does not read, a newer message
     * takes the place of the one that waits (who watches wants the last state), so memory is
     * bounded. */
    void (*send)(bt_call *call, bt_bytes message);
    /* The address of the client, left alone where it has none. NULL: this transport cannot tell. */
    void (*peer)(const bt_call *call, bt_address *address);
    /* What is answered within bt_call_dispatch_many goes out after it, never before. */
    bool gathers;
} bt_call_transport;

typedef struct bt_health bt_health; /* rpc/health.h */

struct bt_call {
    const bt_method *method;
    bt_session *session; /* of the thread that dispatches */
    const bt_listener_policy *listener;
    const bt_call_transport *transport;
    bt_health *health; /* the program's, shared by its transports */
    void *user; /* the handler's, for what a WATCH keeps, or prepare leaves for it; else NULL */
    bt_asked *asked;  /* set by prepare */
    bt_bytes message; /* the request; good until the call has ended (DIALOGUE: until answered) */
    bt_bytes authorization;   /* value of the metadata `authorization`; empty where there is none */
    bool authorization_twice; /* more than one was sent: refused */
    int64_t deadline_ms;      /* BT_NEVER_MS where there is none */
    bt_arena arena;           /* good as long as message */
    int64_t began_ns;         /* set by dispatch, where calls are counted */
    int64_t now_ms;           /* set by dispatch: the time that the call is decided at */
    bt_caller caller;         /* set by dispatch */
    bt_fault refused;         /* BT_METHOD_NEVER_FAILS: why the caller is refused, or err 0 */
};

/* Renews the session's snapshot, authenticates the caller as listener and method ask, calls the
 * handler, and resets the snapshot; BT_METHOD_OPEN needs neither store nor caller, and gets
 * neither. The transport has set all but caller, refused and user. */
void bt_call_dispatch(bt_call *call);

/* The same for calls that have all come by now, of one session, in one renewal: their look-ups wait for memory
 * together. At most BT_CALLS_TOGETHER. */
#define BT_CALLS_TOGETHER BT_ASKED_TOGETHER
void bt_call_dispatch_many(bt_call *const *calls, size_t count);

/* Whether a request of so many bytes is taken. BT_ERR_EXHAUSTED. */
bt_err bt_call_check_size(const bt_method *method, size_t size, bt_fault *fault);

/* Ends the call with status OK. */
void bt_call_reply(bt_call *call, bt_bytes message);

/* Ends the call with the status of fault->err. */
void bt_call_fail(bt_call *call, const bt_fault *fault);

/* Sends one message of a stream; the call stays open. */
static inline void bt_call_send(bt_call *call, bt_bytes message) {
    call->transport->send(call, message);
}

/* The number of a gRPC status code, for an error.
 * https://grpc.github.io/grpc/core/md_doc_statuscodes.html */
int bt_call_status(bt_err err);
/* The reverse, for clients. BT_ERR_INTERNAL for those that have no error of their own. */
bt_err bt_call_error(int status);

/* Every method that the program serves, ended by a path of NULL. Written with designated
 * initializers, in the room methods. */
extern const bt_method bt_methods[];

#endif
