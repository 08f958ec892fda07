/* rooms: rpc support */
#include "support/client.h"
#include "unit.h"

typedef Bitting__V1__CheckScopeRequest scope_request;
typedef Bitting__V1__CheckScopeResponse scope_response;
typedef Bitting__V1__ValidateRequest validate_request;
typedef Bitting__V1__ValidateResponse validate_response;

static const scope_request no_scope = BITTING__V1__CHECK_SCOPE_REQUEST__INIT;
static const validate_request no_validate = BITTING__V1__VALIDATE_REQUEST__INIT;

static scope_response *check(test_client *client, const scope_request *request) {
    scope_response *answer = client_ask(client, "CheckService/CheckScope", request,
                                        &bitting__v1__check_scope_response__descriptor);
    ck_assert_uint_eq(client->ends, 1);
    return answer;
}

static validate_response *validate(test_client *client, const char *token) {
    validate_request request = no_validate;
    request.token = pb_text(token);
    validate_response *answer = client_ask(client, "CheckService/Validate", &request,
                                           &bitting__v1__validate_response__descriptor);
    ck_assert_uint_eq(client->ends, 1);
    return answer;
}

static void drop(void *message) {
    protobuf_c_message_free_unpacked(message, NULL);
}

static bool is(ProtobufCBinaryData data, const char *text) {
    return bt_bytes_equal(pb_bytes(data), bt_bytes_text(text));
}

static void expire_soon(bt_record *record) {
    record->expires_ms = INT64_C(4102444800123);
}

START_TEST(an_answer_is_not_what_was_decided) {
    test_house house;
    house_open(&house);
    test_client client = {.house = &house, .trusted = true, .environment = "test"};
    house_key key = house_backend(&house, BIT(0) | BIT(1));
    house_alter(&house, &key, expire_soon);
    uint64_t revision = bt_snapshot_head(house.session.snapshot)->revision;
    scope_request request = no_scope;
    request.token = pb_text(key.token);
    request.scope_mask = BIT(1);
    scope_response *yes = check(&client, &request);
    ck_assert(yes->allowed && is(yes->key_id, key.id));
    ck_assert_int_eq(yes->reason, BITTING__V1__REASON__REASON_ALLOWED);
    ck_assert_uint_eq(yes->n_missing_scopes, 0);
    ck_assert_uint_eq(yes->scope_mask, 3);
    ck_assert_int_eq(yes->expires_at->seconds, 4102444800);
    ck_assert_int_eq(yes->expires_at->nanos, 123000000);
    ck_assert_uint_eq(yes->revision, revision);
    drop(yes);
    request.scope_mask = BIT(1) | BIT(12) | BIT(15) | BIT(17);
    scope_response *no = check(&client, &request);
    ck_assert(!no->allowed && is(no->key_id, key.id));
    ck_assert_int_eq(no->reason, BITTING__V1__REASON__REASON_MISSING_SCOPE);
    ck_assert_uint_eq(no->missing_mask, BIT(12) | BIT(15) | BIT(17));
    ck_assert_uint_eq(no->n_missing_scopes, 2);
    ck_assert(is(no->missing_scopes[0], "users.delete") &&
              is(no->missing_scopes[1], "orgs.create"));
    drop(no);
    house_revoke(&house, &key);
    scope_response *gone = check(&client, &request);
    ck_assert(!gone->allowed && is(gone->key_id, key.id));
    ck_assert_int_eq(gone->reason, BITTING__V1__REASON__REASON_REVOKED);
    ck_assert_uint_eq(gone->scope_mask | gone->missing_mask | gone->n_missing_scopes, 0);
    ck_assert_uint_eq(gone->revision, revision + 1);
    drop(gone);
    request.token = pb_text("junk");
    scope_response *junk = check(&client, &request);
    ck_assert_int_eq(junk->reason, BITTING__V1__REASON__REASON_MALFORMED_TOKEN);
    ck_assert(!junk->allowed && junk->key_id.len == 0 && !junk->expires_at);
    drop(junk);
    client_close(&client);
    house_close(&house);
}
END_TEST

