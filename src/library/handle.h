/* What a caller of the library holds, and what its calls have in common. */
#ifndef BT_LIBRARY_HANDLE_H
#define BT_LIBRARY_HANDLE_H

#include "bitting/bitting.h"
#include "store/pool.h"

struct bitting {
    bt_store *store;
    bt_pool *pool;                              /* the store's */
    char environment[BITTING_ENVIRONMENT_SIZE]; /* of questions that name none; empty: none */
};

/* The public form of an error that is not BT_OK, and its text where message is not NULL. */
bitting_err bt_public_err(bt_err err, const bt_fault *fault, char *message);

/* A renewed snapshot, for bt_pool_put. */
bitting_err bt_handle_begin(bitting *handle, bt_snapshot **ret_snapshot, char *message);

#endif
