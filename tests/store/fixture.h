/* A data directory of its own for a test, and sample keys: key n is the same in every test. */
#ifndef BT_TESTS_STORE_FIXTURE_H
#define BT_TESTS_STORE_FIXTURE_H

#include <semaphore.h>

#include "store/writer.h"
#include "unit.h"

#define FIXTURE_PATH_SIZE 512

typedef struct data_home {
    char base[FIXTURE_PATH_SIZE]; /* removed at the end */
    char directory[FIXTURE_PATH_SIZE];
    bt_store *store;
    bt_snapshot *snapshot;
} data_home;

/* Makes `base`, and nothing in it. */
void fixture_make(data_home *fixture);
/* And a store, and a snapshot, which is not renewed. map_size as in bt_store_options. */
void fixture_open(data_home *fixture, size_t map_size);
/* Closes both. */
void fixture_close(data_home *fixture);
/* Closes, and removes everything. */
void fixture_remove(data_home *fixture);

/* Opens the fixture's directory; the error, and with it the text in `fault`, or 0. */
bt_err fixture_try(data_home *fixture, bt_store_mode mode, bt_fault *fault);

typedef struct sample {
    bt_digest digest;
    uint64_t slot;
    bt_record record;
    bt_detail detail;
    char name[32];
} sample;

/* Every third key belongs to a user and an org, and every third to an org alone, of 7 each. */
void sample_make(uint64_t n, sample *ret_sample);

typedef enum sample_action { SAMPLE_CREATE, SAMPLE_REVOKE, SAMPLE_DELETE } sample_action;

typedef struct sample_change {
    bt_change change;
    sample_action action;
    uint64_t n;
    sem_t *posted; /* by done; NULL: nobody waits */
} sample_change;

sample_change sample_change_of(sample_action action, uint64_t n, sem_t *posted);

/* In a transaction of its own. */
bt_err sample_apply(bt_store *store, sample_action action, uint64_t n);

/* Creates that many keys, from the one numbered `from`, through a writer of its own. */
void fixture_fill(data_home *fixture, uint64_t from, size_t count);

/* Whether a snapshot, renewed for this, has a key whole: record, detail and index; or nothing of it.
 * Fails the test where it is half there. */
bool sample_is_there(bt_snapshot *snapshot, uint64_t n, bool *ret_revoked);

/* Renews, and fails the test where bt_snapshot_verify finds a problem. Gives the number of keys. */
uint64_t fixture_verify(data_home *fixture);

#endif
