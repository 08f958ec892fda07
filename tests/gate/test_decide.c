/* rooms: gate support */
#include "door.h"

#include <stdio.h>

static door at;

static void expire(bt_record *record) {
    record->expires_ms = 1;
}
static void disable(bt_record *record) {
    record->flags |= BT_RECORD_DISABLED;
}
static void not_yet(bt_record *record) {
    record->not_before_ms = BT_NEVER_MS;
}

START_TEST(one_credential_failure_is_told_from_another) {
    door_open(&at, NULL, NULL);
    house_key keys[6];
    for (size_t i = 0; i < 6; i++) keys[i] = house_backend(&at.house, BIT(0));
    house_revoke(&at.house, &keys[0]);
    house_alter(&at.house, &keys[1], expire);
    house_alter(&at.house, &keys[2], disable);
    house_alter(&at.house, &keys[3], not_yet);
    keys[4] = house_create(&at.house, (bt_create_key_request){.environment = BT_LITERAL("prod"),
                                                              .grant.scope_mask = 1});
    door_narrow(&at, &keys[5], "198.51.100.0/24", NULL);
    const char *const values[] = {keys[0].token,
                                  keys[1].token,
                                  keys[2].token,
                                  keys[3].token,
                                  keys[4].token,
                                  keys[5].token,
                                  "",
                                  "junk",
                                  "Bearer",
                                  "Basic dTpw",
                                  "bt_test_x"};
    static const bt_reason reasons[] = {BT_REASON_REVOKED,     BT_REASON_EXPIRED,
                                        BT_REASON_DISABLED,    BT_REASON_NOT_YET_VALID,
                                        BT_REASON_UNKNOWN_KEY, BT_REASON_ADDRESS_NOT_ALLOWED};
    door_expect(&at, 401, "invalid_credential"); /* none at all */
    char first[512];
    snprintf(first, sizeof first, "%s", door_body(&at));
    ck_assert_str_eq(door_reply(&at, "www-authenticate"), "Bearer");
    for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
        door_come(&at, "GET", "/x");
        door_header(&at, "authorization", values[i]);
        door_expect(&at, 401, "invalid_credential");
        ck_assert_str_eq(door_body(&at), first);
        ck_assert_uint_eq(at.decision.reply_count, 2);
        ck_assert_str_eq(door_reply(&at, "www-authenticate"), "Bearer");
        if (i < 6) ck_assert_int_eq(at.decision.reason, reasons[i]);
    }
    door_close(&at);
}
END_TEST

static unsigned ask_context(const house_key *key, const char *scope, const char *match) {
    door_come(&at, "GET", "/x");
    door_bearer(&at, key);
    if (scope) door_context(&at, "scope", scope);
    if (match) door_context(&at, "match", match);
    return door_ask(&at);
}

START_TEST(a_scope_that_the_proxy_names_is_not_needed) {
    door_open(&at, NULL, NULL);
    house_key key = house_backend(&at.house, BIT(0) | BIT(16));
    ck_assert_uint_eq(ask_context(&key, NULL, NULL), 200);
    ck_assert_uint_eq(ask_context(&key, "users.read", NULL), 200);
    ck_assert_uint_eq(ask_context(&key, "users.read, orgs.read", "all"), 200);
    ck_assert_uint_eq(ask_context(&key, "users.read,users.delete", NULL), 403);
    ck_assert_uint_eq(ask_context(&key, "users.read,users.delete", "any"), 200);
    ck_assert_uint_eq(ask_context(&key, "users.update,users.delete", "any"), 403);
    ck_assert_str_eq(door_body(&at),
                     "{\"error\":\"missing_scope\",\"message\":\"the API key lacks the scope "
                     "users.update, users.delete\"}\n");
    ck_assert_str_eq(door_reply(&at, "www-authenticate"),
                     "Bearer error=\"insufficient_scope\", scope=\"users.update users.delete\"");
    static const char *const wrong[][2] = {{"users.raed", NULL},
                                           {"users.read,", NULL},
                                           {",", NULL},
                                           {" ", NULL},
                                           {"users.read users.create", NULL},
                                           {"users.read", "some"},
                                           {"users.read", "ALL"},
                                           {"USERS.READ", NULL},
                                           {NULL, "all"}};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        ck_assert_msg(ask_context(&key, wrong[i][0], wrong[i][1]) == 503, "%zu", i);
        ck_assert(!at.decision.broken);
    }
    door_close(&at);
}
END_TEST

