/* Keys for tests and benchmarks: key n of a seed is the same in every run and program, so that one program
 * can fill a store and another ask about it without a list of tokens between them. */
#ifndef BT_TESTS_MADE_KEYS_H
#define BT_TESTS_MADE_KEYS_H

#include "store/writer.h"

/* users.read and 12 others: what the preset read_and_validate has. users.delete is not among them. */
#define MADE_MASK UINT64_C(0x0751410908010001)

typedef struct made_plan {
    uint64_t seed;
    const bt_environment *environment;
    uint64_t mask;
    /* 0: generic keys, of nobody. Else key n is a personal one of user n % users, called "user-<number>". */
    uint64_t users;
    const char *org; /* NULL; else, without users, all are keys of this organization */
} made_plan;

/* Uniform: a number that looks random. */
uint64_t made_random(uint64_t seed, uint64_t n);

void made_token(const made_plan *plan, uint64_t n, char ret_token[BT_TOKEN_MAX + 1]);

bt_digest made_digest(const bt_pepper *pepper, const made_plan *plan, uint64_t n);

/* Of key n, inside a change. */
bt_err made_insert_in(bt_txn *txn, const made_plan *plan, uint64_t n);
bt_err made_revoke_in(bt_txn *txn, const made_plan *plan, uint64_t n);

/* Keys first to first + count - 1, in one transaction. */
bt_err made_insert(bt_store *store, const made_plan *plan, uint64_t first, uint64_t count,
                   bt_fault *fault);

/* Blocks users first to first + count - 1, in one transaction. */
bt_err made_block_users(bt_store *store, const made_plan *plan, uint64_t first, uint64_t count,
                        bt_fault *fault);

/* Sets and clears flags (BT_RECORD_*) of key n. BT_ERR_NOT_FOUND. */
bt_err made_set_flags(bt_store *store, const made_plan *plan, uint64_t n, unsigned set,
                      unsigned clear, bt_fault *fault);

#endif
