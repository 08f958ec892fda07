/* Owners of keys: users and organizations, by the ids that their own system gives them. */
#ifndef BT_SERVICE_OWNER_H
#define BT_SERVICE_OWNER_H

#include "key/digest.h"
#include "key/environment.h"

typedef enum bt_owner_type { BT_OWNER_USER = 1, BT_OWNER_ORG = 2 } bt_owner_type;

/* What a record has in place of the id: a keyed hash of it, of its type and of the environment. */
void bt_owner_ref(const bt_pepper *pepper, const bt_environment *environment, bt_owner_type type,
                  bt_bytes id, uint8_t ret_ref[BT_REF_SIZE]);

#endif
