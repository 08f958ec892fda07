/* A whole store in a directory of its own, with a session and the administrator: for tests and fuzz
 * targets of the rooms above the store. What fails in here ends the program. */
#ifndef BT_TESTS_SUPPORT_HOUSE_H
#define BT_TESTS_SUPPORT_HOUSE_H

#include "service/create_key.h"
#include "service/revoke_key.h"

typedef struct test_house {
    char base[256]; /* removed at the end */
    char directory[300];
    bt_service service;
    bt_session session; /* its snapshot is renewed */
    bt_caller administrator;
} test_house;

typedef struct house_key {
    char token[BT_TOKEN_MAX + 1];
    char id[BT_KEY_ID_TEXT_SIZE];
} house_key;

/* Has the environments `test` and `prod`. No writer: changes are applied where they are run. */
void house_open(test_house *house);
/* Changes go through a writer's thread from here on. */
void house_start_writer(test_house *house);
/* Takes one that is zero. */
void house_close(test_house *house);

/* Moves the session to the newest revision. */
void house_renew(test_house *house);

/* As the administrator; in `test` and named "a key" where the request does not say. Renews. */
house_key house_create(test_house *house, bt_create_key_request request);
house_key house_backend(test_house *house, uint64_t mask);
house_key house_full_access(test_house *house);
void house_revoke(test_house *house, const house_key *key);
/* Changes the key's record, past the rules of the service. */
void house_alter(test_house *house, const house_key *key, void (*edit)(bt_record *record));
void house_retire(test_house *house, const char *scope);

/* The caller with this key, which must be a good one. */
bt_caller house_caller(test_house *house, const house_key *key);

#define BIT(bit) (UINT64_C(1) << (bit))

#endif
