/* rooms: service support */
#include "service/environment_rules.h"
#include "service/rotate_key.h"
#include "service/update_key.h"
#include "support/house.h"
#include "unit.h"

static bt_err set(test_house *house, bt_set_environment rules) {
    rules.name = BT_LITERAL("test");
    bt_set_environment_run(&rules, house->service.store);
    house_renew(house);
    return rules.change.fault.err;
}

static bt_err set_kinds(test_house *house, uint32_t kinds) {
    return set(house, (bt_set_environment){.set_kinds = true, .rules.kinds = kinds});
}

static bt_err set_max_life(test_house *house, int64_t life_ms) {
    return set(house, (bt_set_environment){.set_max_life = true, .rules.max_life_ms = life_ms});
}

static bt_err set_choices(test_house *house, int64_t one_ms, int64_t two_ms) {
    return set(house, (bt_set_environment){.set_expiry_choices = true,
                                           .rules.expiry_choices_count = 2,
                                           .rules.expiry_choices_ms = {one_ms, two_ms}});
}

static bt_err create(test_house *house, bt_kind kind, int64_t expires_in_ms) {
    static bt_create_key self;
    self = (bt_create_key){.request = {.environment = BT_LITERAL("test"),
                                       .name = BT_LITERAL("a key"),
                                       .kind = kind,
                                       .expiry = {BT_NEVER_MS, expires_in_ms}}};
    bt_create_key_run(&self, &house->service, &house->administrator);
    bt_create_key_wipe(&self);
    return self.mutation.change.fault.err;
}

static house_key made(test_house *house, bt_kind kind, int64_t expires_in_ms) {
    return house_create(
        house, (bt_create_key_request){.kind = kind, .expiry = {BT_NEVER_MS, expires_in_ms}});
}

static bt_err rotate(test_house *house, const house_key *key, int64_t expires_in_ms) {
    static bt_rotate_key self;
    self = (bt_rotate_key){.key_id = bt_bytes_text(key->id),
                           .grace_ms = BT_DAY_MS,
                           .expiry = {BT_NEVER_MS, expires_in_ms}};
    bt_rotate_key_run(&self, &house->service, &house->administrator);
    bt_rotate_key_wipe(&self);
    return self.mutation.change.fault.err;
}

START_TEST(a_kind_that_is_switched_off_gets_a_token) {
    test_house house;
    house_open(&house);
    house_key generic = made(&house, BT_KIND_GENERIC, 0), backend = made(&house, 0, 0);
    ck_assert_int_eq(set_kinds(&house, BT_KINDS_BACKEND), BT_OK);
    ck_assert_int_eq(create(&house, BT_KIND_GENERIC, 0), BT_ERR_PRECONDITION);
    ck_assert_int_eq(rotate(&house, &generic, 0), BT_ERR_PRECONDITION);
    ck_assert_int_eq(rotate(&house, &generic, BT_DAY_MS), BT_ERR_PRECONDITION);
    ck_assert_int_eq(rotate(&house, &backend, 0), BT_OK);
    ck_assert_int_eq(set_kinds(&house, BT_KINDS_ALL), BT_OK);
    ck_assert_int_eq(rotate(&house, &generic, 0), BT_OK);
    ck_assert_int_eq(set_kinds(&house, 1u << BT_KIND_GENERIC), BT_ERR_INVALID);
    house_close(&house);
}
END_TEST

START_TEST(a_new_token_lives_longer_than_the_longest_life) {
    test_house house;
    house_open(&house);
    house_key ever = made(&house, 0, 0), late = made(&house, 0, 40 * BT_DAY_MS);
    house_key soon = made(&house, 0, 20 * BT_DAY_MS);
    ck_assert_int_eq(set_max_life(&house, 30 * BT_DAY_MS), BT_OK);
    ck_assert_int_eq(create(&house, 0, 0), BT_ERR_INVALID);
    ck_assert_int_eq(create(&house, 0, 31 * BT_DAY_MS), BT_ERR_INVALID);
    ck_assert_int_eq(create(&house, 0, 30 * BT_DAY_MS), BT_OK);
    ck_assert_int_eq(rotate(&house, &ever, 0), BT_ERR_INVALID);
    ck_assert_int_eq(rotate(&house, &late, 0), BT_ERR_INVALID);
    ck_assert_int_eq(rotate(&house, &late, 31 * BT_DAY_MS), BT_ERR_INVALID);
    ck_assert_int_eq(rotate(&house, &ever, 30 * BT_DAY_MS), BT_OK);
    ck_assert_int_eq(rotate(&house, &late, 30 * BT_DAY_MS), BT_OK);
    ck_assert_int_eq(rotate(&house, &soon, 0), BT_OK);
    house_close(&house);
}
END_TEST

