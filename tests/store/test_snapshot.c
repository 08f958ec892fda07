#include <pthread.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fixture.h"

START_TEST(a_snapshot_sees_what_came_after_it) {
    data_home fixture;
    fixture_make(&fixture);
    fixture_open(&fixture, 0);
    fixture_fill(&fixture, 0, 2000);
    sample key, deleted;
    sample_make(7, &key);
    sample_make(8, &deleted);
    bt_snapshot *old = fixture.snapshot, *other = NULL;
    ck_assert_int_eq(bt_snapshot_open(fixture.store, &other, NULL), BT_OK);
    ck_assert_int_eq(bt_snapshot_renew(old), BT_OK);
    uint64_t revision = bt_snapshot_head(old)->revision;
    const bt_record *before = NULL;
    ck_assert_int_eq(bt_snapshot_record(old, &key.digest, &before), BT_OK);
    bt_record copy = *before;

    ck_assert_int_eq(sample_apply(fixture.store, SAMPLE_REVOKE, 7), BT_OK);
    ck_assert_int_eq(sample_apply(fixture.store, SAMPLE_DELETE, 8), BT_OK);
    fixture_fill(&fixture, 10000, 3000); /* which would use the old pages again, were they free */

    ck_assert_uint_eq(bt_snapshot_head(old)->revision, revision);
    ck_assert_mem_eq(before, &copy, sizeof copy);
    const bt_record *found = NULL;
    ck_assert_int_eq(bt_snapshot_record(old, &deleted.digest, &found), BT_OK);
    ck_assert_ptr_nonnull(found);
    bool revoked;
    ck_assert(sample_is_there(other, 7, &revoked));
    ck_assert(revoked);
    ck_assert(!sample_is_there(other, 8, NULL));
    ck_assert_int_eq(bt_snapshot_renew(old), BT_OK);
    ck_assert_uint_eq(bt_snapshot_head(old)->revision, revision + 3002);
    bt_snapshot_close(other);
    fixture_remove(&fixture);
}
END_TEST

#define EXPECTED 3000u

/* Whether what was found for this key together with others is what is found for it alone. */
static bool is_same(bt_snapshot *snapshot, const sample *key, bt_bytes row, bt_bytes detail) {
    const bt_record *expected = NULL, *found = NULL;
    bt_bytes alone = {0};
    bt_err err = bt_snapshot_expected(snapshot, row, &key->digest, &expected);
    if (!err) err = bt_snapshot_record(snapshot, &key->digest, &found);
    if (err || expected != found || row.data != (const void *)found) return false;
    err = bt_snapshot_detail(snapshot, &key->record.key_id, &alone);
    return (!err || err == BT_ERR_NOT_FOUND) && detail.data == alone.data &&
           detail.size == alone.size;
}

/* Looks all up together, and each by itself. Returns how many were found without a look-up. */
static size_t compare_all(bt_snapshot *snapshot, const sample *keys) {
    static const void *slots[EXPECTED], *ids[EXPECTED];
    static bt_bytes rows[EXPECTED], details[EXPECTED];
    size_t known = 0, wrong = 0;
    ck_assert_int_eq(bt_snapshot_renew(snapshot), BT_OK);
    for (size_t i = 0; i < EXPECTED; i++) {
        slots[i] = &keys[i].slot;
        ids[i] = &keys[i].record.key_id;
    }
    bt_snapshot_expect(snapshot, slots, EXPECTED, rows);
    bt_snapshot_expect_details(snapshot, ids, EXPECTED, details);
    for (size_t i = 0; i < EXPECTED; i++) {
        known += rows[i].data != NULL;
        wrong += !is_same(snapshot, &keys[i], rows[i], details[i]);
    }
    ck_assert_uint_eq(wrong, 0);
    bt_snapshot_reset(snapshot);
    return known;
}

