/* What a thread needs to serve questions: the program's shared parts, and a snapshot of its own. And
 * on whose behalf it does so. */
#ifndef BT_SERVICE_SESSION_H
#define BT_SERVICE_SESSION_H

#include "check/check.h"
#include "service/counters.h"
#include "store/writer.h"

/* One a process; lives as long as any thread serves. */
typedef struct bt_service {
    bt_store *store;
    bt_writer *writer; /* NULL in command-line programs: changes are then applied by the caller */
    struct bt_gate *gate; /* of the room gate, for the doors of proxies; NULL: its defaults */
    bt_counters_list counters;
} bt_service;

/* One a thread. */
typedef struct bt_session {
    bt_service *service;
    bt_snapshot *snapshot;
    struct bt_gate_view *gate_view; /* NULL at first; the gate's from then on */
    bt_counters *counters;          /* NULL: nothing is counted */
} bt_session;

/* For a thread that serves: opens a snapshot, and counts. ret_session must not be moved. */
bt_err bt_session_open(bt_service *service, bt_session *ret_session, bt_fault *fault);
/* Takes one that is zero. What was counted stays with the service. */
void bt_session_close(bt_session *session);

/* On whose behalf a request is made. Made by bt_caller_authenticate from a credential, or for a
 * trusted listener or the command line without one. Views point into the snapshot. */
typedef struct bt_caller {
    bool administrator;                /* the command line on the store: may do everything */
    bool trusted;                      /* a trusted listener: may ask, and nothing else */
    const bt_environment *environment; /* of the caller's key, or the listener's; NULL: none */
    bt_bytes
        listener_environment; /* its name, where the listener has one; perhaps of none that there is */
    uint64_t held;            /* scopes of the caller's key */
    bool full_access;
    bt_key_id key_id;
    uint64_t slot;      /* the row's key of the caller's record */
    bt_address address; /* where it calls from, for a key that is bound to networks */
} bt_caller;

/* The command line on the store. */
static inline bt_caller bt_caller_administrator(void) {
    return (bt_caller){.administrator = true};
}

/* A trusted listener's, with the name of its environment; empty: it has none. */
bt_caller bt_caller_trusted(const bt_environments *environments, bt_bytes environment);

/* Who is at the other end of a connection. Asked only for a key that is bound to networks, since most are not and it
 * may take a while. Leaves the address alone where it has none (a unix socket). */
typedef struct bt_peer {
    void (*find)(const void *context, bt_address *address);
    const void *context;
} bt_peer;

/* The caller of a guarded listener: the credential must be a good backend key, and hold all of
 * need. peer: NULL where nobody knows. A key that is bound to resources is no credential here.
 * BT_ERR_UNAUTHENTICATED, with one text for all that can be wrong with a credential;
 * BT_ERR_FORBIDDEN, which names the scope. The snapshot must be renewed. */
bt_err bt_caller_authenticate(bt_session *session, bt_bytes credential, uint64_t need,
                              const bt_peer *peer, bt_caller *ret_caller, bt_fault *fault);

/* BT_ERR_UNAUTHENTICATED, in the words for every bad credential: who tries them learns nothing. */
bt_err bt_caller_reject(bt_fault *fault);

/* What became of a caller's credential, as an error: for those who look again, later. */
bt_err bt_caller_judge(const bt_verdict *verdict, const bt_catalogue *catalogue, bt_fault *fault);

/* The environment that a request acts in. name is the request's field `environment`, perhaps empty.
 * BT_ERR_FORBIDDEN where the caller has a key and names another environment than that key's,
 * whether there is one or not; BT_ERR_INVALID where the others name one that does not exist, or none
 * where none is understood. The administrator, who has no environment of their own, gets NULL for
 * an empty name, which is every environment. */
bt_err bt_caller_environment(const bt_caller *caller, const bt_environments *environments,
                             bt_bytes name, const bt_environment **ret_environment,
                             bt_fault *fault);

/* Whether the caller may see and change keys of an environment, by its number. */
bool bt_caller_sees(const bt_caller *caller, uint8_t environment);

/* Where the caller looks: "this store" or "this environment". */
const char *bt_caller_view(const bt_caller *caller);

/* BT_ERR_UNAVAILABLE where the snapshot is older than a question accepts. */
bt_err bt_session_reached(const bt_session *session, uint64_t min_revision, bt_fault *fault);

#endif
