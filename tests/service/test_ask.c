/* rooms: service support */
#include "service/ask.h"
#include "support/house.h"
#include "unit.h"

static bt_caller trusted_in(test_house *house, const char *name) {
    const bt_environments *all = bt_snapshot_environments(house->session.snapshot);
    return (bt_caller){.trusted = true,
                       .environment = bt_environment_find(all, bt_bytes_text(name))};
}

static bt_verdict check(test_house *house, const char *token, const bt_ask_scope *ask) {
    bt_caller caller = trusted_in(house, "test");
    bt_ask_scope own = *ask;
    bt_fault fault = {0};
    bt_answer answer;
    own.ask.token = bt_bytes_text(token);
    bt_err err = bt_ask_check_scope(&house->session, &caller, &own, &answer, &fault);
    ck_assert_msg(err == BT_OK, "%s", fault.text);
    return answer.verdict;
}

static bt_verdict check_mask(test_house *house, const char *token, uint64_t mask) {
    return check(house, token, &(bt_ask_scope){.scope_mask = mask});
}

static bt_verdict check_name(test_house *house, const char *token, const char *name) {
    return check(house, token, &(bt_ask_scope){.scopes = {bt_bytes_text(name)}, .scopes_count = 1});
}

START_TEST(a_golden_key_does_not_hold_exactly_what_it_was_given) {
    static const struct {
        const char *names[2];
        uint64_t mask;
    } golden[] = {
        {{"users.read", NULL}, BIT(0)},
        {{"users.create", "orgs.create"}, BIT(1) | BIT(17)},
        {{"users.read", "users.send_email_confirmation"}, BIT(0) | BIT(8)},
    };
    test_house house;
    house_open(&house);
    const bt_catalogue *catalogue = bt_snapshot_catalogue(house.session.snapshot);
    for (size_t i = 0; i < 3; i++) {
        bt_create_key_request request = {
            .grant.scopes = {bt_bytes_text(golden[i].names[0]), bt_bytes_text(golden[i].names[1])},
            .grant.scopes_count = golden[i].names[1] ? 2 : 1};
        house_key key = house_create(&house, request);
        for (unsigned bit = 0; bit < BT_MASK_BITS; bit++) {
            bt_reason right =
                golden[i].mask >> bit & 1 ? BT_REASON_ALLOWED : BT_REASON_MISSING_SCOPE;
            bt_verdict verdict = check_mask(&house, key.token, BIT(bit));
            ck_assert_int_eq(verdict.reason, right);
            ck_assert_uint_eq(verdict.held, golden[i].mask);
            ck_assert_uint_eq(verdict.missing, right == BT_REASON_ALLOWED ? 0 : BIT(bit));
            const char *name = catalogue->scopes[bit].name;
            if (*name) ck_assert_int_eq(check_name(&house, key.token, name).reason, right);
        }
    }
    house_close(&house);
}
END_TEST

START_TEST(a_new_key_holds_something) {
    test_house house;
    house_open(&house);
    house_key key = house_backend(&house, 0);
    for (unsigned bit = 0; bit < BT_MASK_BITS; bit++)
        ck_assert_int_eq(check_mask(&house, key.token, BIT(bit)).reason, BT_REASON_MISSING_SCOPE);
    house_close(&house);
}
END_TEST

START_TEST(a_retired_or_unassigned_scope_is_allowed_or_is_an_error) {
    test_house house;
    house_open(&house);
    house_key key = house_full_access(&house);
    house_key one = house_backend(&house, BIT(12));
    ck_assert_int_eq(check_name(&house, key.token, "users.delete").reason, BT_REASON_ALLOWED);
    ck_assert_int_eq(check_name(&house, one.token, "users.delete").reason, BT_REASON_ALLOWED);
    house_retire(&house, "users.delete");
    house_renew(&house);
    ck_assert_int_eq(check_name(&house, key.token, "users.delete").reason, BT_REASON_MISSING_SCOPE);
    ck_assert_int_eq(check_name(&house, one.token, "users.delete").reason, BT_REASON_MISSING_SCOPE);
    ck_assert_int_eq(check_mask(&house, key.token, BIT(15)).reason, BT_REASON_MISSING_SCOPE);
    house_close(&house);
}
END_TEST

