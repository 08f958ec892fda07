/* rooms: service support */
#include <semaphore.h>

#include "service/list_keys.h"
#include "support/house.h"
#include "unit.h"

#define CREATE BIT(BT_SCOPE_APIKEYS_CREATE)
#define REVOKE BIT(BT_SCOPE_APIKEYS_REVOKE)

static void revoke_flag(bt_record *record) {
    record->flags |= BT_RECORD_REVOKED;
}
static void disable(bt_record *record) {
    record->flags |= BT_RECORD_DISABLED;
}
static void expire(bt_record *record) {
    record->expires_ms = 1;
}
static void weaken(bt_record *record) {
    record->mask = BIT(0);
}
static void narrow(bt_record *record) {
    record->flags |= BT_RECORD_NARROW;
}

static size_t keys_in_store(test_house *house) {
    bt_key_id from = {{0}}, id;
    bt_bytes row;
    size_t count = 0;
    house_renew(house);
    while (bt_snapshot_seek(house->session.snapshot, &from, &id, &row) == BT_OK) {
        count++;
        from = id;
        if (!bt_key_id_next(&from)) break;
    }
    return count;
}

START_TEST(a_caller_that_lost_its_right_before_the_commit_makes_a_key) {
    static const struct {
        void (*edit)(bt_record *record);
        bt_err err;
    } losses[] = {{revoke_flag, BT_ERR_UNAUTHENTICATED},
                  {disable, BT_ERR_UNAUTHENTICATED},
                  {expire, BT_ERR_UNAUTHENTICATED},
                  {narrow, BT_ERR_UNAUTHENTICATED},
                  {weaken, BT_ERR_FORBIDDEN}};
    test_house house;
    house_open(&house);
    for (size_t i = 0; i < sizeof losses / sizeof *losses; i++) {
        house_key key = house_backend(&house, CREATE | REVOKE | BIT(0));
        house_key victim = house_backend(&house, 0);
        bt_caller caller = house_caller(&house, &key);
        house_alter(&house, &key, losses[i].edit);
        size_t before = keys_in_store(&house);
        bt_create_key create = {
            .request = {.name = BT_LITERAL("late"), .expiry.expires_ms = BT_NEVER_MS}};
        bt_create_key_run(&create, &house.service, &caller);
        ck_assert_int_eq(create.mutation.change.fault.err, losses[i].err);
        ck_assert_uint_eq(keys_in_store(&house), before);
        bt_revoke_key revoke = {.key_id = bt_bytes_text(victim.id)};
        bt_revoke_key_run(&revoke, &house.service, &caller);
        ck_assert_int_eq(revoke.mutation.change.fault.err, losses[i].err);
        house_renew(&house);
        house_caller(&house, &victim); /* fails the test where it was revoked */
    }
    house_close(&house);
}
END_TEST

START_TEST(a_change_is_made_in_the_name_of_whoever_has_the_place_of_the_caller_now) {
    test_house house;
    house_open(&house);
    house_key gone = house_backend(&house, CREATE), other = house_full_access(&house);
    bt_caller caller = house_caller(&house, &gone);
    caller.slot = house_caller(&house, &other).slot;
    bt_create_key create = {.request = {.name = BT_LITERAL("x"), .expiry.expires_ms = BT_NEVER_MS}};
    bt_create_key_run(&create, &house.service, &caller);
    ck_assert_int_eq(create.mutation.change.fault.err, BT_ERR_UNAUTHENTICATED);
    house_close(&house);
}
END_TEST

START_TEST(a_caller_grants_a_scope_that_it_lost_before_the_commit) {
    test_house house;
    house_open(&house);
    house_key key = house_backend(&house, CREATE | BIT(11));
    bt_caller caller = house_caller(&house, &key);
    house_retire(&house, "users.migrate");
    bt_create_key create = {.request = {.name = BT_LITERAL("late"),
                                        .expiry.expires_ms = BT_NEVER_MS,
                                        .grant.scope_mask = BIT(11)}};
    bt_create_key_run(&create, &house.service, &caller);
    ck_assert_int_eq(create.mutation.change.fault.err, BT_ERR_INVALID);
    house_close(&house);
}
END_TEST

START_TEST(a_trusted_listener_changes_something) {
    test_house house;
    house_open(&house);
    bt_caller caller = {.trusted = true,
                        .environment = &bt_snapshot_environments(house.session.snapshot)->list[0]};
    bt_create_key create = {.request = {.name = BT_LITERAL("x"), .expiry.expires_ms = BT_NEVER_MS}};
    bt_create_key_run(&create, &house.service, &caller);
    ck_assert_int_eq(create.mutation.change.fault.err, BT_ERR_FORBIDDEN);
    ck_assert_uint_eq(keys_in_store(&house), 0);
    house_close(&house);
}
END_TEST

/* done is called once, on another thread, and with the outcome. */
typedef struct counted {
    bt_create_key create;
    sem_t *posted;
    unsigned calls;
} counted;

static void count(bt_change *change) {
    counted *counted_create = (counted *)change;
    counted_create->calls++;
    sem_post(counted_create->posted);
}

START_TEST(a_change_through_the_writer_ends_twice_or_never) {
    test_house house;
    sem_t posted;
    enum { MANY = 200 };
    house_open(&house);
    house_key key = house_backend(&house, CREATE);
    bt_caller caller = house_caller(&house, &key);
    house_start_writer(&house);
    sem_init(&posted, 0, 0);
    counted *all = calloc(MANY, sizeof *all);
    for (int i = 0; i < MANY; i++) {
        bt_bytes name = i % 4 == 0 ? BT_LITERAL("") : BT_LITERAL("many");
        all[i].create.request =
            (bt_create_key_request){.name = name, .expiry.expires_ms = BT_NEVER_MS};
        all[i].create.mutation.change.done = count;
        all[i].posted = &posted;
        bt_create_key_run(&all[i].create, &house.service, &caller);
    }
    for (int i = 0; i < MANY; i++) sem_wait(&posted);
    house.service.writer = bt_writer_stop(house.service.writer);
    for (int i = 0; i < MANY; i++) {
        ck_assert_uint_eq(all[i].calls, 1);
        ck_assert_int_eq(all[i].create.mutation.change.fault.err, i % 4 ? BT_OK : BT_ERR_INVALID);
    }
    ck_assert_uint_eq(keys_in_store(&house), 1 + MANY * 3 / 4);
    free(all);
    house_close(&house);
}
END_TEST

START_TEST(who_made_a_key_is_not_known) {
    test_house house;
    house_open(&house);
    house_key key = house_backend(&house, CREATE);
    bt_caller caller = house_caller(&house, &key);
    bt_create_key create = {.request = {.name = BT_LITERAL("x"), .expiry.expires_ms = BT_NEVER_MS}};
    bt_create_key_run(&create, &house.service, &caller);
    ck_assert_int_eq(create.mutation.change.fault.err, BT_OK);
    ck_assert(bt_bytes_equal(create.issued.key.detail.created_by, bt_bytes_text(key.id)));
    house_close(&house);
}
END_TEST

UNIT_MAIN("mutation", a_caller_that_lost_its_right_before_the_commit_makes_a_key,
          a_change_is_made_in_the_name_of_whoever_has_the_place_of_the_caller_now,
          a_caller_grants_a_scope_that_it_lost_before_the_commit,
          a_trusted_listener_changes_something, a_change_through_the_writer_ends_twice_or_never,
          who_made_a_key_is_not_known)
