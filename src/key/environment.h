/* Environments: test, staging, prod, ... A key belongs to exactly one and is unknown in every
 * other. */
#ifndef BT_KEY_ENVIRONMENT_H
#define BT_KEY_ENVIRONMENT_H

#include "base/bytes.h"
#include "base/clock.h"
#include "key/kind.h"
#include "key/token.h"

#define BT_ENVIRONMENT_NAME_MAX 16u
#define BT_ENVIRONMENTS_MAX 64u
#define BT_EXPIRY_CHOICES_MAX 12u

/* A bit for each kind that an environment lets keys have: bit 1 << kind. */
#define BT_KINDS_BACKEND (1u << BT_KIND_BACKEND)
#define BT_KINDS_ALL                                                                               \
    (1u << BT_KIND_BACKEND | 1u << BT_KIND_PERSONAL | 1u << BT_KIND_ORG | 1u << BT_KIND_GENERIC)

#define BT_SCHEMES_MAX 4u
#define BT_SCHEME_PREFIX_MAX 32u

#define BT_PEPPER_NAME_MAX 32u
#define BT_PEPPER_MARK_SIZE 16u

/* How another system made its hashes. Values are stored. The message is the token, or what follows the prefix. */
typedef enum bt_hash_method {
    BT_HASH_SHA256 = 1,       /* SHA-256 of the message */
    BT_HASH_HMAC_SHA256 = 2,  /* HMAC-SHA-256 of it, keyed by the pepper */
    BT_HASH_PEPPER_FIRST = 3, /* SHA-256 of the pepper and then the message */
    BT_HASH_PEPPER_LAST = 4,  /* SHA-256 of the message and then the pepper */
} bt_hash_method;
#define BT_HASH_LAST BT_HASH_PEPPER_LAST

typedef struct bt_foreign_pepper bt_foreign_pepper;

/* How tokens of another system that were imported are known. A token is looked for by each scheme whose prefix it
 * begins with, in the order in which they were added: so another one never changes whose a token is. */
typedef struct bt_scheme {
    char prefix[BT_SCHEME_PREFIX_MAX + 1]; /* may be empty */
    bool hashes_rest;
    bool forgotten; /* its pepper is lost: it finds no token any more, and keeps its place */
    bt_hash_method method;
    /* Not with BT_HASH_SHA256. The secret itself is in a file (store/foreign_peppers.h). */
    char pepper_name[BT_PEPPER_NAME_MAX + 1];
    uint8_t pepper_mark[BT_PEPPER_MARK_SIZE]; /* tells it from another that has taken its name */
    /* NULL: needs none, or this process cannot read it. Not stored; lives as long as the store. */
    const bt_foreign_pepper *pepper;
} bt_scheme;

typedef struct bt_environment {
    uint8_t id; /* 1 to 255, never used again; in records */
    char name[BT_ENVIRONMENT_NAME_MAX + 1];
    char prefix[BT_TOKEN_PREFIX_MAX + 1]; /* of its tokens; unique in the store */
    bool org_keys_stop_with_creator; /* an organization's key stops with the user who made it */
    /* Rules for keys that are made from now on. */
    uint32_t kinds;      /* BT_KINDS_*: that may be made */
    int64_t max_life_ms; /* from a key's creation to its expiry at most; BT_NEVER_MS: no limit */
    /* How long an end-user key may be good, chosen as expires_in; BT_NEVER_MS is for ever. None: any time. */
    size_t expiry_choices_count;
    int64_t expiry_choices_ms[BT_EXPIRY_CHOICES_MAX];
    /* By place, which is part of the digest: schemes are added, and never taken away. */
    size_t schemes_count;
    bt_scheme schemes[BT_SCHEMES_MAX];
} bt_environment;

typedef struct bt_environments {
    size_t count;
    bt_environment list[BT_ENVIRONMENTS_MAX];
} bt_environments;

/* [a-z][a-z0-9]{0,15} */
bool bt_environment_name_ok(bt_bytes name);

/* [a-z][a-z0-9_-]{0,31}: also the name of a file. */
bool bt_pepper_name_ok(bt_bytes name);

/* NULL where there is none. */
const bt_environment *bt_environment_find(const bt_environments *environments, bt_bytes name);
const bt_environment *bt_environment_by_prefix(const bt_environments *environments,
                                               bt_bytes prefix);
const bt_environment *bt_environment_by_id(const bt_environments *environments, uint8_t id);

#endif