START_TEST(names_mask_and_match_are_put_together_wrongly) {
    test_house house;
    house_open(&house);
    house_key key = house_backend(&house, BIT(0) | BIT(17));
    bt_ask_scope both = {.scopes = {BT_LITERAL("users.read")}, .scopes_count = 1};
    both.scope_mask = BIT(17);
    ck_assert_int_eq(check(&house, key.token, &both).reason, BT_REASON_ALLOWED);
    both.scope_mask = BIT(17) | BIT(18);
    ck_assert_int_eq(check(&house, key.token, &both).reason, BT_REASON_MISSING_SCOPE);
    both.match = BT_MATCH_ALL;
    ck_assert_int_eq(check(&house, key.token, &both).reason, BT_REASON_MISSING_SCOPE);
    both.match = BT_MATCH_ANY;
    ck_assert_int_eq(check(&house, key.token, &both).reason, BT_REASON_ALLOWED);
    both.scopes[0] = BT_LITERAL("users.delete");
    both.scope_mask = BIT(18);
    ck_assert_int_eq(check(&house, key.token, &both).reason, BT_REASON_MISSING_SCOPE);
    house_close(&house);
}
END_TEST

START_TEST(a_key_is_known_in_another_environment) {
    test_house house;
    house_open(&house);
    house_key test = house_full_access(&house);
    house_key prod = house_create(
        &house, (bt_create_key_request){.environment = BT_LITERAL("prod"), .grant.scope_mask = 1});
    ck_assert_int_eq(check_mask(&house, test.token, 1).reason, BT_REASON_ALLOWED);
    ck_assert_int_eq(check_mask(&house, prod.token, 1).reason, BT_REASON_UNKNOWN_KEY);
    bt_ask_scope in_prod = {.ask.environment = BT_LITERAL("prod"), .scope_mask = 1};
    ck_assert_int_eq(check(&house, prod.token, &in_prod).reason, BT_REASON_ALLOWED);
    ck_assert_int_eq(check(&house, test.token, &in_prod).reason, BT_REASON_UNKNOWN_KEY);
    house_close(&house);
}
END_TEST

START_TEST(junk_gets_another_answer_than_malformed) {
    static char huge[60000];
    test_house house;
    house_open(&house);
    house_key key = house_full_access(&house);
    bt_caller caller = trusted_in(&house, "test");
    memset(huge, 'a', sizeof huge);
    char with_nul[] = "bt_test_\0aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
    key.token[30] ^= 1;
    const bt_bytes junk[] = {{0},
                             BT_LITERAL(""),
                             BT_LITERAL("Bearer"),
                             BT_LITERAL("\xff\xfe\x00\x80"),
                             bt_bytes_of(huge, sizeof huge),
                             bt_bytes_of(with_nul, sizeof with_nul - 1),
                             bt_bytes_text(key.token)};
    for (size_t i = 0; i < sizeof junk / sizeof *junk; i++) {
        bt_ask_scope ask = {.ask.token = junk[i], .scope_mask = 1};
        bt_answer answer;
        bt_fault fault = {0};
        bt_err err = bt_ask_check_scope(&house.session, &caller, &ask, &answer, &fault);
        ck_assert_msg(err == BT_OK, "%zu: %s", i, fault.text);
        ck_assert_int_eq(answer.verdict.reason, BT_REASON_MALFORMED_TOKEN);
        ck_assert_ptr_null(answer.record);
    }
    house_close(&house);
}
END_TEST

START_TEST(the_administrator_must_name_the_environment_of_a_token) {
    test_house house;
    house_open(&house);
    house_key prod = house_create(
        &house, (bt_create_key_request){.environment = BT_LITERAL("prod"), .grant.scope_mask = 1});
    bt_ask ask = {.token = bt_bytes_text(prod.token)};
    bt_answer answer;
    bt_fault fault;
    ck_assert_int_eq(bt_ask_validate(&house.session, &house.administrator, &ask, &answer, &fault),
                     BT_OK);
    ck_assert_int_eq(answer.verdict.reason, BT_REASON_ALLOWED);
    ask.token = BT_LITERAL("junk");
    ck_assert_int_eq(bt_ask_validate(&house.session, &house.administrator, &ask, &answer, &fault),
                     BT_OK);
    ck_assert_int_eq(answer.verdict.reason, BT_REASON_MALFORMED_TOKEN);
    house_close(&house);
}
END_TEST

