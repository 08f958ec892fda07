/* rooms: service support */
#include "service/rotate_key.h"
#include "service/update_key.h"
#include "support/house.h"
#include "unit.h"

#define UPDATE BIT(BT_SCOPE_APIKEYS_UPDATE)
#define CREATE BIT(BT_SCOPE_APIKEYS_CREATE)

static bt_update_key *update(test_house *house, const bt_caller *caller, const house_key *key,
                             bt_update_key_request request) {
    static bt_update_key self;
    self = (bt_update_key){.request = request};
    self.request.key_id = bt_bytes_text(key->id);
    bt_update_key_run(&self, &house->service, caller);
    house_renew(house);
    return &self;
}

static bt_rotate_key *rotate(test_house *house, const bt_caller *caller, const house_key *key,
                             int64_t grace_ms, int64_t expires_ms) {
    static bt_rotate_key self;
    self = (bt_rotate_key){
        .key_id = bt_bytes_text(key->id), .grace_ms = grace_ms, .expiry.expires_ms = expires_ms};
    bt_rotate_key_run(&self, &house->service, caller);
    house_renew(house);
    return &self;
}

static bt_reason reason(test_house *house, const char *token, const char *resource,
                        int64_t after_ms) {
    const bt_environment *test =
        bt_environment_find(bt_snapshot_environments(house->session.snapshot), BT_LITERAL("test"));
    bt_question question = {
        .needed = 1, .now_ms = bt_clock_ms() + after_ms, .resource = bt_bytes_text(resource)};
    bt_answer answer;
    ck_assert(!bt_check_token(house->session.snapshot, bt_store_pepper(house->service.store),
                              bt_bytes_text(token), test, &question, &answer));
    return answer.verdict.reason;
}

START_TEST(an_update_changes_what_it_does_not_name) {
    test_house house;
    house_open(&house);
    house_key key =
        house_create(&house, (bt_create_key_request){.grant.scope_mask = 3,
                                                     .metadata = BT_LITERAL("{\"a\":1}")});
    bt_update_key *done = update(&house, &house.administrator, &key,
                                 (bt_update_key_request){.mask = BT_UPDATE_NAME,
                                                         .name = BT_LITERAL("new name"),
                                                         .metadata = BT_LITERAL("{}"),
                                                         .disabled = true});
    ck_assert_msg(!done->mutation.change.fault.err, "%s", done->mutation.change.fault.text);
    const bt_key *seen = &done->issued.key;
    ck_assert(bt_bytes_equal(seen->detail.name, BT_LITERAL("new name")));
    ck_assert(bt_bytes_equal(seen->detail.metadata, BT_LITERAL("{\"a\":1}")));
    ck_assert_uint_eq(seen->mask, 3);
    ck_assert_int_eq(seen->state, BT_KEY_ACTIVE);
    ck_assert_int_eq(reason(&house, key.token, NULL, 0), BT_REASON_ALLOWED);
    house_close(&house);
}
END_TEST

