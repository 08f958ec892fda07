/* Inside of the gate; for the files of this room alone. */
#ifndef BT_GATE_PARTS_H
#define BT_GATE_PARTS_H

#include <pthread.h>

#include "gate/gate.h"

/* What one session keeps: its hold on the route table, and names. */
typedef struct bt_gate_view bt_gate_view;
struct bt_gate_view {
    bt_routes_view routes;
    bt_gate_scopes scopes;
    bt_gate_view *next;
};

struct bt_gate {
    bt_gate_options options;
    bt_routes *routes; /* NULL: no table */
    pthread_mutex_t lock;
    bt_gate_view *views; /* under the lock; each is used by its session's thread alone */
};

/* gate.c: the table as this session's snapshot sees it, NULL where there is none. BT_ERR_EXHAUSTED. */
bt_err bt_gate_table(bt_session *session, const bt_routes_view **ret_view);
/* NULL: the service has no gate, or there is no memory. */
bt_gate_view *bt_gate_view_of(bt_session *session);
/* The session's options; the defaults where the service has no gate. */
const bt_gate_options *bt_gate_options_of(const bt_session *session);

/* credential.c */
typedef struct bt_gate_credential {
    size_t found; /* how many the request has; with more than one nothing is looked up */
    bt_bytes value;
    bt_bytes parameter; /* of the query that it was in; empty: a header */
} bt_gate_credential;

void bt_gate_find_credential(const bt_gate_options *options, const bt_gate_request *request,
                             bt_gate_credential *ret_credential);

/* client.c: BT_FAMILY_UNKNOWN where it cannot be told. */
bt_address bt_gate_client(const bt_gate_options *options, const bt_gate_request *request);

/* need.c: what table and context ask of the key. */
typedef struct bt_gate_need {
    const char *ambiguous;                /* static text: deny without looking at a credential */
    const char *unmatched;                /* static text: deny whatever a good key holds */
    bool is_public;                       /* let in without a credential */
    uint64_t all;                         /* every one of these, */
    uint64_t any[BT_ROUTE_NEEDS_MAX + 1]; /* and one of each of these */
    size_t any_count;
    bt_bytes environment; /* empty: the listener's or the caller's */
    bt_bytes resource;    /* empty: none */
    uint8_t buffer[BT_RESOURCE_MAX];
} bt_gate_need;

/* BT_ERR_INVALID: table and context contradict each other, or the context is wrong. The need must not be moved. */
bt_err bt_gate_find_need(const bt_routes_view *table, const bt_catalogue *catalogue,
                         const bt_gate_request *request, bt_gate_need *ret_need, bt_fault *fault);

struct bt_gate_plan {
    bt_fault fault; /* err not 0: nothing can be decided */
    bt_gate_need need;
    bt_gate_credential credential; /* not looked for where the need is ambiguous or public */
    bool asks;                     /* asked is set */
    bt_asked asked;
    bt_err strays_err; /* of bt_gate_list_strays: nothing may be let in */
    bt_bytes *strays;
    size_t strays_count;
};

/* identity.c: fills in the key's id and kind; BT_ERR_EXHAUSTED. */
bt_err bt_gate_name_key(const bt_record *record, bt_arena *arena, bt_gate_decision *decision,
                        bt_fault *fault);
/* After that, what else is known of the key, and the headers. BT_ERR_EXHAUSTED, and errors of the store. */
bt_err bt_gate_identify(bt_session *session, const bt_answer *answer, bt_arena *arena,
                        bt_gate_decision *decision, bt_fault *fault);
/* Names of the request that upstream may read as one of the family, into the plan. BT_ERR_EXHAUSTED; BT_ERR_INVALID for
 * one that cannot be told to a proxy. */
bt_err bt_gate_list_strays(const bt_gate_request *request, bt_arena *arena, bt_gate_plan *plan);
/* What is removed: the whole family where it is not set, the strays, and the credential's. BT_ERR_EXHAUSTED, and
 * what listing the strays gave. */
bt_err bt_gate_list_removals(const bt_gate_options *options, const bt_gate_plan *plan,
                             bt_arena *arena, bt_gate_decision *decision);

/* denial.c: static texts, or texts in the arena. */
void bt_gate_deny(bt_gate_decision *decision, unsigned status, const char *kind, bt_bytes body);
void bt_gate_deny_credential(bt_gate_decision *decision);
void bt_gate_deny_scope(bt_gate_decision *decision, uint64_t missing, const bt_catalogue *catalogue,
                        bt_arena *arena);
void bt_gate_deny_with(bt_gate_decision *decision, const char *kind, const char *message,
                       bt_arena *arena);
void bt_gate_deny_resource(bt_gate_decision *decision);
void bt_gate_deny_rate(bt_gate_decision *decision);

#endif