START_TEST(a_typing_error_in_the_proxys_configuration_lets_in) {
    bt_gate_context context = {0};
    bt_fault fault;
    static const char *const names[] = {"scopes", "Scope", "", "scope ", "env", "x"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        ck_assert_int_eq(bt_gate_context_set(&context, bt_bytes_text(names[i]),
                                             BT_LITERAL("users.read"), &fault),
                         BT_ERR_INVALID);
    ck_assert_int_eq(bt_gate_context_set(&context, BT_LITERAL("scope"), BT_LITERAL(""), &fault),
                     BT_ERR_INVALID);
    ck_assert_int_eq(bt_gate_context_set(&context, BT_LITERAL("scope"), BT_LITERAL("a"), &fault),
                     BT_OK);
    ck_assert_int_eq(bt_gate_context_set(&context, BT_LITERAL("scope"), BT_LITERAL("b"), &fault),
                     BT_ERR_INVALID);
}
END_TEST

static const char routes[] =
    "version: 1\nroutes:\n"
    "- {method: GET, path: /health, public: true}\n"
    "- {method: GET, path: '/users/{id}', scopes: users.read, resource: 'user:{id}'}\n"
    "- {method: GET, path: /any, scopes: []}\n"
    "- {method: GET, path: /two, scopes: [users.read, orgs.read], match: any}\n"
    "- {method: GET, path: /prod, scopes: [], environment: prod}\n"
    "- {method: PATCH, path: '/orgs/{id}', scopes: orgs.update, when: [{field: domain, scopes: "
    "orgs.update_domains},\n"
    "    {field: limit, scopes: [orgs.update_limits, orgs.isolate], match: any}]}\n";

static void expect(const house_key *key, const char *method, const char *target, unsigned status,
                   const char *kind) {
    door_come(&at, method, target);
    if (key) door_bearer(&at, key);
    unsigned got = door_ask(&at);
    ck_assert_msg(got == status, "%s %s: %u %s", method, target, got, at.decision.kind);
    if (kind)
        ck_assert_msg(strcmp(at.decision.kind, kind) == 0, "%s %s: %s", method, target,
                      at.decision.kind);
}

START_TEST(the_table_is_not_asked) {
    door_open(&at, routes, NULL);
    house_key users = house_backend(&at.house, BIT(0)), none = house_backend(&at.house, 0);
    house_key prod =
        house_create(&at.house, (bt_create_key_request){.environment = BT_LITERAL("prod")});
    expect(NULL, "GET", "/health", 200, "public");
    expect(&none, "GET", "/health", 200, "public");
    expect(&users, "GET", "/users/42", 200, "allowed");
    expect(&none, "GET", "/users/42", 403, "missing_scope");
    expect(NULL, "GET", "/users/42", 401, "invalid_credential");
    expect(&none, "GET", "/any", 200, NULL);
    expect(&users, "GET", "/two", 200, NULL);
    expect(&none, "GET", "/two", 403, "missing_scope");
    expect(&prod, "GET", "/prod", 200, NULL);
    ck_assert_str_eq(door_identity(&at, BT_IDENTITY_ENVIRONMENT), "prod");
    expect(&users, "GET", "/prod", 401, NULL);
    expect(&users, "GET", "/other", 403, "no_route");
    expect(&users, "POST", "/users/42", 403, "no_route");
    expect(NULL, "GET", "/other", 401, "invalid_credential");
    expect(&users, "GET", "/users/../health", 403, "ambiguous_request");
    expect(NULL, "GET", "/health/..;/users/42", 403, "ambiguous_request");
    ck_assert_str_eq(door_body(&at),
                     "{\"error\":\"ambiguous_request\",\"message\":\"the path has a `;`\"}\n");
    expect(NULL, "GET", "/health%5c", 403, "ambiguous_request");
    ck_assert_ptr_nonnull(strstr(door_body(&at), "escaped / \\\\ . %"));
    door_close(&at);
}
END_TEST

START_TEST(a_header_changes_the_route) {
    static const char *const names[] = {"X-HTTP-Method-Override", "x-http-method",
                                        "x-method-override", "x-original-url", "x-rewrite-url"};
    door_open(&at, routes, NULL);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        door_come(&at, "GET", "/health");
        door_header(&at, names[i], "/users/1");
        door_expect(&at, 403, "ambiguous_request");
    }
    door_come(&at, "GET", "/health");
    at.request.odd = true;
    door_expect(&at, 403, "ambiguous_request");
    door_close(&at);
}
END_TEST

