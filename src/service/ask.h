/* The questions: is this key good, and may it do that? A denial is an answer, in
 * answer.verdict.reason. An error says that nothing was decided: BT_ERR_INVALID (fault names the
 * field), BT_ERR_FORBIDDEN (environment), BT_ERR_UNAVAILABLE (min_revision, or a key that this
 * program does not know how to judge), BT_ERR_INTERNAL (damage).
 *
 * Called between renew and reset of the session's snapshot. Nothing here allocates. */
#ifndef BT_SERVICE_ASK_H
#define BT_SERVICE_ASK_H

#include "service/session.h"

#define BT_ASK_SCOPES_MAX 64u
#define BT_ASK_BATCH_MAX 1000u

typedef enum bt_match { BT_MATCH_UNSPECIFIED = 0, BT_MATCH_ALL = 1, BT_MATCH_ANY = 2 } bt_match;

/* About a credential. Values are as a client gave them; all but the token may be empty. */
typedef struct bt_ask {
    bt_bytes token; /* bare or as `Bearer <token>`; any bytes */
    bt_bytes environment;
    bt_bytes client_ip;
    uint64_t accepted_kinds; /* bit 1 << kind; 0: every kind */
    uint64_t min_revision;
} bt_ask;

/* About what it may do. */
typedef struct bt_ask_scope {
    bt_ask ask;
    uint64_t scope_mask;
    bt_match match;
    bt_bytes resource;
    size_t scopes_count;
    bt_bytes scopes[BT_ASK_SCOPES_MAX];
} bt_ask_scope;

/* A question that has been found well-formed, in the words of the snapshot. Views into both. */
typedef struct bt_asked {
    bt_bytes token;
    const bt_environment *environment;
    bt_question question;
} bt_asked;

/* bt_ask_prepare and bt_ask_answer in one. */
bt_err bt_ask_validate(bt_session *session, const bt_caller *caller, const bt_ask *ask,
                       bt_answer *ret_answer, bt_fault *fault);
bt_err bt_ask_check_scope(bt_session *session, const bt_caller *caller, const bt_ask_scope *ask,
                          bt_answer *ret_answer, bt_fault *fault);

bt_err bt_ask_prepare(bt_session *session, const bt_caller *caller, const bt_ask_scope *ask,
                      int64_t now_ms, bt_asked *ret_asked, bt_fault *fault);
bt_err bt_ask_answer(bt_session *session, const bt_asked *asked, bt_answer *ret_answer,
                     bt_fault *fault);

#endif
