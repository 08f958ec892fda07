/* rooms: library made_keys */
#include "check/ask.h"
#include "home.h"

#define KEYS 64

static home here;
static char message[BITTING_MESSAGE_SIZE];

static void setup(void) {
    home_open(&here, KEYS);
}

/* The answer of the room that the server asks, to the same question. */
static bt_answer direct(const bitting_question *question, bt_snapshot *snapshot) {
    bt_ask_scope ask = {.ask = {.token = bt_bytes_of(question->token, question->token_size),
                                .accepted_kinds = question->accepted_kinds},
                        .scope_mask = question->scope_mask,
                        .match = question->any ? BT_MATCH_ANY : BT_MATCH_ALL,
                        .has_requested = question->has_requested,
                        .requested_mask = question->requested_mask,
                        .scopes_count = question->scopes_count,
                        .requested_count = question->requested_count};
    for (size_t i = 0; i < question->scopes_count; i++)
        ask.scopes[i] = bt_bytes_text(question->scopes[i]);
    for (size_t i = 0; i < question->requested_count; i++)
        ask.requested[i] = bt_bytes_text(question->requested[i]);
    bt_asked asked;
    bt_answer answer;
    const bt_environment *environment =
        bt_environment_find(bt_snapshot_environments(snapshot), BT_LITERAL("test"));
    ck_assert_int_eq(bt_ask_scopes(snapshot, environment, &ask, bt_clock_ms(), &asked, NULL), 0);
    ck_assert_int_eq(bt_ask_decide(snapshot, bt_store_pepper(here.store), &asked, &answer, NULL),
                     0);
    return answer;
}

static void assert_same(const bitting_answer *answer, const bt_answer *expected) {
    char id[BT_KEY_ID_TEXT_SIZE] = "";
    if (expected->record) bt_key_id_format(&expected->record->key_id, id);
    ck_assert_int_eq(answer->reason, (int)expected->verdict.reason);
    ck_assert_int_eq(answer->allowed, expected->verdict.reason == BT_REASON_ALLOWED);
    ck_assert_str_eq(answer->key_id, id);
    ck_assert_uint_eq(answer->scope_mask, expected->verdict.held);
    ck_assert_uint_eq(answer->missing_mask, expected->verdict.missing);
    ck_assert_int_eq(answer->layer, (int)expected->verdict.layer);
    ck_assert_uint_eq(answer->revision, expected->revision);
}

/* Junk, a key that is not there, and keys in every state, each asked for each bit in three ways. */
static void vary(bitting_question *question, unsigned n) {
    question->scopes_count = n % 3 == 0;
    question->scope_mask = n % 3 == 0 ? 0 : UINT64_C(1) << n % 63 | (n % 3 == 2 ? 3 : 0);
    question->any = n % 2;
    static const char *const requested[] = {"users.read", "users.create"};
    question->has_requested = n % 5 == 0;
    question->requested_mask = n % 10 == 0 ? 1 : 0;
    question->requested = requested;
    question->requested_count = n % 13 ? 0 : 2;
    question->accepted_kinds = n % 7 ? 0 : BITTING_ACCEPT(BITTING_KIND_BACKEND);
    if (n % 11 == 0) question->token_size -= 1;
}

START_TEST(answers_differ_from_the_servers_own_decision) {
    setup();
    static const unsigned flags[] = {0, BT_RECORD_REVOKED, BT_RECORD_DISABLED,
                                     BT_RECORD_FULL_ACCESS};
    bt_snapshot *snapshot;
    unsigned seen = 0;
    ck_assert_int_eq(bt_snapshot_open(here.store, &snapshot, NULL), 0);
    for (unsigned n = 0; n < KEYS; n++)
        ck_assert_int_eq(made_set_flags(here.store, &here.plan, n, flags[n % 4], 0, NULL), 0);
    for (unsigned n = 0; n < 4096; n++) {
        bitting_question question = home_question(&here, n % (KEYS + 8));
        bitting_answer answer = BITTING_ANSWER_INIT;
        vary(&question, n);
        ck_assert_int_eq(bt_snapshot_renew(snapshot), 0);
        bt_answer expected = direct(&question, snapshot);
        ck_assert_int_eq(bt_check(here.handle, &question, &answer, message), BITTING_OK);
        assert_same(&answer, &expected);
        seen |= 1u << answer.reason;
    }
    bt_snapshot_close(snapshot);
    ck_assert_uint_eq(seen, 1u << BITTING_REASON_ALLOWED | 1u << BITTING_REASON_MALFORMED_TOKEN |
                                1u << BITTING_REASON_UNKNOWN_KEY | 1u << BITTING_REASON_REVOKED |
                                1u << BITTING_REASON_DISABLED | 1u << BITTING_REASON_WRONG_KIND |
                                1u << BITTING_REASON_MISSING_SCOPE);
    home_remove(&here);
}
END_TEST

