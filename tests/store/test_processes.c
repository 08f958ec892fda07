#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fixture.h"

static void exits_with_0(pid_t child) {
    int status;
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert_int_eq(status, 0);
}

START_TEST(a_second_open_in_one_process_is_another_environment) {
    data_home fixture;
    fixture_make(&fixture);
    fixture_open(&fixture, 0);
    char other[FIXTURE_PATH_SIZE + 16];
    snprintf(other, sizeof other, "%s/../data", fixture.directory);
    bt_store_options options = {.directory = other, .mode = BT_STORE_READ};
    bt_store *second = NULL;
    ck_assert_int_eq(bt_store_open(&options, &second, NULL), BT_OK);
    ck_assert_ptr_eq(second, fixture.store);
    bt_store_close(second);
    ck_assert_int_eq(sample_apply(fixture.store, SAMPLE_CREATE, 1), BT_OK);
    ck_assert(sample_is_there(fixture.snapshot, 1, NULL));
    fixture_remove(&fixture);
}
END_TEST

START_TEST(a_store_open_for_reading_is_written_to) {
    data_home fixture;
    fixture_make(&fixture);
    fixture_open(&fixture, 0);
    fixture_close(&fixture);
    bt_fault fault;
    ck_assert_int_eq(fixture_try(&fixture, BT_STORE_READ, &fault), BT_OK);
    ck_assert_int_eq(bt_snapshot_open(fixture.store, &fixture.snapshot, NULL), BT_OK);
    bt_store *second = NULL;
    bt_store_options options = {.directory = fixture.directory, .mode = BT_STORE_WRITE};
    ck_assert_int_eq(bt_store_open(&options, &second, &fault), BT_ERR_PRECONDITION);
    ck_assert_int_ne(sample_apply(fixture.store, SAMPLE_CREATE, 1), BT_OK);
    bt_writer *writer;
    ck_assert_int_eq(bt_writer_start(fixture.store, 1, &writer, &fault), BT_ERR_PRECONDITION);
    ck_assert(!sample_is_there(fixture.snapshot, 1, NULL));
    fixture_remove(&fixture);
}
END_TEST

/* In a child: what it inherited is refused, a store of its own works, and closing either does no harm. */
static int use_inherited(data_home *fixture) {
    bt_fault fault;
    bt_snapshot *snapshot;
    bt_writer *writer;
    if (bt_snapshot_renew(fixture->snapshot) != BT_ERR_UNAVAILABLE) return 1;
    if (bt_snapshot_open(fixture->store, &snapshot, &fault) != BT_ERR_PRECONDITION) return 2;
    if (sample_apply(fixture->store, SAMPLE_CREATE, 2) != BT_ERR_PRECONDITION) return 3;
    if (bt_writer_start(fixture->store, 1, &writer, &fault) != BT_ERR_PRECONDITION) return 4;
    data_home own = *fixture;
    if (fixture_try(&own, BT_STORE_WRITE, &fault)) return 5;
    if (own.store == fixture->store) return 6;
    if (sample_apply(own.store, SAMPLE_CREATE, 3) != BT_OK) return 7;
    bt_snapshot_close(fixture->snapshot);
    bt_store_close(fixture->store);
    if (sample_apply(own.store, SAMPLE_CREATE, 4) != BT_OK) return 8;
    bt_store_close(own.store);
    return 0;
}

START_TEST(a_child_uses_what_it_inherited) {
    data_home fixture;
    fixture_make(&fixture);
    fixture_open(&fixture, 0);
    ck_assert_int_eq(sample_apply(fixture.store, SAMPLE_CREATE, 1), BT_OK);
    pid_t child = fork();
    if (child == 0) _exit(use_inherited(&fixture));
    exits_with_0(child);
    ck_assert_int_eq(sample_apply(fixture.store, SAMPLE_CREATE, 5), BT_OK);
    ck_assert_uint_eq(fixture_verify(&fixture), 4);
    fixture_remove(&fixture);
}
END_TEST

static int serve_second(data_home *fixture, pid_t first) {
    bt_fault fault;
    char number[32];
    snprintf(number, sizeof number, "process %ld ", (long)first);
    if (fixture_try(fixture, BT_STORE_WRITE, &fault)) return 1;
    if (bt_store_lock_serving(fixture->store, &fault) != BT_ERR_PRECONDITION) return 2;
    if (!strstr(fault.text, number) || !strstr(fault.text, fixture->directory)) return 3;
    /* What is not a server works beside one. */
    return sample_apply(fixture->store, SAMPLE_CREATE, 1) ? 4 : 0;
}

START_TEST(two_processes_serve_one_directory) {
    data_home fixture;
    fixture_make(&fixture);
    fixture_open(&fixture, 0);
    bt_fault fault;
    ck_assert_int_eq(bt_store_lock_serving(fixture.store, &fault), BT_OK);
    ck_assert_int_eq(bt_store_lock_serving(fixture.store, &fault), BT_ERR_PRECONDITION);
    data_home other = fixture;
    other.store = NULL;
    pid_t self = getpid(), child = fork();
    if (child == 0) _exit(serve_second(&other, self));
    exits_with_0(child);
    ck_assert(sample_is_there(fixture.snapshot, 1, NULL));
    fixture_remove(&fixture);
}
END_TEST

