/* rooms: rpc support */
#include <stdio.h>

#include "support/client.h"
#include "unit.h"

/* SHA-256 of "legacy-token-0001", by sha256sum. */
#define TOKEN "legacy-token-0001"
#define HASH "8721c5f299ba5ab05640655578f9b9a014c4a4f36246b323817d9ee3f7424f06"
#define BASE64 "hyHF8pm6WrBWQGVVePm5oBTEpPNiRrMjgX2e4/dCTwY="
/* Of "rest-of-token-1", which follows "sk_". */
#define REST_HASH "263b811ee66a7754136bdb6c66917655d7692b3764e1ed41b287b10258aa5b93"

typedef Bitting__V1__ImportKey import_key;
typedef Bitting__V1__ImportKeysResponse import_response;

/* A caller who may do everything. */
static test_house house;
static house_key full;
static test_client client;

static void setup(void) {
    house_open(&house);
    full = house_full_access(&house);
    client = (test_client){.house = &house, .credential = full.token};
}

static void teardown(void) {
    client_close(&client);
    house_close(&house);
}

static import_response *import(import_key *keys, size_t count, const char *request_id) {
    Bitting__V1__ImportKeysRequest request = BITTING__V1__IMPORT_KEYS_REQUEST__INIT;
    import_key *list[1001];
    for (size_t i = 0; i < count; i++) list[i] = &keys[i];
    request.keys = list;
    request.n_keys = count;
    request.request_id = pb_text(request_id);
    return client_ask(&client, "KeyService/ImportKeys", &request,
                      &bitting__v1__import_keys_response__descriptor);
}

static Bitting__V1__CreateKeyRequest wanted(uint64_t mask) {
    Bitting__V1__CreateKeyRequest key = BITTING__V1__CREATE_KEY_REQUEST__INIT;
    key.name = pb_text("imported");
    key.scope_mask = mask;
    return key;
}

static import_key by(const char *token, const char *sha256, Bitting__V1__CreateKeyRequest *key) {
    import_key item = BITTING__V1__IMPORT_KEY__INIT;
    item.token = pb_text(token);
    item.sha256 = pb_text(sha256);
    item.key = key;
    return item;
}

static bt_reason reason(const char *token) {
    house_renew(&house);
    const bt_environment *test =
        bt_environment_find(bt_snapshot_environments(house.session.snapshot), BT_LITERAL("test"));
    bt_question question = {.needed = 1, .now_ms = bt_clock_ms()};
    bt_answer answer;
    ck_assert(!bt_check_token(house.session.snapshot, bt_store_pepper(house.service.store),
                              bt_bytes_text(token), test, &question, &answer));
    return answer.verdict.reason;
}

static void drop(import_response *answer) {
    protobuf_c_message_free_unpacked(&answer->base, NULL);
}

START_TEST(an_imported_token_is_not_found_or_shadows_one_of_ours) {
    setup();
    Bitting__V1__CreateKeyRequest key = wanted(1);
    ck_assert_int_eq(reason(TOKEN), BT_REASON_MALFORMED_TOKEN);
    import_key items[] = {by(TOKEN, "", &key),       by(full.token, "", &key),
                          by("bt_test_x", "", &key), by("acme_live_0123456789", "", &key),
                          by("short", "", &key),     by("has a space", "", &key),
                          by("", "", &key),          by(TOKEN, HASH, &key),
                          by("", "zz", &key),        by(TOKEN, "", &key),
                          by("", BASE64, &key),      by("another-token", "", &key)};
    static const int codes[] = {0, 3, 3, 3, 3, 3, 3, 3, 3, 6, 6, 0};
    import_response *answer = import(items, 12, "");
    ck_assert_msg(answer != NULL, "%s", client.fault.text);
    ck_assert_uint_eq(answer->n_results, 12);
    for (size_t i = 0; i < 12; i++) {
        ck_assert_msg(answer->results[i]->code == codes[i], "%zu: %d", i, answer->results[i]->code);
        ck_assert_uint_eq(answer->results[i]->key_id.len, codes[i] ? 0 : 32);
        ck_assert((answer->results[i]->message.len > 0) == (codes[i] != 0));
    }
    drop(answer);
    ck_assert_int_eq(reason(TOKEN), BT_REASON_ALLOWED);
    ck_assert_int_eq(reason("Bearer " TOKEN), BT_REASON_ALLOWED);
    ck_assert_int_eq(reason("another-token"), BT_REASON_ALLOWED);
    ck_assert_int_eq(reason("legacy-token-0002"), BT_REASON_UNKNOWN_KEY);
    ck_assert_int_eq(reason("bt_test_x"), BT_REASON_MALFORMED_TOKEN);
    teardown();
}
END_TEST

