/* Bringing keys of another system: by their tokens, or by the hashes that the other system kept of them. Each item
 * succeeds or fails by itself. The pepper of peppered hashes stays in a file (store/foreign_peppers.h). */
#ifndef BT_SERVICE_IMPORT_KEYS_H
#define BT_SERVICE_IMPORT_KEYS_H

#include "service/key_plan.h"
#include "service/mutation.h"

#define BT_IMPORT_MAX 1000u

/* Views must hold until the change is done. */
typedef struct bt_import_item {
    bt_bytes token;  /* of any shape but ours; or */
    bt_bytes sha256; /* of it: 64 hexadecimal digits, or base64 */
    /* With sha256: how it was made, BT_HASH_SHA256 where 0, and the name of the pepper. */
    int64_t method; /* a bt_hash_method, or no value of it: then the item fails */
    bt_bytes pepper;
    /* And what the tokens begin with, and whether the hash is of what follows that. */
    bt_bytes prefix;
    uint64_t without_prefix;
    bt_bytes key; /* the request's message, for `read` */
} bt_import_item;

typedef struct bt_import_result {
    bt_key_id id; /* where fault.err is 0 */
    bt_fault fault;
} bt_import_result;

typedef struct bt_import_keys {
    bt_mutation mutation;
    bt_bytes environment; /* empty: the caller's */
    /* Reads an item's key into a request. */
    bt_err (*read)(bt_bytes key, bt_create_key_request *ret_request, bt_fault *fault);
    size_t count;
    bt_import_item items[BT_IMPORT_MAX];
    bt_import_result results[BT_IMPORT_MAX];
    /* Of the item being worked on. */
    bt_create_key_request request;
    bt_key_plan plan;
} bt_import_keys;

/* Ends as bt_mutation_run does; an item's fault is in its result: BT_ERR_INVALID, BT_ERR_FORBIDDEN, BT_ERR_EXISTS (it
 * was imported before, or its digest's place in the store is taken), BT_ERR_PRECONDITION, BT_ERR_EXHAUSTED (a fifth
 * scheme). */
void bt_import_keys_run(bt_import_keys *import, bt_service *service, const bt_caller *caller);

#endif
