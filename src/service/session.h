/* What a thread needs to serve questions: the program's shared parts, and a snapshot of its own. */
#ifndef BT_SERVICE_SESSION_H
#define BT_SERVICE_SESSION_H

#include "check/check.h"
#include "store/writer.h"

/* One a process; lives as long as any thread serves. */
typedef struct bt_service {
    bt_store *store;
    bt_writer *writer; /* NULL in command-line programs: changes are then applied by the caller */
} bt_service;

/* One a thread. */
typedef struct bt_session {
    bt_service *service;
    bt_snapshot *snapshot;
} bt_session;

/* On whose behalf a request is made. Made by bt_caller_authenticate from a credential, or for a trusted
 * listener or the command line without one. Views point into the snapshot. */
typedef struct bt_caller {
    bool administrator;                /* the command line on the store: may do everything */
    bool trusted;                      /* a trusted listener: may ask, and nothing else */
    const bt_environment *environment; /* of the caller's key, or the listener's; NULL: none */
    uint64_t held;                     /* scopes of the caller's key */
    bool full_access;
    bt_key_id key_id;
} bt_caller;

/* The caller of a guarded listener: the credential must be a good backend key, and hold all of need.
 * BT_ERR_UNAUTHENTICATED, BT_ERR_FORBIDDEN (names the scope). The snapshot must be renewed. */
bt_err bt_caller_authenticate(bt_session *session, bt_bytes credential, uint64_t need,
                              bt_caller *ret_caller, bt_fault *fault);

#endif