START_TEST(an_imported_hash_is_another_than_its_tokens) {
    setup();
    Bitting__V1__CreateKeyRequest key = wanted(1);
    import_key items[] = {by("", HASH, &key), by("", REST_HASH, &key)};
    items[1].prefix = pb_text("sk_");
    items[1].without_prefix = 1;
    import_response *answer = import(items, 2, "");
    ck_assert_int_eq(answer->results[0]->code, 0);
    ck_assert_int_eq(answer->results[1]->code, 0);
    drop(answer);
    ck_assert_int_eq(reason(TOKEN), BT_REASON_ALLOWED);
    ck_assert_int_eq(reason("sk_rest-of-token-1"), BT_REASON_ALLOWED);
    ck_assert_int_eq(reason("rest-of-token-1"), BT_REASON_UNKNOWN_KEY);
    items[1].without_prefix = 0;
    answer = import(items + 1, 1, "");
    ck_assert_int_eq(answer->results[0]->code, 9);
    drop(answer);
    for (int i = 0; i < 4; i++) {
        char prefix[8];
        snprintf(prefix, sizeof prefix, "p%d_", i);
        items[1].prefix = pb_text(prefix);
        answer = import(items + 1, 1, "");
        ck_assert_int_eq(answer->results[0]->code, i < 2 ? 0 : 8);
        drop(answer);
    }
    teardown();
}
END_TEST

START_TEST(an_import_grants_what_its_caller_lacks) {
    setup();
    house_key weak = house_backend(&house, BIT(BT_SCOPE_APIKEYS_IMPORT) | 1);
    client.credential = weak.token;
    Bitting__V1__CreateKeyRequest less = wanted(1), more = wanted(3);
    import_key items[] = {by("token-number-one", "", &more), by("token-number-two", "", &less)};
    import_response *answer = import(items, 2, "");
    ck_assert_int_eq(answer->results[0]->code, 7);
    ck_assert_int_eq(answer->results[1]->code, 0);
    drop(answer);
    ck_assert_int_eq(reason("token-number-one"), BT_REASON_UNKNOWN_KEY);
    ck_assert_int_eq(reason("token-number-two"), BT_REASON_ALLOWED);
    client.credential = "token-number-two";
    ck_assert_ptr_null(import(items, 2, ""));
    ck_assert_int_eq(client.fault.err, BT_ERR_UNAUTHENTICATED);
    teardown();
}
END_TEST

START_TEST(a_repeated_import_is_answered_otherwise) {
    setup();
    Bitting__V1__CreateKeyRequest key = wanted(1);
    static char tokens[1001][24];
    static import_key items[1001];
    for (int i = 0; i < 1001; i++) {
        snprintf(tokens[i], sizeof tokens[i], "old-token-%d", 1000 + i);
        items[i] = by(tokens[i], "", &key);
    }
    import_response *first = import(items, 1000, "once");
    ck_assert_ptr_nonnull(first);
    import_response *again = import(items, 1000, "once");
    ck_assert_ptr_nonnull(again);
    for (size_t i = 0; i < 1000; i++) {
        ck_assert_int_eq(again->results[i]->code, 0);
        ck_assert(bt_bytes_equal(pb_bytes(first->results[i]->key_id),
                                 pb_bytes(again->results[i]->key_id)));
    }
    drop(first);
    drop(again);
    ck_assert_ptr_null(import(items, 1001, ""));
    ck_assert_int_eq(client.fault.err, BT_ERR_INVALID);
    ck_assert_ptr_null(import(items, 0, ""));
    ck_assert_int_eq(client.fault.err, BT_ERR_INVALID);
    teardown();
}
END_TEST

/* "sk_legacy-0001", whole. */
#define SK_HASH "0bddb6e798b4f768f3a61aac18303582414dab516c4d2e9a829d4ce0146f62f3"

static int import_one(import_key item) {
    import_response *answer = import(&item, 1, "");
    ck_assert_msg(answer != NULL, "%s", client.fault.text);
    int code = answer->results[0]->code;
    drop(answer);
    return code;
}

