/* Tokens of another system, which were imported: any text but one that begins like a token of ours. */
#ifndef BT_KEY_FOREIGN_H
#define BT_KEY_FOREIGN_H

#include "key/digest.h"
#include "key/environment.h"

#define BT_FOREIGN_MIN 8u
#define BT_FOREIGN_MAX 512u
#define BT_FOREIGN_HASH_SIZE 32u /* SHA-256 */

typedef struct bt_foreign_hash {
    uint8_t bytes[BT_FOREIGN_HASH_SIZE];
} bt_foreign_hash;

/* BT_FOREIGN_MIN to BT_FOREIGN_MAX characters of visible ASCII, and no prefix of any environment and an underscore at
 * its beginning: what looks like a token of ours is never another's. */
bool bt_foreign_ok(const bt_environments *environments, bt_bytes token);

/* The place of the scheme that a token belongs to; -1 for none. */
int bt_foreign_scheme(const bt_environment *environment, bt_bytes token);

/* What the other system kept of a token. */
bt_foreign_hash bt_foreign_hash_token(const bt_scheme *scheme, bt_bytes token);

/* 64 hexadecimal digits, or base64 with or without padding, of either alphabet. */
bool bt_foreign_hash_parse(bt_bytes text, bt_foreign_hash *ret_hash);

/* The digest that its record is found by. */
bt_digest bt_foreign_digest(const bt_pepper *pepper, const bt_environment *environment,
                            unsigned scheme, const bt_foreign_hash *hash);

#endif
