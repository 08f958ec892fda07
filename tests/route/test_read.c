/* What is wrong in a table is refused, with its line. */
#include "tables.h"
#include "unit.h"

#include <stdio.h>

static const struct {
    const char *text, *message;
} wrong[] = {
    {"", "empty"},
    {"routes: []", "version: 1"},
    {"version: 2\nroutes: []", "version: 1"},
    {"version: 1", "`routes` is a list"},
    {"version: 1\nroutes: {}", "`routes` is a list"},
    {"version: 1\nroute: []", "line 2, column 1: `route` is not a field"},
    {"version: 1\nopen: yes\nroutes: []", "line 2, column 1: `open` is true or false"},
    {"version: 1\nopen: 'true'\nroutes: []", "line 2, column 1: `open` is true or false"},
    {"version: 1\nversion: 1\nroutes: []", "line 2, column 1: `version` is here twice"},
    {"version: 1\nroutes:\n- {path: /x, scopes: []}", "line 3, column 3: `method` is missing"},
    {"version: 1\nroutes:\n- {method: GET, scopes: []}", "line 3, column 3: `path` is missing"},
    {"version: 1\nroutes:\n- {method: GET, path: /x}", "line 3, column 3: `scopes` is missing"},
    {"version: 1\nroutes:\n- {method: get, path: /x, scopes: []}",
     "line 3, column 4: method `get`"},
    {"version: 1\nroutes:\n- {method: [], path: /x, scopes: []}", "no method"},
    {"version: 1\nroutes:\n- {method: [GET, GET], path: /x, scopes: []}", "already in the list"},
    {"version: 1\nroutes:\n- {method: [GET, any], path: /x, scopes: []}", "already in the list"},
    {"version: 1\nroutes:\n- {method: GET, path: x, scopes: []}", "does not begin with"},
    {"version: 1\nroutes:\n- {method: GET, path: //x, scopes: []}", "neither plain text"},
    {"version: 1\nroutes:\n- {method: GET, path: /../x, scopes: []}", "neither plain text"},
    {"version: 1\nroutes:\n- {method: GET, path: /%61, scopes: []}", "neither plain text"},
    {"version: 1\nroutes:\n- {method: GET, path: '/{', scopes: []}", "neither plain text"},
    {"version: 1\nroutes:\n- {method: GET, path: '/{}', scopes: []}", "neither plain text"},
    {"version: 1\nroutes:\n- {method: GET, path: '/{A}', scopes: []}", "neither plain text"},
    {"version: 1\nroutes:\n- {method: GET, path: '/x{a}', scopes: []}", "neither plain text"},
    {"version: 1\nroutes:\n- {method: GET, path: '/*', scopes: [x]}", "not in the catalogue"},
    {"version: 1\nroutes:\n- {method: GET, path: '/{a}/{a}', scopes: []}",
     "names a variable twice"},
    {"version: 1\nroutes:\n- {method: GET, path: '/{a...}/b', scopes: []}", "has more behind"},
    {"version: 1\nroutes:\n- {method: GET, path: /x, scopes: users.raed}",
     "line 3, column 27: scope `users.raed`"},
    {"version: 1\nroutes:\n- {method: GET, path: /x, scopes: [[users.read]]}", "is a text"},
    {"version: 1\nroutes:\n- {method: GET, path: /x, scopes: ''}", "is empty"},
    {"version: 1\nroutes:\n- {method: GET, path: /x, scopes: users.read, match: one}",
     "all or any"},
    {"version: 1\nroutes:\n- {method: GET, path: /x, scopes: [], environment: Prod}",
     "environment"},
    {"version: 1\nroutes:\n- {method: GET, path: /x, scopes: [], public: true}", "has no `scopes`"},
    {"version: 1\nroutes:\n- {method: GET, path: /x, resource: a, public: true}",
     "has no `resource`"},
    {"version: 1\nroutes:\n- {method: GET, path: /x, public: false}", "`scopes` is missing"},
    {"version: 1\nroutes:\n- {method: GET, path: /x, scopes: [], resource: 'u:{id}'}",
     "does not have"},
    {"version: 1\nroutes:\n- {method: GET, path: '/{a}/{b}', scopes: [], resource: 'x:{a}{b}'}",
     "side by side"},
    {"version: 1\nroutes:\n- {method: GET, path: '/{a...}', scopes: [], resource: 'x:{a}x'}",
     "more behind"},
    {"version: 1\nroutes:\n- {method: GET, path: '/{a}', scopes: [], resource: 'x{a'}",
     "without its"},
    {"version: 1\nroutes:\n- {method: GET, path: '/{a}', scopes: [], resource: 'xa}'}",
     "without its"},
    {"version: 1\nroutes:\n- {method: GET, path: '/{a}', scopes: [], resource: '{a}'}",
     "type:name"},
    {"version: 1\nroutes:\n- {method: GET, path: /x, scopes: [], resource: 'x:'}", "type:name"},
    {"version: 1\nroutes:\n- {method: GET, path: /x, scopes: [], host: Api.example.com}",
     "lower-case name"},
    {"version: 1\nroutes:\n- {method: GET, path: /x, scopes: [], host: api.example.com:80}",
     "lower-case name"},
    {"version: 1\nroutes:\n- {method: GET, path: /x, scopes: [], host: '*'}", "lower-case name"},
    {"version: 1\nroutes:\n- {method: GET, path: /x, scopes: [], host: []}", "no host"},
    {"version: 1\nroutes:\n- {method: GET, path: /x, scopes: [], when: {}}", "is a list"},
    {"version: 1\nroutes:\n- {method: GET, path: /x, scopes: [], when: [{field: a}]}",
     "`scopes` is missing"},
    {"version: 1\nroutes:\n- {method: GET, path: /x, scopes: [], when: [{scopes: users.read}]}",
     "`field`"},
    {"version: 1\nroutes:\n- {method: GET, path: /x, scopes: [], when: [{field: a, scopes: []}]}",
     "no scope"},
    {"version: 1\nroutes:\n- {method: GET, path: /x, scopes: [], when: [{field: a..b, scopes: "
     "users.read}]}",
     "`field`"},
    {"version: 1\nroutes:\n- {method: GET, path: /x, scopes: [], when: [{field: a., scopes: "
     "users.read}]}",
     "`field`"},
    {"version: 1\nroutes:\n- &a {method: GET, path: /x, scopes: []}\n- *a",
     "line 3, column 3: anchors"},
    {"version: 1\nroutes:\n- !x {method: GET, path: /x, scopes: []}", "tags"},
    {"version: 1\nroutes: []\n---\nversion: 1", "second document"},
    {"version: 1\nroutes:\n- {method: GET, path: \"/x\\u0007\", scopes: []}", "control character"},
    {"version: 1\nroutes:\n- [[[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]]]", "nested too deeply"},
    {"version: 1\nroutes: [", "did not find"},
    {"\xff\xfe", "line 1"},
};

