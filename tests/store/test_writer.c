#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <time.h>

#include "base/clock.h"
#include "fixture.h"

#define QUEUE 4096

static bt_writer *start(data_home *fixture, size_t queue_limit) {
    bt_writer *writer = NULL;
    bt_fault fault = {0};
    ck_assert_msg(bt_writer_start(fixture->store, queue_limit, &writer, &fault) == BT_OK, "%s",
                  fault.text);
    return writer;
}

static bt_writer *open_started(data_home *fixture, size_t queue_limit) {
    fixture_make(fixture);
    fixture_open(fixture, 0);
    return start(fixture, queue_limit);
}

/* A change that keeps the writer busy until it is let go, so that what is submitted meanwhile is
 * one group. */
typedef struct blocker {
    bt_change change;
    sem_t begun, release;
} blocker;

static bt_err wait_for_release(bt_change *change, bt_txn *txn, bt_fault *fault) {
    (void)txn, (void)fault;
    sem_post(&((blocker *)change)->begun);
    sem_wait(&((blocker *)change)->release);
    return BT_OK;
}

static void ignore(bt_change *change) {
    (void)change;
}

static void block(bt_writer *writer, blocker *first) {
    first->change =
        (bt_change){.apply = wait_for_release, .done = ignore, .deadline_ms = BT_NEVER_MS};
    sem_init(&first->begun, 0, 0);
    sem_init(&first->release, 0, 0);
    ck_assert_int_eq(bt_writer_submit(writer, &first->change), BT_OK);
    sem_wait(&first->begun);
}

static bt_writer *open_blocked(data_home *fixture, size_t queue_limit, blocker *first) {
    bt_writer *writer = open_started(fixture, queue_limit);
    block(writer, first);
    return writer;
}

START_TEST(a_change_is_not_there_when_it_is_done) {
    data_home fixture;
    bt_writer *writer = open_started(&fixture, QUEUE);
    sem_t posted;
    sem_init(&posted, 0, 0);
    for (uint64_t n = 0; n < 50; n++) {
        sample_change create = sample_change_of(SAMPLE_CREATE, n, &posted);
        ck_assert_int_eq(bt_writer_submit(writer, &create.change), BT_OK);
        sem_wait(&posted);
        ck_assert_int_eq(create.change.fault.err, BT_OK);
        ck_assert_uint_eq(create.change.revision, n + 2);
        ck_assert(sample_is_there(fixture.snapshot, n, NULL));
        ck_assert_uint_eq(bt_snapshot_head(fixture.snapshot)->revision, n + 2);
    }
    bt_writer_stop(writer);
    ck_assert_uint_eq(fixture_verify(&fixture), 50);
    fixture_remove(&fixture);
}
END_TEST

static uint64_t commits_of(const bt_writer *writer) {
    bt_time_sum sum = {0};
    bt_time_add(&bt_writer_commits(writer)->time, &sum);
    uint64_t count = 0;
    for (size_t i = 0; i <= BT_TIME_BUCKETS; i++) count += sum.buckets[i];
    ck_assert_int_eq(count > 0, sum.sum_ns > 0);
    return count;
}

START_TEST(commits_are_counted_wrong) {
    enum { COUNT = 10 };
    data_home fixture;
    bt_writer *writer = open_started(&fixture, QUEUE);
    ck_assert_uint_eq(commits_of(writer), 0);
    blocker first;
    block(writer, &first);
    sem_t posted;
    sem_init(&posted, 0, 0);
    sample_change list[COUNT];
    for (uint64_t n = 0; n < COUNT; n++) { /* the last of them is there already, and fails */
        list[n] = sample_change_of(SAMPLE_CREATE, n == COUNT - 1 ? 0 : n, &posted);
        ck_assert_int_eq(bt_writer_submit(writer, &list[n].change), BT_OK);
    }
    sem_post(&first.release);
    for (int n = 0; n < COUNT; n++) sem_wait(&posted);
    ck_assert_uint_eq(commits_of(writer), 1); /* what the blocker did was nothing */
    ck_assert_uint_eq(atomic_load(&bt_writer_commits(writer)->changes), COUNT - 1);
    bt_writer_stop(writer);
    fixture_remove(&fixture);
}
END_TEST

