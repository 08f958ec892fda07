/* Every line of hostile.txt against three tables: the shipped one, the same but open, and one that makes every path
 * public. None may let it in. */
#include "tables.h"
#include "unit.h"

#include <stdio.h>

static const char *const methods[] = {"GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"};
#define METHODS (sizeof methods / sizeof *methods)

static const struct {
    const char *kind, *why;
} kinds[] = {
    {"empty", "empty segment"},
    {"dot", "dot segment"},
    {"escaped", "an escaped"},
    {"percent", "without two hexadecimal digits"},
    {"utf8", "not UTF-8"},
    {"lookalike", "resembles syntax"},
    {"semicolon", "`;`"},
    {"backslash", "backslash"},
    {"fragment", "path has a fragment"},
    {"query-fragment", "query has a fragment"},
    {"query", "query has a space or control"},
    {"byte", "must be escaped"},
    {"start", "does not begin with"},
    {"case", "letter case"},
    {"slash", "last slash"},
};

typedef struct line {
    const char *kind;
    const char *method; /* NULL: every one */
    bt_bytes target;
} line;

static int hex(char digit) {
    return digit <= '9' ? digit - '0' : (digit | 0x20) - 'a' + 10;
}

static bt_bytes unescape(char *text) {
    char *out = text;
    for (const char *at = text; *at; at++) {
        if (at[0] == '\\' && at[1] == 'x') {
            *out++ = (char)(hex(at[2]) << 4 | hex(at[3]));
            at += 3;
        } else {
            *out++ = *at;
        }
    }
    return bt_bytes_of(text, (size_t)(out - text));
}

/* Calls visit with each line; how many there are. */
static size_t for_each(void (*visit)(const bt_route_table *, const line *),
                       const bt_route_table *table) {
    char buffer[512];
    size_t count = 0;
    FILE *file = fopen("tests/route/hostile.txt", "r");
    ck_assert_ptr_nonnull(file);
    while (fgets(buffer, sizeof buffer, file)) {
        if (buffer[0] == '#') continue;
        buffer[strcspn(buffer, "\n")] = '\0';
        char *space = strchr(buffer, ' ');
        ck_assert_msg(space != NULL, "%s", buffer);
        *space = '\0';
        char *colon = strchr(buffer, ':');
        if (colon) *colon = '\0';
        line each = {buffer, colon ? colon + 1 : NULL, unescape(space + 1)};
        visit(table, &each);
        count++;
    }
    fclose(file);
    return count;
}

static const char *wanted_why(const line *each) {
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (strcmp(kinds[i].kind, each->kind) == 0) return kinds[i].why;
    ck_abort_msg("unknown kind %s", each->kind);
    return NULL;
}

static void must_be_denied(const bt_route_table *table, const line *each) {
    for (size_t i = 0; i < METHODS; i++) {
        if (each->method && strcmp(each->method, methods[i]) != 0) continue;
        bt_route_match match = test_match(table, methods[i], "api.example.com", each->target, NULL);
        ck_assert_msg(match.outcome == BT_ROUTE_AMBIGUOUS, "%s %.*s is not ambiguous", methods[i],
                      BT_BYTES_ARG(each->target));
        ck_assert_msg(strstr(match.why, wanted_why(each)), "%.*s: wanted %s, got `%s`",
                      BT_BYTES_ARG(each->target), each->kind, match.why);
    }
}

static void must_be_denied_even_if_public(const bt_route_table *table, const line *each) {
    if (!each->method) must_be_denied(table, each);
}

START_TEST(a_hostile_path_is_let_in_by_the_shipped_table) {
    bt_route_table *table = test_shipped_table();
    ck_assert_uint_ge(for_each(must_be_denied, table), 300);
    bt_route_table_free(table);
}
END_TEST

static const char open_table[] =
    "version: 1\n"
    "open: true\n"
    "routes:\n"
    "  - {method: any, path: /health, public: true}\n"
    "  - {method: [GET, POST], path: /api/v1/users, scopes: users.read}\n"
    "  - {method: GET, path: '/api/v1/users/{user}', scopes: users.read}\n"
    "  - {method: POST, path: /api/v1/users/migrate, scopes: users.migrate}\n"
    "  - {method: GET, path: /api/v1/users/by_email, scopes: users.read}\n"
    "  - {method: PUT, path: '/api/v1/users/{user}/password', scopes: users.update_password}\n"
    "  - {method: GET, path: '/api/v1/orgs/{org}/sso', scopes: sso.read}\n"
    "  - {method: POST, path: '/api/v1/orgs/{org}/sso/go_live', scopes: sso.go_live}\n";

START_TEST(a_hostile_path_is_let_in_by_an_open_table) {
    bt_route_table *table = test_table(open_table);
    for_each(must_be_denied, table);
    bt_route_table_free(table);
}
END_TEST

START_TEST(a_hostile_path_is_let_in_where_every_path_is_public) {
    bt_route_table *table = test_table("version: 1\nopen: true\nroutes:\n"
                                       "  - {method: any, path: /, public: true}\n"
                                       "  - {method: any, path: '/{all...}', public: true}\n"
                                       "  - {method: any, path: '/{all...}/', public: true}\n");
    for_each(must_be_denied_even_if_public, table);
    bt_route_table_free(table);
}
END_TEST

/* The same path with each byte replaced by each other one: what comes through has the segments that it shows. */
START_TEST(a_single_byte_changes_what_a_path_is_taken_for) {
    bt_route_table *table = test_shipped_table();
    static const char clear[] = "/api/v1/users/42/password";
    for (size_t at = 0; at < sizeof clear - 1; at++)
        for (unsigned byte = 0; byte < 256; byte++) {
            char changed[sizeof clear];
            memcpy(changed, clear, sizeof clear);
            changed[at] = (char)byte;
            bool variable = at == 14 || at == 15;
            bool plain = bt_target_plain((uint8_t)byte) || byte == '?';
            bt_route_match match =
                test_match(table, "PUT", "", bt_bytes_of(changed, sizeof clear - 1), NULL);
            bool may_match = changed[at] == clear[at] || (variable && plain);
            if (!may_match) ck_assert_msg(match.outcome != BT_ROUTE_MATCHED, "%s", changed);
        }
    bt_route_table_free(table);
}
END_TEST

UNIT_MAIN("route/hostile", a_hostile_path_is_let_in_by_the_shipped_table,
          a_hostile_path_is_let_in_by_an_open_table,
          a_hostile_path_is_let_in_where_every_path_is_public,
          a_single_byte_changes_what_a_path_is_taken_for)