START_TEST(a_wrong_table_is_taken_or_the_message_does_not_help) {
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        const char *said = test_refusal(wrong[i].text);
        ck_assert_msg(strstr(said, wrong[i].message), "wanted `%s`, got `%s`", wrong[i].message,
                      said);
    }
}
END_TEST

static const struct {
    const char *a, *b, *settled, *message;
} pairs[] = {
    {"GET, path: /a", "GET, path: /a", NULL, "for the same methods"},
    {"GET, path: '/{x}'", "[GET, POST], path: '/{y}'", NULL, "for the same methods"},
    {"any, path: /a", "any, path: /a", NULL, "for the same methods"},
    {"GET, path: '/{x}/b'", "GET, path: '/a/{y}'", "GET, path: /a/b", "both match `/a/b`"},
    {"any, path: '/{x}/b'", "GET, path: '/a/{y}'", "GET, path: /a/b", "both match `/a/b`"},
    {"HEAD, path: '/{x}/b'", "GET, path: '/a/{y}'", "HEAD, path: /a/b", "both match `/a/b`"},
    {"GET, path: '/{x}/b/{r...}'", "GET, path: '/a/{r...}'", "any, path: '/a/b/{q...}'",
     "`/a/b/{r...}`"},
    {"GET, path: '/{x}/b/'", "GET, path: '/a/{y}/'", "GET, path: /a/b/", "both match `/a/b/`"},
    {"GET, path: /A/x", "GET, path: /a/y", NULL, "is written"},
};