START_TEST(an_end_that_was_no_choice_is_given_or_one_that_is_kept_refused) {
    test_house house;
    house_open(&house);
    house_key ever = made(&house, BT_KIND_GENERIC, 0), backend = made(&house, 0, 0);
    house_key kept = made(&house, BT_KIND_GENERIC, 13 * BT_DAY_MS);
    ck_assert_int_eq(set_choices(&house, 14 * BT_DAY_MS, 7 * BT_DAY_MS), BT_OK);
    ck_assert_int_eq(create(&house, BT_KIND_GENERIC, 13 * BT_DAY_MS), BT_ERR_INVALID);
    ck_assert_int_eq(create(&house, BT_KIND_GENERIC, 0), BT_ERR_INVALID);
    ck_assert_int_eq(create(&house, BT_KIND_GENERIC, 7 * BT_DAY_MS), BT_OK);
    ck_assert_int_eq(create(&house, BT_KIND_BACKEND, 13 * BT_DAY_MS), BT_OK);
    ck_assert_int_eq(rotate(&house, &ever, 0), BT_ERR_INVALID);
    ck_assert_int_eq(rotate(&house, &ever, 13 * BT_DAY_MS), BT_ERR_INVALID);
    ck_assert_int_eq(rotate(&house, &kept, 13 * BT_DAY_MS), BT_ERR_INVALID);
    ck_assert_int_eq(rotate(&house, &kept, 0), BT_OK);
    ck_assert_int_eq(rotate(&house, &backend, 0), BT_OK);
    ck_assert_int_eq(rotate(&house, &ever, 14 * BT_DAY_MS), BT_OK);
    ever = made(&house, BT_KIND_GENERIC, 7 * BT_DAY_MS);
    ck_assert_int_eq(set_choices(&house, BT_NEVER_MS, BT_DAY_MS), BT_OK);
    ck_assert_int_eq(create(&house, BT_KIND_GENERIC, 0), BT_OK);
    ck_assert_int_eq(rotate(&house, &ever, 0), BT_OK);
    house_close(&house);
}
END_TEST

static void make_older(bt_record *record) {
    record->created_ms -= 20 * BT_DAY_MS;
}

static bt_err update(test_house *house, const house_key *key, int64_t expires_in_ms) {
    static bt_update_key self;
    self = (bt_update_key){.request = {.key_id = bt_bytes_text(key->id),
                                       .mask = BT_UPDATE_EXPIRES_IN,
                                       .expiry = {BT_NEVER_MS, expires_in_ms}}};
    bt_update_key_run(&self, &house->service, &house->administrator);
    return self.mutation.change.fault.err;
}

START_TEST(a_key_may_not_end_earlier_or_may_end_later_than_the_rules_say) {
    test_house house;
    house_open(&house);
    house_key key = made(&house, BT_KIND_GENERIC, 50 * BT_DAY_MS);
    ck_assert_int_eq(set_choices(&house, 14 * BT_DAY_MS, 60 * BT_DAY_MS), BT_OK);
    ck_assert_int_eq(update(&house, &key, 40 * BT_DAY_MS), BT_OK);
    ck_assert_int_eq(update(&house, &key, 41 * BT_DAY_MS), BT_ERR_INVALID);
    ck_assert_int_eq(update(&house, &key, 60 * BT_DAY_MS), BT_OK);
    ck_assert_int_eq(set_kinds(&house, BT_KINDS_BACKEND), BT_OK);
    ck_assert_int_eq(update(&house, &key, 14 * BT_DAY_MS), BT_OK);
    ck_assert_int_eq(update(&house, &key, 60 * BT_DAY_MS), BT_ERR_PRECONDITION);
    house_close(&house);
}
END_TEST

/* A key of 20 days; one that may be good for longer than a new one could may still be shortened. */
START_TEST(a_key_that_is_lengthened_again_and_again_has_no_end) {
    test_house house;
    house_open(&house);
    house_key ever = made(&house, 0, 0), key = made(&house, 0, BT_DAY_MS);
    ck_assert_int_eq(set_max_life(&house, 30 * BT_DAY_MS), BT_OK);
    house_alter(&house, &key, make_older);
    house_alter(&house, &ever, make_older);
    ck_assert_int_eq(update(&house, &key, 9 * BT_DAY_MS), BT_OK);
    ck_assert_int_eq(update(&house, &key, 11 * BT_DAY_MS), BT_ERR_INVALID);
    ck_assert_int_eq(update(&house, &ever, 31 * BT_DAY_MS), BT_OK);
    ck_assert_int_eq(update(&house, &ever, 30 * BT_DAY_MS), BT_OK);
    ck_assert_int_eq(update(&house, &ever, 11 * BT_DAY_MS), BT_OK);
    ck_assert_int_eq(update(&house, &ever, 12 * BT_DAY_MS), BT_ERR_INVALID);
    house_close(&house);
}
END_TEST

UNIT_MAIN("environment_rules", a_kind_that_is_switched_off_gets_a_token,
          a_new_token_lives_longer_than_the_longest_life,
          an_end_that_was_no_choice_is_given_or_one_that_is_kept_refused,
          a_key_may_not_end_earlier_or_may_end_later_than_the_rules_say,
          a_key_that_is_lengthened_again_and_again_has_no_end)
