#include "service/request_id.h"

/* Adds two numbers of 128 bits, modulo their range: the same sum in whatever order. */
static void add(uint8_t sum[BT_SEAL_SIZE], const uint8_t more[BT_SEAL_SIZE]) {
    unsigned carry = 0;
    for (size_t i = 0; i < BT_SEAL_SIZE; i++) {
        carry += (unsigned)sum[i] + more[i];
        sum[i] = (uint8_t)carry;
        carry >>= 8;
    }
}

/* Caller and method have a size of their own, so that two names never run together. */
static void seal_name(const bt_pepper *pepper, const bt_key_id *caller, const char *method,
                      bt_bytes id, uint8_t ret_name[BT_SEAL_SIZE]) {
    struct {
        uint8_t caller[BT_KEY_ID_SIZE];
        char method[BT_REQUEST_METHOD_MAX + 1];
        uint8_t id[BT_REQUEST_ID_MAX];
    } name = {{0}, {0}, {0}};
    memcpy(name.caller, caller->bytes, sizeof name.caller);
    if (!bt_bytes_copy_text(bt_bytes_text(method), name.method, sizeof name.method))
        __builtin_trap();
    memcpy(name.id, id.data, id.size);
    size_t size = sizeof name - sizeof name.id + id.size;
    bt_digest_seal(pepper, "request", bt_bytes_of(&name, size), ret_name);
}

void bt_body_add(bt_body *body, uint64_t place, bt_bytes part) {
    struct {
        uint64_t place;
        uint8_t part[BT_SEAL_SIZE];
    } placed = {.place = place};
    uint8_t seal[BT_SEAL_SIZE];
    bt_digest_seal(body->pepper, "part", part, placed.part);
    bt_digest_seal(body->pepper, "body", bt_bytes_of(&placed, sizeof placed), seal);
    add(body->sum, seal);
}

void bt_request_make(const bt_pepper *pepper, const bt_key_id *caller, const char *method,
                     bt_bytes id, bt_bytes text, bt_body_parts *parts, bt_request *ret_request) {
    bt_body body = {.pepper = pepper};
    seal_name(pepper, caller, method, id, ret_request->name);
    parts(text, &body);
    memcpy(ret_request->body, body.sum, sizeof ret_request->body);
}

bt_err bt_request_find(bt_txn *txn, const bt_request *request, bt_bytes *ret_answer) {
    bt_kept_request kept;
    bt_bytes answer;
    BT_TRY(bt_txn_request(txn, request->name, &kept, &answer));
    if (kept.at_ms <= bt_txn_now_ms(txn) - BT_REQUEST_KEPT_MS) return BT_ERR_NOT_FOUND;
    if (memcmp(kept.body, request->body, sizeof kept.body) != 0) return BT_ERR_EXISTS;
    *ret_answer = answer;
    return BT_OK;
}

bt_err bt_request_keep(bt_txn *txn, const bt_request *request, bt_bytes answer) {
    bt_kept_request kept = {.at_ms = bt_txn_now_ms(txn)};
    memcpy(kept.body, request->body, sizeof kept.body);
    BT_TRY(bt_txn_forget_requests(txn, kept.at_ms - BT_REQUEST_KEPT_MS));
    return bt_txn_put_request(txn, request->name, &kept, answer);
}
