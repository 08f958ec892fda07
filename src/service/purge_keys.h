/* Forgetting keys that ended long ago: every trace of them but what other keys say of them. The command line alone does
 * this. */
#ifndef BT_SERVICE_PURGE_KEYS_H
#define BT_SERVICE_PURGE_KEYS_H

#include "service/session.h"

typedef struct bt_purge_report {
    uint64_t looked_at;
    uint64_t purged; /* or would be, where nothing is to be changed */
} bt_purge_report;

/* Keys that were revoked, have expired, or whose owner was deleted, before `before_ms`. A revoked key's token is MALFORMED or UNKNOWN_KEY from
 * then on: denied as before. In transactions of some hundred keys, in turn with a server's. */
bt_err bt_purge_keys(bt_session *session, int64_t before_ms, bool dry_run,
                     bt_purge_report *ret_report, bt_fault *fault);

#endif
