/* A key as it is described to those who may read it. Everything but the token. */
#ifndef BT_SERVICE_KEY_H
#define BT_SERVICE_KEY_H

#include "key/environment.h"
#include "key/narrow.h"
#include "key/record.h"
#include "scope/catalogue.h"
#include "store/detail.h"

/* Values are those of bitting.v1.KeyState. */
typedef enum bt_key_state {
    BT_KEY_ACTIVE = 1,
    BT_KEY_REVOKED = 2,
    BT_KEY_DISABLED = 3,
    BT_KEY_EXPIRED = 4,
    BT_KEY_NOT_YET_VALID = 5,
    BT_KEY_LOST = 6, /* the pepper that its token was hashed with is forgotten */
} bt_key_state;

#define BT_KEY_STATE_LAST BT_KEY_LOST

/* "active", ...; NULL for a value that is no state. 0 for a name that is none. */
const char *bt_key_state_name(bt_key_state state);
bt_key_state bt_key_state_find(bt_bytes name);

/* Views point to where the key was read from; each call that makes one says how long they hold. */
typedef struct bt_key {
    bt_key_id id;
    bt_kind kind;
    bt_key_state state;
    bool full_access;
    uint64_t mask;      /* the live scopes that it holds, whatever its state */
    uint64_t high_risk; /* those of mask that are flagged so */
    int64_t created_ms;
    int64_t expires_ms; /* BT_NEVER_MS */
    bt_bytes environment;
    int64_t not_before_ms; /* 0: from its creation on */
    bt_narrow narrow;      /* views into its row */
    bool preset_drifted;   /* not what its preset would make today */
    bool owner_stopped;    /* it is denied, whatever its state, as long as its owner is stopped */
    bt_detail detail;      /* name, metadata, labels, owners, preset, revocation */
    bt_bytes scopes[BT_MASK_BITS]; /* the names of mask's bits, lowest first */
    size_t scopes_count;
} bt_key;

/* Where a key is in its life, as far as its record says: not whether it is lost. */
bt_key_state bt_key_state_of(const bt_record *record, int64_t now_ms);

/* BT_ERR_NOT_FOUND, for a key that is nowhere and for one of another environment alike. `where` is the caller's view. */
bt_err bt_key_not_found(const bt_key_id *id, const char *where, bt_fault *fault);

/* BT_ERR_INTERNAL, for an error from reading its rows. */
bt_err bt_key_damaged(const bt_key_id *id, bt_fault *fault);

/* The rows of a key, as the store has them. */
typedef struct bt_key_rows {
    const bt_record *record;
    bt_detail detail;
    bt_bytes narrow; /* empty: it is bound to nothing */
    bool owner_stopped;
    int64_t owner_deleted_ms; /* when an owner with whom it stops was; BT_NEVER_MS: none */
} bt_key_rows;

/* bt_decide_owners, by the rule of a record's own environment; NULL: there is none of its number. */
uint32_t bt_key_owners(const bt_record *record, const bt_environment *environment);

/* Where it is. environment: as above. */
bt_key_state bt_key_rows_state(const bt_key_rows *rows, const bt_environment *environment,
                               int64_t now_ms);

void bt_key_describe(const bt_key_rows *rows, const bt_environment *environment,
                     const bt_catalogue *catalogue, int64_t now_ms, bt_key *ret_key);

#endif
