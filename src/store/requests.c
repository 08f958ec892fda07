/* The table `request`: 1 and the request's name -> bt_kept_request and the answer; and 0, the time (big-endian) and the
 * name -> nothing, by which the oldest are found. */
#include <stdlib.h>

#include "store/engine.h"
#include "store/lmdb_err.h"
#include "store/rows.h"

#define NAME_SIZE BT_REQUEST_NAME_SIZE
#define TIME_SIZE 8u
/* Of those that are too old, each change that is kept forgets a few: more than one, so that they become fewer. */
#define FORGET_MAX 4

typedef struct row_key {
    uint8_t bytes[1 + TIME_SIZE + NAME_SIZE];
    size_t size;
} row_key;

static row_key key_of_row(const uint8_t name[NAME_SIZE]) {
    row_key key = {.size = 1 + NAME_SIZE};
    key.bytes[0] = 1;
    memcpy(key.bytes + 1, name, NAME_SIZE);
    return key;
}

static row_key key_of_time(int64_t at_ms, const uint8_t name[NAME_SIZE]) {
    row_key key = {.size = 1 + TIME_SIZE + NAME_SIZE};
    for (size_t i = 0; i < TIME_SIZE; i++)
        key.bytes[1 + i] = (uint8_t)((uint64_t)at_ms >> (8 * (TIME_SIZE - 1 - i)));
    memcpy(key.bytes + 1 + TIME_SIZE, name, NAME_SIZE);
    return key;
}

static bt_bytes bytes_of(const row_key *key) {
    return bt_bytes_of(key->bytes, key->size);
}

bt_err bt_txn_request(bt_txn *txn, const uint8_t name[NAME_SIZE], bt_kept_request *ret_kept,
                      bt_bytes *ret_answer) {
    row_key key = key_of_row(name);
    bt_bytes row;
    BT_TRY(bt_txn_row(txn, BT_TABLE_REQUEST, bytes_of(&key), &row));
    if (row.size < sizeof *ret_kept) return BT_ERR_INTERNAL;
    memcpy(ret_kept, row.data, sizeof *ret_kept);
    *ret_answer = bt_bytes_of(row.data + sizeof *ret_kept, row.size - sizeof *ret_kept);
    return BT_OK;
}

static bt_err forget(bt_txn *txn, const row_key *key) {
    bt_err err = bt_txn_delete_row(txn, BT_TABLE_REQUEST, bytes_of(key));
    return err == BT_ERR_NOT_FOUND ? BT_OK : err;
}

static void free_block(uint8_t **block) {
    free(*block);
}

bt_err bt_txn_put_request(bt_txn *txn, const uint8_t name[NAME_SIZE], const bt_kept_request *kept,
                          bt_bytes answer) {
    row_key key = key_of_row(name), time = key_of_time(kept->at_ms, name);
    bt_kept_request old;
    bt_bytes old_answer;
    bt_err err = bt_txn_request(txn, name, &old, &old_answer);
    if (err && err != BT_ERR_NOT_FOUND) return err;
    if (!err) {
        row_key old_time = key_of_time(old.at_ms, name);
        BT_TRY(forget(txn, &old_time));
    }
    size_t size = sizeof *kept + answer.size;
    uint8_t *row BT_CLEANUP(free_block) = malloc(size);
    if (!row) return BT_ERR_EXHAUSTED;
    memcpy(row, kept, sizeof *kept);
    if (answer.size) memcpy(row + sizeof *kept, answer.data, answer.size);
    BT_TRY(bt_txn_put_row(txn, BT_TABLE_REQUEST, bytes_of(&key), bt_bytes_of(row, size), 0));
    return bt_txn_put_row(txn, BT_TABLE_REQUEST, bytes_of(&time), (bt_bytes){0}, 0);
}

/* The oldest, where it is from before a time. */
static bt_err find_old(bt_txn *txn, int64_t before_ms, row_key *ret_time) {
    static const uint8_t first[NAME_SIZE] = {0};
    row_key end = key_of_time(before_ms, first), found = {.size = 0};
    BT_TRY(bt_txn_first_row(txn, BT_TABLE_REQUEST, found.bytes, sizeof found.bytes, &found.size));
    if (found.size != end.size || memcmp(found.bytes, end.bytes, 1 + TIME_SIZE) >= 0)
        return BT_ERR_NOT_FOUND;
    *ret_time = found;
    return BT_OK;
}

bt_err bt_txn_forget_requests(bt_txn *txn, int64_t before_ms) {
    for (int i = 0; i < FORGET_MAX; i++) {
        row_key time;
        bt_err err = find_old(txn, before_ms, &time);
        if (err) return err == BT_ERR_NOT_FOUND ? BT_OK : err;
        row_key row = key_of_row(time.bytes + 1 + TIME_SIZE);
        BT_TRY(forget(txn, &row));
        BT_TRY(forget(txn, &time));
    }
    return BT_OK;
}
