/* A question as its asker wrote it, and how it is found to be well-formed. Every door that takes
 * questions asks through this, so that all turn away the same ones, in the same words.
 *
 * The snapshot is renewed. Nothing here allocates. */
#ifndef BT_CHECK_ASK_H
#define BT_CHECK_ASK_H

#include "check/check.h"

#define BT_ASK_SCOPES_MAX 64u

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
    uint64_t has_requested; /* see bt_question; names or bits of it say so too */
    uint64_t requested_mask;
    bt_bytes resource;
    size_t scopes_count;
    size_t requested_count;
    /* Last, and as many of them set as the counts say: two kilobytes that most questions do not use. */
    bt_bytes scopes[BT_ASK_SCOPES_MAX];
    bt_bytes requested[BT_ASK_SCOPES_MAX];
} bt_ask_scope;

/* What of a bt_ask_scope to set to zeros before it is filled in. */
#define BT_ASK_SCOPE_HEAD offsetof(bt_ask_scope, scopes)

/* A question that has been found well-formed, in the words of the snapshot. Views into both. */
typedef struct bt_asked {
    bt_bytes token;
    const bt_environment *environment;
    bt_question question;
    bool describes; /* the answer will want the key's detail */
    bool seeks;     /* sought is set */
    bt_sought sought;
} bt_asked;

/* The environment that is named, or `own` where none is. BT_ERR_INVALID where there is no such one, and where
 * none is named and own is NULL. */
bt_err bt_ask_environment(const bt_environments *environments, bt_bytes name,
                          const bt_environment *own, const bt_environment **ret_environment,
                          bt_fault *fault);

/* BT_ERR_UNAVAILABLE where the snapshot is older than the question accepts. */
bt_err bt_ask_reached(const bt_snapshot *snapshot, uint64_t min_revision, bt_fault *fault);

/* environment is what bt_ask.environment was found to mean. BT_ERR_INVALID, naming the field;
 * BT_ERR_UNAVAILABLE. */
bt_err bt_ask_key(const bt_snapshot *snapshot, const bt_environment *environment, const bt_ask *ask,
                  int64_t now_ms, bt_asked *ret_asked, bt_fault *fault);
bt_err bt_ask_scopes(const bt_snapshot *snapshot, const bt_environment *environment,
                     const bt_ask_scope *ask, int64_t now_ms, bt_asked *ret_asked, bt_fault *fault);

/* Works out what up to BT_ASKED_TOGETHER questions will look up, and has it fetched from memory. For who asks
 * many at a time: changes no answer. */
#define BT_ASKED_TOGETHER 64u
void bt_asked_seek(bt_snapshot *snapshot, const bt_pepper *pepper, bt_asked *const *asked,
                   size_t count);

/* bt_check_token, with a text for its errors. */
bt_err bt_ask_decide(bt_snapshot *snapshot, const bt_pepper *pepper, const bt_asked *asked,
                     bt_answer *ret_answer, bt_fault *fault);

#endif