START_TEST(validate_tells_of_a_key_that_is_not_good) {
    test_house house;
    house_open(&house);
    test_client client = {.house = &house, .trusted = true, .environment = "test"};
    house_key key = house_create(
        &house, (bt_create_key_request){.kind = BT_KIND_ORG,
                                        .org_id = BT_LITERAL("o1"),
                                        .user_id = BT_LITERAL("u1"),
                                        .metadata = BT_LITERAL("{\"a\": 1}"),
                                        .grant.scope_mask = BIT(12) | BIT(17),
                                        .labels = {{BT_LITERAL("team"), BT_LITERAL("blue")},
                                                   {BT_LITERAL("empty"), BT_LITERAL("")}},
                                        .labels_count = 2});
    validate_response *good = validate(&client, key.token);
    const Bitting__V1__Key *is_key = good->key;
    ck_assert(good->valid && is_key);
    ck_assert_int_eq(good->reason, BITTING__V1__REASON__REASON_ALLOWED);
    ck_assert(is(is_key->key_id, key.id) && is(is_key->name, "a key"));
    ck_assert(is(is_key->environment, "test") && is(is_key->metadata, "{\"a\": 1}"));
    ck_assert(is(is_key->user_id, "u1") && is(is_key->org_id, "o1"));
    ck_assert_int_eq(is_key->kind, BITTING__V1__KEY_KIND__KEY_KIND_ORG);
    ck_assert_int_eq(is_key->state, BITTING__V1__KEY_STATE__KEY_STATE_ACTIVE);
    ck_assert_uint_eq(is_key->n_scopes, 2);
    ck_assert(is(is_key->scopes[0], "users.delete") && is(is_key->scopes[1], "orgs.create"));
    ck_assert_uint_eq(is_key->n_high_risk_scopes, 1);
    ck_assert(is(is_key->high_risk_scopes[0], "users.delete"));
    ck_assert_uint_eq(is_key->n_labels, 2);
    ck_assert(is(is_key->labels[0]->key, "team") && is(is_key->labels[0]->value, "blue"));
    ck_assert(is(is_key->labels[1]->key, "empty") && is(is_key->labels[1]->value, ""));
    ck_assert(is_key->created_at && !is_key->expires_at && !is_key->revoked_at);
    ck_assert(is(is_key->created_by, "cli") && !is_key->full_access);
    drop(good);
    house_revoke(&house, &key);
    validate_response *bad = validate(&client, key.token);
    ck_assert(!bad->valid && !bad->key);
    ck_assert_int_eq(bad->reason, BITTING__V1__REASON__REASON_REVOKED);
    drop(bad);
    client_close(&client);
    house_close(&house);
}
END_TEST

/* The error, and a part of its text, for a request on a listener. */
static void expect_error(test_client *client, const scope_request *request, bt_err err,
                         const char *text) {
    scope_response *answer = check(client, request);
    ck_assert_ptr_null(answer);
    ck_assert_int_eq(client->fault.err, err);
    ck_assert_msg(strstr(client->fault.text, text) != NULL, "%s", client->fault.text);
}

START_TEST(a_caller_asks_without_the_right_to) {
    test_house house;
    house_open(&house);
    house_key asked = house_backend(&house, 1);
    house_key service = house_backend(&house, BIT(BT_SCOPE_APIKEYS_VALIDATE));
    house_key prod =
        house_create(&house, (bt_create_key_request){.environment = BT_LITERAL("prod"),
                                                     .grant.preset = BT_LITERAL("full_access")});
    scope_request request = no_scope;
    request.token = pb_text(asked.token);
    request.scope_mask = 1;
    test_client client = {.house = &house};
    expect_error(&client, &request, BT_ERR_UNAUTHENTICATED, "authorization");
    client.credential = asked.token;
    expect_error(&client, &request, BT_ERR_FORBIDDEN, "apikeys.validate");
    client.credential = service.token;
    scope_response *yes = check(&client, &request);
    ck_assert(yes && yes->allowed);
    drop(yes);
    /* In the environment of the caller, whatever the question says. */
    client.credential = prod.token;
    scope_response *no = check(&client, &request);
    ck_assert_int_eq(no->reason, BITTING__V1__REASON__REASON_UNKNOWN_KEY);
    drop(no);
    request.environment = pb_text("test");
    expect_error(&client, &request, BT_ERR_FORBIDDEN, "environment: ");
    request.environment = pb_text("nowhere");
    expect_error(&client, &request, BT_ERR_FORBIDDEN, "environment: ");
    /* A trusted listener asks nobody, and needs to be told where. */
    client_close(&client);
    client = (test_client){.house = &house, .trusted = true};
    expect_error(&client, &request, BT_ERR_INVALID, "environment: there is no \"nowhere\"");
    request.environment = pb_text("");
    expect_error(&client, &request, BT_ERR_INVALID, "environment: must be named");
    request.environment = pb_text("test");
    yes = check(&client, &request);
    ck_assert(yes && yes->allowed);
    drop(yes);
    client_close(&client);
    house_close(&house);
}
END_TEST

