/* rooms: service support */
#include "service/apply_catalogue.h"

#include <stdlib.h>

#include "check/check.h"
#include "service/create_key.h"
#include "support/house.h"
#include "unit.h"

static bt_apply_catalogue apply;

/* By the change, or by the preview alone. */
static bt_err run(test_house *house, const char *file, bool preview) {
    size_t size = BT_CATALOGUE_ARENA(strlen(file));
    void *block = malloc(size);
    bt_arena arena;
    bt_draft draft;
    bt_arena_init(&arena, block, size);
    bt_err err = bt_draft_read(bt_bytes_text(file), &arena, &draft, &apply.change.fault);
    ck_assert_msg(!err, "%s", apply.change.fault.text);
    apply.draft = &draft;
    if (preview)
        bt_apply_catalogue_preview(&apply, house->session.snapshot);
    else
        bt_apply_catalogue_run(&apply, house->service.store);
    free(block);
    house_renew(house);
    return apply.change.fault.err;
}

static void must_apply(test_house *house, const char *file) {
    bt_err err = run(house, file, false);
    ck_assert_msg(!err, "%s", apply.change.fault.text);
}

static bt_reason reason(test_house *house, const house_key *key, unsigned bit) {
    const bt_environment *test =
        bt_environment_find(bt_snapshot_environments(house->session.snapshot), BT_LITERAL("test"));
    bt_question question = {.needed = bt_mask_bit(bit), .now_ms = bt_clock_ms()};
    bt_answer answer;
    ck_assert(!bt_check_token(house->session.snapshot, bt_store_pepper(house->service.store),
                              bt_bytes_text(key->token), test, &question, &answer));
    return answer.verdict.reason;
}

static const bt_catalogue *catalogue(const test_house *house) {
    return bt_snapshot_catalogue(house->session.snapshot);
}

#define OWN "categories: {billing: {bits: 0-15, scopes: {read: , pay: }}}"

START_TEST(a_retired_scope_is_allowed) {
    test_house house;
    house_open(&house);
    must_apply(&house, OWN);
    house_key key = house_backend(&house, 3);
    ck_assert_int_eq(reason(&house, &key, 1), BT_REASON_ALLOWED);
    must_apply(&house,
               "categories: {billing: {bits: 0-15, scopes: {read: , pay: {retired: true}}}}");
    ck_assert_int_eq(reason(&house, &key, 1), BT_REASON_MISSING_SCOPE);
    ck_assert_int_eq(reason(&house, &key, 0), BT_REASON_ALLOWED);
    must_apply(&house,
               "categories: {billing: {bits: 0-15, scopes: {read: , pay: {retired: false}}}}");
    ck_assert_int_eq(reason(&house, &key, 1), BT_REASON_ALLOWED);
    house_close(&house);
}
END_TEST

START_TEST(a_key_of_the_shipped_catalogue_gets_another_scope_by_the_first_file) {
    test_house house;
    house_open(&house);
    house_key key = house_backend(&house, 1);
    ck_assert_int_eq(run(&house, OWN, true), BT_ERR_INVALID);
    ck_assert_int_eq(run(&house, OWN, false), BT_ERR_INVALID);
    ck_assert_str_eq(catalogue(&house)->scopes[0].name, "users.read");
    must_apply(&house, "categories: {billing: {bits: 16-31, scopes: {read: , pay: }},"
                       " users: {bits: 0-15, scopes: {read: {retired: true}}}}");
    ck_assert_str_eq(catalogue(&house)->scopes[0].name, "users.read");
    ck_assert_str_eq(catalogue(&house)->scopes[16].name, "billing.read");
    ck_assert_str_eq(catalogue(&house)->scopes[1].name, "");
    ck_assert_int_eq(reason(&house, &key, 0), BT_REASON_MISSING_SCOPE);
    ck_assert_int_eq(reason(&house, &key, 16), BT_REASON_MISSING_SCOPE);
    house_close(&house);
}
END_TEST

/* Else another name for a bit could be applied after a key was granted it, as long as the key does not live. */
START_TEST(a_revoked_key_gives_its_bits_up) {
    test_house house;
    house_open(&house);
    house_key key = house_backend(&house, 1);
    house_revoke(&house, &key);
    ck_assert_int_eq(run(&house, OWN, false), BT_ERR_INVALID);
    house_close(&house);
}
END_TEST

START_TEST(a_preview_changes_the_store_or_says_otherwise) {
    test_house house;
    house_open(&house);
    uint64_t revision = bt_snapshot_head(house.session.snapshot)->revision;
    ck_assert_int_eq(run(&house, OWN, true), BT_OK);
    ck_assert_uint_eq(apply.after.generation, 2);
    ck_assert_uint_eq(catalogue(&house)->generation, 1);
    ck_assert_uint_eq(bt_snapshot_head(house.session.snapshot)->revision, revision);
    must_apply(&house, OWN);
    ck_assert_uint_eq(catalogue(&house)->generation, 2);
    ck_assert_uint_eq(catalogue(&house)->live, bt_snapshot_head(house.session.snapshot)->live);
    ck_assert_uint_eq(apply.change.revision, bt_snapshot_head(house.session.snapshot)->revision);
    house_close(&house);
}
END_TEST

START_TEST(what_changes_nothing_makes_a_generation) {
    test_house house;
    house_open(&house);
    must_apply(&house, OWN);
    must_apply(&house, OWN);
    ck_assert_uint_eq(apply.before.generation, 2);
    ck_assert_uint_eq(apply.after.generation, 2);
    ck_assert_uint_eq(catalogue(&house)->generation, 2);
    house_close(&house);
}
END_TEST

/* The first file binds the scopes that it names, whether they were shipped or not. */
START_TEST(the_shipped_catalogue_can_be_replaced_twice) {
    test_house house;
    house_open(&house);
    must_apply(&house, OWN);
    ck_assert_int_eq(run(&house, "categories: {other: {bits: 0-15, scopes: {read: }}}", false),
                     BT_ERR_INVALID);
    house_close(&house);
}
END_TEST

UNIT_MAIN("apply_catalogue", a_retired_scope_is_allowed,
          a_key_of_the_shipped_catalogue_gets_another_scope_by_the_first_file,
          a_revoked_key_gives_its_bits_up, a_preview_changes_the_store_or_says_otherwise,
          what_changes_nothing_makes_a_generation, the_shipped_catalogue_can_be_replaced_twice)
