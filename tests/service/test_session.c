/* rooms: service support */
#include <stdio.h>

#include "support/house.h"
#include "unit.h"

#define VALIDATE BIT(BT_SCOPE_APIKEYS_VALIDATE)

static bt_fault authenticate(test_house *house, const char *credential, uint64_t need) {
    bt_fault fault = {0};
    bt_caller caller;
    bt_err err = bt_caller_authenticate(&house->session, bt_bytes_text(credential), need, NULL,
                                        &caller, &fault);
    ck_assert_int_eq(err, fault.err);
    return fault;
}

static void revoke(bt_record *record) {
    record->flags |= BT_RECORD_REVOKED;
}
static void disable(bt_record *record) {
    record->flags |= BT_RECORD_DISABLED;
}
static void expire(bt_record *record) {
    record->expires_ms = bt_clock_ms();
}
static void delay(bt_record *record) {
    record->not_before_ms = bt_clock_ms() + BT_DAY_MS;
}
static void make_generic(bt_record *record) {
    record->kind = BT_KIND_GENERIC;
}
static void make_personal(bt_record *record) {
    record->kind = BT_KIND_PERSONAL;
}
static void make_org(bt_record *record) {
    record->kind = BT_KIND_ORG;
}

START_TEST(bad_credentials_could_be_told_apart) {
    void (*const edits[])(bt_record *) = {revoke,       disable,       expire,  delay,
                                          make_generic, make_personal, make_org};
    test_house house;
    house_open(&house);
    bt_fault none = authenticate(&house, "", VALIDATE);
    ck_assert_int_eq(none.err, BT_ERR_UNAUTHENTICATED);
    for (size_t i = 0; i < sizeof edits / sizeof *edits; i++) {
        house_key key = house_full_access(&house);
        ck_assert_int_eq(authenticate(&house, key.token, VALIDATE).err, BT_OK);
        house_alter(&house, &key, edits[i]);
        ck_assert_str_eq(authenticate(&house, key.token, VALIDATE).text, none.text);
        ck_assert_int_eq(authenticate(&house, key.token, VALIDATE).err, BT_ERR_UNAUTHENTICATED);
    }
    char unknown[BT_TOKEN_MAX + 1], elsewhere[BT_TOKEN_MAX + 1];
    bt_token_mint(BT_LITERAL("bt_test"), unknown);
    bt_token_mint(BT_LITERAL("bt_nowhere"), elsewhere);
    const char *const junk[] = {unknown, elsewhere, "Bearer", "Bearer ", "Basic dXNlcjpwdw==", "x"};
    for (size_t i = 0; i < sizeof junk / sizeof *junk; i++) {
        bt_fault fault = authenticate(&house, junk[i], VALIDATE);
        ck_assert_int_eq(fault.err, BT_ERR_UNAUTHENTICATED);
        ck_assert_str_eq(fault.text, none.text);
    }
    house_close(&house);
}
END_TEST

START_TEST(a_caller_without_the_scope_is_let_in_or_not_told_which) {
    test_house house;
    house_open(&house);
    house_key key = house_backend(&house, ~VALIDATE & ((BIT(13) - 1) | BIT(48)));
    bt_fault fault = authenticate(&house, key.token, VALIDATE);
    ck_assert_int_eq(fault.err, BT_ERR_FORBIDDEN);
    ck_assert_ptr_nonnull(strstr(fault.text, "apikeys.validate"));
    fault = authenticate(&house, key.token, BIT(48));
    ck_assert_int_eq(fault.err, BT_OK);
    house_close(&house);
}
END_TEST

START_TEST(a_caller_is_not_what_its_key_is) {
    test_house house;
    bt_fault fault;
    bt_caller caller;
    house_open(&house);
    house_key key = house_create(&house, (bt_create_key_request){.environment = BT_LITERAL("prod"),
                                                                 .grant.scope_mask = 3 | VALIDATE});
    char credential[128];
    snprintf(credential, sizeof credential, "bEaReR  %s", key.token);
    ck_assert_int_eq(bt_caller_authenticate(&house.session, bt_bytes_text(credential), VALIDATE,
                                            NULL, &caller, &fault),
                     BT_OK);
    char id[BT_KEY_ID_TEXT_SIZE];
    bt_key_id_format(&caller.key_id, id);
    ck_assert_str_eq(id, key.id);
    ck_assert_str_eq(caller.environment->name, "prod");
    ck_assert_uint_eq(caller.held, 3 | VALIDATE);
    ck_assert(!caller.full_access && !caller.administrator && !caller.trusted);
    house_close(&house);
}
END_TEST

