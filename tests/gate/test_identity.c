/* rooms: gate support */
#include "door.h"

#include <stdio.h>

static door at;

static const bt_create_key_request owned = {
    .kind = BT_KIND_PERSONAL,
    .name = {(const uint8_t *)"caf\xC3\xA9, \"50%\"", 12},
    .user_id = {(const uint8_t *)"user-7@example.com", 18},
    .org_id = {(const uint8_t *)"org/9", 5},
    .metadata = {(const uint8_t *)"{\"plan\": \"gold\"}", 16},
    .grant.scope_mask = BIT(0) | BIT(16)};

START_TEST(upstream_learns_something_else_of_the_key) {
    door_open(&at, NULL, &(bt_gate_options){.send_metadata = true});
    house_key key = house_create(&at.house, owned);
    door_bearer(&at, &key);
    door_expect(&at, 200, "allowed");
    ck_assert_str_eq(door_identity(&at, BT_IDENTITY_KEY_ID), key.id);
    ck_assert_str_eq(door_identity(&at, BT_IDENTITY_KIND), "personal");
    ck_assert_str_eq(door_identity(&at, BT_IDENTITY_NAME), "caf%C3%A9%2C%20%2250%25%22");
    ck_assert_str_eq(door_identity(&at, BT_IDENTITY_ENVIRONMENT), "test");
    ck_assert_str_eq(door_identity(&at, BT_IDENTITY_USER_ID), "user-7@example.com");
    ck_assert_str_eq(door_identity(&at, BT_IDENTITY_ORG_ID), "org/9");
    ck_assert_str_eq(door_identity(&at, BT_IDENTITY_SCOPES), "users.read,orgs.read");
    ck_assert_str_eq(door_identity(&at, BT_IDENTITY_METADATA), "{%22plan%22:%20%22gold%22}");
    ck_assert(bt_bytes_equal(at.decision.name, owned.name));
    door_close(&at);
}
END_TEST

START_TEST(what_is_not_known_is_left_to_the_client) {
    door_open(&at, NULL, NULL);
    house_key key = house_backend(&at.house, 0), person = house_create(&at.house, owned);
    door_bearer(&at, &key);
    door_expect(&at, 200, NULL);
    static const char *const unset[] = {"x-bitting-user-id", "x-bitting-org-id", "x-bitting-scopes",
                                        "x-bitting-metadata"};
    for (size_t i = 0; i < sizeof unset / sizeof *unset; i++)
        ck_assert(door_removes(&at, unset[i]));
    door_come(&at, "GET", "/x");
    door_bearer(&at, &person);
    door_expect(&at, 200, NULL);
    ck_assert(door_removes(&at, "x-bitting-metadata")); /* not switched on */
    door_close(&at);
}
END_TEST

START_TEST(a_spoofed_header_reaches_upstream) {
    door_open(&at,
              "version: 1\nroutes:\n- {method: GET, path: /x, scopes: []}\n- {method: GET, path: "
              "/p, public: true}\n",
              NULL);
    house_key key = house_backend(&at.house, BIT(0));
    static const char *const seen[] = {
        "x-bitting-made-up", "x_bitting_key_id",  "X-Bitting_User-Id",
        "x-bitting-",        "x_bitting-scopes",  "x.bitting.user.id",
        "X~Bitting!Key-Id",  "x%bitting-user-id", "x-bitting-a%"};
    for (int public = 0; public < 2; public ++) {
        door_come(&at, "GET", public ? "/p" : "/x");
        if (!public) door_bearer(&at, &key);
        for (size_t i = 0; i < sizeof seen / sizeof *seen; i++) door_header(&at, seen[i], "admin");
        for (unsigned i = 0; i < BT_IDENTITY_COUNT; i++)
            for (int n = 0; n < 3; n++)
                door_header(&at, (const char *)bt_identity_header_name(i).data, "admin");
        door_header(&at, "X-BITTING-KEY-ID", "admin");
        door_header(&at, "x-bittingness", "fine");
        door_expect(&at, 200, public ? "public" : "allowed");
        for (size_t i = 0; i < sizeof seen / sizeof *seen; i++)
            ck_assert_msg(door_removes(&at, seen[i]), "%s", seen[i]);
        ck_assert(!door_removes(&at, "x-bittingness"));
        ck_assert(public ? !door_removes(&at, "authorization")
                         : door_removes(&at, "authorization"));
    }
    static const char *const odd[] = {"x-bitting-\xFF", "x-bitting-a b", "x-bitting-a,b",
                                      "x-bitting-\r\n"};
    for (size_t i = 0; i < sizeof odd / sizeof *odd; i++) {
        door_come(&at, "GET", "/x");
        door_bearer(&at, &key);
        door_header(&at, odd[i], "admin");
        door_expect(&at, 503, "unavailable");
        ck_assert(!at.decision.broken);
    }
    door_close(&at);
}
END_TEST