/* Changes come from another thread's writer, and pages that were freed are used again. */
START_TEST(an_expected_record_is_older_than_the_snapshot) {
    static sample keys[EXPECTED];
    data_home fixture;
    fixture_make(&fixture);
    fixture_open(&fixture, 0);
    fixture_fill(&fixture, 0, EXPECTED - 200);
    for (size_t i = 0; i < EXPECTED; i++) sample_make(i, &keys[i]);
    ck_assert_uint_eq(compare_all(fixture.snapshot, keys), EXPECTED - 200);
    for (uint64_t round = 0; round < 60; round++) {
        ck_assert_int_eq(sample_apply(fixture.store, SAMPLE_REVOKE, round * 7), BT_OK);
        if (round % 2) compare_all(fixture.snapshot, keys);
        ck_assert_int_eq(sample_apply(fixture.store, SAMPLE_DELETE, round * 7 + 1), BT_OK);
        if (round % 3) fixture_fill(&fixture, EXPECTED - 200 + round, 1);
        compare_all(fixture.snapshot, keys);
    }
    fixture_remove(&fixture);
}
END_TEST

/* The key says the revision that wrote it last, in place of its scopes. */
#define KEY 5u

static bt_err toggle(bt_change *change, bt_txn *txn, bt_fault *fault) {
    (void)change, (void)fault;
    sample key;
    sample_make(KEY, &key);
    key.record.mask = bt_txn_head(txn)->revision + 1;
    return bt_txn_update_key(txn, &key.record, &key.detail);
}

/* Shared by threads and, in memory that is mapped shared, by processes. */
typedef struct race_state {
    atomic_ullong acknowledged; /* revision */
    atomic_bool over;
    atomic_ullong looks;
} race_state;

/* Looks until it is over. 0, or what was wrong: an answer older than what was acknowledged before the
 * question, or one that is not of its own revision. */
static int look(bt_store *store, race_state *race) {
    sample key;
    sample_make(KEY, &key);
    bt_snapshot *snapshot;
    if (bt_snapshot_open(store, &snapshot, NULL)) return 1;
    int wrong = 0;
    while (!wrong && !atomic_load(&race->over)) {
        uint64_t acknowledged = atomic_load(&race->acknowledged);
        const bt_record *record = NULL;
        const void *slot = &key.slot;
        bt_bytes row = {0};
        if (bt_snapshot_renew(snapshot))
            wrong = 2;
        else if (bt_snapshot_record(snapshot, &key.digest, &record) || !record)
            wrong = 3;
        else if (bt_snapshot_head(snapshot)->revision < acknowledged)
            wrong = 4;
        else if (bt_snapshot_head(snapshot)->revision != record->mask)
            wrong = 5;
        else if (bt_snapshot_expect(snapshot, &slot, 1, &row), row.data != (const void *)record)
            wrong = 7;
        bt_snapshot_reset(snapshot);
        atomic_fetch_add(&race->looks, 1);
    }
    bt_snapshot_close(snapshot);
    return wrong;
}

typedef struct looker {
    bt_store *store;
    race_state *race;
    int wrong;
} looker;

static void *look_in_thread(void *argument) {
    looker *self = argument;
    self->wrong = look(self->store, self->race);
    return NULL;
}

static int look_in_process(const data_home *fixture, race_state *race) {
    data_home own = *fixture;
    bt_fault fault;
    return fixture_try(&own, BT_STORE_READ, &fault) ? 6 : look(own.store, race);
}

