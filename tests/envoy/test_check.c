/* rooms: envoy support envoy_proto */
#include "asker.h"

#include <stdio.h>

#include "envoy/check.h"
#include "envoy/check_response.h"

static asker at;
static char bearer[BT_TOKEN_MAX + 16];

static house_key open_with(const bt_gate_options *options, uint64_t mask) {
    asker_open(&at, options);
    house_key key = house_backend(&at.house, mask);
    snprintf(bearer, sizeof bearer, "Bearer %s", key.token);
    return key;
}

static void come_with_key(void) {
    asker_come(&at);
    asker_header(&at, "authorization", bearer);
}

START_TEST(a_good_key_is_denied_or_its_facts_get_lost) {
    house_key key = open_with(NULL, BIT(0) | BIT(16));
    for (int raw = 0; raw < 2; raw++) {
        come_with_key();
        at.raw = raw;
        asker_header(&at, ":path", "/x");
        asker_header(&at, "x-bitting-user-id", "admin");
        asker_header(&at, "x_bitting_scopes", "admin");
        asker_context(&at, "scope", "users.read");
        ck_assert_uint_eq(asker_ask(&at), 200);
        ck_assert_str_eq(asker_set(&at, "x-bitting-key-id"), key.id);
        ck_assert_str_eq(asker_set(&at, "x-bitting-kind"), "backend");
        ck_assert_str_eq(asker_set(&at, "x-bitting-name"), "a%20key");
        ck_assert_str_eq(asker_set(&at, "x-bitting-environment"), "test");
        ck_assert_str_eq(asker_set(&at, "x-bitting-scopes"), "users.read,orgs.read");
        ck_assert(asker_removes(&at, "authorization"));
        ck_assert(asker_removes(&at, "x-bitting-user-id"));
        ck_assert(asker_removes(&at, "x-bitting-org-id"));
        ck_assert(asker_removes(&at, "x-bitting-metadata"));
        ck_assert(asker_removes(&at, "x_bitting_scopes"));
        ck_assert_str_eq(asker_metadata(&at, "decision"), "allowed");
        ck_assert_str_eq(asker_metadata(&at, "reason"), "ALLOWED");
        ck_assert_str_eq(asker_metadata(&at, "key_id"), key.id);
        ck_assert_str_eq(asker_metadata(&at, "name"), "a key");
        ck_assert_str_eq(asker_metadata(&at, "scopes"), "users.read orgs.read");
        ck_assert_ptr_nonnull(asker_metadata(&at, "revision"));
    }
    asker_close(&at);
}
END_TEST

static bt_err rename_scope(bt_change *change, bt_txn *txn, bt_fault *fault) {
    static bt_catalogue catalogue;
    (void)change, (void)fault;
    catalogue = *bt_txn_catalogue(txn);
    strcpy(catalogue.scopes[0].name, "users.look");
    bt_catalogue_seal(&catalogue);
    return bt_txn_put_catalogue(txn, &catalogue);
}

static void expect_scopes(const house_key *key, const char *header, const char *metadata) {
    snprintf(bearer, sizeof bearer, "Bearer %s", key->token);
    come_with_key();
    ck_assert_uint_eq(asker_ask(&at), 200);
    ck_assert_str_eq(asker_set(&at, "x-bitting-scopes"), header);
    ck_assert_str_eq(asker_metadata(&at, "scopes"), metadata);
}

START_TEST(a_key_is_said_to_hold_what_the_one_before_did_or_what_had_another_name) {
    bt_change change = {.apply = rename_scope, .deadline_ms = BT_NEVER_MS};
    house_key one = open_with(NULL, BIT(0) | BIT(16)), other = house_backend(&at.house, BIT(1));
    for (int round = 0; round < 2; round++) {
        expect_scopes(&one, "users.read,orgs.read", "users.read orgs.read");
        expect_scopes(&one, "users.read,orgs.read", "users.read orgs.read");
        expect_scopes(&other, "users.create", "users.create");
    }
    expect_scopes(&one, "users.read,orgs.read", "users.read orgs.read");
    ck_assert_int_eq(bt_store_change(at.house.service.store, &change), BT_OK);
    house_renew(&at.house);
    expect_scopes(&one, "users.look,orgs.read", "users.look orgs.read");
    asker_close(&at);
}
END_TEST

START_TEST(a_bad_key_is_let_in_or_told_too_much) {
    house_key key = open_with(NULL, BIT(0));
    asker_come(&at);
    ck_assert_uint_eq(asker_ask(&at), 401);
    ck_assert_str_eq(asker_set(&at, "www-authenticate"), "Bearer");
    ck_assert_str_eq(asker_set(&at, "content-type"), "application/json");
    come_with_key();
    asker_context(&at, "scope", "users.delete");
    ck_assert_uint_eq(asker_ask(&at), 403);
    ck_assert_str_eq(asker_metadata(&at, "reason"), "MISSING_SCOPE");
    ck_assert_str_eq(asker_metadata(&at, "key_id"), key.id);
    ck_assert_ptr_null(asker_metadata(&at, "scopes"));
    house_revoke(&at.house, &key);
    come_with_key();
    ck_assert_uint_eq(asker_ask(&at), 401);
    ck_assert_str_eq(asker_metadata(&at, "reason"), "REVOKED");
    asker_close(&at);
}
END_TEST