typedef struct environment_case {
    bool administrator, trusted;
    const char *own, *named;
    bt_err err;
    const char *got; /* or a part of the text */
} environment_case;

/* own is "" for none. */
static const environment_case environment_cases[] = {
    {.own = "test", .named = "", .got = "test"},
    {.own = "test", .named = "test", .got = "test"},
    {.own = "test", .named = "prod", .err = BT_ERR_FORBIDDEN, .got = "belongs to test"},
    {.own = "test", .named = "nope", .err = BT_ERR_FORBIDDEN, .got = "belongs to test"},
    {.own = "", .named = "test", .err = BT_ERR_INTERNAL, .got = "environment"},
    {.trusted = true, .own = "test", .named = "", .got = "test"},
    {.trusted = true, .own = "test", .named = "prod", .got = "prod"},
    {.trusted = true, .own = "", .named = "prod", .got = "prod"},
    {.trusted = true, .own = "", .named = "", .err = BT_ERR_INVALID, .got = "environment: must"},
    {.trusted = true,
     .own = "tset",
     .named = "",
     .err = BT_ERR_INVALID,
     .got = "environment: there is no \"tset\"; there are: test, prod"},
    {.trusted = true, .own = "tset", .named = "prod", .got = "prod"},
    {.trusted = true, .own = "", .named = "nope", .err = BT_ERR_INVALID, .got = "test, prod"},
    {.trusted = true, .own = "test", .named = "te\1t", .err = BT_ERR_INVALID, .got = "\"te?t\""},
    {.administrator = true, .own = "", .named = "prod", .got = "prod"},
    {.administrator = true, .own = "", .named = "nope", .err = BT_ERR_INVALID, .got = "test, prod"},
    {.administrator = true, .own = "", .named = "", .got = ""},
};

START_TEST(a_request_acts_in_another_environment_than_it_may) {
    test_house house;
    house_open(&house);
    const bt_environments *all = bt_snapshot_environments(house.session.snapshot);
    for (size_t i = 0; i < sizeof environment_cases / sizeof *environment_cases; i++) {
        const environment_case *c = &environment_cases[i];
        bt_caller caller = {.administrator = c->administrator,
                            .environment = bt_environment_find(all, bt_bytes_text(c->own))};
        if (c->trusted) caller = bt_caller_trusted(all, bt_bytes_text(c->own));
        const bt_environment *got = NULL;
        bt_fault fault = {0};
        bt_err err = bt_caller_environment(&caller, all, bt_bytes_text(c->named), &got, &fault);
        ck_assert_msg(err == c->err, "case %zu: %d %s", i, err, fault.text);
        if (err)
            ck_assert_msg(strstr(fault.text, c->got) != NULL, "case %zu: %s", i, fault.text);
        else
            ck_assert_str_eq(got ? got->name : "", c->got);
    }
    house_close(&house);
}
END_TEST

START_TEST(a_question_is_answered_from_before_its_min_revision) {
    test_house house;
    bt_fault fault = {0};
    house_open(&house);
    uint64_t revision = bt_snapshot_head(house.session.snapshot)->revision;
    ck_assert_int_eq(bt_session_reached(&house.session, revision, &fault), BT_OK);
    ck_assert_int_eq(bt_session_reached(&house.session, revision + 1, &fault), BT_ERR_UNAVAILABLE);
    ck_assert_ptr_nonnull(strstr(fault.text, "min_revision"));
    house_close(&house);
}
END_TEST

UNIT_MAIN("session", bad_credentials_could_be_told_apart,
          a_caller_without_the_scope_is_let_in_or_not_told_which, a_caller_is_not_what_its_key_is,
          a_request_acts_in_another_environment_than_it_may,
          a_question_is_answered_from_before_its_min_revision)