START_TEST(a_kind_that_is_not_accepted_passes) {
    test_house house;
    house_open(&house);
    house_key key = house_create(
        &house, (bt_create_key_request){.kind = BT_KIND_GENERIC, .grant.scope_mask = 1});
    for (unsigned kind = BT_KIND_BACKEND; kind <= BT_KIND_LAST; kind++) {
        bt_ask_scope ask = {.ask.accepted_kinds = BIT(kind), .scope_mask = 1};
        bt_reason right = kind == BT_KIND_GENERIC ? BT_REASON_ALLOWED : BT_REASON_WRONG_KIND;
        ck_assert_int_eq(check(&house, key.token, &ask).reason, right);
    }
    house_close(&house);
}
END_TEST

typedef struct fault_case {
    bt_ask_scope ask;
    bt_err err;
    const char *text;
} fault_case;

#define ONE_NAME(name) .scopes = {BT_LITERAL(name)}, .scopes_count = 1

START_TEST(a_question_that_cannot_be_asked_is_answered_or_not_explained) {
    const fault_case fault_cases[] = {
        {{.scopes_count = 0}, BT_ERR_INVALID, "scopes: must name"},
        {{.scope_mask = BIT(63)}, BT_ERR_INVALID, "scope_mask: has bit 63"},
        {{.scope_mask = UINT64_MAX}, BT_ERR_INVALID, "scope_mask: has bit 63"},
        {{ONE_NAME("users.raed")}, BT_ERR_INVALID, "scopes[0]: there is no scope \"users.raed\""},
        {{ONE_NAME("users.raed")}, BT_ERR_INVALID, "users.read, users.create"},
        {{ONE_NAME("Users.read")}, BT_ERR_INVALID, "the categories are: users, orgs"},
        {{ONE_NAME("")}, BT_ERR_INVALID, "scopes[0]: there is no scope \"\""},
        {{ONE_NAME("users.read\0")}, BT_ERR_INVALID, "no scope \"users.read?\""},
        {{ONE_NAME("more_than_thirty_two_characters.read")}, BT_ERR_INVALID, "\"more_tha...\""},
        {{ONE_NAME("a\xff\n")}, BT_ERR_INVALID, "\"a??\""},
        {{.scope_mask = 1, ONE_NAME("nope")}, BT_ERR_INVALID, "scopes[0]"},
        {{.scope_mask = 1, .ask.environment = BT_LITERAL("staging")},
         BT_ERR_INVALID,
         "environment: there is no \"staging\"; there are: test, prod"},
        {{.scope_mask = 1, .ask.accepted_kinds = BIT(5)}, BT_ERR_INVALID, "accepted_kinds"},
        {{.scope_mask = 1, .ask.accepted_kinds = 1}, BT_ERR_INVALID, "accepted_kinds"},
        {{.scope_mask = 1, .ask.client_ip = BT_LITERAL("10.0.0")}, BT_ERR_INVALID, "client_ip"},
        {{.scope_mask = 1, .ask.client_ip = BT_LITERAL("::1%lo")}, BT_ERR_INVALID, "client_ip"},
        {{.scope_mask = 1, .ask.client_ip = BT_LITERAL("10.0.0.1\0")}, BT_ERR_INVALID, "client_ip"},
        {{.scope_mask = 1, .resource = BT_LITERAL("no colon")}, BT_ERR_INVALID, "resource"},
        {{.scope_mask = 1, .resource = BT_LITERAL("Project:42")},
         BT_ERR_INVALID,
         "the type in lower case"},
        {{.scope_mask = 1, .ask.min_revision = UINT64_MAX}, BT_ERR_UNAVAILABLE, "min_revision"},
    };
    test_house house;
    house_open(&house);
    house_key key = house_full_access(&house);
    bt_caller caller = trusted_in(&house, "test");
    for (size_t i = 0; i < sizeof fault_cases / sizeof *fault_cases; i++) {
        bt_ask_scope ask = fault_cases[i].ask;
        bt_answer answer;
        bt_fault fault = {0};
        ask.ask.token = bt_bytes_text(key.token);
        bt_err err = bt_ask_check_scope(&house.session, &caller, &ask, &answer, &fault);
        ck_assert_msg(err == fault_cases[i].err && fault.err == err, "%zu: %d", i, err);
        ck_assert_msg(strstr(fault.text, fault_cases[i].text) != NULL, "%zu: %s", i, fault.text);
    }
    house_close(&house);
}
END_TEST