START_TEST(revocation_is_not_seen_by_the_next_check) {
    setup();
    bitting_question question = home_question(&here, 1);
    bitting_answer before = BITTING_ANSWER_INIT, after = BITTING_ANSWER_INIT;
    for (int i = 0; i < 100; i++) {
        ck_assert_int_eq(bt_check(here.handle, &question, &before, NULL), BITTING_OK);
        ck_assert(before.allowed);
        ck_assert_int_eq(made_set_flags(here.store, &here.plan, 1, BT_RECORD_REVOKED, 0, NULL), 0);
        ck_assert_int_eq(bt_check(here.handle, &question, &after, NULL), BITTING_OK);
        ck_assert_int_eq(after.reason, BITTING_REASON_REVOKED);
        ck_assert_uint_eq(after.revision, before.revision + 1);
        ck_assert_int_eq(made_set_flags(here.store, &here.plan, 1, 0, BT_RECORD_REVOKED, NULL), 0);
    }
    home_remove(&here);
}
END_TEST

START_TEST(key_with_a_rate_limit_is_allowed) {
    setup();
    bitting_question question = home_question(&here, 2);
    bitting_answer answer = BITTING_ANSWER_INIT;
    ck_assert_int_eq(made_set_flags(here.store, &here.plan, 2, BT_RECORD_RATE_LIMITED, 0, NULL), 0);
    ck_assert_int_eq(bt_check(here.handle, &question, &answer, message), BITTING_ERR_ASK_SERVER);
    ck_assert(!answer.allowed);
    ck_assert_int_eq(answer.reason, BITTING_REASON_NONE);
    question.scope_mask = UINT64_C(1) << 12;
    ck_assert_int_eq(home_ask(here.handle, &question), BITTING_REASON_MISSING_SCOPE);
    question = home_question(&here, 2);
    question.scopes_count = 0;
    ck_assert_int_eq(bt_validate(here.handle, &question, &answer, NULL, message),
                     BITTING_ERR_ASK_SERVER);
    home_remove(&here);
}
END_TEST

static void refuse(bitting_question question, bitting_err err, const char *word) {
    bitting_answer answer = BITTING_ANSWER_INIT;
    answer.allowed = true;
    message[0] = '\0';
    ck_assert_int_eq(bt_check(here.handle, &question, &answer, message), err);
    ck_assert(!answer.allowed);
    ck_assert_int_eq(answer.reason, BITTING_REASON_NONE);
    ck_assert_msg(strstr(message, word), "%s", message);
}

START_TEST(bad_question_is_answered) {
    setup();
    static const char *const unknown[] = {"users.fly"};
    bitting_question good = home_question(&here, 0), bad;
    bad = good, bad.scopes = unknown;
    refuse(bad, BITTING_ERR_INVALID, "scopes[0]");
    bad = good, bad.scopes_count = 0;
    refuse(bad, BITTING_ERR_INVALID, "scopes");
    bad = good, bad.scopes_count = BITTING_SCOPES_MAX + 1;
    refuse(bad, BITTING_ERR_INVALID, "scopes");
    bad = good, bad.scopes = NULL;
    refuse(bad, BITTING_ERR_INVALID, "scopes");
    bad = good, bad.scope_mask = UINT64_C(1) << 63;
    refuse(bad, BITTING_ERR_INVALID, "scope_mask");
    bad = good, bad.client_ip = "10.0.0.300";
    refuse(bad, BITTING_ERR_INVALID, "client_ip");
    bad = good, bad.requested = unknown, bad.requested_count = 1;
    refuse(bad, BITTING_ERR_INVALID, "requested_scopes[0]");
    bad = good, bad.requested_count = 1;
    refuse(bad, BITTING_ERR_INVALID, "requested");
    bad = good, bad.resource = "no colon";
    refuse(bad, BITTING_ERR_INVALID, "resource");
    bad = good, bad.environment = "prod";
    refuse(bad, BITTING_ERR_INVALID, "environment");
    bad = good, bad.accepted_kinds = 1;
    refuse(bad, BITTING_ERR_INVALID, "accepted_kinds");
    bad = good, bad.min_revision = UINT64_MAX;
    refuse(bad, BITTING_ERR_UNAVAILABLE, "min_revision");
    bad = good, bad.token = NULL;
    refuse(bad, BITTING_ERR_INVALID, "token");
    bad = good, bad.size = 7;
    refuse(bad, BITTING_ERR_INVALID, "question");
    ck_assert_int_eq(home_ask(here.handle, &good), BITTING_REASON_ALLOWED);
    home_remove(&here);
}
END_TEST

START_TEST(question_without_environment_is_answered) {
    setup();
    bitting *handle;
    bitting_question question = home_question(&here, 0);
    bitting_answer answer = BITTING_ANSWER_INIT;
    ck_assert_int_eq(home_try(&here, NULL, &handle, message), BITTING_OK);
    ck_assert_int_eq(bt_check(handle, &question, &answer, message), BITTING_ERR_INVALID);
    question.environment = "test";
    ck_assert_int_eq(home_ask(handle, &question), BITTING_REASON_ALLOWED);
    bt_close(handle);
    ck_assert_int_eq(home_try(&here, "prod", &handle, message), BITTING_ERR_INVALID);
    home_remove(&here);
}
END_TEST