/* One group with changes that fail of themselves, early and late, among good ones. */
START_TEST(a_change_that_fails_takes_others_of_its_group_with_it) {
    enum { COUNT = 60 };
    data_home fixture;
    fixture_make(&fixture);
    fixture_open(&fixture, 0);
    ck_assert_int_eq(sample_apply(fixture.store, SAMPLE_CREATE, 1000), BT_OK);
    bt_writer *writer = start(&fixture, QUEUE);
    blocker first;
    block(writer, &first);
    sample_change list[COUNT];
    for (uint64_t n = 0; n < COUNT; n++) {
        list[n] = sample_change_of(SAMPLE_CREATE, n % 3 == 0 ? 1000 : n, NULL);
        if (n % 3 == 1) list[n].change.deadline_ms = bt_clock_ms() - 1;
        ck_assert_int_eq(bt_writer_submit(writer, &list[n].change), BT_OK);
    }
    sem_post(&first.release);
    bt_writer_stop(writer);
    static const bt_err expected[] = {BT_ERR_EXISTS, BT_ERR_DEADLINE, BT_OK};
    uint64_t revision = 2;
    for (uint64_t n = 0; n < COUNT; n++) {
        ck_assert_int_eq(list[n].change.fault.err, expected[n % 3]);
        ck_assert_int_eq(sample_is_there(fixture.snapshot, n, NULL), n % 3 == 2);
        if (n % 3 == 2) ck_assert_uint_eq(list[n].change.revision, ++revision);
    }
    ck_assert_uint_eq(fixture_verify(&fixture), 1 + COUNT / 3);
    fixture_remove(&fixture);
}
END_TEST

/* A defect in a change: it has written, and fails then. */
static bt_err write_and_fail(bt_change *change, bt_txn *txn, bt_fault *fault) {
    sample key;
    sample_make(((sample_change *)change)->n, &key);
    bt_txn_head(txn)->flags = BT_HEAD_STOPPED_OWNERS;
    BT_TRY(bt_txn_insert_key(txn, key.slot, &key.record, &key.detail));
    return bt_fail(fault, BT_ERR_PRECONDITION, "after a write");
}

static bt_err raise_flag_and_fail(bt_change *change, bt_txn *txn, bt_fault *fault) {
    (void)change;
    bt_txn_head(txn)->flags = BT_HEAD_STOPPED_OWNERS;
    return bt_fail(fault, BT_ERR_INVALID, "after touching the head");
}

START_TEST(a_change_that_fails_leaves_something_behind) {
    enum { COUNT = 9 };
    data_home fixture;
    blocker first;
    bt_writer *writer = open_blocked(&fixture, QUEUE, &first);
    sample_change list[COUNT];
    for (uint64_t n = 0; n < COUNT; n++) {
        list[n] = sample_change_of(SAMPLE_CREATE, n, NULL);
        if (n % 3 == 1) list[n].change.apply = write_and_fail;
        if (n % 3 == 2) list[n].change.apply = raise_flag_and_fail;
        ck_assert_int_eq(bt_writer_submit(writer, &list[n].change), BT_OK);
    }
    sem_post(&first.release);
    bt_writer_stop(writer);
    static const bt_err expected[] = {BT_OK, BT_ERR_PRECONDITION, BT_ERR_INVALID};
    for (uint64_t n = 0; n < COUNT; n++) {
        ck_assert_int_eq(list[n].change.fault.err, expected[n % 3]);
        ck_assert_int_eq(sample_is_there(fixture.snapshot, n, NULL), n % 3 == 0);
    }
    ck_assert_uint_eq(bt_snapshot_head(fixture.snapshot)->flags, 0);
    ck_assert_uint_eq(bt_snapshot_head(fixture.snapshot)->revision, 1 + COUNT / 3);
    ck_assert_uint_eq(fixture_verify(&fixture), COUNT / 3);
    fixture_remove(&fixture);
}
END_TEST

START_TEST(a_refused_change_leaves_its_mark_on_the_head) {
    data_home fixture;
    blocker first;
    bt_writer *writer = open_blocked(&fixture, QUEUE, &first);
    sample_change refused = sample_change_of(SAMPLE_CREATE, 1, NULL), good = refused;
    refused.change.apply = raise_flag_and_fail;
    ck_assert_int_eq(bt_writer_submit(writer, &refused.change), BT_OK);
    ck_assert_int_eq(bt_writer_submit(writer, &good.change), BT_OK);
    sem_post(&first.release);
    bt_writer_stop(writer);
    ck_assert_int_eq(good.change.fault.err, BT_OK);
    ck_assert(sample_is_there(fixture.snapshot, 1, NULL));
    ck_assert_uint_eq(bt_snapshot_head(fixture.snapshot)->flags, 0);
    fixture_remove(&fixture);
}
END_TEST

