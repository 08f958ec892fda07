#include "key/record.h"

#include <stdalign.h>

/* Without a branch on what is compared. sodium_memcmp does it byte by byte. */
bool bt_record_matches(const bt_record *record, const bt_digest *digest) {
    uint64_t ours[3], theirs[3];
    static_assert(sizeof ours == sizeof record->digest_rest, "the rest of the digest");
    memcpy(ours, record->digest_rest, sizeof ours);
    memcpy(theirs, digest->bytes + sizeof(uint64_t), sizeof theirs);
    return ((ours[0] ^ theirs[0]) | (ours[1] ^ theirs[1]) | (ours[2] ^ theirs[2])) == 0;
}

void bt_record_set_digest(bt_record *record, const bt_digest *digest) {
    memcpy(record->digest_rest, digest->bytes + sizeof(uint64_t), sizeof record->digest_rest);
}

const bt_record *bt_record_view(bt_bytes row) {
    if (row.size != BT_RECORD_SIZE || (uintptr_t)row.data % alignof(bt_record)) return NULL;
    const bt_record *record = (const bt_record *)(const void *)row.data;
    bool known = record->version == BT_RECORD_VERSION && record->reserved == 0 &&
                 record->pepper == 0 && (record->flags & ~(unsigned)BT_RECORD_FLAGS) == 0;
    bool kind = record->kind >= BT_KIND_BACKEND && record->kind <= BT_KIND_LAST;
    bool grant = record->environment != 0 && (record->mask >> 63) == 0;
    return known && kind && grant ? record : NULL;
}