START_TEST(a_request_that_says_two_things_is_let_in) {
    open_with(NULL, BIT(0));
    static const char *const bad[][2] = {
        {"scopes", "users.read"}, {"scope", ""}, {"scope", "nothing.such"},
        {"match", "all"},         {"x", "y"},    {"environment", "nowhere"}};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        come_with_key();
        asker_context(&at, bad[i][0], bad[i][1]);
        ck_assert_msg(asker_ask(&at) == 503, "%zu", i);
    }
    come_with_key();
    at.fragment = "x";
    ck_assert_uint_eq(asker_ask(&at), 403);
    come_with_key();
    at.body = BT_LITERAL("{}");
    at.raw_body = BT_LITERAL("{}");
    ck_assert_uint_eq(asker_ask(&at), 503);
    come_with_key();
    at.method = "";
    ck_assert_uint_eq(asker_ask(&at), 403);
    come_with_key();
    at.connection = true;
    ck_assert_uint_eq(asker_ask(&at), 403);
    ck_assert_uint_eq(asker_send(&at, (bt_bytes){0}), 403);
    come_with_key();
    for (size_t i = 1; i < 20; i++) asker_context(&at, "scope", "users.read");
    ck_assert_uint_eq(asker_ask(&at), 503);
    asker_close(&at);
}
END_TEST

START_TEST(headers_in_both_forms_are_taken) {
    open_with(NULL, BIT(0));
    static const uint8_t entry[] = {0x1A, 6,   0x0A, 1, 'a', 0x12, 1, 'b', 0x6A, 8, 0x0A, 6, 0x0A,
                                    1,    'a', 0x12, 1, 'b', 0x12, 1, 'G', 0x22, 1, '/'};
    uint8_t message[64] = {0x0A, sizeof entry + 4, 0x22, sizeof entry + 2, 0x12, sizeof entry};
    memcpy(message + 6, entry, sizeof entry);
    ck_assert_uint_eq(asker_send(&at, bt_bytes_of(message, 6 + sizeof entry)), 503);
    asker_close(&at);
}
END_TEST

START_TEST(bytes_that_do_not_parse_become_an_rpc_error_or_let_in) {
    open_with(NULL, BIT(0));
    come_with_key();
    asker_context(&at, "scope", "users.read");
    bt_bytes message = asker_encode(&at);
    for (size_t size = 0; size < message.size; size++)
        ck_assert_uint_ne(asker_send(&at, bt_bytes_of(message.data, size)), 200);
    uint8_t *changed = malloc(message.size);
    for (size_t i = 0; i < message.size; i++)
        for (unsigned bit = 0; bit < 8; bit++) {
            memcpy(changed, message.data, message.size);
            changed[i] ^= (uint8_t)(1u << bit);
            asker_send(&at, bt_bytes_of(changed, message.size));
        }
    free(changed);
    free((void *)(uintptr_t)message.data);
    asker_close(&at);
}
END_TEST

START_TEST(a_message_past_a_limit_becomes_an_rpc_error) {
    open_with(NULL, BIT(0));
    uint8_t *huge = calloc(1, BT_ENVOY_REQUEST_MAX + 1);
    ck_assert_uint_eq(asker_send(&at, bt_bytes_of(huge, BT_ENVOY_REQUEST_MAX + 1)), 503);
    free(huge);
    for (int raw = 0; raw < 2; raw++) {
        come_with_key();
        at.raw = raw;
        while (at.headers_count <= BT_GATE_HEADERS_MAX) asker_header(&at, "x", "y");
        ck_assert_uint_eq(asker_ask(&at), 503);
        at.headers_count = BT_GATE_HEADERS_MAX;
        ck_assert_uint_eq(asker_ask(&at), 200);
    }
    asker_close(&at);
}
END_TEST

START_TEST(a_caller_without_a_good_key_gets_an_rpc_error_or_an_allowance) {
    open_with(NULL, BIT(0));
    house_key guard = house_backend(&at.house, BIT(52)), weak = house_backend(&at.house, BIT(0));
    house_key gone = house_backend(&at.house, BIT(52));
    house_revoke(&at.house, &gone);
    char credentials[4][BT_TOKEN_MAX + 16];
    const house_key *const keys[] = {&guard, &weak, &gone};
    for (size_t i = 0; i < 3; i++)
        snprintf(credentials[i], sizeof credentials[i], "Bearer %s", keys[i]->token);
    at.guarded = true;
    come_with_key();
    at.credential = credentials[0];
    ck_assert_uint_eq(asker_ask(&at), 200);
    const char *const bad[] = {NULL, "", "junk", credentials[1], credentials[2]};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        at.credential = bad[i];
        ck_assert_uint_eq(asker_ask(&at), 503);
    }
    asker_close(&at);
}
END_TEST

