/* A data directory with a store that this process writes, and a handle of the library on it. */
#ifndef BT_TESTS_LIBRARY_HOME_H
#define BT_TESTS_LIBRARY_HOME_H

#include "bitting/bitting.h"
#include "made_keys.h"
#include "unit.h"

typedef struct home {
    char directory[256];
    bt_store *store; /* NULL: closed, so that the handle is the only one */
    bt_environments environments;
    made_plan plan; /* of keys in `test` */
    bitting *handle;
} home;

/* Makes a store with keys 0 to count - 1 of the plan. Nothing is open in the end but the store. */
void home_make(home *self, uint64_t count);
/* The same, with a handle whose environment is `test`. */
void home_open(home *self, uint64_t count);
void home_remove(home *self);

bitting_err home_try(const home *self, const char *environment, bitting **ret_handle,
                     char *message);
bitting_options home_options(const home *self);

/* Asks whether key n has users.read. The question's texts last until the next call. */
bitting_question home_question(const home *self, uint64_t n);
/* The answer's reason; fails the test on an error, and where it contradicts `allowed`. */
bitting_reason home_ask(bitting *handle, const bitting_question *question);

#endif
