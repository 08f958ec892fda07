/* The verdict. Pure: no clock, no store, no allocation, no transport. Everything that can deny a
 * check is in here, and every door (gRPC, ext_authz, forward-auth, command line, library) goes
 * through it. */
#ifndef BT_DECIDE_DECIDE_H
#define BT_DECIDE_DECIDE_H

#include "base/bytes.h"
#include "key/narrow.h"
#include "key/owner.h"
#include "key/record.h"

/* In order of precedence. Values are those of bitting.v1.Reason. */
typedef enum bt_reason {
    BT_REASON_ALLOWED = 1,
    BT_REASON_MALFORMED_TOKEN = 2,
    BT_REASON_UNKNOWN_KEY = 3,
    BT_REASON_REVOKED = 4,
    BT_REASON_DISABLED = 5,
    BT_REASON_EXPIRED = 6,
    BT_REASON_NOT_YET_VALID = 7,
    BT_REASON_OWNER_STOPPED = 8,
    BT_REASON_WRONG_KIND = 9,
    BT_REASON_ADDRESS_NOT_ALLOWED = 10,
    BT_REASON_MISSING_SCOPE = 11,
    BT_REASON_RESOURCE_NOT_GRANTED = 12,
    BT_REASON_RATE_LIMITED = 13,
} bt_reason;

/* "ALLOWED", "MALFORMED_TOKEN", ... */
const char *bt_reason_name(bt_reason reason);

/* The denials that are the credential's fault: a holder of only the token is told no more than
 * that. */
static inline bool bt_reason_is_credential(bt_reason reason) {
    return reason >= BT_REASON_MALFORMED_TOKEN && reason <= BT_REASON_ADDRESS_NOT_ALLOWED;
}

typedef struct bt_question {
    uint64_t needed; /* scopes asked for; 0 asks about the credential alone */
    bool any;        /* one of them is enough */
    /* Sets of scopes of which one each is needed as well. */
    const uint64_t *also;
    size_t also_count;
    /* An act is asked about, even where no scope is needed for it: a key that is bound to resources has to be bound to
     * this one. Scopes that are needed say so, too. */
    bool acts;
    /* The second layer of an agent's check: what its client asked for. Allowed only where the key and this both hold
     * what is needed. */
    bool has_requested;
    uint64_t requested;
    uint32_t accepted_kinds; /* bit 1 << kind; 0 accepts every kind */
    bt_address client;       /* for keys that are bound to networks */
    bt_bytes
        resource; /* to be acted on, for keys that are bound to resources; empty: none is named */
    int64_t now_ms;
} bt_question;

/* What was found for the token. */
typedef struct bt_finding {
    bool malformed;
    const bt_record *record; /* NULL: no such key in this environment */
    uint64_t live;           /* the mask of live scopes, from the head */
    uint32_t stopped;        /* BT_STOPPED_* */
    /* Of the environment: an organization's key stops with the user who made it. */
    bool org_keys_stop_with_creator;
    bt_bytes narrow; /* the row, where the record is flagged BT_RECORD_NARROW */
} bt_finding;

/* Who said no to a missing scope. */
typedef enum bt_layer { BT_LAYER_NONE = 0, BT_LAYER_KEY = 1, BT_LAYER_REQUESTED = 2 } bt_layer;

typedef struct bt_verdict {
    bt_reason reason;
    bt_layer layer;   /* with BT_REASON_MISSING_SCOPE */
    uint64_t held;    /* live scopes that the key holds; 0 where the credential is not good */
    uint64_t missing; /* with BT_REASON_MISSING_SCOPE: needed and not held by that layer */
} bt_verdict;

bt_verdict bt_decide(const bt_finding *finding, const bt_question *question);

/* With whom this key stops (BT_STOPPED_*). A personal key stops with its user, its organization and the membership of
 * one in the other; an organization's with the organization, and with its maker where the environment says so;
 * a generic key with nobody. */
uint32_t bt_decide_owners(const bt_record *record, bool org_keys_stop_with_creator);

/* Whether stopped owners stop this key. */
bool bt_decide_owner_stops(const bt_record *record, uint32_t stopped,
                           bool org_keys_stop_with_creator);

/* The live scopes that a record holds: (full access ? live : mask) & live. */
uint64_t bt_decide_held(const bt_record *record, uint64_t live);

#endif
