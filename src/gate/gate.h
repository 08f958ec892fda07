/* The gate: from what a proxy says of a request to what it shall do with it. It knows neither gRPC nor HTTP: ext_authz
 * and forward-auth read a bt_gate_request, and write down a bt_gate_decision.
 *
 * Where there is a route table, it says what a request needs; where the proxy's configuration says something
 * (bt_gate_context), that is needed, too. Whatever goes wrong is a denial. */
#ifndef BT_GATE_GATE_H
#define BT_GATE_GATE_H

#include "check/ask.h"
#include "gate/request.h"
#include "route/routes.h"
#include "service/session.h"

#define BT_GATE_SOURCES_MAX 8u

typedef struct bt_gate_options {
    /* Where a credential may be: names of headers in lower case, and of parameters of the query as they are written.
     * No header at all: authorization and x-api-key. */
    bt_bytes headers[BT_GATE_SOURCES_MAX];
    size_t headers_count;
    bt_bytes parameters[BT_GATE_SOURCES_MAX];
    size_t parameters_count;
    bool keep_credential; /* leave it in the request */
    bool send_metadata;   /* the key's metadata as a header */
    /* 0: the client is the proxy's peer. n: it is the n-th from the right in x-forwarded-for. */
    unsigned trusted_hops;
    /* Tell the proxy of an outage of ours instead of denying (ext_authz: error_response): it then does what its operator
     * wants in one. */
    bool say_broken;
    const char *
        routes_file; /* NULL: no table, then a good key suffices where the context names no scope */
} bt_gate_options;

/* One a process; put into bt_service.gate. What the options point to stays the caller's. */
typedef struct bt_gate bt_gate;

/* BT_ERR_INVALID (a name that is no header's; a table that is wrong), and those of bt_routes_open. */
bt_err bt_gate_open(const bt_gate_options *options, const bt_catalogue *catalogue,
                    bt_gate **ret_gate, bt_fault *fault);
/* Reads the route table again; on failure the one in use stays. From any thread. */
bt_err bt_gate_reload(bt_gate *gate, const bt_catalogue *catalogue, bt_fault *fault);
/* NULL is taken; returns NULL. Sessions must not be used any more. */
bt_gate *bt_gate_close(bt_gate *gate);

/* The headers that upstream may trust. On an allowed request each is either set or removed. */
typedef enum bt_identity_header {
    BT_IDENTITY_KEY_ID,
    BT_IDENTITY_KIND,
    BT_IDENTITY_NAME,
    BT_IDENTITY_ENVIRONMENT,
    BT_IDENTITY_USER_ID,
    BT_IDENTITY_ORG_ID,
    BT_IDENTITY_SCOPES,
    BT_IDENTITY_METADATA,
    BT_IDENTITY_COUNT,
} bt_identity_header;

/* "x-bitting-key-id", ... */
bt_bytes bt_identity_header_name(bt_identity_header header);

/* Whether a header is none of these, but may be taken for one: another x-bitting-*, or with `_` for `-`. */
bool bt_identity_is_stray(bt_bytes name);

/* How the names of a mask are written. Kept by a session from one decision to the next, since most keys hold the same. */
typedef struct bt_gate_scopes {
    uint64_t held, generation; /* of the catalogue */
    size_t joined_size, written_size;
    uint8_t joined[BT_MASK_BITS * (BT_SCOPE_NAME_MAX + 1)];
    /* The door's, in whatever way its protocol has; written_size is 0 until it has written it. */
    uint8_t written[BT_MASK_BITS * (BT_SCOPE_NAME_MAX + 16)];
} bt_gate_scopes;

#define BT_GATE_REPLY_MAX 3u

typedef struct bt_gate_decision {
    unsigned status; /* 200: let in. Otherwise the answer to the client: 401, 403, 429, 503 */
    bool broken;     /* with 503: bitting is what is broken, not the request or the configuration */
    const char *kind; /* "allowed", "public", or of the denial: "invalid_credential", ... */

    /* To let in: what upstream gets. Values are visible ASCII without a comma; other bytes and `%` are percent-coded. */
    bt_bytes identity[BT_IDENTITY_COUNT]; /* empty: to be removed */
    bt_bytes *remove; /* names of headers, those of empty identities among them */
    size_t remove_count;
    bt_bytes remove_parameter; /* of the query; empty: none */

    /* To deny: what the client gets. */
    bt_field reply[BT_GATE_REPLY_MAX]; /* headers: safe text of our own */
    size_t reply_count;
    bt_bytes body; /* JSON: {"error": kind, "message": ...} */

    /* For logs and for other filters of the proxy; nothing of it goes to the client. Texts are UTF-8 without control
     * characters. */
    bt_reason reason; /* 0: no key was asked about */
    bt_bytes key_id, key_kind, name, environment, user_id, org_id, metadata; /* empty: not known */
    uint64_t held;
    const bt_catalogue *catalogue; /* names of the bits of held */
    bt_gate_scopes *scopes;        /* of held; NULL: not kept */
    uint64_t revision;
} bt_gate_decision;

/* Enough for any decision: identity headers percent-coded, a key's detail, the list of names to remove. */
#define BT_GATE_ARENA (BT_DETAIL_ARENA + 3u * BT_METADATA_MAX + BT_GATE_HEADERS_MAX * 16u + 16384u)

/* Between renew and reset of the session's snapshot; caller as the listener has it. The decision points into the
 * arena, what the request views, and the snapshot, and into what the session keeps until its next decision. Nothing is
 * allocated, but for what a session keeps, once. */
void bt_gate_decide(bt_session *session, const bt_caller *caller, const bt_gate_request *request,
                    bt_arena *arena, bt_gate_decision *ret_decision);

/* The same in two steps, in one renewal, for who has many requests and looks their keys up together. The plan is in the
 * arena, and needs what the request views, but not the request. NULL: the arena is full. */
typedef struct bt_gate_plan bt_gate_plan;
bt_gate_plan *bt_gate_prepare(bt_session *session, const bt_caller *caller,
                              const bt_gate_request *request, int64_t now_ms, bt_arena *arena);
/* The question about a key; NULL where there is none. */
bt_asked *bt_gate_plan_asked(bt_gate_plan *plan);
void bt_gate_finish(bt_session *session, bt_gate_plan *plan, bt_arena *arena,
                    bt_gate_decision *ret_decision);

/* Of the options. */
bool bt_gate_says_broken(const bt_session *session);

/* The denial for what a door could not even read, or when its caller was refused: 503. Needs no snapshot. `fault` goes
 * to the log, once a second at most. */
void bt_gate_broken(const bt_fault *fault, bt_gate_decision *ret_decision);

/* The denial for what is no request of HTTP. */
void bt_gate_unreadable(bt_gate_decision *ret_decision);

#endif