START_TEST(a_server_that_died_keeps_its_place) {
    data_home fixture;
    fixture_make(&fixture);
    fixture_open(&fixture, 0);
    int ready[2];
    ck_assert_int_eq(pipe(ready), 0);
    pid_t child = fork();
    if (child == 0) {
        bt_fault fault;
        if (fixture_try(&fixture, BT_STORE_WRITE, &fault)) _exit(1);
        if (bt_store_lock_serving(fixture.store, &fault)) _exit(2);
        if (write(ready[1], "r", 1) != 1) _exit(3);
        pause();
    }
    char byte;
    ck_assert_int_eq(read(ready[0], &byte, 1), 1);
    bt_fault fault;
    ck_assert_int_eq(bt_store_lock_serving(fixture.store, &fault), BT_ERR_PRECONDITION);
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
    ck_assert_int_eq(bt_store_lock_serving(fixture.store, &fault), BT_OK);
    fixture_remove(&fixture);
}
END_TEST

START_TEST(a_reader_that_died_keeps_its_slot) {
    data_home fixture;
    fixture_make(&fixture);
    fixture_open(&fixture, 0);
    pid_t child = fork();
    if (child == 0) {
        bt_fault fault;
        bt_snapshot *snapshot;
        if (fixture_try(&fixture, BT_STORE_READ, &fault)) _exit(1);
        if (bt_snapshot_open(fixture.store, &snapshot, &fault)) _exit(2);
        if (bt_snapshot_renew(snapshot)) _exit(3);
        _exit(0);
    }
    exits_with_0(child);
    unsigned freed = 0;
    ck_assert_int_eq(bt_store_check_readers(fixture.store, &freed), BT_OK);
    ck_assert_uint_eq(freed, 1);
    fixture_remove(&fixture);
}
END_TEST

#define WRITES_EACH 200u

static int write_half(data_home *fixture, uint64_t first) {
    bt_fault fault;
    if (fixture_try(fixture, BT_STORE_WRITE, &fault)) return 1;
    for (uint64_t n = first; n < first + WRITES_EACH; n++)
        if (sample_apply(fixture->store, SAMPLE_CREATE, n)) return 2;
    return 0;
}

START_TEST(two_processes_that_write_lose_each_others_changes) {
    data_home fixture;
    fixture_make(&fixture);
    fixture_open(&fixture, 0);
    data_home other = fixture;
    other.store = NULL;
    pid_t child = fork();
    if (child == 0) _exit(write_half(&other, 1000));
    for (uint64_t n = 0; n < WRITES_EACH; n++)
        ck_assert_int_eq(sample_apply(fixture.store, SAMPLE_CREATE, n), BT_OK);
    exits_with_0(child);
    ck_assert_uint_eq(fixture_verify(&fixture), 2 * WRITES_EACH);
    ck_assert_int_eq(bt_snapshot_renew(fixture.snapshot), BT_OK);
    ck_assert_uint_eq(bt_snapshot_head(fixture.snapshot)->revision, 1 + 2 * WRITES_EACH);
    fixture_remove(&fixture);
}
END_TEST

static void *open_at_once(void *argument) {
    data_home *fixture = argument;
    bt_store_options options = {.directory = fixture->directory, .mode = BT_STORE_CREATE};
    bt_store *store = NULL;
    return bt_store_open(&options, &store, NULL) ? NULL : store;
}

START_TEST(first_starts_at_the_same_time_make_two_stores) {
    for (int round = 0; round < 10; round++) {
        data_home fixture;
        fixture_make(&fixture);
        pid_t children[4];
        for (int i = 0; i < 4; i++)
            if ((children[i] = fork()) == 0) {
                bt_fault fault;
                if (fixture_try(&fixture, BT_STORE_CREATE, &fault)) _exit(1);
                _exit(sample_apply(fixture.store, SAMPLE_CREATE, (uint64_t)i) ? 2 : 0);
            }
        pthread_t threads[4];
        void *stores[4];
        for (int i = 0; i < 4; i++) pthread_create(&threads[i], NULL, open_at_once, &fixture);
        for (int i = 0; i < 4; i++) pthread_join(threads[i], &stores[i]);
        for (int i = 0; i < 4; i++) exits_with_0(children[i]);
        ck_assert_ptr_nonnull(stores[0]);
        for (int i = 1; i < 4; i++) ck_assert_ptr_eq(stores[i], stores[0]);
        fixture_open(&fixture, 0);
        ck_assert_uint_eq(fixture_verify(&fixture), 4);
        for (int i = 0; i < 4; i++) bt_store_close(stores[i]);
        fixture_remove(&fixture);
    }
}
END_TEST

START_TEST(a_short_address_space_keeps_a_store_from_opening) {
    if (getenv("BITTING_VALGRIND") || sizeof(void *) < 8) return;
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
    data_home fixture;
    fixture_make(&fixture);
    struct rlimit limit = {.rlim_cur = (rlim_t)4 << 30, .rlim_max = (rlim_t)4 << 30};
    ck_assert_int_eq(setrlimit(RLIMIT_AS, &limit), 0);
    fixture_open(&fixture, 0);
    bt_store_info info;
    ck_assert_int_eq(bt_store_info_get(fixture.store, &info), BT_OK);
    ck_assert_uint_lt(info.map_size, limit.rlim_cur);
    ck_assert_int_eq(sample_apply(fixture.store, SAMPLE_CREATE, 1), BT_OK);
    fixture_remove(&fixture);
#endif
}
END_TEST

UNIT_MAIN("processes", a_second_open_in_one_process_is_another_environment,
          a_store_open_for_reading_is_written_to, a_child_uses_what_it_inherited,
          two_processes_serve_one_directory, a_server_that_died_keeps_its_place,
          a_reader_that_died_keeps_its_slot, two_processes_that_write_lose_each_others_changes,
          first_starts_at_the_same_time_make_two_stores,
          a_short_address_space_keeps_a_store_from_opening)