START_TEST(a_change_that_is_done_is_not_seen_by_the_next_look) {
    data_home fixture;
    fixture_make(&fixture);
    fixture_open(&fixture, 0);
    race_state *race =
        mmap(NULL, sizeof *race, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    ck_assert_ptr_ne(race, MAP_FAILED);
    ck_assert_int_eq(sample_apply(fixture.store, SAMPLE_CREATE, KEY), BT_OK);
    bt_change first = {.apply = toggle, .deadline_ms = BT_NEVER_MS};
    ck_assert_int_eq(bt_store_change(fixture.store, &first), BT_OK);
    pid_t child = fork();
    if (child == 0) _exit(look_in_process(&fixture, race));
    looker lookers[3];
    pthread_t threads[3];
    for (int i = 0; i < 3; i++) {
        lookers[i] = (looker){.store = fixture.store, .race = race};
        pthread_create(&threads[i], NULL, look_in_thread, &lookers[i]);
    }
    unsigned changes = getenv("BITTING_VALGRIND") ? 50 : 2000; /* which runs one thread at a time */
    for (unsigned i = 0; i < changes; i++) {
        bt_change change = {.apply = toggle, .deadline_ms = BT_NEVER_MS};
        ck_assert_int_eq(bt_store_change(fixture.store, &change), BT_OK);
        atomic_store(&race->acknowledged, change.revision);
    }
    atomic_store(&race->over, true);
    for (int i = 0; i < 3; i++) pthread_join(threads[i], NULL);
    int status;
    waitpid(child, &status, 0);
    ck_assert_int_eq(status, 0);
    for (int i = 0; i < 3; i++) ck_assert_int_eq(lookers[i].wrong, 0);
    ck_assert_uint_ge(race->looks, changes);
    fixture_remove(&fixture);
}
END_TEST

static bt_err add_environment(bt_change *change, bt_txn *txn, bt_fault *fault) {
    (void)change, (void)fault;
    bt_environments environments = *bt_txn_environments(txn);
    bt_environment *added = &environments.list[environments.count++];
    *added = environments.list[0];
    added->id = (uint8_t)environments.count;
    strcpy(added->name, "prod");
    strcpy(added->prefix, "acme_live");
    return bt_txn_put_environments(txn, &environments);
}

static bt_err retire_scope(bt_change *change, bt_txn *txn, bt_fault *fault) {
    (void)change, (void)fault;
    static bt_catalogue catalogue;
    catalogue = *bt_txn_catalogue(txn);
    catalogue.scopes[0].retired = true;
    return bt_txn_put_catalogue(txn, &catalogue);
}

static bt_err break_catalogue(bt_change *change, bt_txn *txn, bt_fault *fault) {
    (void)change, (void)fault;
    static bt_catalogue catalogue;
    catalogue = *bt_txn_catalogue(txn);
    catalogue.categories[0].bits = 40;
    return bt_txn_put_catalogue(txn, &catalogue);
}

static bt_err apply_in_process(const data_home *fixture,
                               bt_err (*apply)(bt_change *, bt_txn *, bt_fault *)) {
    pid_t child = fork();
    if (child == 0) {
        data_home own = *fixture;
        bt_fault fault;
        if (fixture_try(&own, BT_STORE_WRITE, &fault)) _exit(100);
        bt_change change = {.apply = apply, .deadline_ms = BT_NEVER_MS};
        _exit(-bt_store_change(own.store, &change));
    }
    int status;
    waitpid(child, &status, 0);
    return -WEXITSTATUS(status);
}

START_TEST(a_changed_catalogue_or_environment_is_not_seen_by_other_processes) {
    data_home fixture;
    fixture_make(&fixture);
    fixture_open(&fixture, 0);
    bt_snapshot *snapshot = fixture.snapshot;
    ck_assert_int_eq(bt_snapshot_renew(snapshot), BT_OK);
    ck_assert_int_eq(apply_in_process(&fixture, add_environment), BT_OK);
    ck_assert_uint_eq(bt_snapshot_environments(snapshot)->count, 1);
    ck_assert_int_eq(bt_snapshot_renew(snapshot), BT_OK);
    ck_assert_uint_eq(bt_snapshot_environments(snapshot)->count, 2);
    ck_assert_str_eq(bt_snapshot_environments(snapshot)->list[1].prefix, "acme_live");
    ck_assert_int_eq(apply_in_process(&fixture, add_environment), BT_ERR_INVALID); /* twice */
    ck_assert_int_eq(apply_in_process(&fixture, retire_scope), BT_OK);
    ck_assert_int_eq(apply_in_process(&fixture, break_catalogue), BT_ERR_INVALID);
    ck_assert_int_eq(bt_snapshot_renew(snapshot), BT_OK);
    const bt_catalogue *catalogue = bt_snapshot_catalogue(snapshot);
    ck_assert(catalogue->scopes[0].retired);
    ck_assert_uint_eq(catalogue->live & 1, 0);
    ck_assert_uint_eq(bt_snapshot_head(snapshot)->live, catalogue->live);
    ck_assert_uint_eq(bt_snapshot_head(snapshot)->revision, 3);
    fixture_remove(&fixture);
}
END_TEST

/* In one group: the second change must see the first one's environment, and nobody the failed one's. */
START_TEST(a_change_does_not_see_those_before_it_in_its_group) {
    data_home fixture;
    fixture_make(&fixture);
    fixture_open(&fixture, 0);
    sem_t posted;
    sem_init(&posted, 0, 0);
    bt_writer *writer = NULL;
    ck_assert_int_eq(bt_writer_start(fixture.store, 100, &writer, NULL), BT_OK);
    sample_change list[40];
    for (int i = 0; i < 40; i++) {
        list[i] = sample_change_of(SAMPLE_CREATE, (uint64_t)i, &posted);
        if (i % 4) list[i].change.apply = i % 4 == 1 ? add_environment : break_catalogue;
        ck_assert_int_eq(bt_writer_submit(writer, &list[i].change), BT_OK);
    }
    bt_writer_stop(writer);
    for (int i = 0; i < 40; i++)
        ck_assert_int_eq(list[i].change.fault.err, i % 4 == 0 || i == 1 ? BT_OK : BT_ERR_INVALID);
    ck_assert_int_eq(bt_snapshot_renew(fixture.snapshot), BT_OK);
    ck_assert_uint_eq(bt_snapshot_environments(fixture.snapshot)->count, 2);
    ck_assert_uint_eq(bt_snapshot_catalogue(fixture.snapshot)->generation, 1);
    fixture_remove(&fixture);
}
END_TEST

static bt_err add_environment_and_fail(bt_change *change, bt_txn *txn, bt_fault *fault) {
    BT_TRY(add_environment(change, txn, fault));
    return BT_ERR_PRECONDITION;
}

static bt_err add_other_environment(bt_change *change, bt_txn *txn, bt_fault *fault) {
    (void)change, (void)fault;
    bt_environments environments = *bt_txn_environments(txn);
    environments.list[environments.count] = environments.list[0];
    bt_environment *added = &environments.list[environments.count++];
    added->id = 2;
    strcpy(added->name, "other");
    strcpy(added->prefix, "other");
    return bt_txn_put_environments(txn, &environments);
}

static bt_err want_other(bt_change *change, bt_txn *txn, bt_fault *fault) {
    (void)change, (void)fault;
    const bt_environments *environments = bt_txn_environments(txn);
    bool other = environments->count == 2 && !strcmp(environments->list[1].prefix, "other");
    return other ? BT_OK : BT_ERR_INTERNAL;
}

/* The generation that the failed change gave is given again, by another process, to something else. */
START_TEST(what_a_failed_change_put_is_seen_by_the_next) {
    data_home fixture;
    fixture_make(&fixture);
    fixture_open(&fixture, 0);
    sem_t posted;
    sem_init(&posted, 0, 0);
    bt_writer *writer = NULL;
    ck_assert_int_eq(bt_writer_start(fixture.store, 100, &writer, NULL), BT_OK);
    sample_change change = sample_change_of(SAMPLE_CREATE, 1, &posted);
    change.change.apply = add_environment_and_fail;
    ck_assert_int_eq(bt_writer_submit(writer, &change.change), BT_OK);
    sem_wait(&posted);
    ck_assert_int_eq(change.change.fault.err, BT_ERR_PRECONDITION);
    ck_assert_int_eq(apply_in_process(&fixture, add_other_environment), BT_OK);
    change.change.apply = want_other;
    ck_assert_int_eq(bt_writer_submit(writer, &change.change), BT_OK);
    sem_wait(&posted);
    ck_assert_int_eq(change.change.fault.err, BT_OK);
    bt_writer_stop(writer);
    fixture_remove(&fixture);
}
END_TEST

START_TEST(the_last_id_has_a_next) {
    bt_key_id id = {{0}};
    memset(id.bytes + 1, 0xFF, 15);
    ck_assert(bt_key_id_next(&id));
    ck_assert_uint_eq(id.bytes[0], 1);
    ck_assert_uint_eq(id.bytes[15], 0);
    memset(id.bytes, 0xFF, 16);
    ck_assert(!bt_key_id_next(&id));
}
END_TEST

UNIT_MAIN("snapshot", a_snapshot_sees_what_came_after_it,
          an_expected_record_is_older_than_the_snapshot,
          a_change_that_is_done_is_not_seen_by_the_next_look,
          a_changed_catalogue_or_environment_is_not_seen_by_other_processes,
          a_change_does_not_see_those_before_it_in_its_group,
          what_a_failed_change_put_is_seen_by_the_next, the_last_id_has_a_next)
