/* Looks at every row of the store. */
#ifndef BT_STORE_VERIFY_H
#define BT_STORE_VERIFY_H

#include "store/snapshot.h"

typedef struct bt_verify_report {
    uint8_t store_id[BT_STORE_ID_SIZE];
    uint64_t revision;
    uint64_t keys;
    uint64_t owned; /* rows of the index by owner */
    uint64_t problems;
    char first[256]; /* the first problem, for people */
} bt_verify_report;

/* Whether each key has one record, one detail, its places in the index by owner, and a narrowing row
 * where its record says so; whether these can be read and speak of each other, and nothing else is
 * there. In one snapshot, which must be
 * renewed; a key takes a few microseconds. An error is one that kept it from looking; a damaged row
 * is a problem. */
bt_err bt_snapshot_verify(bt_snapshot *snapshot, bt_verify_report *ret_report);

/* The same for a store, with a snapshot of its own. */
bt_err bt_store_verify(bt_store *store, bt_verify_report *ret_report, bt_fault *fault);

#endif
