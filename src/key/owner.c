#include "key/owner.h"

#include <sodium.h>

bt_owner_ref bt_owner_ref_make(uint8_t environment, bt_owner_kind kind, bt_bytes id,
                               uint32_t incarnation) {
    /* Fixed-size parts first: no two different owners have the same input. */
    uint8_t input[6 + BT_OWNER_ID_MAX] = {environment, (uint8_t)kind};
    if (id.size > BT_OWNER_ID_MAX) __builtin_trap();
    memcpy(input + 2, &incarnation, sizeof incarnation);
    if (id.size) memcpy(input + 6, id.data, id.size);
    bt_owner_ref ref;
    crypto_generichash_blake2b(ref.bytes, sizeof ref.bytes, input, 6 + id.size, NULL, 0);
    return ref;
}
