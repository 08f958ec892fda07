#include "tables.h"
#include "unit.h"

#define HEAD "version: 1\nroutes:\n"

static const bt_target *parsed;

static bt_route_match match(const bt_route_table *table, const char *method, const char *host,
                            const char *target) {
    return test_match(table, method, host, bt_bytes_text(target), &parsed);
}

static void expect(const bt_route_table *table, const char *method, const char *target,
                   bt_route_outcome outcome, const char *path) {
    bt_route_match got = match(table, method, "", target);
    ck_assert_msg(got.outcome == outcome, "%s %s: outcome %d, %s", method, target, got.outcome,
                  got.why ? got.why : "");
    if (path)
        ck_assert_msg(bt_bytes_equal(got.route->path.text, bt_bytes_text(path)), "%s %s took %.*s",
                      method, target, BT_BYTES_ARG(got.route->path.text));
}

static uint64_t mask_for(const bt_route_table *table, const char *method, const char *target,
                         const char *body) {
    uint64_t masks[1024], sum = 0;
    bt_need needs[BT_ROUTE_NEEDS_MAX];
    bt_route_match got = match(table, method, "", target);
    ck_assert_int_eq(got.outcome, BT_ROUTE_MATCHED);
    ck_assert_uint_le(bt_route_table_lists(table), 1024);
    bt_route_table_resolve(table, test_catalogue(), masks);
    size_t count = bt_route_needs(got.route, masks, bt_bytes_text(body), needs);
    for (size_t i = 0; i < count; i++) sum |= needs[i].mask;
    return sum;
}

/* The worked example, request by request. */
START_TEST(a_request_to_the_shipped_api_needs_other_scopes) {
    static const struct {
        const char *method, *target, *body;
        uint64_t bits;
    } requests[] = {
#define BIT(n) (UINT64_C(1) << (n))
        {"GET", "/health", "", 0},
        {"HEAD", "/health", "", 0},
        {"OPTIONS", "/api/v1/users", "", 0},
        {"GET", "/api/v1/users", "", BIT(0)},
        {"GET", "/api/v1/users?page=2", "", BIT(0)},
        {"GET", "/api/v1/users/by_email?email=a%40b.c", "", BIT(0)},
        {"HEAD", "/api/v1/users/42", "", BIT(0)},
        {"GET", "/%61pi/v1/users/42", "", BIT(0)},
        {"POST", "/api/v1/users", "", BIT(1)},
        {"PATCH", "/api/v1/users/42", "{\"name\":\"x\"}", BIT(2)},
        {"PATCH", "/api/v1/users/42", "{\"email\":\"x\"}", BIT(2) | BIT(3)},
        {"PATCH", "/api/v1/users/42", "{\"Password\":\"x\"}", BIT(2) | BIT(4)},
        {"PATCH", "/api/v1/users/42", "{\"canCreateOrgs\":1,\"e\":{}}", BIT(2) | BIT(10)},
        {"PATCH", "/api/v1/users/42", "", BIT(2) | BIT(3) | BIT(4) | BIT(6) | BIT(10)},
        {"DELETE", "/api/v1/users/42/password", "", BIT(5)},
        {"POST", "/api/v1/users/migrate", "", BIT(11)},
        {"DELETE", "/api/v1/users/42", "", BIT(12)},
        {"PUT", "/api/v1/orgs/7", "{\"domain\":\"x\"}", BIT(18) | BIT(19)},
        {"PUT", "/api/v1/orgs/7", "{\"name\":\"domain\"}", BIT(18)},
        {"GET", "/api/v1/orgs/7/users", "", BIT(0) | BIT(16)},
        {"GET", "/api/v1/orgs/7/scim/v2/Users", "", BIT(46)},
        {"POST", "/api/v1/keys/validate", "", BIT(32) | BIT(52)},
    };
    bt_route_table *table = test_shipped_table();
    for (size_t i = 0; i < sizeof requests / sizeof *requests; i++) {
        uint64_t got = mask_for(table, requests[i].method, requests[i].target, requests[i].body);
        ck_assert_msg(got == requests[i].bits, "%s %s needs %#lx", requests[i].method,
                      requests[i].target, (unsigned long)got);
    }
    bt_route_table_free(table);
}
END_TEST