START_TEST(a_token_in_the_wrong_field_is_quoted_in_the_error) {
    test_house house;
    house_open(&house);
    house_key key = house_full_access(&house);
    bt_caller caller = trusted_in(&house, "test");
    bt_bytes token = bt_bytes_text(key.token);
    const bt_ask_scope wrong[] = {
        {.scopes = {token}, .scopes_count = 1},
        {.scope_mask = 1, .ask.environment = token},
        {.scope_mask = 1, .ask.client_ip = token},
        {.scope_mask = 1, .resource = token},
    };
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        bt_answer answer;
        bt_fault fault = {0};
        bt_err err = bt_ask_check_scope(&house.session, &caller, &wrong[i], &answer, &fault);
        ck_assert_int_eq(err, BT_ERR_INVALID);
        key.token[20] = '\0';
        ck_assert_ptr_null(strstr(fault.text, key.token + 8));
        key.token[20] = (char)token.data[20];
    }
    house_close(&house);
}
END_TEST

START_TEST(what_an_agents_client_asked_for_is_passed_over) {
    test_house house;
    house_open(&house);
    house_key key = house_backend(&house, BIT(0) | BIT(1));
    bt_ask_scope ask = {
        .ask = {.token = bt_bytes_text(key.token), .environment = BT_LITERAL("test")},
        .scopes_count = 1,
        .scopes = {BT_LITERAL("users.read")},
        .requested_count = 1,
        .requested = {BT_LITERAL("users.create")}};
    bt_caller caller = {.trusted = true};
    bt_answer answer;
    bt_fault fault;
    ck_assert(!bt_ask_check_scope(&house.session, &caller, &ask, &answer, &fault));
    ck_assert_int_eq(answer.verdict.reason, BT_REASON_MISSING_SCOPE);
    ck_assert_int_eq(answer.verdict.layer, BT_LAYER_REQUESTED);
    ask.requested_mask = BIT(0);
    ck_assert(!bt_ask_check_scope(&house.session, &caller, &ask, &answer, &fault));
    ck_assert_int_eq(answer.verdict.reason, BT_REASON_ALLOWED);
    ask.requested[0] = BT_LITERAL("users.reed");
    ck_assert_int_eq(bt_ask_check_scope(&house.session, &caller, &ask, &answer, &fault),
                     BT_ERR_INVALID);
    ck_assert_msg(strncmp(fault.text, "requested_scopes[0]", 19) == 0, "%s", fault.text);
    ask.requested_count = 0;
    ask.requested_mask = BIT(63);
    ck_assert_int_eq(bt_ask_check_scope(&house.session, &caller, &ask, &answer, &fault),
                     BT_ERR_INVALID);
    ask.requested_mask = 0;
    ask.has_requested = true;
    ck_assert(!bt_ask_check_scope(&house.session, &caller, &ask, &answer, &fault));
    ck_assert_int_eq(answer.verdict.layer, BT_LAYER_REQUESTED);
    house_close(&house);
}
END_TEST

UNIT_MAIN("ask", what_an_agents_client_asked_for_is_passed_over,
          a_golden_key_does_not_hold_exactly_what_it_was_given, a_new_key_holds_something,
          a_retired_or_unassigned_scope_is_allowed_or_is_an_error,
          names_mask_and_match_are_put_together_wrongly, a_key_is_known_in_another_environment,
          junk_gets_another_answer_than_malformed,
          the_administrator_must_name_the_environment_of_a_token,
          a_kind_that_is_not_accepted_passes,
          a_question_that_cannot_be_asked_is_answered_or_not_explained,
          a_token_in_the_wrong_field_is_quoted_in_the_error)