START_TEST(an_update_is_late_or_does_nothing) {
    test_house house;
    house_open(&house);
    const bt_caller *admin = &house.administrator;
    house_key key = house_create(&house, (bt_create_key_request){.grant.scope_mask = 3});
    update(&house, admin, &key,
           (bt_update_key_request){.mask = BT_UPDATE_DISABLED, .disabled = true});
    ck_assert_int_eq(reason(&house, key.token, NULL, 0), BT_REASON_DISABLED);
    update(&house, admin, &key, (bt_update_key_request){.mask = BT_UPDATE_DISABLED});
    ck_assert_int_eq(reason(&house, key.token, NULL, 0), BT_REASON_ALLOWED);
    update(&house, admin, &key,
           (bt_update_key_request){.mask = BT_UPDATE_SCOPE_MASK, .grant.scope_mask = 2});
    ck_assert_int_eq(reason(&house, key.token, NULL, 0), BT_REASON_MISSING_SCOPE);
    update(&house, admin, &key,
           (bt_update_key_request){.mask = BT_UPDATE_PRESET,
                                   .grant.preset = BT_LITERAL("full_access")});
    ck_assert_int_eq(reason(&house, key.token, NULL, 0), BT_REASON_ALLOWED);
    update(&house, admin, &key,
           (bt_update_key_request){
               .mask = BT_UPDATE_SELECTORS,
               .bounds = {.selectors_count = 1, .selectors = {BT_LITERAL("project:42")}}});
    ck_assert_int_eq(reason(&house, key.token, "project:41", 0), BT_REASON_RESOURCE_NOT_GRANTED);
    ck_assert_int_eq(reason(&house, key.token, "project:42", 0), BT_REASON_ALLOWED);
    update(&house, admin, &key, (bt_update_key_request){.mask = BT_UPDATE_SELECTORS});
    ck_assert_int_eq(reason(&house, key.token, NULL, 0), BT_REASON_ALLOWED);
    update(
        &house, admin, &key,
        (bt_update_key_request){.mask = BT_UPDATE_EXPIRES_IN, .expiry.expires_in_ms = BT_DAY_MS});
    ck_assert_int_eq(reason(&house, key.token, NULL, 2 * BT_DAY_MS), BT_REASON_EXPIRED);
    update(&house, admin, &key,
           (bt_update_key_request){.mask = BT_UPDATE_NEVER_EXPIRES, .never_expires = true});
    ck_assert_int_eq(reason(&house, key.token, NULL, 2 * BT_DAY_MS), BT_REASON_ALLOWED);
    house_close(&house);
}
END_TEST

START_TEST(an_update_that_names_nothing_or_too_much_is_taken) {
    test_house house;
    house_open(&house);
    house_key key = house_create(&house, (bt_create_key_request){.grant.scope_mask = 3});
    const bt_update_key_request bad[] = {
        {.mask = 0},
        {.mask = BT_UPDATE_SCOPES | BT_UPDATE_PRESET},
        {.mask = BT_UPDATE_EXPIRES_AT | BT_UPDATE_NEVER_EXPIRES, .never_expires = true},
        {.mask = BT_UPDATE_NEVER_EXPIRES},
        {.mask = BT_UPDATE_EXPIRES_AT, .expiry.expires_ms = BT_NEVER_MS},
        {.mask = BT_UPDATE_EXPIRES_AT, .expiry.expires_ms = 1},
        {.mask = BT_UPDATE_EXPIRES_IN},
        {.mask = BT_UPDATE_NAME},
        {.mask = BT_UPDATE_METADATA, .metadata = BT_LITERAL("[]")},
        {.mask = BT_UPDATE_SCOPE_MASK, .grant.scope_mask = BIT(63)},
        {.mask = BT_UPDATE_NETWORKS,
         .bounds = {.networks_count = 1, .networks = {BT_LITERAL("10.0.0.0/33")}}},
        {.mask = BT_UPDATE_NOT_BEFORE, .not_before_ms = -1},
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        bt_update_key *done = update(&house, &house.administrator, &key, bad[i]);
        ck_assert_msg(done->mutation.change.fault.err == BT_ERR_INVALID, "%zu", i);
    }
    house_revoke(&house, &key);
    bt_update_key *done =
        update(&house, &house.administrator, &key,
               (bt_update_key_request){.mask = BT_UPDATE_DISABLED, .disabled = false});
    ck_assert_int_eq(done->mutation.change.fault.err, BT_ERR_PRECONDITION);
    house_close(&house);
}
END_TEST

