/* Idempotency: a change that is asked for twice under one request_id is made once, and answered alike. Kept with the
 * change itself, in the same transaction, for a day. */
#ifndef BT_SERVICE_REQUEST_ID_H
#define BT_SERVICE_REQUEST_ID_H

#include "key/digest.h"
#include "key/key_id.h"
#include "store/writer.h"

#define BT_REQUEST_ID_MAX 128u
#define BT_REQUEST_METHOD_MAX 95u
#define BT_REQUEST_KEPT_MS BT_DAY_MS

/* Which request it is: a MAC of caller, method and id; and what it asked for: a MAC of its body. Keyed, since a body
 * may hold a token. */
typedef struct bt_request {
    uint8_t name[BT_SEAL_SIZE];
    uint8_t body[BT_SEAL_SIZE];
} bt_request;

/* The MAC of a body, which is made of its parts, such as the fields of a message. Parts of one place count in any order,
 * since encoders write a map's entries as they like; where the order matters, each has a place of its own. */
typedef struct bt_body {
    const bt_pepper *pepper;
    uint8_t sum[BT_SEAL_SIZE];
} bt_body;

void bt_body_add(bt_body *body, uint64_t place, bt_bytes part);

/* Adds all parts of a text. */
typedef void bt_body_parts(bt_bytes text, bt_body *body);

/* method: up to BT_REQUEST_METHOD_MAX bytes; id: up to BT_REQUEST_ID_MAX. */
void bt_request_make(const bt_pepper *pepper, const bt_key_id *caller, const char *method,
                     bt_bytes id, bt_bytes text, bt_body_parts *parts, bt_request *ret_request);

/* The answer that was kept, in the transaction's memory. BT_ERR_NOT_FOUND: none, or none of the last day.
 * BT_ERR_EXISTS: the same id was used for another body. */
bt_err bt_request_find(bt_txn *txn, const bt_request *request, bt_bytes *ret_answer);

/* Keeps an answer, and forgets a few that are too old. */
bt_err bt_request_keep(bt_txn *txn, const bt_request *request, bt_bytes answer);

#endif
