/* The pepper, and digests under it. */
#ifndef BT_KEY_DIGEST_H
#define BT_KEY_DIGEST_H

#include <sys/types.h>

#include "base/bytes.h"
#include "base/err.h"

#define BT_PEPPER_SIZE 32u
#define BT_DIGEST_SIZE 32u
#define BT_FINGERPRINT_SIZE 16u
#define BT_REF_SIZE 16u

/* The secret that digests are made under: 32 random bytes in memory that is not swapped. Losing it
 * is losing every key. Opaque, so that it is not copied by accident. */
typedef struct bt_pepper bt_pepper;

/* Makes the file, of 64 hexadecimal digits and a newline, mode 0600, synced to disk with its
 * directory. BT_ERR_EXISTS where there is one. */
bt_err bt_pepper_create(const char *path, bt_fault *fault);

/* Reads the file: a regular one, of 64 hexadecimal digits with or without a newline, owned by this
 * user, by root, or by `owner`, whose store it is for; mode 0600 or less, or 0640 (readable by one group).
 * BT_ERR_NOT_FOUND where there is none; BT_ERR_PRECONDITION where others can read it or it does not have
 * that form. */
bt_err bt_pepper_load(const char *path, uid_t owner, bt_pepper **ret_pepper, bt_fault *fault);

/* From 32 bytes; for tests and benchmarks. */
bt_pepper *bt_pepper_from_bytes(const uint8_t bytes[BT_PEPPER_SIZE]);

/* Wipes it. NULL is taken; returns NULL. */
bt_pepper *bt_pepper_free(bt_pepper *pepper);

/* Tells one pepper from another and gives nothing else away. */
void bt_pepper_fingerprint(const bt_pepper *pepper, uint8_t ret_fingerprint[BT_FINGERPRINT_SIZE]);

typedef struct bt_digest {
    uint8_t bytes[BT_DIGEST_SIZE];
} bt_digest;

/* A block of BLAKE2b. */
#define BT_DIGEST_INPUT_MAX 128u

/* Keyed BLAKE2b-256 of environment, one zero byte, and token; together at most BT_DIGEST_INPUT_MAX,
 * and the environment has no zero byte among its own. No allocation. */
bt_digest bt_digest_token(const bt_pepper *pepper, bt_bytes environment, bt_bytes token);

/* The same for many tokens of one environment: in much less time than one by one. */
void bt_digest_tokens(const bt_pepper *pepper, bt_bytes environment, const bt_bytes *tokens,
                      size_t count, bt_digest *const *ret_digests);

/* A keyed hash for all that is no token: seals, references. purpose tells one use from another, so
 * that what was made for one is worth nothing to the next; it is a C string that is part of this
 * program. bytes of any length. No allocation. */
#define BT_SEAL_SIZE 16u
void bt_digest_seal(const bt_pepper *pepper, const char *purpose, bt_bytes bytes,
                    uint8_t ret_seal[BT_SEAL_SIZE]);

/* The first 8 bytes as a little-endian number: the key of the record's row. */
uint64_t bt_digest_slot(const bt_digest *digest);

#endif