/* A caller with apikeys.update and users.read, on a key that holds users.read and users.create. */
START_TEST(a_caller_widens_a_key_that_holds_what_it_lacks) {
    test_house house;
    house_open(&house);
    house_key weak = house_backend(&house, UPDATE | 1);
    bt_caller caller = house_caller(&house, &weak);
    const struct {
        bt_update_key_request request;
        bt_err err;
    } cases[] = {
        {{.mask = BT_UPDATE_NAME, .name = BT_LITERAL("x")}, BT_OK},
        {{.mask = BT_UPDATE_DISABLED, .disabled = true}, BT_OK},
        {{.mask = BT_UPDATE_DISABLED}, BT_ERR_FORBIDDEN},
        {{.mask = BT_UPDATE_EXPIRES_IN, .expiry.expires_in_ms = BT_DAY_MS}, BT_OK},
        {{.mask = BT_UPDATE_EXPIRES_IN, .expiry.expires_in_ms = 2 * BT_DAY_MS}, BT_ERR_FORBIDDEN},
        {{.mask = BT_UPDATE_NEVER_EXPIRES, .never_expires = true}, BT_ERR_FORBIDDEN},
        {{.mask = BT_UPDATE_SELECTORS,
          .bounds = {.selectors_count = 2, .selectors = {BT_LITERAL("a:1"), BT_LITERAL("a:2")}}},
         BT_OK},
        {{.mask = BT_UPDATE_SELECTORS,
          .bounds = {.selectors_count = 1, .selectors = {BT_LITERAL("a:3")}}},
         BT_ERR_FORBIDDEN},
        {{.mask = BT_UPDATE_SELECTORS,
          .bounds = {.selectors_count = 1, .selectors = {BT_LITERAL("a:1")}}},
         BT_OK},
        {{.mask = BT_UPDATE_SELECTORS}, BT_ERR_FORBIDDEN},
        {{.mask = BT_UPDATE_NETWORKS,
          .bounds = {.networks_count = 1, .networks = {BT_LITERAL("10.0.0.0/8")}}},
         BT_OK},
        {{.mask = BT_UPDATE_NETWORKS}, BT_ERR_FORBIDDEN},
        {{.mask = BT_UPDATE_NOT_BEFORE, .not_before_ms = bt_clock_ms()}, BT_OK},
        {{.mask = BT_UPDATE_NOT_BEFORE}, BT_ERR_FORBIDDEN},
        {{.mask = BT_UPDATE_SCOPE_MASK, .grant.scope_mask = 7}, BT_ERR_FORBIDDEN},
        {{.mask = BT_UPDATE_PRESET, .grant.preset = BT_LITERAL("full_access")}, BT_ERR_FORBIDDEN},
        {{.mask = BT_UPDATE_SCOPE_MASK, .grant.scope_mask = 2}, BT_OK},
        {{.mask = BT_UPDATE_SCOPE_MASK, .grant.scope_mask = 3}, BT_ERR_FORBIDDEN},
        {{.mask = BT_UPDATE_SCOPE_MASK, .grant.scope_mask = 1}, BT_OK},
        {{.mask = BT_UPDATE_DISABLED}, BT_OK},
    };
    house_key key = house_create(&house, (bt_create_key_request){.grant.scope_mask = 3});
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        bt_update_key *done = update(&house, &caller, &key, cases[i].request);
        ck_assert_msg(done->mutation.change.fault.err == cases[i].err, "%zu: %d %s", i,
                      done->mutation.change.fault.err, done->mutation.change.fault.text);
    }
    house_close(&house);
}
END_TEST

START_TEST(a_rotated_key_differs_or_outlives_its_grace) {
    test_house house;
    house_open(&house);
    bt_bounds_request bounds = {.selectors_count = 1, .selectors = {BT_LITERAL("project:*")}};
    int64_t ends_ms = bt_clock_ms() + 10 * BT_DAY_MS;
    house_key old = house_create(&house, (bt_create_key_request){.grant.scope_mask = 3,
                                                                 .expiry.expires_ms = ends_ms,
                                                                 .bounds = bounds});
    bt_rotate_key *done = rotate(&house, &house.administrator, &old, BT_DAY_MS, BT_NEVER_MS);
    ck_assert_msg(!done->mutation.change.fault.err, "%s", done->mutation.change.fault.text);
    const bt_key *fresh = &done->issued.key;
    ck_assert_uint_eq(fresh->mask, 3);
    ck_assert_int_eq(fresh->expires_ms, ends_ms);
    ck_assert_uint_eq(fresh->narrow.selectors_count, 1);
    ck_assert_int_eq(reason(&house, done->issued.token, "project:1", 0), BT_REASON_ALLOWED);
    ck_assert_int_eq(reason(&house, done->issued.token, "other:1", 0),
                     BT_REASON_RESOURCE_NOT_GRANTED);
    ck_assert_int_eq(reason(&house, old.token, "project:1", 0), BT_REASON_ALLOWED);
    ck_assert_int_eq(reason(&house, old.token, "project:1", 2 * BT_DAY_MS), BT_REASON_EXPIRED);
    done = rotate(&house, &house.administrator, &old, 0, BT_NEVER_MS);
    ck_assert_int_eq(done->mutation.change.fault.err, BT_ERR_PRECONDITION);
    house_close(&house);
}
END_TEST