START_TEST(two_routes_of_which_neither_is_narrower_are_taken) {
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
        char text[1024];
        snprintf(text, sizeof text,
                 "version: 1\nroutes:\n- {method: %s, scopes: []}\n- {method: %s, scopes: []}\n",
                 pairs[i].a, pairs[i].b);
        const char *said = test_refusal(text);
        ck_assert_msg(strstr(said, pairs[i].message), "%s", said);
        ck_assert_msg(strstr(said, "line 3") && strstr(said, "line 4"), "%s", said);
        if (!pairs[i].settled) continue;
        size_t used = strlen(text);
        snprintf(text + used, sizeof text - used, "- {method: %s, scopes: []}\n", pairs[i].settled);
        bt_route_table_free(test_table(text));
    }
}
END_TEST

START_TEST(routes_that_do_not_meet_are_refused) {
    bt_route_table_free(
        test_table("version: 1\nroutes:\n"
                   "- {method: GET, path: /a, scopes: []}\n- {method: POST, path: /a, scopes: []}\n"
                   "- {method: any, path: /a, scopes: []}\n- {method: HEAD, path: /a, scopes: []}\n"
                   "- {method: GET, path: '/{x}/b', scopes: []}\n- {method: POST, path: '/a/{y}', "
                   "scopes: []}\n"
                   "- {method: GET, path: '/a/{y}', host: x.y, scopes: []}\n"
                   "- {method: GET, path: '/a/{y}/', scopes: []}\n"
                   "- {method: GET, path: '/{x}/{y}/c', scopes: []}\n"));
}
END_TEST

static void append(char **at, const char *end, const char *format, int number) {
    int size = snprintf(*at, (size_t)(end - *at), format, number);
    ck_assert(size > 0 && size < end - *at);
    *at += size;
}

static char *many_routes(int count) {
    size_t size = (size_t)count * 64 + 64;
    char *text = malloc(size), *at = text;
    append(&at, text + size, "version: %d\nroutes:\n", 1);
    for (int i = 0; i < count; i++)
        append(&at, text + size, "- {method: GET, path: '/r%d/{x}', scopes: []}\n", i);
    return text;
}

START_TEST(a_table_past_its_limits_is_taken) {
    char *text = many_routes(BT_ROUTES_MAX);
    bt_route_table *table = test_table(text);
    ck_assert_uint_eq(bt_route_table_count(table), BT_ROUTES_MAX);
    ck_assert_int_eq(test_match(table, "GET", "", BT_LITERAL("/r1999/q"), NULL).outcome,
                     BT_ROUTE_MATCHED);
    bt_route_table_free(table);
    free(text);
    text = many_routes(BT_ROUTES_MAX + 1);
    ck_assert_ptr_nonnull(strstr(test_refusal(text), "at most"));
    free(text);
    size_t size = ((size_t)1 << 20) + 1;
    text = malloc(size + 1);
    memset(text, ' ', size);
    text[size] = '\0';
    ck_assert_ptr_nonnull(strstr(test_refusal(text), "larger than"));
    free(text);
}
END_TEST

UNIT_MAIN("route/read", a_wrong_table_is_taken_or_the_message_does_not_help,
          two_routes_of_which_neither_is_narrower_are_taken, routes_that_do_not_meet_are_refused,
          a_table_past_its_limits_is_taken)