START_TEST(a_scope_of_the_shipped_catalogue_has_no_route_in_the_example) {
    bt_route_table *table = test_shipped_table();
    uint64_t masks[1024] = {0}, sum = 0;
    bt_route_table_resolve(table, test_catalogue(), masks);
    for (size_t i = 0; i < bt_route_table_lists(table); i++) sum |= masks[i];
    ck_assert_uint_eq(sum, test_catalogue()->live);
    bt_route_table_free(table);
}
END_TEST

START_TEST(an_unknown_path_or_method_is_let_in) {
    bt_route_table *table = test_shipped_table();
    expect(table, "GET", "/", BT_ROUTE_UNMATCHED, NULL);
    expect(table, "GET", "/api", BT_ROUTE_UNMATCHED, NULL);
    expect(table, "GET", "/api/v1/users/42/42", BT_ROUTE_UNMATCHED, NULL);
    expect(table, "DELETE", "/api/v1/users", BT_ROUTE_UNMATCHED, NULL);
    expect(table, "PROPFIND", "/api/v1/users", BT_ROUTE_UNMATCHED, NULL);
    expect(table, "GET", "/api/v1/orgs/7/scim", BT_ROUTE_UNMATCHED, NULL);
    const char *odd[] = {"",        "get",   "Get",      "GET ",      "TRACE",
                         "CONNECT", "GE\tT", "POST,GET", "G\xC3\x89T"};
    for (size_t i = 0; i < sizeof odd / sizeof *odd; i++)
        expect(table, odd[i], "/api/v1/users", BT_ROUTE_AMBIGUOUS, NULL);
    bt_route_table_free(table);
}
END_TEST

START_TEST(a_wider_route_takes_what_a_narrower_one_names) {
    bt_route_table *table = test_table(HEAD "  - {method: any, path: '/{all...}', scopes: []}\n"
                                            "  - {method: GET, path: '/a/{x}', scopes: []}\n"
                                            "  - {method: any, path: /a/b, scopes: []}\n"
                                            "  - {method: GET, path: '/a/{x}/{y...}', scopes: []}\n"
                                            "  - {method: GET, path: '/a/b/c', scopes: []}\n"
                                            "  - {method: POST, path: '/a/b', scopes: []}\n"
                                            "  - {method: GET, path: '/', scopes: []}\n");
    expect(table, "GET", "/", BT_ROUTE_MATCHED, "/");
    expect(table, "GET", "/z", BT_ROUTE_MATCHED, "/{all...}");
    expect(table, "GET", "/a", BT_ROUTE_MATCHED, "/{all...}");
    expect(table, "GET", "/a/x", BT_ROUTE_MATCHED, "/a/{x}");
    expect(table, "HEAD", "/a/x", BT_ROUTE_MATCHED, "/a/{x}");
    expect(table, "POST", "/a/x", BT_ROUTE_MATCHED, "/{all...}");
    expect(table, "GET", "/a/b", BT_ROUTE_MATCHED, "/a/b");
    expect(table, "GET", "/a/b/d", BT_ROUTE_MATCHED, "/a/{x}/{y...}");
    expect(table, "GET", "/a/b/c", BT_ROUTE_MATCHED, "/a/b/c");
    expect(table, "GET", "/a/b/c/d", BT_ROUTE_MATCHED, "/a/{x}/{y...}");
    expect(table, "DELETE", "/a/b/c/d", BT_ROUTE_MATCHED, "/{all...}");
    bt_route_match named = match(table, "POST", "", "/a/b"), any = match(table, "PUT", "", "/a/b");
    ck_assert_uint_eq(named.route->line, 8);
    ck_assert_uint_eq(any.route->line, 5);
    bt_route_table_free(table);
}
END_TEST

