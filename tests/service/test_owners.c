/* rooms: service support */
#include "service/owners.h"

#include "support/house.h"
#include "unit.h"

static bt_err change(test_house *house, const bt_caller *caller, bt_owner_action action,
                     const char *user, const char *org, bt_fault *fault) {
    bt_change_owner self = {.action = action,
                            .owner = {.environment = BT_LITERAL("test"),
                                      .user_id = bt_bytes_text(user),
                                      .org_id = bt_bytes_text(org)}};
    bt_change_owner_run(&self, &house->service, caller);
    if (fault) *fault = self.mutation.change.fault;
    house_renew(house);
    return self.mutation.change.fault.err;
}

static void must_change(test_house *house, bt_owner_action action, const char *user,
                        const char *org) {
    bt_fault fault;
    bt_err err = change(house, &house->administrator, action, user, org, &fault);
    ck_assert_msg(!err, "%s", fault.text);
}

static house_key key_of(test_house *house, bt_kind kind, const char *user, const char *org) {
    return house_create(house, (bt_create_key_request){.kind = kind,
                                                       .user_id = bt_bytes_text(user),
                                                       .org_id = bt_bytes_text(org),
                                                       .expiry.expires_ms = BT_NEVER_MS,
                                                       .grant.scope_mask = 3});
}

static bt_reason reason(test_house *house, const house_key *key) {
    const bt_environment *test =
        bt_environment_find(bt_snapshot_environments(house->session.snapshot), BT_LITERAL("test"));
    bt_question question = {.needed = 1, .now_ms = bt_clock_ms()};
    bt_answer answer;
    ck_assert(!bt_check_token(house->session.snapshot, bt_store_pepper(house->service.store),
                              bt_bytes_text(key->token), test, &question, &answer));
    return answer.verdict.reason;
}

START_TEST(a_deleted_owners_keys_come_back) {
    test_house house;
    house_open(&house);
    house_key old = key_of(&house, BT_KIND_PERSONAL, "ann", NULL);
    must_change(&house, BT_OWNER_DELETE, "ann", NULL);
    ck_assert_int_eq(reason(&house, &old), BT_REASON_OWNER_STOPPED);
    must_change(&house, BT_OWNER_RESUME, "ann", NULL);
    ck_assert_int_eq(reason(&house, &old), BT_REASON_OWNER_STOPPED);
    house_key fresh = key_of(&house, BT_KIND_PERSONAL, "ann", NULL);
    ck_assert_int_eq(reason(&house, &fresh), BT_REASON_ALLOWED);
    must_change(&house, BT_OWNER_DELETE, "ann", NULL);
    ck_assert_int_eq(reason(&house, &fresh), BT_REASON_OWNER_STOPPED);
    house_close(&house);
}
END_TEST

START_TEST(resume_gives_back_more_or_less_than_stop_took) {
    test_house house;
    house_open(&house);
    house_key personal = key_of(&house, BT_KIND_PERSONAL, "ann", "acme");
    house_key orgs = key_of(&house, BT_KIND_ORG, "ann", "acme");
    house_key generic = key_of(&house, BT_KIND_GENERIC, NULL, NULL);
    must_change(&house, BT_OWNER_END_MEMBERSHIP, "ann", "acme");
    ck_assert_int_eq(reason(&house, &personal), BT_REASON_OWNER_STOPPED);
    ck_assert_int_eq(reason(&house, &orgs), BT_REASON_ALLOWED);
    must_change(&house, BT_OWNER_STOP, "ann", NULL);
    must_change(&house, BT_OWNER_RESUME, "ann", NULL);
    ck_assert_int_eq(reason(&house, &personal), BT_REASON_OWNER_STOPPED);
    must_change(&house, BT_OWNER_RESUME_MEMBERSHIP, "ann", "acme");
    ck_assert_int_eq(reason(&house, &personal), BT_REASON_ALLOWED);
    must_change(&house, BT_OWNER_STOP, NULL, "acme");
    ck_assert_int_eq(reason(&house, &orgs), BT_REASON_OWNER_STOPPED);
    ck_assert_int_eq(reason(&house, &generic), BT_REASON_ALLOWED);
    must_change(&house, BT_OWNER_RESUME, NULL, "acme");
    ck_assert_int_eq(reason(&house, &orgs), BT_REASON_ALLOWED);
    house_close(&house);
}
END_TEST

