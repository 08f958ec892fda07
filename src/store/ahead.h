/* Fetching from memory what look-ups of records are about to read. A look-up in a large tree waits for one
 * cache line after the other; many look-ups can wait for theirs at the same time. Hints alone: nothing that is
 * read here goes into an answer. For one thread. */
#ifndef BT_STORE_AHEAD_H
#define BT_STORE_AHEAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Which page each part of the key space was last seen in. Slots are digests, so parts of one size hold about
 * as many records each. */
typedef struct bt_ahead {
    const uint8_t **pages; /* NULL where there was no memory: then nothing is fetched */
    unsigned shift;        /* from a slot to its place in pages */
    size_t page_size;
} bt_ahead;

/* For a tree of so many records. */
void bt_ahead_init(bt_ahead *ahead, size_t records, size_t page_size);
void bt_ahead_clear(bt_ahead *ahead);

/* The row of this slot was found here, in the map of the file. */
void bt_ahead_learn(bt_ahead *ahead, uint64_t slot, const void *row);

void bt_ahead_fetch(const bt_ahead *ahead, const uint64_t *slots, size_t count);

#endif
