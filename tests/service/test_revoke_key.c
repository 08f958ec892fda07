/* rooms: service support */
#include "service/ask.h"
#include "service/read_keys.h"
#include "support/house.h"
#include "unit.h"

static bt_fault revoke(test_house *house, const bt_caller *caller, bt_bytes id, bt_bytes reason,
                       uint64_t *ret_revision) {
    bt_revoke_key change = {.key_id = id, .reason = reason};
    bt_revoke_key_run(&change, &house->service, caller);
    if (ret_revision) *ret_revision = change.mutation.change.revision;
    house_renew(house);
    return change.mutation.change.fault;
}

static bt_reason reason_of(test_house *house, const house_key *key) {
    bt_ask ask = {.token = bt_bytes_text(key->token)};
    bt_fault fault;
    bt_answer answer;
    ck_assert_int_eq(bt_ask_validate(&house->session, &house->administrator, &ask, &answer, &fault),
                     BT_OK);
    return answer.verdict.reason;
}

static bt_err get(test_house *house, const bt_caller *caller, const char *id, bt_key *ret_key,
                  bt_fault *fault) {
    static uint8_t block[BT_DETAIL_ARENA];
    bt_arena arena;
    bt_arena_init(&arena, block, sizeof block);
    *fault = (bt_fault){0};
    return bt_service_get_key(&house->session, caller, bt_bytes_text(id), &arena, ret_key, fault);
}

START_TEST(a_revoked_key_is_good_or_is_revoked_anew) {
    test_house house;
    bt_key key;
    bt_fault fault;
    uint64_t first, second;
    house_open(&house);
    house_key victim = house_backend(&house, 1);
    ck_assert_int_eq(reason_of(&house, &victim), BT_REASON_ALLOWED);
    fault = revoke(&house, &house.administrator, bt_bytes_text(victim.id), BT_LITERAL("leaked"),
                   &first);
    ck_assert_int_eq(fault.err, BT_OK);
    ck_assert_int_eq(reason_of(&house, &victim), BT_REASON_REVOKED);
    ck_assert_int_eq(get(&house, &house.administrator, victim.id, &key, &fault), BT_OK);
    int64_t revoked_ms = key.detail.revoked_ms;
    ck_assert_int_eq(key.state, BT_KEY_REVOKED);
    ck_assert_int_gt(revoked_ms, 0);
    ck_assert_uint_eq(key.mask, 1);
    fault = revoke(&house, &house.administrator, bt_bytes_text(victim.id), BT_LITERAL("again"),
                   &second);
    ck_assert_int_eq(fault.err, BT_OK);
    ck_assert_uint_ge(second, first);
    ck_assert_int_eq(get(&house, &house.administrator, victim.id, &key, &fault), BT_OK);
    ck_assert(bt_bytes_equal(key.detail.revoke_reason, BT_LITERAL("leaked")));
    ck_assert_int_eq(key.detail.revoked_ms, revoked_ms);
    house_close(&house);
}
END_TEST

START_TEST(a_key_of_another_environment_can_be_seen_or_revoked) {
    test_house house;
    bt_key key;
    bt_fault fault, nowhere;
    house_open(&house);
    house_key full = house_full_access(&house);
    house_key prod = house_create(
        &house, (bt_create_key_request){.environment = BT_LITERAL("prod"), .grant.scope_mask = 1});
    bt_caller caller = house_caller(&house, &full);
    ck_assert_int_eq(get(&house, &caller, full.id, &key, &fault), BT_OK);
    ck_assert_int_eq(get(&house, &caller, prod.id, &key, &fault), BT_ERR_NOT_FOUND);
    ck_assert_int_eq(get(&house, &caller, "00000000000000000000000000000000", &key, &nowhere),
                     BT_ERR_NOT_FOUND);
    /* One text for both, but for the id that was asked for. */
    char *id = strstr(fault.text, prod.id);
    ck_assert_ptr_nonnull(id);
    memset(id, '0', strlen(prod.id));
    ck_assert_str_eq(fault.text, nowhere.text);
    fault = revoke(&house, &caller, bt_bytes_text(prod.id), (bt_bytes){0}, NULL);
    ck_assert_int_eq(fault.err, BT_ERR_NOT_FOUND);
    ck_assert_int_eq(reason_of(&house, &prod), BT_REASON_ALLOWED);
    bt_caller trusted = {.trusted = true, .environment = caller.environment};
    ck_assert_int_eq(get(&house, &trusted, full.id, &key, &fault), BT_ERR_NOT_FOUND);
    house_close(&house);
}
END_TEST

START_TEST(a_bad_request_to_revoke_is_carried_out_or_not_explained) {
    static char big[BT_REVOKE_REASON_MAX + 1];
    test_house house;
    bt_fault fault;
    house_open(&house);
    house_key victim = house_backend(&house, 1);
    memset(big, 'x', sizeof big);
    fault = revoke(&house, &house.administrator, (bt_bytes){0}, (bt_bytes){0}, NULL);
    ck_assert_str_eq(fault.text, "key_id, token: one of them must be set");
    fault = revoke(&house, &house.administrator, BT_LITERAL("nope"), (bt_bytes){0}, NULL);
    ck_assert_int_eq(fault.err, BT_ERR_INVALID);
    ck_assert_ptr_nonnull(strstr(fault.text, "key_id: "));
    fault = revoke(&house, &house.administrator, bt_bytes_text(victim.id),
                   bt_bytes_of(big, sizeof big), NULL);
    ck_assert_int_eq(fault.err, BT_ERR_INVALID);
    ck_assert_ptr_nonnull(strstr(fault.text, "reason: has 501 bytes"));
    fault =
        revoke(&house, &house.administrator, bt_bytes_text(victim.id), BT_LITERAL("a\nb"), NULL);
    ck_assert_int_eq(fault.err, BT_ERR_INVALID);
    fault = revoke(&house, &house.administrator, BT_LITERAL("00000000000000000000000000000000"),
                   (bt_bytes){0}, NULL);
    ck_assert_int_eq(fault.err, BT_ERR_NOT_FOUND);
    ck_assert_int_eq(reason_of(&house, &victim), BT_REASON_ALLOWED);
    house_close(&house);
}
END_TEST

UNIT_MAIN("revoke_key", a_revoked_key_is_good_or_is_revoked_anew,
          a_key_of_another_environment_can_be_seen_or_revoked,
          a_bad_request_to_revoke_is_carried_out_or_not_explained)