static unsigned ask_from(const house_key *key, const char *peer, const char *forwarded,
                         const char *more) {
    door_come(&at, "GET", "/x");
    door_bearer(&at, key);
    at.request.peer = bt_bytes_text(peer);
    if (forwarded) door_header(&at, "X-Forwarded-For", forwarded);
    if (more) door_header(&at, "x-forwarded-for", more);
    return door_ask(&at);
}

START_TEST(a_client_is_taken_for_another_address) {
    door_open(&at, NULL, NULL);
    house_key key = house_backend(&at.house, 0);
    door_narrow(&at, &key, "192.0.2.0/24", NULL);
    ck_assert_uint_eq(ask_from(&key, "192.0.2.7", NULL, NULL), 200);
    ck_assert_uint_eq(ask_from(&key, "::ffff:192.0.2.7", NULL, NULL), 200);
    ck_assert_uint_eq(ask_from(&key, "198.51.100.7", "192.0.2.7", NULL), 401);
    ck_assert_uint_eq(ask_from(&key, "", NULL, NULL), 401);
    ck_assert_uint_eq(ask_from(&key, "/run/envoy.sock", NULL, NULL), 401);
    door_close(&at);
    door_open(&at, NULL, &(bt_gate_options){.trusted_hops = 2});
    key = house_backend(&at.house, 0);
    door_narrow(&at, &key, "192.0.2.0/24", NULL);
    ck_assert_uint_eq(ask_from(&key, "192.0.2.7", NULL, NULL), 401);
    ck_assert_uint_eq(ask_from(&key, "x", "192.0.2.7, 10.0.0.1", NULL), 200);
    ck_assert_uint_eq(ask_from(&key, "x", "192.0.2.7", "10.0.0.1"), 200);
    ck_assert_uint_eq(ask_from(&key, "x", "198.51.100.1, 192.0.2.7 ,\t10.0.0.1", NULL), 200);
    ck_assert_uint_eq(ask_from(&key, "x", "192.0.2.7, 198.51.100.1, 10.0.0.1", NULL), 401);
    ck_assert_uint_eq(ask_from(&key, "x", "192.0.2.7", NULL), 401);
    ck_assert_uint_eq(ask_from(&key, "x", "192.0.2.7,,10.0.0.1", NULL), 401);
    ck_assert_uint_eq(ask_from(&key, "x", "192.0.2.7,", NULL),
                      200); /* an item is one even if it is empty */
    ck_assert_uint_eq(ask_from(&key, "x", "192.0.2.7:80, 10.0.0.1", NULL), 401);
    ck_assert_uint_eq(ask_from(&key, "x", "\"192.0.2.7\", 10.0.0.1", NULL), 401);
    door_close(&at);
}
END_TEST

START_TEST(a_large_answer_overflows) {
    static char metadata[BT_METADATA_MAX + 1], name[BT_GATE_HEADERS_MAX][24];
    memset(metadata, ' ', BT_METADATA_MAX);
    metadata[0] = '{';
    metadata[BT_METADATA_MAX - 1] = '}';
    door_open(&at, NULL, &(bt_gate_options){.send_metadata = true});
    bt_create_key_request request = owned;
    request.metadata = bt_bytes_text(metadata);
    request.grant = (bt_grant_request){.preset = BT_LITERAL("full_access")};
    house_key key = house_create(&at.house, request);
    door_bearer(&at, &key);
    while (at.request.headers_count < BT_GATE_HEADERS_MAX) {
        char *each = name[at.request.headers_count];
        snprintf(each, sizeof name[0], "x-bitting-%zu", at.request.headers_count);
        door_header(&at, each, "spoofed");
    }
    door_expect(&at, 200, NULL);
    ck_assert_uint_eq(at.decision.identity[BT_IDENTITY_METADATA].size, 3 * BT_METADATA_MAX - 4);
    ck_assert_uint_ge(at.decision.remove_count, BT_GATE_HEADERS_MAX - 1);
    door_close(&at);
}
END_TEST

UNIT_MAIN("gate/identity", upstream_learns_something_else_of_the_key,
          what_is_not_known_is_left_to_the_client, a_spoofed_header_reaches_upstream,
          a_client_is_taken_for_another_address, a_large_answer_overflows)
