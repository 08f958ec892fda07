/* rooms: library made_keys */
#include <pthread.h>
#include <stdatomic.h>

#include "home.h"

#define KEYS 200
#define CHECKS 500

static home here;
static char message[BITTING_MESSAGE_SIZE];

typedef struct asker {
    pthread_t thread;
    bitting *handle;
    unsigned start, wrong;
} asker;

/* Even keys are revoked. */
static void *ask(void *argument) {
    asker *self = argument;
    for (unsigned i = 0; i < CHECKS; i++) {
        unsigned n = (self->start + i) % KEYS;
        bitting_question question = home_question(&here, n);
        bitting_answer answer = BITTING_ANSWER_INIT;
        bitting_reason right = n % 2 ? BITTING_REASON_ALLOWED : BITTING_REASON_REVOKED;
        self->wrong += bt_check(self->handle, &question, &answer, NULL) || answer.reason != right;
    }
    return NULL;
}

static void ask_in_threads(asker *askers, unsigned count) {
    for (unsigned i = 0; i < count; i++) {
        askers[i].start = i * 7;
        ck_assert_int_eq(pthread_create(&askers[i].thread, NULL, ask, &askers[i]), 0);
    }
    for (unsigned i = 0; i < count; i++) pthread_join(askers[i].thread, NULL);
    for (unsigned i = 0; i < count; i++) ck_assert_uint_eq(askers[i].wrong, 0);
}

static void setup(void) {
    home_open(&here, KEYS);
    for (unsigned n = 0; n < KEYS; n += 2)
        ck_assert_int_eq(made_set_flags(here.store, &here.plan, n, BT_RECORD_REVOKED, 0, NULL), 0);
}

/* More threads than the pool has places. */
START_TEST(threads_get_each_others_answers) {
    asker askers[150] = {0};
    setup();
    for (unsigned i = 0; i < 150; i++) askers[i].handle = here.handle;
    ask_in_threads(askers, 150);
    ask_in_threads(askers, 3);
    home_remove(&here);
}
END_TEST

START_TEST(second_open_has_a_store_of_its_own) {
    asker askers[8] = {0};
    bitting *handles[4];
    setup();
    here.store = bt_store_close(here.store);
    for (unsigned i = 0; i < 4; i++)
        ck_assert_int_eq(home_try(&here, "test", &handles[i], message), BITTING_OK);
    for (unsigned i = 0; i < 8; i++) askers[i].handle = handles[i % 4];
    ask_in_threads(askers, 8);
    bt_close(handles[1]);
    bt_close(here.handle);
    here.handle = NULL;
    askers[1].handle = askers[5].handle = handles[0];
    ask_in_threads(askers, 8);
    bt_close(handles[3]);
    bt_close(handles[0]);
    ask_in_threads(&askers[2], 1);
    bt_close(handles[2]);
    home_remove(&here);
}
END_TEST

static atomic_bool stop;

static void *open_and_close(void *none) {
    (void)none;
    bitting *handle;
    while (!atomic_load(&stop)) {
        if (home_try(&here, "test", &handle, NULL)) return &here;
        bitting_question question = home_question(&here, 1);
        bitting_answer answer = BITTING_ANSWER_INIT;
        bitting_err err = bt_check(handle, &question, &answer, NULL);
        bt_close(handle);
        if (err || !answer.allowed) return &here;
    }
    return NULL;
}

START_TEST(opens_and_closes_disturb_checks_and_writes) {
    pthread_t threads[3];
    void *failed;
    setup();
    for (int i = 0; i < 3; i++)
        ck_assert_int_eq(pthread_create(&threads[i], NULL, open_and_close, NULL), 0);
    for (unsigned i = 0; i < 50; i++) {
        bitting_question question = home_question(&here, 3);
        unsigned set = i % 2 ? BT_RECORD_REVOKED : 0, clear = i % 2 ? 0 : BT_RECORD_REVOKED;
        ck_assert_int_eq(made_set_flags(here.store, &here.plan, 3, set, clear, NULL), 0);
        ck_assert_int_eq(home_ask(here.handle, &question),
                         set ? BITTING_REASON_REVOKED : BITTING_REASON_ALLOWED);
    }
    atomic_store(&stop, true);
    for (int i = 0; i < 3; i++) {
        pthread_join(threads[i], &failed);
        ck_assert_ptr_null(failed);
    }
    home_remove(&here);
}
END_TEST

/* A thread that ends leaves its snapshot to the next one. */
START_TEST(threads_that_come_and_go_use_up_the_readers) {
    setup();
    for (unsigned i = 0; i < 100; i++) {
        asker one = {.handle = here.handle};
        pthread_t thread;
        ck_assert_int_eq(pthread_create(&thread, NULL, ask, &one), 0);
        pthread_join(thread, NULL);
        ck_assert_uint_eq(one.wrong, 0);
    }
    bt_store_info info;
    ck_assert_int_eq(bt_store_info_get(here.store, &info), BT_OK);
    ck_assert_uint_le(info.readers, 66);
    home_remove(&here);
}
END_TEST

/* A program may open a handle for each of its parts. */
START_TEST(handles_on_one_store_each_take_a_readers_place) {
    bitting *handles[300];
    setup();
    for (unsigned i = 0; i < 300; i++) {
        ck_assert_int_eq(home_try(&here, "test", &handles[i], message), BITTING_OK);
        bitting_question question = home_question(&here, 1);
        ck_assert_int_eq(home_ask(handles[i], &question), BITTING_REASON_ALLOWED);
    }
    bt_store_info info;
    ck_assert_int_eq(bt_store_info_get(here.store, &info), BT_OK);
    ck_assert_uint_le(info.readers, 8);
    for (unsigned i = 0; i < 300; i++) bt_close(handles[i]);
    home_remove(&here);
}
END_TEST

UNIT_MAIN("library threads", handles_on_one_store_each_take_a_readers_place,
          threads_get_each_others_answers, second_open_has_a_store_of_its_own,
          opens_and_closes_disturb_checks_and_writes, threads_that_come_and_go_use_up_the_readers)
