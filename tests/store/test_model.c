/* The store against an array of what each key should be, under random changes in groups of random size.
 * The seed is printed, and taken from BITTING_SEED. */
#include <stdio.h>
#include <time.h>

#include "fixture.h"

#define KEYS 300u
#define ROUNDS 300u

typedef enum state { ABSENT, LIVE, REVOKED } state;

static uint64_t seed;

static uint64_t draw(uint64_t below) {
    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;
    return seed % below;
}

/* What the change should say, and what becomes of the key. */
static bt_err expect(state *now, sample_action action) {
    if (action == SAMPLE_CREATE) {
        if (*now != ABSENT) return BT_ERR_EXISTS;
        *now = LIVE;
        return BT_OK;
    }
    if (*now == ABSENT) return BT_ERR_NOT_FOUND;
    *now = action == SAMPLE_DELETE ? ABSENT : REVOKED;
    return BT_OK;
}

static void change_some(bt_writer *writer, state states[KEYS], sem_t *posted) {
    sample_change list[64];
    bt_err expected[64];
    size_t count = 1 + draw(64);
    for (size_t i = 0; i < count; i++) {
        list[i] = sample_change_of((sample_action)draw(3), draw(KEYS), posted);
        expected[i] = expect(&states[list[i].n], list[i].action);
        ck_assert_int_eq(bt_writer_submit(writer, &list[i].change), BT_OK);
    }
    for (size_t i = 0; i < count; i++) sem_wait(posted);
    for (size_t i = 0; i < count; i++) ck_assert_int_eq(list[i].change.fault.err, expected[i]);
}

static uint64_t number_of(const bt_key_id *id) {
    uint64_t n = 0;
    for (int i = 0; i < 8; i++) n = n << 8 | id->bytes[i];
    return n;
}

/* Sample ids sort by number. */
static void compare_listing(bt_snapshot *snapshot, const state states[KEYS]) {
    bt_key_id id = {{0}};
    bt_bytes row;
    uint64_t n = 0;
    for (;; n++) {
        while (n < KEYS && states[n] == ABSENT) n++;
        bt_err err = bt_snapshot_seek(snapshot, &id, &id, &row);
        ck_assert_int_eq(err, n < KEYS ? BT_OK : BT_ERR_NOT_FOUND);
        if (err) return;
        ck_assert_uint_eq(number_of(&id), n);
        bt_key_id_next(&id);
    }
}

static bool owned_by(uint64_t n, const uint8_t owner[BT_REF_SIZE]) {
    sample key;
    sample_make(n, &key);
    return (key.record.flags & BT_RECORD_USER &&
            !memcmp(key.record.user_ref, owner, BT_REF_SIZE)) ||
           (key.record.flags & BT_RECORD_ORG && !memcmp(key.record.org_ref, owner, BT_REF_SIZE));
}

static void compare_owner(bt_snapshot *snapshot, const state states[KEYS], char letter) {
    uint8_t owner[BT_REF_SIZE];
    memset(owner, letter, sizeof owner);
    bt_key_id id = {{0}};
    for (uint64_t n = 0;; n++) {
        while (n < KEYS && (states[n] == ABSENT || !owned_by(n, owner))) n++;
        bt_err err = bt_snapshot_seek_owned(snapshot, owner, &id, &id);
        ck_assert_int_eq(err, n < KEYS ? BT_OK : BT_ERR_NOT_FOUND);
        if (err) return;
        ck_assert_uint_eq(number_of(&id), n);
        bt_key_id_next(&id);
    }
}

static void compare(data_home *fixture, const state states[KEYS]) {
    uint64_t there = 0;
    for (uint64_t n = 0; n < KEYS; n++) {
        bool revoked;
        ck_assert_int_eq(sample_is_there(fixture->snapshot, n, &revoked), states[n] != ABSENT);
        ck_assert_int_eq(revoked, states[n] == REVOKED);
        there += states[n] != ABSENT;
    }
    ck_assert_uint_eq(fixture_verify(fixture), there);
    ck_assert_int_eq(bt_snapshot_renew(fixture->snapshot), BT_OK);
    compare_listing(fixture->snapshot, states);
    for (int i = 0; i < 7; i++) {
        compare_owner(fixture->snapshot, states, (char)('u' + i));
        compare_owner(fixture->snapshot, states, (char)('A' + i));
    }
    bt_snapshot_reset(fixture->snapshot);
}

START_TEST(the_store_differs_from_its_model) {
    const char *given = getenv("BITTING_SEED");
    seed = given ? strtoull(given, NULL, 0) : (uint64_t)time(NULL) * 2654435761u | 1;
    printf("BITTING_SEED=%llu\n", (unsigned long long)seed);
    fflush(stdout);
    data_home fixture;
    fixture_make(&fixture);
    fixture_open(&fixture, 0);
    bt_writer *writer = NULL;
    ck_assert_int_eq(bt_writer_start(fixture.store, 64, &writer, NULL), BT_OK);
    sem_t posted;
    sem_init(&posted, 0, 0);
    state states[KEYS] = {ABSENT};
    for (unsigned round = 0; round < ROUNDS; round++) {
        change_some(writer, states, &posted);
        if (round % 30 == 29) compare(&fixture, states);
    }
    bt_writer_stop(writer);
    fixture_close(&fixture);
    fixture_open(&fixture, 0);
    compare(&fixture, states);
    fixture_remove(&fixture);
}
END_TEST

UNIT_MAIN("model", the_store_differs_from_its_model)