START_TEST(a_route_of_one_host_answers_for_another) {
    bt_route_table *table = test_table(
        HEAD
        "  - {method: GET, path: /x, scopes: users.read, host: api.example.com}\n"
        "  - {method: GET, path: /x, scopes: users.create, host: '*.example.com'}\n"
        "  - {method: GET, path: /x, scopes: users.update, host: ['*.b.example.com', '[::1]']}\n"
        "  - {method: GET, path: '/{any}', public: true}\n");
    static const struct {
        const char *host;
        unsigned line;
    } hosts[] = {{"api.example.com", 3},
                 {"API.Example.com:8443", 3},
                 {"www.example.com", 4},
                 {"a.b.example.com", 5},
                 {"b.example.com", 4},
                 {"example.com", 6},
                 {"evil.com", 6},
                 {"[::1]:80", 5},
                 {"api.example.com.evil.com", 6},
                 {"xapi.example.com", 4},
                 {"notexample.com", 6}};
    for (size_t i = 0; i < sizeof hosts / sizeof *hosts; i++) {
        bt_route_match got = match(table, "GET", hosts[i].host, "/x");
        ck_assert_int_eq(got.outcome, BT_ROUTE_MATCHED);
        ck_assert_msg(got.route->line == hosts[i].line, "%s took line %u", hosts[i].host,
                      got.route->line);
    }
    const char *odd[] = {"",
                         "api.example.com.",
                         "api.example.com:x",
                         "a@api.example.com",
                         "api..example.com",
                         "api.example.com/",
                         "api.example.com:80:80",
                         ".example.com",
                         " api.example.com",
                         "api.example.com,evil.com",
                         "[::1",
                         "::1",
                         "%61pi.example.com",
                         "api\\example.com"};
    for (size_t i = 0; i < sizeof odd / sizeof *odd; i++)
        ck_assert_msg(match(table, "GET", odd[i], "/x").outcome == BT_ROUTE_AMBIGUOUS, "%s",
                      odd[i]);
    bt_route_table_free(table);
}
END_TEST

START_TEST(an_open_table_lets_in_what_it_names_under_another_method_or_host) {
    bt_route_table *table =
        test_table("version: 1\nopen: true\nroutes:\n"
                   "  - {method: POST, path: '/api/users/{id}', scopes: users.update}\n"
                   "  - {method: GET, path: '/admin/{all...}', host: admin.example.com, scopes: "
                   "users.delete}\n");
    ck_assert_int_eq(match(table, "GET", "a.example.com", "/other").outcome, BT_ROUTE_OPEN);
    ck_assert_int_eq(match(table, "GET", "a.example.com", "/").outcome, BT_ROUTE_OPEN);
    ck_assert_int_eq(match(table, "PUT", "a.example.com", "/api/users/1").outcome,
                     BT_ROUTE_UNMATCHED);
    ck_assert_int_eq(match(table, "GET", "a.example.com", "/admin/x").outcome, BT_ROUTE_UNMATCHED);
    ck_assert_int_eq(match(table, "GET", "a.example.com", "/ADMIN/x").outcome, BT_ROUTE_UNMATCHED);
    ck_assert_int_eq(match(table, "POST", "a.example.com", "/API/users/1").outcome,
                     BT_ROUTE_AMBIGUOUS);
    bt_route_table_free(table);
}
END_TEST

