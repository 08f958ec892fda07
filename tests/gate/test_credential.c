/* rooms: gate support */
#include "door.h"

#include <stdio.h>

static door at;
static house_key key;

static void open_with(bt_gate_options options) {
    door_open(&at, NULL, &options);
    key = house_backend(&at.house, BIT(0));
}

/* A request with one header whose value is text with the token in it. */
static unsigned ask_with(const char *name, const char *format) {
    static char value[512];
    door_come(&at, "GET", "/x");
    snprintf(value, sizeof value, format, key.token, key.token);
    door_header(&at, name, value);
    return door_ask(&at);
}

START_TEST(a_credential_is_not_found_where_it_is) {
    open_with((bt_gate_options){0});
    static const char *const forms[] = {"Bearer %s", "bearer %s", "BEARER %s", "bEaReR   %s", "%s"};
    for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
        ck_assert_msg(ask_with("authorization", forms[i]) == 200, "%s", forms[i]);
        ck_assert_msg(ask_with("Authorization", forms[i]) == 200, "%s", forms[i]);
        ck_assert_msg(ask_with("X-API-Key", forms[i]) == 200, "%s", forms[i]);
    }
    ck_assert_uint_eq(ask_with("x-other", "%s"), 401);
    ck_assert_uint_eq(ask_with("proxy-authorization", "Bearer %s"), 401);
    ck_assert_uint_eq(ask_with("cookie", "%s"), 401);
    door_close(&at);
}
END_TEST

START_TEST(one_of_several_credentials_is_picked) {
    open_with((bt_gate_options){0});
    ck_assert_uint_eq(ask_with("authorization", "Bearer %s,Bearer %s"), 401);
    ck_assert_uint_eq(ask_with("authorization", "Bearer %s, Bearer %s"), 401);
    ck_assert_uint_eq(ask_with("authorization", "%s,"), 401);
    ck_assert_uint_eq(ask_with("authorization", ",%s"), 401);
    ck_assert_uint_eq(ask_with("authorization", "Bearer %s x"), 401);
    ck_assert_uint_eq(ask_with("x-api-key", "%s,%s"), 401);
    static const char *const others[] = {"authorization", "Authorization", "x-api-key",
                                         "X-Api-Key"};
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        for (int same = 0; same < 3; same++) {
            door_come(&at, "GET", "/x");
            door_header(&at, "authorization", key.token);
            door_header(&at, others[i], same == 0 ? key.token : same == 1 ? "" : "Basic eDp5");
            door_expect(&at, 401, "invalid_credential");
        }
    door_close(&at);
}
END_TEST

START_TEST(a_credential_in_the_query_is_taken_unasked) {
    open_with((bt_gate_options){0});
    char target[256];
    snprintf(target, sizeof target, "/x?api_key=%s", key.token);
    door_come(&at, "GET", target);
    door_expect(&at, 401, NULL);
    door_close(&at);
}
END_TEST

static unsigned ask_query(const char *format) {
    static char target[512];
    snprintf(target, sizeof target, format, key.token, key.token);
    door_come(&at, "GET", target);
    return door_ask(&at);
}

START_TEST(a_credential_in_the_query_is_passed_on_or_hidden_by_a_spelling) {
    open_with((bt_gate_options){.parameters = {{(const uint8_t *)"api_key", sizeof("api_key") - 1}},
                                .parameters_count = 1});
    static const char *const good[] = {"/x?api_key=%s", "/x?a=1&api_key=%s", "/x?api_key=%s&b=2",
                                       "/x?&&api_key=%s&"};
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        ck_assert_msg(ask_query(good[i]) == 200, "%s", good[i]);
        ck_assert(bt_bytes_equal(at.decision.remove_parameter, BT_LITERAL("api_key")));
    }
    static const char *const bad[] = {"/x?api%%5Fkey=%s",
                                      "/x?api_key=%s&api_key=%s",
                                      "/x?api_key=%s&api%%5fkey=%s",
                                      "/x?api_key=%s;b=1",
                                      "/x?a=1;api_key=%s",
                                      "/x?api_key",
                                      "/x?api_key=",
                                      "/x?API_KEY=%s",
                                      "/x?%%61pi_key=1&api_key=%s",
                                      "/x?api_key=%%20%s",
                                      "/x?api_key=%s+"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        ck_assert_msg(ask_query(bad[i]) == 401, "%s", bad[i]);
    door_come(&at, "GET", "/x?api_key=1");
    door_bearer(&at, &key);
    door_expect(&at, 401, NULL);
    door_come(&at, "GET", "/x?other=1");
    door_bearer(&at, &key);
    door_expect(&at, 200, NULL);
    ck_assert_uint_eq(at.decision.remove_parameter.size, 0);
    door_close(&at);
}
END_TEST

START_TEST(a_credential_reaches_upstream) {
    open_with(
        (bt_gate_options){.headers = {{(const uint8_t *)"x-team-key", sizeof("x-team-key") - 1}},
                          .headers_count = 1});
    ck_assert_uint_eq(ask_with("x-team-key", "%s"), 200);
    ck_assert(door_removes(&at, "x-team-key"));
    ck_assert(!door_removes(&at, "authorization"));
    ck_assert_uint_eq(ask_with("authorization", "%s"), 401);
    door_close(&at);
    open_with((bt_gate_options){0});
    ck_assert_uint_eq(ask_with("x-api-key", "%s"), 200);
    ck_assert(door_removes(&at, "x-api-key"));
    ck_assert(door_removes(&at, "authorization"));
    door_close(&at);
    open_with((bt_gate_options){.keep_credential = true});
    ck_assert_uint_eq(ask_with("x-api-key", "%s"), 200);
    ck_assert(!door_removes(&at, "x-api-key"));
    door_close(&at);
}
END_TEST

START_TEST(an_option_that_is_no_header_is_taken) {
    static const char *const names[] = {
        "", "X-Key", "x key", "x:key", ":path", "x_key", "x-bitting-key-id", "a\r\nb"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        bt_gate_options options = {.headers = {{(const uint8_t *)names[i], strlen(names[i])}},
                                   .headers_count = 1};
        bt_catalogue catalogue;
        bt_gate *gate = NULL;
        bt_catalogue_default(&catalogue);
        ck_assert_msg(bt_gate_open(&options, &catalogue, &gate, NULL) == BT_ERR_INVALID, "%s",
                      names[i]);
    }
}
END_TEST

UNIT_MAIN("gate/credential", a_credential_is_not_found_where_it_is,
          one_of_several_credentials_is_picked, a_credential_in_the_query_is_taken_unasked,
          a_credential_in_the_query_is_passed_on_or_hidden_by_a_spelling,
          a_credential_reaches_upstream, an_option_that_is_no_header_is_taken)