START_TEST(bytes_that_are_no_request_are_answered) {
    const struct {
        bt_bytes bytes;
        const char *text;
    } cases[] = {
        {BT_LITERAL("\xff"), "an unfinished number"},
        {BT_LITERAL("\x0a"), "an unfinished number"},
        {BT_LITERAL("\x0a\x05token"), "scopes: "},
        {BT_LITERAL("\x0a\x06token"), "a length beyond the end at byte 2"},
        {BT_LITERAL("\x0a\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"), "a length beyond the end"},
        {BT_LITERAL("\x0a\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"), "an unfinished number"},
        {BT_LITERAL("\x08\x01"), "a number where there should be none"},
        {BT_LITERAL("\x1a\x01\x01"), "bytes where there should be a number"},
        {BT_LITERAL("\x19\x01\x01\x01\x01\x01\x01\x01\x01"), "a field of another type"},
        {BT_LITERAL("\x7b"), "a group"},
        {BT_LITERAL("\x7c"), "a group"},
        {BT_LITERAL("\x79\x01"), "a cut-off number"},
        {BT_LITERAL("\x7d\x01"), "a cut-off number"},
        {BT_LITERAL("\x02"), "a field without a number"},
        {BT_LITERAL("\xfa\xff\xff\xff\xff\x01\x00"), "a field without a number"},
        {BT_LITERAL("\x20\x03"), "match: 3 is not a value; 0 to 2 are"},
        {BT_LITERAL("\x20\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"), "match: -1 is not a value"},
        {BT_LITERAL("\x38\x05"), "accepted_kinds: 5 is not a value; 1 to 4 are"},
        {BT_LITERAL("\x38\x00"), "accepted_kinds: 0 is not a value"},
        {BT_LITERAL("\x3a\x02\x01\x05"), "accepted_kinds: 5 is not a value"},
        {BT_LITERAL("\x3a\x02\x01\xff"), "an unfinished number"},
    };
    test_house house;
    house_open(&house);
    test_client client = {.house = &house, .trusted = true, .environment = "test"};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        bt_err err = client_send(&client, "CheckService/CheckScope", cases[i].bytes);
        ck_assert_msg(err == BT_ERR_INVALID, "%zu: %d", i, err);
        ck_assert_uint_eq(client.ends, 1);
        ck_assert_msg(strstr(client.fault.text, cases[i].text) != NULL, "%zu: %s", i,
                      client.fault.text);
    }
    static uint8_t many[65 * 2];
    for (size_t i = 0; i < sizeof many; i += 2) many[i] = 0x12;
    client_send(&client, "CheckService/CheckScope", bt_bytes_of(many, sizeof many));
    ck_assert_str_eq(client.fault.text, "scopes: at most 64 are allowed");
    static uint8_t large[(64 << 10) + 1];
    client_send(&client, "CheckService/CheckScope", bt_bytes_of(large, sizeof large));
    ck_assert_int_eq(client.fault.err, BT_ERR_EXHAUSTED);
    client_close(&client);
    house_close(&house);
}
END_TEST

START_TEST(a_field_that_is_not_known_is_not_skipped) {
    test_house house;
    house_open(&house);
    test_client client = {.house = &house, .trusted = true, .environment = "test"};
    bt_bytes bytes = BT_LITERAL("\x78\x01"                             /* 15: a number */
                                "\x79\x01\x02\x03\x04\x05\x06\x07\x08" /* 15: 8 bytes */
                                "\x7d\x01\x02\x03\x04"                 /* 15: 4 bytes */
                                "\x7a\x02hi"                           /* 15: bytes */
                                "\xf8\xff\xff\xff\x0f\x01"             /* the last number */
                                "\x18\x01");                           /* scope_mask = 1 */
    ck_assert_int_eq(client_send(&client, "CheckService/CheckScope", bytes), BT_OK);
    ck_assert(bt_bytes_starts_with(client.answer, BT_LITERAL("\x10\x02"))); /* MALFORMED_TOKEN */
    client_close(&client);
    house_close(&house);
}
END_TEST

typedef Bitting__V1__BatchCheckScopeRequest batch_request;
typedef Bitting__V1__BatchCheckScopeResponse batch_response;