START_TEST(a_later_import_of_a_longer_prefix_loses_or_changes_earlier_keys) {
    setup();
    Bitting__V1__CreateKeyRequest key = wanted(1), other = wanted(2);
    ck_assert_int_eq(import_one(by("sk_first-of-all", "", &key)), 0);
    ck_assert_int_eq(import_one(by("sk_legacy-0001", "", &key)), 0);
    import_key longer = by("", HASH, &key);
    longer.prefix = pb_text("sk_");
    ck_assert_int_eq(import_one(longer), 0);
    ck_assert_int_eq(reason("sk_first-of-all"), BT_REASON_ALLOWED);
    /* Nor does it take the place of one that is there. */
    ck_assert_int_eq(import_one(by("sk_first-of-all", "", &other)), 6);
    longer.sha256 = pb_text(SK_HASH);
    longer.key = &other;
    ck_assert_int_eq(import_one(longer), 6);
    ck_assert_int_eq(reason("sk_legacy-0001"), BT_REASON_ALLOWED);
    /* What is brought by its token afterwards belongs to the longest. */
    ck_assert_int_eq(import_one(by("sk_second-of-all", "", &key)), 0);
    ck_assert_int_eq(reason("sk_second-of-all"), BT_REASON_ALLOWED);
    ck_assert_int_eq(reason("sk_third-of-all"), BT_REASON_UNKNOWN_KEY);
    teardown();
}
END_TEST

START_TEST(an_item_with_half_a_pepper_is_imported) {
    setup();
    Bitting__V1__CreateKeyRequest key = wanted(1);
    static const struct {
        const char *token, *pepper;
        int method;
    } cases[] = {{"", "old", 0},
                 {"", "old", 1},
                 {"", "", 2},
                 {"", "../pepper", 2},
                 {"", "peppers/x", 3},
                 {"", "-x", 4},
                 {TOKEN, "old", 0},
                 {TOKEN, "old", 2},
                 {TOKEN, "", 1},
                 {"", "Old", 2},
                 {"", "a-name-of-33-letters-is-too-long-", 2},
                 {"", "", 5},
                 {"", "", -1}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        import_key item = by(cases[i].token, cases[i].token[0] ? "" : HASH, &key);
        item.method = (Bitting__V1__HashMethod)cases[i].method;
        item.pepper = pb_text(cases[i].pepper);
        ck_assert_msg(import_one(item) == 3, "%zu", i);
    }
    import_key missing = by("", HASH, &key);
    missing.method = BITTING__V1__HASH_METHOD__HASH_METHOD_HMAC_SHA256;
    missing.pepper = pb_text("old");
    import_response *answer = import(&missing, 1, "");
    ck_assert_int_eq(answer->results[0]->code, 9);
    char text[500] = "";
    bt_bytes_copy_text(pb_bytes(answer->results[0]->message), text, sizeof text);
    ck_assert_msg(strstr(text, house.directory) && strstr(text, "/peppers/old"), "%s", text);
    drop(answer);
    teardown();
}
END_TEST

static import_response *import_two(const char *first, const char *second, bool swapped) {
    Bitting__V1__CreateKeyRequest__LabelsEntry labels[2] = {
        BITTING__V1__CREATE_KEY_REQUEST__LABELS_ENTRY__INIT,
        BITTING__V1__CREATE_KEY_REQUEST__LABELS_ENTRY__INIT};
    for (int i = 0; i < 2; i++) {
        labels[i].key = pb_text(i ? "team" : "stage");
        labels[i].value = pb_text("x");
    }
    Bitting__V1__CreateKeyRequest__LabelsEntry *forth[] = {&labels[0], &labels[1]};
    Bitting__V1__CreateKeyRequest__LabelsEntry *back[] = {&labels[1], &labels[0]};
    Bitting__V1__CreateKeyRequest key = wanted(1);
    key.n_labels = 2;
    key.labels = swapped ? back : forth;
    import_key keys[] = {by(first, "", &key), by(second, "", &key)};
    return import(keys, 2, "id-1");
}

START_TEST(results_of_a_repeated_request_are_those_of_other_items) {
    setup();
    import_response *one = import_two("legacy-1", "legacy-2", false);
    import_response *again = import_two("legacy-1", "legacy-2", true);
    ck_assert_ptr_nonnull(one);
    ck_assert_msg(again != NULL, "%s", client.fault.text);
    for (size_t i = 0; i < 2; i++)
        ck_assert(
            bt_bytes_equal(pb_bytes(one->results[i]->key_id), pb_bytes(again->results[i]->key_id)));
    ck_assert_ptr_null(import_two("legacy-2", "legacy-1", false));
    ck_assert_int_eq(client.fault.err, BT_ERR_EXISTS);
    ck_assert_ptr_null(import_two("legacy-1", "legacy-3", false));
    ck_assert_int_eq(client.fault.err, BT_ERR_EXISTS);
    drop(one);
    drop(again);
    teardown();
}
END_TEST

UNIT_MAIN("import_keys", results_of_a_repeated_request_are_those_of_other_items,
          an_imported_token_is_not_found_or_shadows_one_of_ours,
          an_imported_hash_is_another_than_its_tokens, an_import_grants_what_its_caller_lacks,
          a_repeated_import_is_answered_otherwise,
          a_later_import_of_a_longer_prefix_loses_or_changes_earlier_keys,
          an_item_with_half_a_pepper_is_imported)
