/* The questions: is this key good, and may it do that? A denial is an answer, in
 * answer.verdict.reason. An error says that nothing was decided: BT_ERR_INVALID (fault names the
 * field), BT_ERR_FORBIDDEN (environment), BT_ERR_UNAVAILABLE (min_revision, or a key that this
 * program does not know how to judge), BT_ERR_INTERNAL (damage).
 *
 * Called between renew and reset of the session's snapshot. Nothing here allocates. */
#ifndef BT_SERVICE_ASK_H
#define BT_SERVICE_ASK_H

#include "check/ask.h"
#include "service/session.h"

#define BT_ASK_BATCH_MAX 1000u

/* bt_ask_prepare and bt_ask_answer in one. */
bt_err bt_ask_validate(bt_session *session, const bt_caller *caller, const bt_ask *ask,
                       bt_answer *ret_answer, bt_fault *fault);
bt_err bt_ask_check_scope(bt_session *session, const bt_caller *caller, const bt_ask_scope *ask,
                          bt_answer *ret_answer, bt_fault *fault);

bt_err bt_ask_prepare(bt_session *session, const bt_caller *caller, const bt_ask_scope *ask,
                      int64_t now_ms, bt_asked *ret_asked, bt_fault *fault);
bt_err bt_ask_prepare_key(bt_session *session, const bt_caller *caller, const bt_ask *ask,
                          int64_t now_ms, bt_asked *ret_asked, bt_fault *fault);
/* bt_asked_seek: before the answers, where there are many; may be left out. */
void bt_ask_seek(const bt_session *session, bt_asked *const *asked, size_t count);
bt_err bt_ask_answer(bt_session *session, const bt_asked *asked, bt_answer *ret_answer,
                     bt_fault *fault);

#endif
