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

/* Whether any scheme may know a token. */
bool bt_foreign_fits(const bt_environment *environment, bt_bytes token);

/* The place of the scheme that the import of a token takes: of those that it fits and that have no pepper, which it
 * would depend on for nothing, the one with the longest prefix. -1 for none. */
int bt_foreign_scheme(const bt_environment *environment, bt_bytes token);

/* The digests that the record of a token may be found by, one a call: of each scheme that it fits, in their order, but
 * for those whose pepper this process cannot read. *at begins as 0. False: there are no more. */
bool bt_foreign_next(const bt_pepper *pepper, const bt_environment *environment, bt_bytes token,
                     unsigned *at, bt_digest *ret_digest);

/* A scheme that a token fits and whose pepper this process cannot read: then a token that is not found is not
 * unknown, but not decided on. NULL: there is none. */
const bt_scheme *bt_foreign_lacking(const bt_environment *environment, bt_bytes token);

/* Whether the scheme at a place, counted from 1, has lost its pepper, and with it every key that it was to find. 0: one
 * that is not known, of which that is certain only where all have. */
bool bt_foreign_is_lost(const bt_environment *environment, unsigned place);

/* What the other system kept of a token. The scheme's pepper is there, if it has one. */
bt_foreign_hash bt_foreign_hash_token(const bt_scheme *scheme, bt_bytes token);

/* Base64 of either alphabet, with or without padding. False where it is not that, or has no bytes or more than fit. */
bool bt_base64_decode(bt_bytes text, uint8_t *ret_bytes, size_t capacity, size_t *ret_size);

/* "sha256", "hmac-sha256", ...: for people and files. NULL, and 0, where there is none. */
const char *bt_hash_method_name(bt_hash_method method);
bt_hash_method bt_hash_method_find(bt_bytes name);

/* 64 hexadecimal digits, or base64 with or without padding, of either alphabet. */
bool bt_foreign_hash_parse(bt_bytes text, bt_foreign_hash *ret_hash);

/* The digest that its record is found by. */
bt_digest bt_foreign_digest(const bt_pepper *pepper, const bt_environment *environment,
                            unsigned scheme, const bt_foreign_hash *hash);

#endif