static batch_response *batch(test_client *client, scope_request **checks, size_t count) {
    batch_request request = BITTING__V1__BATCH_CHECK_SCOPE_REQUEST__INIT;
    request.checks = checks;
    request.n_checks = count;
    batch_response *answer = client_ask(client, "CheckService/BatchCheckScope", &request,
                                        &bitting__v1__batch_check_scope_response__descriptor);
    ck_assert_uint_eq(client->ends, 1);
    return answer;
}

START_TEST(a_batch_is_answered_out_of_order_or_in_part) {
    enum { MANY = 1001 };
    static scope_request requests[MANY];
    static scope_request *checks[MANY];
    test_house house;
    house_open(&house);
    test_client client = {.house = &house, .trusted = true, .environment = "test"};
    house_key keys[3] = {house_backend(&house, 1), house_backend(&house, 2),
                         house_backend(&house, 4)};
    for (unsigned i = 0; i < MANY; i++) {
        requests[i] = no_scope;
        requests[i].token = pb_text(keys[i % 3].token);
        requests[i].scope_mask = BIT(i % 5);
        checks[i] = &requests[i];
    }
    batch_response *answer = batch(&client, checks, 1000);
    ck_assert_msg(answer != NULL, "%s", client.fault.text);
    ck_assert_uint_eq(answer->n_results, 1000);
    for (unsigned i = 0; i < 1000; i++) {
        ck_assert_int_eq(answer->results[i]->allowed, i % 3 == i % 5);
        ck_assert(is(answer->results[i]->key_id, keys[i % 3].id));
        ck_assert_uint_eq(answer->results[i]->revision, answer->revision);
    }
    drop(answer);
    ck_assert_ptr_null(batch(&client, checks, 0));
    ck_assert_ptr_nonnull(strstr(client.fault.text, "checks: has none"));
    ck_assert_ptr_null(batch(&client, checks, MANY));
    ck_assert_str_eq(client.fault.text, "checks: at most 1000 are allowed");
    requests[7].scope_mask = 0;
    requests[9].scope_mask = BIT(63);
    ck_assert_ptr_null(batch(&client, checks, 10));
    ck_assert_int_eq(client.fault.err, BT_ERR_INVALID);
    ck_assert_ptr_nonnull(strstr(client.fault.text, "checks[7].scopes: must name"));
    client_close(&client);
    house_close(&house);
}
END_TEST

static void limit_rate(bt_record *record) {
    record->flags |= BT_RECORD_RATE_LIMITED;
}

START_TEST(one_question_that_cannot_be_decided_is_an_answer_or_ends_its_batch) {
    test_house house;
    house_open(&house);
    test_client client = {.house = &house, .trusted = true, .environment = "test"};
    house_key good = house_backend(&house, 1), limited = house_backend(&house, 1);
    house_alter(&house, &limited, limit_rate);
    const char *tokens[] = {good.token, limited.token, "junk", good.token};
    scope_request requests[4], *checks[4];
    for (unsigned i = 0; i < 4; i++) {
        requests[i] = no_scope;
        requests[i].token = pb_text(tokens[i]);
        requests[i].scope_mask = 1;
        checks[i] = &requests[i];
    }
    batch_response *answer = batch(&client, checks, 4);
    ck_assert_msg(answer != NULL, "%s", client.fault.text);
    ck_assert_uint_eq(answer->n_results, 4);
    static const int reasons[] = {1, 0, 2, 1}, codes[] = {0, 14, 0, 0};
    for (unsigned i = 0; i < 4; i++) {
        ck_assert_int_eq(answer->results[i]->allowed, reasons[i] == 1);
        ck_assert_int_eq((int)answer->results[i]->reason, reasons[i]);
        ck_assert_int_eq(answer->results[i]->code, codes[i]);
        ck_assert_uint_eq(answer->results[i]->revision, answer->revision);
        ck_assert((answer->results[i]->message.len > 0) == (codes[i] != 0));
    }
    drop(answer);
    client_close(&client);
    house_close(&house);
}
END_TEST

UNIT_MAIN("check_service", one_question_that_cannot_be_decided_is_an_answer_or_ends_its_batch,
          an_answer_is_not_what_was_decided, validate_tells_of_a_key_that_is_not_good,
          a_caller_asks_without_the_right_to, bytes_that_are_no_request_are_answered,
          a_field_that_is_not_known_is_not_skipped, a_batch_is_answered_out_of_order_or_in_part)