START_TEST(a_key_is_changed_or_rotated_to_one_that_is_never_good) {
    test_house house;
    house_open(&house);
    const bt_caller *admin = &house.administrator;
    int64_t begins_ms = bt_clock_ms() + 10 * BT_DAY_MS, ends_ms = begins_ms + BT_DAY_MS;
    house_key key = house_create(
        &house, (bt_create_key_request){.not_before_ms = begins_ms, .expiry.expires_ms = ends_ms});
    const struct {
        bt_update_key_request request;
        const char *text;
    } bad[] = {
        {{.mask = BT_UPDATE_NOT_BEFORE, .not_before_ms = ends_ms}, "not_before: the key would"},
        {{.mask = BT_UPDATE_EXPIRES_AT, .expiry.expires_ms = begins_ms}, "expires_at: the key wo"},
        {{.mask = BT_UPDATE_EXPIRES_IN, .expiry.expires_in_ms = BT_DAY_MS}, "expires_in: the key"},
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        const bt_fault *fault = &update(&house, admin, &key, bad[i].request)->mutation.change.fault;
        ck_assert_msg(fault->err == BT_ERR_INVALID, "%zu: %d", i, fault->err);
        ck_assert_msg(strncmp(fault->text, bad[i].text, strlen(bad[i].text)) == 0, "%s",
                      fault->text);
    }
    bt_update_key *done =
        update(&house, admin, &key,
               (bt_update_key_request){.mask = BT_UPDATE_NOT_BEFORE, .not_before_ms = ends_ms - 1});
    ck_assert_msg(!done->mutation.change.fault.err, "%s", done->mutation.change.fault.text);
    bt_rotate_key *rotated = rotate(&house, admin, &key, 0, ends_ms - 1);
    ck_assert_int_eq(rotated->mutation.change.fault.err, BT_ERR_INVALID);
    ck_assert(!strncmp(rotated->mutation.change.fault.text, "expires_at: the key would", 25));
    rotated = rotate(&house, admin, &key, 0, ends_ms);
    ck_assert_int_eq(rotated->mutation.change.fault.err, BT_OK);
    house_close(&house);
}
END_TEST

START_TEST(rotation_hands_a_stronger_token_to_a_caller) {
    test_house house;
    house_open(&house);
    house_key weak = house_backend(&house, CREATE | 1);
    house_key equal = house_backend(&house, CREATE | 3);
    house_key key = house_create(&house, (bt_create_key_request){.grant.scope_mask = 3});
    house_key full = house_full_access(&house);
    bt_caller caller = house_caller(&house, &weak);
    bt_rotate_key *done = rotate(&house, &caller, &key, 0, BT_NEVER_MS);
    ck_assert_int_eq(done->mutation.change.fault.err, BT_ERR_FORBIDDEN);
    ck_assert_str_eq(done->issued.token, "");
    ck_assert_int_eq(reason(&house, key.token, NULL, 0), BT_REASON_ALLOWED);
    caller = house_caller(&house, &equal);
    done = rotate(&house, &caller, &full, 0, BT_NEVER_MS);
    ck_assert_int_eq(done->mutation.change.fault.err, BT_ERR_FORBIDDEN);
    done = rotate(&house, &caller, &key, 0, BT_NEVER_MS);
    ck_assert_int_eq(done->mutation.change.fault.err, BT_OK);
    ck_assert_int_eq(reason(&house, key.token, NULL, 0), BT_REASON_EXPIRED);
    done = rotate(&house, &caller, &key, BT_GRACE_MAX_MS + 1, BT_NEVER_MS);
    ck_assert_int_eq(done->mutation.change.fault.err, BT_ERR_INVALID);
    house_close(&house);
}
END_TEST

UNIT_MAIN("update_key", an_update_changes_what_it_does_not_name, an_update_is_late_or_does_nothing,
          an_update_that_names_nothing_or_too_much_is_taken,
          a_caller_widens_a_key_that_holds_what_it_lacks,
          a_rotated_key_differs_or_outlives_its_grace,
          a_key_is_changed_or_rotated_to_one_that_is_never_good,
          rotation_hands_a_stronger_token_to_a_caller)
