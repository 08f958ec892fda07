/* The record: all that most checks need of a key, 112 bytes that are read where they lie in the
 * file. With LMDB's node header (8) and the row's key (8) a row is 128 bytes: two cache lines.
 * Little-endian.
 *
 * The row's key is the first 8 bytes of the digest as a native integer; the other 24 are in the
 * record and are compared in full. Two digests that share their first 8 bytes cannot both be
 * stored: a new token is then minted again, an imported one is refused (one in 370,000 that this
 * ever happens among ten million keys). */
#ifndef BT_KEY_RECORD_H
#define BT_KEY_RECORD_H

#include <assert.h>

#include "base/bytes.h"
#include "base/clock.h"
#include "key/digest.h"
#include "key/key_id.h"
#include "key/kind.h"

static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__,
              "records are read in place, little-endian");

#define BT_RECORD_VERSION 1u
#define BT_RECORD_SIZE 112u

enum {
    BT_RECORD_REVOKED = 1u << 0,
    BT_RECORD_DISABLED = 1u << 1,
    BT_RECORD_FULL_ACCESS = 1u << 2,
    BT_RECORD_NARROW = 1u << 3,       /* has a row in the table `narrow` */
    BT_RECORD_IMPORTED = 1u << 4,     /* the token is of another system's shape */
    BT_RECORD_USER = 1u << 5,         /* user_ref is set */
    BT_RECORD_ORG = 1u << 6,          /* org_ref is set */
    BT_RECORD_RATE_LIMITED = 1u << 7, /* only the server can decide */
    BT_RECORD_FLAGS = (1u << 8) - 1,
};

typedef struct bt_record {
    uint8_t digest_rest[24];
    uint64_t mask;
    bt_key_id key_id;
    uint8_t version;
    uint8_t kind; /* bt_kind */
    uint16_t flags;
    uint8_t environment; /* its number, 1 to 255 */
    uint8_t pepper;      /* which pepper; 0 */
    uint16_t reserved;   /* 0 */
    int64_t created_ms;
    int64_t expires_ms;    /* good before this; BT_NEVER_MS */
    int64_t not_before_ms; /* good from this on; 0 */
    uint8_t user_ref[BT_REF_SIZE];
    uint8_t org_ref[BT_REF_SIZE];
} bt_record;

static_assert(sizeof(bt_record) == BT_RECORD_SIZE, "record size");
static_assert(offsetof(bt_record, digest_rest) == 0, "record layout");
static_assert(offsetof(bt_record, mask) == 24, "record layout");
static_assert(offsetof(bt_record, key_id) == 32, "record layout");
static_assert(offsetof(bt_record, version) == 48, "record layout");
static_assert(offsetof(bt_record, kind) == 49, "record layout");
static_assert(offsetof(bt_record, flags) == 50, "record layout");
static_assert(offsetof(bt_record, environment) == 52, "record layout");
static_assert(offsetof(bt_record, pepper) == 53, "record layout");
static_assert(offsetof(bt_record, reserved) == 54, "record layout");
static_assert(offsetof(bt_record, created_ms) == 56, "record layout");
static_assert(offsetof(bt_record, expires_ms) == 64, "record layout");
static_assert(offsetof(bt_record, not_before_ms) == 72, "record layout");
static_assert(offsetof(bt_record, user_ref) == 80, "record layout");
static_assert(offsetof(bt_record, org_ref) == 96, "record layout");

/* The row as a record, in place. NULL where it is not one: wrong size, version, kind, flags or
 * reserved bits, or not aligned to 8 bytes. Such a row is damage, and is never an allow. */
const bt_record *bt_record_view(bt_bytes row);

/* Sets digest_rest. */
void bt_record_set_digest(bt_record *record, const bt_digest *digest);

/* Compares the rest of the digest in constant time. */
bool bt_record_matches(const bt_record *record, const bt_digest *digest);

#endif