/* The transaction's own number is the same for all that one transaction applied. */
static bt_err note_time(bt_change *change, bt_txn *txn, bt_fault *fault) {
    (void)fault;
    change->deadline_ms = bt_txn_now_ms(txn);
    bt_txn_head(txn)->reserved++;
    struct timespec tick = {.tv_nsec = 2000000};
    nanosleep(&tick, NULL);
    return BT_OK;
}

START_TEST(changes_that_wait_are_not_committed_together) {
    enum { COUNT = 20 };
    data_home fixture;
    blocker first;
    bt_writer *writer = open_blocked(&fixture, QUEUE, &first);
    bt_change list[COUNT];
    for (int i = 0; i < COUNT; i++) {
        list[i] = (bt_change){.apply = note_time, .done = ignore, .deadline_ms = BT_NEVER_MS};
        ck_assert_int_eq(bt_writer_submit(writer, &list[i]), BT_OK);
    }
    sem_post(&first.release);
    bt_writer_stop(writer);
    for (int i = 1; i < COUNT; i++) {
        ck_assert_int_eq(list[i].deadline_ms, list[0].deadline_ms);
        ck_assert_uint_eq(list[i].revision, list[i - 1].revision + 1);
    }
    fixture_remove(&fixture);
}
END_TEST

START_TEST(a_change_that_writes_nothing_raises_the_revision) {
    data_home fixture;
    blocker first;
    bt_writer *writer = open_blocked(&fixture, QUEUE, &first);
    sem_post(&first.release);
    bt_writer_stop(writer);
    ck_assert_int_eq(first.change.fault.err, BT_OK);
    ck_assert_uint_eq(first.change.revision, 1);
    ck_assert_int_eq(bt_snapshot_renew(fixture.snapshot), BT_OK);
    ck_assert_uint_eq(bt_snapshot_head(fixture.snapshot)->revision, 1);
    fixture_remove(&fixture);
}
END_TEST

static int policy_of_writer;

static bt_err note_policy(bt_change *change, bt_txn *txn, bt_fault *fault) {
    (void)change, (void)txn, (void)fault;
    policy_of_writer = sched_getscheduler(0);
    return BT_OK;
}

/* Where the system lets a thread wake as a batch. */
START_TEST(the_writer_takes_the_processor_from_who_answers_checks) {
    const struct sched_param none = {0};
    int before = sched_getscheduler(0);
    bool allowed = before == SCHED_OTHER && sched_setscheduler(0, SCHED_BATCH, &none) == 0;
    if (allowed) sched_setscheduler(0, SCHED_OTHER, &none);
    data_home fixture;
    fixture_make(&fixture);
    fixture_open(&fixture, 0);
    bt_writer *writer = start(&fixture, QUEUE);
    bt_change change = {.apply = note_policy, .done = ignore, .deadline_ms = BT_NEVER_MS};
    ck_assert_int_eq(bt_writer_submit(writer, &change), BT_OK);
    bt_writer_stop(writer);
    if (allowed) ck_assert_int_eq(policy_of_writer, SCHED_BATCH);
    ck_assert_int_eq(sched_getscheduler(0), before);
    fixture_remove(&fixture);
}
END_TEST

START_TEST(the_queue_grows_without_bound) {
    data_home fixture;
    blocker first;
    bt_writer *writer = open_blocked(&fixture, 3, &first);
    sample_change list[5];
    for (uint64_t n = 0; n < 5; n++) {
        list[n] = sample_change_of(SAMPLE_CREATE, n, NULL);
        ck_assert_int_eq(bt_writer_submit(writer, &list[n].change),
                         n < 3 ? BT_OK : BT_ERR_EXHAUSTED);
    }
    sem_post(&first.release);
    bt_writer_stop(writer);
    for (uint64_t n = 0; n < 5; n++)
        ck_assert_int_eq(sample_is_there(fixture.snapshot, n, NULL), n < 3);
    fixture_remove(&fixture);
}
END_TEST

static void *stop(void *argument) {
    bt_writer_stop(argument);
    return NULL;
}

