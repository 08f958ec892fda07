/* Owners of keys: users, organizations, and the membership of one in the other. A record names an owner by a
 * reference of fixed size: a hash of environment, kind, the id that the team gave, and the incarnation, a number that is
 * raised when an owner is deleted, so that a new one by the same id starts with none of the old keys. */
#ifndef BT_KEY_OWNER_H
#define BT_KEY_OWNER_H

#include "base/bytes.h"
#include "key/record.h"

typedef enum bt_owner_kind { BT_OWNER_USER = 1, BT_OWNER_ORG = 2 } bt_owner_kind;

#define BT_OWNER_ID_MAX 128u

typedef struct bt_owner_ref {
    uint8_t bytes[BT_REF_SIZE];
} bt_owner_ref;

/* BLAKE2b-128. id: up to BT_OWNER_ID_MAX bytes. */
bt_owner_ref bt_owner_ref_make(uint8_t environment, bt_owner_kind kind, bt_bytes id,
                               uint32_t incarnation);

/* Which owners of a key are stopped: blocked or deleted users and organizations, memberships that ended. */
enum {
    BT_STOPPED_USER = 1u << 0,
    BT_STOPPED_ORG = 1u << 1,
    BT_STOPPED_MEMBERSHIP = 1u << 2,
};

/* The key of a row in the table of stopped owners: user, then organization; zeros for none. Both: the membership. */
typedef struct bt_stop_key {
    bt_owner_ref user;
    bt_owner_ref org;
} bt_stop_key;

#endif
