/* The rules that an environment has for its keys, and how they are changed. The command line alone changes them. */
#ifndef BT_SERVICE_ENVIRONMENT_RULES_H
#define BT_SERVICE_ENVIRONMENT_RULES_H

#include "store/writer.h"

/* What is not set stays as it is. */
typedef struct bt_set_environment {
    bt_change change; /* the first member; result: change.fault, change.revision */
    bt_bytes name;    /* must hold until the change is done */
    bool set_kinds, set_creator_rule, set_max_life, set_expiry_choices;
    bt_bytes forget_pepper; /* what was imported with it is found no more; empty: none */
    bt_environment rules;   /* the values of what is set */
    bt_environment result;  /* where change.fault.err is 0 */
} bt_set_environment;

/* Durable on return. BT_ERR_NOT_FOUND (name, forget_pepper), BT_ERR_INVALID, and those of the store. Keys that were made before stay
 * as they are, but for org_keys_stop_with_creator, which every check asks for. */
void bt_set_environment_run(bt_set_environment *set, bt_store *store);

/* Whether a key may be made so. expires_in_ms: as it was chosen, 0 where it was not; expires_ms: when the key will
 * expire, BT_NEVER_MS; from_ms: from when on its life counts. BT_ERR_PRECONDITION (kind), BT_ERR_INVALID (expires_in,
 * expires_at). */
bt_err bt_environment_admits(const bt_environment *environment, bt_kind kind, int64_t expires_in_ms,
                             int64_t expires_ms, int64_t from_ms, bt_fault *fault);

/* Whether a key of this kind may get a new token and keep its end: as above, but that the end need not be one of the
 * choices, as long as it is not later than the longest of them from now. Same errors. */
bt_err bt_environment_admits_kept(const bt_environment *environment, bt_kind kind,
                                  int64_t expires_ms, int64_t now_ms, bt_fault *fault);

#endif
