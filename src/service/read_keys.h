/* Looking at keys. Called between renew and reset of the session's snapshot; keys point into it and
 * into the arena, which must have BT_DETAIL_ARENA bytes free. */
#ifndef BT_SERVICE_READ_KEYS_H
#define BT_SERVICE_READ_KEYS_H

#include "check/check.h"
#include "service/key.h"
#include "service/session.h"

/* key_id is the request's text. BT_ERR_INVALID, BT_ERR_NOT_FOUND: no such key in the caller's
 * environment. */
bt_err bt_service_get_key(bt_session *session, const bt_caller *caller, bt_bytes key_id,
                          bt_arena *arena, bt_key *ret_key, bt_fault *fault);

/* The key that was just found good: nobody has stopped its owner. */
bt_err bt_service_key_of(bt_session *session, const bt_answer *answer, bt_arena *arena,
                         bt_key *ret_key, bt_fault *fault);

/* From the row in `detail`. BT_ERR_INTERNAL where they do not fit each other. */
bt_err bt_key_rows_read(bt_snapshot *snapshot, const bt_key_id *id, bt_bytes row, bt_arena *arena,
                        bt_key_rows *ret_rows, bt_fault *fault);
void bt_key_rows_describe(const bt_snapshot *snapshot, const bt_key_rows *rows, int64_t now_ms,
                          bt_key *ret_key);

#endif