START_TEST(table_and_proxy_do_not_both_have_to_allow) {
    door_open(&at, routes, NULL);
    house_key users = house_backend(&at.house, BIT(0)),
              both = house_backend(&at.house, BIT(0) | BIT(12));
    door_come(&at, "GET", "/users/42");
    door_bearer(&at, &users);
    door_context(&at, "scope", "users.delete");
    door_expect(&at, 403, "missing_scope");
    door_come(&at, "GET", "/users/42");
    door_bearer(&at, &both);
    door_context(&at, "scope", "users.delete");
    door_expect(&at, 200, NULL);
    door_come(&at, "GET", "/health");
    door_context(&at, "scope", "users.read");
    door_expect(&at, 401, NULL);
    door_come(&at, "GET", "/other");
    door_bearer(&at, &both);
    door_context(&at, "scope", "users.read");
    door_expect(&at, 403, "no_route");
    static const char *const unlike[][2] = {{"environment", "test"}, {"environment", "nowhere"}};
    for (size_t i = 0; i < 2; i++) {
        door_come(&at, "GET", "/prod");
        door_bearer(&at, &both);
        door_context(&at, unlike[i][0], unlike[i][1]);
        door_expect(&at, 503, "unavailable");
    }
    door_come(&at, "GET", "/users/42");
    door_bearer(&at, &both);
    door_context(&at, "resource", "user:43");
    door_expect(&at, 503, "unavailable");
    door_close(&at);
}
END_TEST

static unsigned patch(const house_key *key, const char *type, const char *body) {
    door_come(&at, "PATCH", "/orgs/7");
    door_bearer(&at, key);
    if (type) door_header(&at, "content-type", type);
    at.request.body = bt_bytes_text(body);
    return door_ask(&at);
}

START_TEST(a_field_of_the_body_needs_no_further_scope) {
    door_open(&at, routes, NULL);
    house_key plain = house_backend(&at.house, BIT(18)),
              domains = house_backend(&at.house, BIT(18) | BIT(19));
    house_key isolate = house_backend(&at.house, BIT(18) | BIT(19) | BIT(30));
    static const char json[] = "application/json";
    ck_assert_uint_eq(patch(&plain, json, "{\"name\":\"x\"}"), 200);
    ck_assert_uint_eq(patch(&plain, "Application/JSON; charset=UTF-8", "{\"name\":\"x\"}"), 200);
    ck_assert_uint_eq(patch(&plain, json, "{\"domain\":\"x\"}"), 403);
    ck_assert_uint_eq(patch(&domains, json, "{\"domain\":\"x\"}"), 200);
    ck_assert_uint_eq(patch(&domains, json, "{\"limit\":1}"), 403);
    ck_assert_uint_eq(patch(&isolate, json, "{\"limit\":1}"), 200);
    static const char *const doubt[][2] = {{NULL, "{\"name\":1}"},
                                           {"text/plain", "{\"name\":1}"},
                                           {"application/json, text/plain", "{\"name\":1}"},
                                           {"application/json; charset=utf-16", "{\"name\":1}"},
                                           {"application/x-www-form-urlencoded", "{\"name\":1}"},
                                           {json, ""},
                                           {json, "[]"},
                                           {json, "{\"name\":1"},
                                           {json, "{\"name\":1}{}"},
                                           {json, "name=1"}};
    for (size_t i = 0; i < sizeof doubt / sizeof *doubt; i++) {
        ck_assert_msg(patch(&plain, doubt[i][0], doubt[i][1]) == 403, "%zu", i);
        ck_assert_msg(patch(&domains, doubt[i][0], doubt[i][1]) == 403, "%zu", i);
        ck_assert_msg(patch(&isolate, doubt[i][0], doubt[i][1]) == 200, "%zu", i);
    }
    patch(&plain, json, "{\"name\":1}");
    door_header(&at, "content-encoding", "gzip");
    door_expect(&at, 403, NULL);
    patch(&plain, json, "{\"name\":1}");
    at.request.body_cut = true;
    door_expect(&at, 403, NULL);
    patch(&plain, json, "{\"name\":1}");
    door_header(&at, "Content-Type", "application/json");
    door_expect(&at, 403, NULL);
    door_close(&at);
}
END_TEST