START_TEST(a_slash_at_the_end_is_taken_for_none) {
    bt_route_table *table =
        test_table(HEAD "  - {method: GET, path: /with/, scopes: users.read}\n"
                        "  - {method: GET, path: /both, scopes: users.read}\n"
                        "  - {method: GET, path: /both/, scopes: users.create}\n"
                        "  - {method: GET, path: '/files/{name...}', scopes: users.create}\n");
    expect(table, "GET", "/with/", BT_ROUTE_MATCHED, "/with/");
    expect(table, "GET", "/with", BT_ROUTE_AMBIGUOUS, NULL);
    expect(table, "GET", "/both", BT_ROUTE_MATCHED, "/both");
    expect(table, "GET", "/both/", BT_ROUTE_MATCHED, "/both/");
    expect(table, "GET", "/files/a/b", BT_ROUTE_MATCHED, "/files/{name...}");
    expect(table, "GET", "/files/a/", BT_ROUTE_AMBIGUOUS, NULL);
    expect(table, "GET", "/files", BT_ROUTE_UNMATCHED, NULL);
    expect(table, "GET", "/files/", BT_ROUTE_UNMATCHED, NULL);
    bt_route_table_free(table);
}
END_TEST

static const char *resource(const bt_route_table *table, const char *target) {
    static uint8_t buffer[BT_RESOURCE_MAX + 1];
    bt_bytes text;
    bt_route_match got = match(table, "GET", "", target);
    ck_assert_int_eq(got.outcome, BT_ROUTE_MATCHED);
    if (!bt_resource_expand(&got.route->resource, parsed, buffer, &text)) return "refused";
    buffer[text.size] = '\0';
    return (const char *)buffer;
}

START_TEST(a_resource_is_taken_for_another) {
    bt_route_table *table = test_table(
        HEAD "  - {method: GET, path: '/u/{id}', scopes: [], resource: 'user:{id}'}\n"
             "  - {method: GET, path: '/p/{a}/{b}', scopes: [], resource: 'p:{a}:{b}'}\n"
             "  - {method: GET, path: '/d/{r}/{n...}', scopes: [], resource: 'data:{r}/{n}'}\n"
             "  - {method: GET, path: '/f/{x}', scopes: [], resource: 'x:fixed'}\n");
    ck_assert_str_eq(resource(table, "/u/42"), "user:42");
    ck_assert_str_eq(resource(table, "/u/%C3%A9%20x"), "refused");
    ck_assert_str_eq(resource(table, "/u/a:b"), "user:a:b");
    ck_assert_str_eq(resource(table, "/p/1/2:3"), "p:1:2:3");
    ck_assert_str_eq(resource(table, "/p/1:2/3"), "refused");
    ck_assert_str_eq(resource(table, "/d/eu/a/b%22c"), "data:eu/a/b\"c");
    ck_assert_str_eq(resource(table, "/f/9"), "x:fixed");
    char long_target[1024] = "/u/";
    memset(long_target + 3, 'x', BT_RESOURCE_MAX - 5);
    ck_assert_uint_eq(strlen(resource(table, long_target)), BT_RESOURCE_MAX);
    strcat(long_target, "x");
    ck_assert_str_eq(resource(table, long_target), "refused");
    bt_route_table_free(table);
}
END_TEST

START_TEST(a_scope_that_the_catalogue_lost_is_satisfied) {
    bt_route_table *table = test_table(
        HEAD "  - {method: GET, path: /x, scopes: [users.read, users.create], match: any}\n");
    bt_catalogue changed;
    bt_catalogue_default(&changed);
    strcpy(changed.scopes[1].name, "users.made");
    bt_catalogue_seal(&changed);
    uint64_t mask = 0;
    bt_route_table_resolve(table, &changed, &mask);
    ck_assert_uint_eq(mask, BT_MASK_FORBIDDEN);
    bt_route_table_free(table);
}
END_TEST

UNIT_MAIN("route/table", a_request_to_the_shipped_api_needs_other_scopes,
          a_scope_of_the_shipped_catalogue_has_no_route_in_the_example,
          an_unknown_path_or_method_is_let_in, a_wider_route_takes_what_a_narrower_one_names,
          a_route_of_one_host_answers_for_another,
          an_open_table_lets_in_what_it_names_under_another_method_or_host,
          a_slash_at_the_end_is_taken_for_none, a_resource_is_taken_for_another,
          a_scope_that_the_catalogue_lost_is_satisfied)
