#include "service/owner.h"

#include <assert.h>

#include "store/detail.h"

static_assert(BT_REF_SIZE == BT_SEAL_SIZE, "a reference is a seal");

void bt_owner_ref(const bt_pepper *pepper, const bt_environment *environment, bt_owner_type type,
                  bt_bytes id, uint8_t ret_ref[BT_REF_SIZE]) {
    uint8_t input[1 + BT_OWNER_ID_MAX] = {environment->id};
    if (id.size > BT_OWNER_ID_MAX) __builtin_trap();
    memcpy(input + 1, id.data, id.size);
    bt_digest_seal(pepper, type == BT_OWNER_USER ? "user" : "org", bt_bytes_of(input, 1 + id.size),
                   ret_ref);
}
