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

/* The first part of a text, such as a field of a message, and where the next one begins. False at the end. */
typedef bool bt_next_part(bt_bytes text, size_t *at, bt_bytes *ret_part);

/* method: up to BT_REQUEST_METHOD_MAX bytes; id: up to BT_REQUEST_ID_MAX. The body's parts count in any order: encoders may write a map's entries as they like. */
void bt_request_make(const bt_pepper *pepper, const bt_key_id *caller, const char *method,
                     bt_bytes id, bt_bytes body, bt_next_part *next, bt_request *ret_request);

/* The answer that was kept, in the transaction's memory. BT_ERR_NOT_FOUND: none, or none of the last day.
 * BT_ERR_EXISTS: the same id was used for another body. */
bt_err bt_request_find(bt_txn *txn, const bt_request *request, bt_bytes *ret_answer);

/* Keeps an answer, and forgets a few that are too old. */
bt_err bt_request_keep(bt_txn *txn, const bt_request *request, bt_bytes answer);

#endif