/* A program that was built with a later header, whose structs are longer. */
START_TEST(unknown_field_of_a_later_version_is_passed_over) {
    setup();
    struct {
        bitting_question known;
        uint64_t later;
    } question = {home_question(&here, 0), 0};
    struct {
        bitting_answer known;
        uint64_t later;
    } answer = {BITTING_ANSWER_INIT, 7};
    question.known.size = sizeof question;
    answer.known.size = sizeof answer;
    ck_assert_int_eq(bt_check(here.handle, &question.known, &answer.known, message), BITTING_OK);
    ck_assert(answer.known.allowed);
    ck_assert_uint_eq(answer.later, 0);
    ck_assert_uint_eq(answer.known.size, sizeof answer);
    question.later = 1;
    ck_assert_int_eq(bt_check(here.handle, &question.known, &answer.known, message),
                     BITTING_ERR_INVALID);
    ck_assert(!answer.known.allowed);
    home_remove(&here);
}
END_TEST

START_TEST(validate_says_whose_key_it_is_not) {
    home_make(&here, 0);
    here.plan.users = 5;
    ck_assert_int_eq(made_insert(here.store, &here.plan, 0, 10, NULL), 0);
    ck_assert_int_eq(home_try(&here, "test", &here.handle, message), BITTING_OK);
    bitting_question question = home_question(&here, 7);
    bitting_answer answer = BITTING_ANSWER_INIT;
    bitting_key key = BITTING_KEY_INIT;
    ck_assert_int_eq(bt_validate(here.handle, &question, &answer, &key, message),
                     BITTING_ERR_INVALID);
    question.scopes_count = 0, question.scopes = NULL;
    question.resource = question.client_ip = question.environment = ""; /* none, as NULL */
    ck_assert_int_eq(bt_validate(here.handle, &question, &answer, &key, message), BITTING_OK);
    ck_assert(answer.allowed);
    ck_assert_str_eq(key.name, "key 7");
    ck_assert_str_eq(key.user_id, "user-2");
    ck_assert_str_eq(key.org_id, "");
    ck_assert_str_eq(key.environment, "test");
    ck_assert_int_eq(key.kind, BITTING_KIND_PERSONAL);
    ck_assert_int_eq(made_block_users(here.store, &here.plan, 2, 1, NULL), 0);
    ck_assert_int_eq(bt_validate(here.handle, &question, &answer, &key, message), BITTING_OK);
    ck_assert_int_eq(answer.reason, BITTING_REASON_OWNER_STOPPED);
    ck_assert_str_eq(key.name, "");
    ck_assert_int_eq(key.kind, 0);
    home_remove(&here);
}
END_TEST

START_TEST(scope_has_another_bit_or_name) {
    setup();
    unsigned bit = 99;
    char name[BITTING_SCOPE_NAME_SIZE] = "";
    ck_assert_int_eq(bt_scope_bit(here.handle, "users.delete", &bit, message), BITTING_OK);
    ck_assert_uint_eq(bit, 12);
    ck_assert_int_eq(bt_scope_bit(here.handle, "users.fly", &bit, message), BITTING_ERR_NOT_FOUND);
    ck_assert_int_eq(bt_scope_name(here.handle, 48, name, message), BITTING_OK);
    ck_assert_str_eq(name, "apikeys.read");
    ck_assert_int_eq(bt_scope_name(here.handle, 15, name, message), BITTING_ERR_NOT_FOUND);
    ck_assert_int_eq(bt_scope_name(here.handle, 64, name, message), BITTING_ERR_NOT_FOUND);
    ck_assert_str_eq(bt_reason_text(BITTING_REASON_MISSING_SCOPE), "MISSING_SCOPE");
    ck_assert_str_eq(bt_reason_text((bitting_reason)99), "UNSPECIFIED");
    home_remove(&here);
}
END_TEST

/* There may be anything: pieces of tokens, too. */
START_TEST(message_has_what_lay_on_the_stack_behind_its_end) {
    setup();
    bitting_answer answer = BITTING_ANSWER_INIT;
    memset(message, '#', sizeof message);
    ck_assert_int_eq(bt_check(here.handle, NULL, &answer, message), BITTING_ERR_INVALID);
    for (size_t i = strlen(message) + 1; i < sizeof message; i++) ck_assert_int_eq(message[i], '#');
    home_remove(&here);
}
END_TEST

UNIT_MAIN("library check", message_has_what_lay_on_the_stack_behind_its_end,
          answers_differ_from_the_servers_own_decision, revocation_is_not_seen_by_the_next_check,
          key_with_a_rate_limit_is_allowed, bad_question_is_answered,
          question_without_environment_is_answered, unknown_field_of_a_later_version_is_passed_over,
          validate_says_whose_key_it_is_not, scope_has_another_bit_or_name)