START_TEST(what_waits_is_dropped_by_a_stop) {
    enum { COUNT = 3000 };
    data_home fixture;
    blocker first;
    bt_writer *writer = open_blocked(&fixture, QUEUE, &first);
    static sample_change list[COUNT];
    for (uint64_t n = 0; n < COUNT; n++) {
        list[n] = sample_change_of(SAMPLE_CREATE, n, NULL);
        ck_assert_int_eq(bt_writer_submit(writer, &list[n].change), BT_OK);
    }
    pthread_t stopper;
    pthread_create(&stopper, NULL, stop, writer);
    /* The writer lives until `first` is let go, and takes changes until the stop is seen. */
    static sample_change late[QUEUE];
    size_t taken = 0;
    for (bt_err err = BT_OK; err != BT_ERR_UNAVAILABLE; sched_yield()) {
        late[taken] = sample_change_of(SAMPLE_CREATE, COUNT + taken, NULL);
        err = bt_writer_submit(writer, &late[taken].change);
        if (!err) taken++;
    }
    sem_post(&first.release);
    pthread_join(stopper, NULL);
    for (uint64_t n = 0; n < COUNT; n++) ck_assert_int_eq(list[n].change.fault.err, BT_OK);
    for (size_t n = 0; n < taken; n++) ck_assert_int_eq(late[n].change.fault.err, BT_OK);
    ck_assert_uint_eq(fixture_verify(&fixture), COUNT + taken);
    fixture_remove(&fixture);
}
END_TEST

static void replace_store(const data_home *fixture) {
    char other[FIXTURE_PATH_SIZE + 32], place[FIXTURE_PATH_SIZE + 32];
    snprintf(other, sizeof other, "%s/other", fixture->directory);
    snprintf(place, sizeof place, "%s/%s", fixture->directory, BT_STORE_FILE);
    FILE *file = fopen(other, "w");
    ck_assert_ptr_nonnull(file);
    fclose(file);
    ck_assert_int_eq(rename(other, place), 0);
}

/* Whoever opens the store from now on finds nothing of it. */
START_TEST(a_change_to_a_file_that_was_replaced_is_done) {
    data_home fixture;
    blocker first;
    bt_writer *writer = open_blocked(&fixture, QUEUE, &first);
    sample_change lost[2];
    for (uint64_t n = 0; n < 2; n++) {
        lost[n] = sample_change_of(SAMPLE_CREATE, n, NULL);
        ck_assert_int_eq(bt_writer_submit(writer, &lost[n].change), BT_OK);
    }
    replace_store(&fixture);
    sem_post(&first.release);
    bt_writer_stop(writer);
    for (int n = 0; n < 2; n++) {
        ck_assert_int_eq(lost[n].change.fault.err, BT_ERR_UNAVAILABLE);
        ck_assert_ptr_nonnull(strstr(lost[n].change.fault.text, "replaced"));
    }
    ck_assert_int_eq(sample_apply(fixture.store, SAMPLE_CREATE, 3), BT_ERR_UNAVAILABLE);
    fixture_remove(&fixture);
}
END_TEST

/* The first 8 bytes of two digests are one, the rest is not. */
static bt_err insert_twin(bt_change *change, bt_txn *txn, bt_fault *fault) {
    (void)fault;
    sample key, other;
    sample_make(((sample_change *)change)->n, &key);
    sample_make(((sample_change *)change)->n + 1, &other);
    memcpy(other.digest.bytes, key.digest.bytes, 8);
    bt_record_set_digest(&other.record, &other.digest);
    return bt_txn_insert_key(txn, key.slot, &other.record, &other.detail);
}

START_TEST(two_digests_with_one_beginning_are_one_key) {
    data_home fixture;
    fixture_make(&fixture);
    fixture_open(&fixture, 0);
    ck_assert_int_eq(sample_apply(fixture.store, SAMPLE_CREATE, 1), BT_OK);
    sample_change twin = sample_change_of(SAMPLE_CREATE, 1, NULL);
    twin.change.apply = insert_twin;
    ck_assert_int_eq(bt_store_change(fixture.store, &twin.change), BT_ERR_EXISTS);
    ck_assert(sample_is_there(fixture.snapshot, 1, NULL));
    ck_assert(!sample_is_there(fixture.snapshot, 2, NULL));
    ck_assert_uint_eq(fixture_verify(&fixture), 1);
    sample key;
    sample_make(1, &key);
    key.digest.bytes[31] ^= 1;
    const bt_record *record = (const bt_record *)&key;
    ck_assert_int_eq(bt_snapshot_renew(fixture.snapshot), BT_OK);
    ck_assert_int_eq(bt_snapshot_record(fixture.snapshot, &key.digest, &record), BT_OK);
    ck_assert_ptr_null(record);
    fixture_remove(&fixture);
}
END_TEST

