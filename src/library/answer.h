/* What was decided, in the structs of the public header. */
#ifndef BT_LIBRARY_ANSWER_H
#define BT_LIBRARY_ANSWER_H

#include "bitting/bitting.h"
#include "check/check.h"

void bt_answer_write(const bt_answer *from, bitting_answer *ret_answer);

/* Empties it. BT_ERR_INVALID where its size is wrong. */
bt_err bt_answer_no_key(bitting_key *key, bt_fault *fault);

/* The key that answer, which allows, is about. BT_ERR_INTERNAL, BT_ERR_EXHAUSTED; it is then empty. */
bt_err bt_answer_write_key(bt_snapshot *snapshot, const bt_answer *answer,
                           const bt_environment *environment, bitting_key *key, bt_fault *fault);

#endif