START_TEST(an_outage_is_not_told_where_it_should_be) {
    open_with(&(bt_gate_options){.say_broken = true}, BIT(0));
    come_with_key();
    ck_assert_uint_eq(asker_ask(&at), 200);
    asker_come(&at);
    ck_assert_uint_eq(asker_ask(&at), 401);
    at.guarded = true;
    come_with_key();
    ck_assert_uint_eq(asker_ask(&at), 0);
    asker_close(&at);
}
END_TEST

/* A proxy that fails open would let it in. */
START_TEST(a_request_or_a_typing_error_makes_an_outage) {
    static char long_name[5000] = "x-bitting-";
    memset(long_name + 10, 'a', sizeof long_name - 11);
    open_with(&(bt_gate_options){.say_broken = true}, BIT(0));
    come_with_key();
    asker_context(&at, "scope", "nothing.such");
    ck_assert_uint_eq(asker_ask(&at), 503);
    come_with_key();
    asker_context(&at, "scopes", "users.read");
    ck_assert_uint_eq(asker_ask(&at), 503);
    come_with_key();
    while (at.headers_count <= BT_GATE_HEADERS_MAX) asker_header(&at, "x", "y");
    ck_assert_uint_eq(asker_ask(&at), 503);
    come_with_key();
    for (int i = 0; i < 40; i++) asker_header(&at, long_name, "y");
    ck_assert_uint_eq(asker_ask(&at), 503);
    come_with_key();
    asker_header(&at, "x-bitting-\xC3\xA9", "y");
    ck_assert_uint_eq(asker_ask(&at), 503);
    uint8_t *huge = calloc(1, BT_ENVOY_REQUEST_MAX + 1);
    ck_assert_uint_eq(asker_send(&at, bt_bytes_of(huge, BT_ENVOY_REQUEST_MAX + 1)), 503);
    free(huge);
    asker_close(&at);
}
END_TEST

START_TEST(a_transport_without_room_lets_in) {
    const bt_method *method = bt_methods;
    while (strcmp(method->path, BT_ENVOY_CHECK_PATH) != 0) method++;
    bt_bytes reply = method->overload;
    Envoy__Service__Auth__V3__CheckResponse *answer =
        envoy__service__auth__v3__check_response__unpack(NULL, reply.size, reply.data);
    ck_assert_ptr_nonnull(answer);
    ck_assert_int_eq(answer->status->code, 7);
    ck_assert_int_eq(answer->http_response_case,
                     ENVOY__SERVICE__AUTH__V3__CHECK_RESPONSE__HTTP_RESPONSE_DENIED_RESPONSE);
    ck_assert_int_eq(answer->denied_response->status->code, 503);
    /* It is the denial that is given where there is room, without metadata. */
    bt_gate_decision broken;
    bt_fault fault;
    uint8_t block[1024];
    bt_fail(&fault, BT_ERR_EXHAUSTED, "no room");
    bt_gate_broken(&fault, &broken);
    bt_out out = bt_out_into(block, sizeof block);
    bt_envoy_response_write(&broken, false, &out);
    ck_assert_uint_gt(out.size, reply.size);
    ck_assert_mem_eq(out.data, reply.data, reply.size);
    envoy__service__auth__v3__check_response__free_unpacked(answer, NULL);
}
END_TEST

START_TEST(a_parameter_with_the_key_stays_in_the_query) {
    house_key key = open_with(
        &(bt_gate_options){.parameters = {{(const uint8_t *)"api_key", sizeof("api_key") - 1}},
                           .parameters_count = 1},
        BIT(0));
    static char path[256];
    snprintf(path, sizeof path, "/x?a=1&api_key=%s", key.token);
    asker_come(&at);
    at.path = path;
    ck_assert_uint_eq(asker_ask(&at), 200);
    ck_assert_uint_eq(at.answer->ok_response->n_query_parameters_to_remove, 1);
    come_with_key();
    at.path = "/x?a=1";
    ck_assert_uint_eq(asker_ask(&at), 200);
    ck_assert_uint_eq(at.answer->ok_response->n_query_parameters_to_remove,
                      0); /* it would sort the query */
    asker_close(&at);
}
END_TEST

UNIT_MAIN("envoy/check", a_good_key_is_denied_or_its_facts_get_lost,
          a_key_is_said_to_hold_what_the_one_before_did_or_what_had_another_name,
          a_bad_key_is_let_in_or_told_too_much, a_request_that_says_two_things_is_let_in,
          headers_in_both_forms_are_taken, bytes_that_do_not_parse_become_an_rpc_error_or_let_in,
          a_message_past_a_limit_becomes_an_rpc_error,
          a_caller_without_a_good_key_gets_an_rpc_error_or_an_allowance,
          an_outage_is_not_told_where_it_should_be, a_request_or_a_typing_error_makes_an_outage,
          a_transport_without_room_lets_in, a_parameter_with_the_key_stays_in_the_query)