START_TEST(a_change_to_a_key_that_is_not_there_makes_one) {
    data_home fixture;
    fixture_make(&fixture);
    fixture_open(&fixture, 0);
    ck_assert_int_eq(sample_apply(fixture.store, SAMPLE_REVOKE, 1), BT_ERR_NOT_FOUND);
    ck_assert_int_eq(sample_apply(fixture.store, SAMPLE_DELETE, 1), BT_ERR_NOT_FOUND);
    ck_assert_int_eq(sample_apply(fixture.store, SAMPLE_CREATE, 1), BT_OK);
    ck_assert_int_eq(sample_apply(fixture.store, SAMPLE_CREATE, 1), BT_ERR_EXISTS);
    bool revoked;
    ck_assert(sample_is_there(fixture.snapshot, 1, &revoked));
    ck_assert(!revoked);
    ck_assert_int_eq(sample_apply(fixture.store, SAMPLE_REVOKE, 1), BT_OK);
    ck_assert(sample_is_there(fixture.snapshot, 1, &revoked));
    ck_assert(revoked);
    ck_assert_int_eq(sample_apply(fixture.store, SAMPLE_DELETE, 1), BT_OK);
    ck_assert(!sample_is_there(fixture.snapshot, 1, NULL));
    ck_assert_uint_eq(fixture_verify(&fixture), 0);
    fixture_remove(&fixture);
}
END_TEST

static bt_err give_away(bt_change *change, bt_txn *txn, bt_fault *fault) {
    (void)fault;
    sample key;
    sample_make(((sample_change *)change)->n, &key);
    key.record.flags = BT_RECORD_ORG;
    memset(key.record.org_ref, 'z', sizeof key.record.org_ref);
    return bt_txn_update_key(txn, &key.record, &key.detail);
}

START_TEST(a_key_with_a_new_owner_stays_in_the_list_of_the_old) {
    data_home fixture;
    fixture_make(&fixture);
    fixture_open(&fixture, 0);
    sample key;
    sample_make(3, &key); /* of a user and an org */
    ck_assert_int_eq(sample_apply(fixture.store, SAMPLE_CREATE, 3), BT_OK);
    sample_change give = sample_change_of(SAMPLE_REVOKE, 3, NULL);
    give.change.apply = give_away;
    ck_assert_int_eq(bt_store_change(fixture.store, &give.change), BT_OK);
    bt_key_id from = {{0}}, found;
    uint8_t owner[BT_REF_SIZE];
    memset(owner, 'z', sizeof owner);
    ck_assert_int_eq(bt_snapshot_renew(fixture.snapshot), BT_OK);
    ck_assert_int_eq(bt_snapshot_seek_owned(fixture.snapshot, owner, &from, &found), BT_OK);
    ck_assert_int_eq(bt_snapshot_seek_owned(fixture.snapshot, key.record.user_ref, &from, &found),
                     BT_ERR_NOT_FOUND);
    ck_assert_int_eq(bt_snapshot_seek_owned(fixture.snapshot, key.record.org_ref, &from, &found),
                     BT_ERR_NOT_FOUND);
    ck_assert_uint_eq(fixture_verify(&fixture), 1);
    fixture_remove(&fixture);
}
END_TEST

/* By a wrong slot: that of another key. */
static bt_err revoke_by_slot_of_next(bt_change *change, bt_txn *txn, bt_fault *fault) {
    (void)fault;
    sample key, other;
    sample_make(((sample_change *)change)->n, &key);
    sample_make(((sample_change *)change)->n + 1, &other);
    key.detail.record_key = other.slot;
    return bt_txn_update_key(txn, &key.record, &key.detail);
}

START_TEST(a_key_is_written_over_another) {
    data_home fixture;
    fixture_make(&fixture);
    fixture_open(&fixture, 0);
    fixture_fill(&fixture, 1, 2);
    sample_change wrong = sample_change_of(SAMPLE_REVOKE, 1, NULL);
    wrong.change.apply = revoke_by_slot_of_next;
    ck_assert_int_eq(bt_store_change(fixture.store, &wrong.change), BT_ERR_NOT_FOUND);
    ck_assert_uint_eq(fixture_verify(&fixture), 2);
    fixture_remove(&fixture);
}
END_TEST

UNIT_MAIN("writer", a_change_is_not_there_when_it_is_done, commits_are_counted_wrong,
          a_change_that_fails_takes_others_of_its_group_with_it,
          a_change_that_fails_leaves_something_behind, a_refused_change_leaves_its_mark_on_the_head,
          changes_that_wait_are_not_committed_together,
          a_change_that_writes_nothing_raises_the_revision,
          the_writer_takes_the_processor_from_who_answers_checks, the_queue_grows_without_bound,
          what_waits_is_dropped_by_a_stop, a_change_to_a_file_that_was_replaced_is_done,
          two_digests_with_one_beginning_are_one_key, a_change_to_a_key_that_is_not_there_makes_one,
          a_key_with_a_new_owner_stays_in_the_list_of_the_old, a_key_is_written_over_another)