START_TEST(a_caller_resumes_keys_that_hold_what_it_lacks) {
    test_house house;
    house_open(&house);
    house_key key = key_of(&house, BT_KIND_PERSONAL, "ann", NULL);
    house_key weak = house_backend(&house, BIT(BT_SCOPE_APIKEYS_UPDATE) | BIT(0));
    house_key strong = house_backend(&house, BIT(BT_SCOPE_APIKEYS_UPDATE) | BIT(0) | BIT(1));
    must_change(&house, BT_OWNER_STOP, "ann", NULL);
    bt_caller caller = house_caller(&house, &weak);
    bt_fault fault;
    ck_assert_int_eq(change(&house, &caller, BT_OWNER_RESUME, "ann", NULL, &fault),
                     BT_ERR_FORBIDDEN);
    ck_assert_msg(strstr(fault.text, "users.create"), "%s", fault.text);
    ck_assert_int_eq(reason(&house, &key), BT_REASON_OWNER_STOPPED);
    caller = house_caller(&house, &strong);
    ck_assert_int_eq(change(&house, &caller, BT_OWNER_RESUME, "ann", NULL, &fault), BT_OK);
    ck_assert_int_eq(reason(&house, &key), BT_REASON_ALLOWED);
    ck_assert_int_eq(change(&house, &caller, BT_OWNER_STOP, "ann", NULL, &fault), BT_ERR_FORBIDDEN);
    house_close(&house);
}
END_TEST

START_TEST(an_owner_that_is_named_wrongly_is_taken) {
    test_house house;
    house_open(&house);
    const bt_caller *admin = &house.administrator;
    char long_id[BT_OWNER_ID_MAX + 2];
    memset(long_id, 'x', sizeof long_id);
    long_id[sizeof long_id - 1] = '\0';
    ck_assert_int_eq(change(&house, admin, BT_OWNER_STOP, NULL, NULL, NULL), BT_ERR_INVALID);
    ck_assert_int_eq(change(&house, admin, BT_OWNER_STOP, "a", "b", NULL), BT_ERR_INVALID);
    ck_assert_int_eq(change(&house, admin, BT_OWNER_DELETE, "a", "b", NULL), BT_ERR_INVALID);
    ck_assert_int_eq(change(&house, admin, BT_OWNER_END_MEMBERSHIP, "a", NULL, NULL),
                     BT_ERR_INVALID);
    ck_assert_int_eq(change(&house, admin, BT_OWNER_STOP, long_id, NULL, NULL), BT_ERR_INVALID);
    ck_assert_int_eq(change(&house, admin, BT_OWNER_STOP, "a\nb", NULL, NULL), BT_ERR_INVALID);
    house_close(&house);
}
END_TEST

START_TEST(the_state_of_an_owner_is_told_wrongly) {
    test_house house;
    house_open(&house);
    bt_owner owner = {.environment = BT_LITERAL("test"), .user_id = BT_LITERAL("ann")};
    bt_owner_state state;
    int64_t since_ms;
    bt_fault fault;
    ck_assert(!bt_owner_state_get(&house.session, &house.administrator, &owner, &state, &since_ms,
                                  &fault));
    ck_assert_int_eq(state, BT_OWNER_ACTIVE);
    ck_assert_int_eq(since_ms, 0);
    must_change(&house, BT_OWNER_STOP, "ann", NULL);
    ck_assert(!bt_owner_state_get(&house.session, &house.administrator, &owner, &state, &since_ms,
                                  &fault));
    ck_assert_int_eq(state, BT_OWNER_BLOCKED);
    ck_assert_int_gt(since_ms, 0);
    house_close(&house);
}
END_TEST

UNIT_MAIN("owners", a_deleted_owners_keys_come_back, resume_gives_back_more_or_less_than_stop_took,
          a_caller_resumes_keys_that_hold_what_it_lacks, an_owner_that_is_named_wrongly_is_taken,
          the_state_of_an_owner_is_told_wrongly)