static unsigned ask_as(const house_key *key, const char *target, const char *resource) {
    door_come(&at, "GET", target);
    door_bearer(&at, key);
    if (resource) door_context(&at, "resource", resource);
    return door_ask(&at);
}

START_TEST(a_key_that_is_bound_to_resources_acts_on_others) {
    door_open(&at, routes, NULL);
    house_key bound = house_backend(&at.house, BIT(0));
    door_narrow(&at, &bound, NULL, "user:4*");
    ck_assert_uint_eq(ask_as(&bound, "/users/42", NULL), 200);
    ck_assert_uint_eq(ask_as(&bound, "/users/%34%32", NULL), 200);
    ck_assert_uint_eq(ask_as(&bound, "/users/52", NULL), 403);
    ck_assert_str_eq(at.decision.kind, "resource_not_granted");
    ck_assert_uint_eq(ask_as(&bound, "/users/4%20", NULL), 403); /* cannot be said as a resource */
    ck_assert_uint_eq(ask_as(&bound, "/any", NULL), 403);        /* names none, needs no scope */
    ck_assert_uint_eq(ask_as(&bound, "/any", "user:41"), 200);
    ck_assert_uint_eq(ask_as(&bound, "/any", "user:51"), 403);
    ck_assert_uint_eq(ask_as(&bound, "/any", "not a resource"), 503);
    door_close(&at);
    door_open(&at, NULL, NULL);
    bound = house_backend(&at.house, BIT(0));
    door_narrow(&at, &bound, NULL, "user:4*");
    ck_assert_uint_eq(ask_as(&bound, "/whatever", NULL), 403);
    door_close(&at);
}
END_TEST

START_TEST(a_request_without_an_environment_is_decided) {
    door_open(&at, NULL, NULL);
    house_key key = house_backend(&at.house, BIT(0));
    at.caller.environment = NULL;
    door_bearer(&at, &key);
    door_expect(&at, 503, "unavailable");
    door_context(&at, "environment", "test");
    door_expect(&at, 200, NULL);
    house_key guard = house_backend(&at.house, BIT(52));
    at.caller = house_caller(&at.house, &guard);
    door_come(&at, "GET", "/x");
    door_bearer(&at, &key);
    door_expect(&at, 200, NULL);
    door_context(&at, "environment", "prod");
    door_expect(&at, 503, "unavailable");
    door_close(&at);
}
END_TEST

UNIT_MAIN("gate/decide", one_credential_failure_is_told_from_another,
          a_scope_that_the_proxy_names_is_not_needed,
          a_typing_error_in_the_proxys_configuration_lets_in, the_table_is_not_asked,
          a_header_changes_the_route, table_and_proxy_do_not_both_have_to_allow,
          a_field_of_the_body_needs_no_further_scope,
          a_key_that_is_bound_to_resources_acts_on_others,
          a_request_without_an_environment_is_decided)
