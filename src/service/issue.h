/* Handing out a token: what the use cases that end in a new one have in common. */
#ifndef BT_SERVICE_ISSUE_H
#define BT_SERVICE_ISSUE_H

#include "service/key.h"
#include "store/writer.h"

/* What is answered after the transaction is over: nothing in here points into the store. */
typedef struct bt_issued {
    char token[BT_TOKEN_MAX + 1]; /* empty where none was made; wiped by bt_issued_wipe */
    bt_key key; /* views into this, into its detail's memory, and into narrow_row */
    char environment[BT_ENVIRONMENT_NAME_MAX + 1];
    char scope_names[BT_MASK_BITS][BT_SCOPE_NAME_MAX + 1];
    uint8_t narrow_row[BT_NARROW_MAX];
} bt_issued;

/* Mints a token whose place in the store is free, and inserts the key: record and detail are completed (key id,
 * digest, slot), narrow may be empty. The token is left in ret_issued. */
bt_err bt_issue_insert(bt_txn *txn, const bt_environment *environment, bt_record *record,
                       bt_detail *detail, bt_bytes narrow, bt_issued *ret_issued);

/* Describes a key of the transaction for after it. The memory that detail's views point to must outlive the
 * answer. */
void bt_issue_describe(bt_txn *txn, const bt_record *record, const bt_detail *detail,
                       bt_bytes narrow, bt_issued *ret_issued);

void bt_issued_wipe(bt_issued *issued);

#endif
