/* Fetching from memory what look-ups of records are about to read. A look-up in a large tree waits for one
 * cache line after the other; many look-ups can wait for theirs at the same time. For one thread.
 *
 * A page that was learned of in an earlier transaction is a hint: nothing of it goes into an answer. One that was learned
 * of in this transaction is a leaf of the very tree that is asked, and what is found there is what a look-up would
 * find; what is not found there may be elsewhere. */
#ifndef BT_STORE_AHEAD_H
#define BT_STORE_AHEAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A page of the map, and the transaction in which it was last seen to be a leaf of the tree. */
typedef struct bt_ahead_page {
    const uint8_t *page;
    size_t transaction;
} bt_ahead_page;

/* Which page each part of the key space was last seen in. Slots are digests, so parts of one size hold about
 * as many records each. */
typedef struct bt_ahead {
    bt_ahead_page *pages; /* NULL where there was no memory: then nothing is fetched */
    unsigned shift;       /* from a slot to its place in pages */
    size_t page_size;
} bt_ahead;

/* For a tree of so many records. */
void bt_ahead_init(bt_ahead *ahead, size_t records, size_t page_size);
void bt_ahead_clear(bt_ahead *ahead);

/* In this transaction, which has that number, the row of this slot was found here, in the map of the file. */
void bt_ahead_learn(bt_ahead *ahead, size_t transaction, uint64_t slot, const void *row);

/* ret_rows: the rows of BT_RECORD_SIZE bytes that were found on pages of this transaction; NULL where one has to be
 * looked up. */
void bt_ahead_fetch(const bt_ahead *ahead, size_t transaction, const uint64_t *slots, size_t count,
                    const void **ret_rows);

#endif
