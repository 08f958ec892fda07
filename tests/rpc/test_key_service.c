/* rooms: rpc support */
#include <stdio.h>

#include "support/client.h"
#include "unit.h"

typedef Bitting__V1__CreateKeyRequest create_request;
typedef Bitting__V1__CreateKeyResponse create_response;
typedef Bitting__V1__ListKeysRequest list_request;
typedef Bitting__V1__ListKeysResponse list_response;

static create_request good_create(void) {
    create_request request = BITTING__V1__CREATE_KEY_REQUEST__INIT;
    request.name = pb_text("pipeline");
    return request;
}

static create_response *create(test_client *client, const create_request *request) {
    create_response *answer = client_ask(client, "KeyService/CreateKey", request,
                                         &bitting__v1__create_key_response__descriptor);
    ck_assert_uint_eq(client->ends, 1);
    return answer;
}

static Bitting__V1__GetKeyResponse *get(test_client *client, const char *id, uint64_t revision) {
    Bitting__V1__GetKeyRequest request = BITTING__V1__GET_KEY_REQUEST__INIT;
    request.key_id = pb_text(id);
    request.min_revision = revision;
    void *answer = client_ask(client, "KeyService/GetKey", &request,
                              &bitting__v1__get_key_response__descriptor);
    ck_assert_uint_eq(client->ends, 1);
    return answer;
}

static Bitting__V1__RevokeKeyResponse *revoke(test_client *client, const char *id) {
    Bitting__V1__RevokeKeyRequest request = BITTING__V1__REVOKE_KEY_REQUEST__INIT;
    request.key_id = pb_text(id);
    request.reason = pb_text("leaked");
    void *answer = client_ask(client, "KeyService/RevokeKey", &request,
                              &bitting__v1__revoke_key_response__descriptor);
    ck_assert_uint_eq(client->ends, 1);
    return answer;
}

static list_response *list(test_client *client, int32_t page_size, const char *page_token) {
    list_request request = BITTING__V1__LIST_KEYS_REQUEST__INIT;
    request.page_size = page_size;
    request.page_token = pb_text(page_token);
    void *answer = client_ask(client, "KeyService/ListKeys", &request,
                              &bitting__v1__list_keys_response__descriptor);
    ck_assert_uint_eq(client->ends, 1);
    return answer;
}

static void drop(void *message) {
    protobuf_c_message_free_unpacked(message, NULL);
}

static void text_of(ProtobufCBinaryData data, char *text, size_t size) {
    ck_assert(bt_bytes_copy_text(pb_bytes(data), text, size));
}

START_TEST(a_message_that_is_cut_off_is_said_to_be_another) {
    test_house house;
    house_open(&house);
    house_key root = house_full_access(&house);
    test_client client = {.house = &house, .credential = root.token};
    static const struct {
        const char *method, *type;
    } cases[] = {{"KeyService/CreateKey", "bitting.v1.CreateKeyRequest"},
                 {"KeyService/RevokeKey", "bitting.v1.RevokeKeyRequest"},
                 {"KeyService/ImportKeys", "bitting.v1.ImportKeysRequest"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        ck_assert_int_eq(client_send(&client, cases[i].method,
                                     BT_LITERAL("\x12\x05"
                                                "a")),
                         BT_ERR_INVALID);
        ck_assert_msg(strstr(client.fault.text, cases[i].type) != NULL, "%s", client.fault.text);
    }
    client_close(&client);
    house_close(&house);
}
END_TEST

START_TEST(a_key_does_not_live_its_life) {
    test_house house;
    house_open(&house);
    house_key root = house_full_access(&house);
    test_client client = {.house = &house, .credential = root.token};
    create_request request = good_create();
    ProtobufCBinaryData names[] = {pb_text("users.read"), pb_text("orgs.create")};
    Google__Protobuf__Timestamp expires = GOOGLE__PROTOBUF__TIMESTAMP__INIT;
    expires.seconds = 4102444800;
    expires.nanos = 123999999;
    request.scopes = names;
    request.n_scopes = 2;
    request.expires_at = &expires;
    create_response *made = create(&client, &request);
    ck_assert_msg(made != NULL, "%s", client.fault.text);
    char id[BT_KEY_ID_TEXT_SIZE], token[BT_TOKEN_MAX + 1];
    text_of(made->key->key_id, id, sizeof id);
    text_of(made->token, token, sizeof token);
    ck_assert_uint_eq(made->revision, bt_snapshot_head(house.session.snapshot)->revision);
    ck_assert(bt_bytes_equal(pb_bytes(made->key->created_by), bt_bytes_text(root.id)));
    ck_assert_uint_eq(made->key->scope_mask, BIT(0) | BIT(17));
    ck_assert_int_eq(made->key->expires_at->nanos, 123000000); /* cut down, never up */
    Bitting__V1__GetKeyResponse *got = get(&client, id, made->revision);
    size_t size = protobuf_c_message_get_packed_size(&got->key->base);
    uint8_t *first = malloc(size), *second = malloc(size);
    ck_assert_uint_eq(protobuf_c_message_pack(&got->key->base, first), size);
    ck_assert_uint_eq(protobuf_c_message_get_packed_size(&made->key->base), size);
    protobuf_c_message_pack(&made->key->base, second);
    ck_assert_mem_eq(first, second, size);
    ck_assert_ptr_null(memmem(client.answer.data, client.answer.size, token + 8, 20));
    drop(got);
    drop(made);
    free(first);
    free(second);
    Bitting__V1__RevokeKeyResponse *revoked = revoke(&client, id);
    got = get(&client, id, revoked->revision);
    ck_assert_int_eq(got->key->state, BITTING__V1__KEY_STATE__KEY_STATE_REVOKED);
    ck_assert(bt_bytes_equal(pb_bytes(got->key->revoke_reason), BT_LITERAL("leaked")));
    ck_assert(got->key->revoked_at && got->key->revoked_at->seconds > 1600000000);
    drop(got);
    drop(revoked);
    ck_assert_ptr_null(get(&client, id, UINT64_MAX));
    ck_assert_int_eq(client.fault.err, BT_ERR_UNAVAILABLE);
    client_close(&client);
    house_close(&house);
}
END_TEST

START_TEST(an_expiry_that_is_no_time_is_taken) {
    const struct {
        int64_t seconds;
        int32_t nanos;
        const char *text;
    } cases[] = {
        {0, 0, "expires_at: 1970-01-01T00:00:00.000Z is not in the future"},
        {1000000000, 0, "expires_at: 2001-09-09T01:46:40.000Z is not in the future"},
        {-1, 0, "expires_at: a time before 1970 is not in the future"},
        {-62135596800, 0, "expires_at: a time before 1970"},
        {-62135596801, 0, "expires_at: -62135596801 seconds are not in the years 1 to 9999"},
        {253402300800, 0, "expires_at: 253402300800 seconds are not in"},
        {INT64_MAX, 0, "expires_at: 9223372036854775807 seconds"},
        {INT64_MIN, 0, "expires_at: -9223372036854775808 seconds"},
        {9223372036854776, 0, "expires_at: 9223372036854776 seconds"},
        {4102444800, -1, "expires_at: nanos is -1; 0 to 999999999"},
        {4102444800, 1000000000, "expires_at: nanos is 1000000000"},
        {4102444800, INT32_MIN, "expires_at: nanos is -2147483648"},
    };
    test_house house;
    house_open(&house);
    house_key root = house_full_access(&house);
    test_client client = {.house = &house, .credential = root.token};
    create_request request = good_create();
    Google__Protobuf__Timestamp expires = GOOGLE__PROTOBUF__TIMESTAMP__INIT;
    request.expires_at = &expires;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        expires.seconds = cases[i].seconds;
        expires.nanos = cases[i].nanos;
        ck_assert_ptr_null(create(&client, &request));
        ck_assert_int_eq(client.fault.err, BT_ERR_INVALID);
        ck_assert_msg(strstr(client.fault.text, cases[i].text) == client.fault.text, "%zu: %s", i,
                      client.fault.text);
    }
    expires.seconds = 253402300799;
    expires.nanos = 999999999;
    create_response *last = create(&client, &request);
    ck_assert_int_eq(last->key->expires_at->seconds, 253402300799);
    drop(last);
    client_close(&client);
    house_close(&house);
}
END_TEST

START_TEST(labels_are_not_kept_as_they_were_sent) {
    test_house house;
    house_open(&house);
    house_key root = house_full_access(&house);
    test_client client = {.house = &house, .credential = root.token};
    create_request request = good_create();
    static char keys[BT_LABELS_MAX + 1][8];
    static Bitting__V1__CreateKeyRequest__LabelsEntry entries[BT_LABELS_MAX + 1];
    Bitting__V1__CreateKeyRequest__LabelsEntry *labels[BT_LABELS_MAX + 1];
    for (size_t i = 0; i <= BT_LABELS_MAX; i++) {
        entries[i] = (Bitting__V1__CreateKeyRequest__LabelsEntry)
            BITTING__V1__CREATE_KEY_REQUEST__LABELS_ENTRY__INIT;
        snprintf(keys[i], sizeof keys[i], "k%zu", i);
        entries[i].key = pb_text(keys[i]);
        entries[i].value = pb_text(i % 2 ? keys[i] : "");
        labels[i] = &entries[i];
    }
    request.labels = labels;
    request.n_labels = BT_LABELS_MAX;
    create_response *made = create(&client, &request);
    ck_assert_msg(made != NULL, "%s", client.fault.text);
    ck_assert_uint_eq(made->key->n_labels, BT_LABELS_MAX);
    for (size_t i = 0; i < BT_LABELS_MAX; i++) {
        ck_assert(bt_bytes_equal(pb_bytes(made->key->labels[i]->key), bt_bytes_text(keys[i])));
        ck_assert_uint_eq(made->key->labels[i]->value.len, i % 2 ? strlen(keys[i]) : 0);
    }
    drop(made);
    request.n_labels++;
    ck_assert_ptr_null(create(&client, &request));
    ck_assert_str_eq(client.fault.text, "labels: at most 32 are allowed");
    client_close(&client);
    house_close(&house);
}
END_TEST

START_TEST(the_largest_key_that_there_can_be_has_no_answer) {
    static char name[BT_NAME_MAX], metadata[BT_METADATA_MAX], value[BT_LABEL_VALUE_MAX],
        owner[BT_OWNER_ID_MAX], keys[BT_LABELS_MAX][BT_LABEL_KEY_MAX],
        networks[BT_NETWORKS_MAX][BT_NETWORK_TEXT_MAX],
        selectors[BT_SELECTORS_MAX][BT_RESOURCE_MAX];
    test_house house;
    house_open(&house);
    memset(name, 'n', sizeof name);
    memset(value, 'v', sizeof value);
    memset(owner, 'o', sizeof owner);
    memset(metadata, ' ', sizeof metadata);
    memcpy(metadata, "{}", 2);
    bt_create_key_request request = {.kind = BT_KIND_ORG,
                                     .name = bt_bytes_of(name, sizeof name),
                                     .user_id = bt_bytes_of(owner, sizeof owner),
                                     .org_id = bt_bytes_of(owner, sizeof owner),
                                     .metadata = bt_bytes_of(metadata, sizeof metadata),
                                     .grant.preset = BT_LITERAL("full_access"),
                                     .labels_count = BT_LABELS_MAX};
    for (size_t i = 0; i < BT_LABELS_MAX; i++) {
        memset(keys[i], (int)('A' + i % 26), sizeof keys[i]);
        keys[i][0] = (char)('a' + i % 26);
        keys[i][1] = (char)('a' + i / 26);
        request.labels[i] =
            (bt_label){bt_bytes_of(keys[i], sizeof keys[i]), bt_bytes_of(value, sizeof value)};
    }
    for (size_t i = 0; i < BT_NETWORKS_MAX; i++) {
        snprintf(networks[i], sizeof networks[i], "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ff%02zx/128",
                 i);
        request.bounds.networks[request.bounds.networks_count++] = bt_bytes_text(networks[i]);
    }
    for (size_t i = 0; i < BT_SELECTORS_MAX; i++) {
        memset(selectors[i], 's', sizeof selectors[i]);
        memcpy(selectors[i], (char[]){(char)('a' + i / 26), (char)('a' + i % 26), ':'}, 3);
        request.bounds.selectors[request.bounds.selectors_count++] =
            bt_bytes_of(selectors[i], sizeof selectors[i]);
    }
    house_key large = house_create(&house, request);
    house_key root = house_full_access(&house);
    test_client client = {.house = &house, .credential = root.token};
    Bitting__V1__GetKeyResponse *got = get(&client, large.id, 0);
    ck_assert_msg(got != NULL, "%s", client.fault.text);
    ck_assert_uint_eq(got->key->metadata.len, BT_METADATA_MAX);
    ck_assert_uint_eq(got->key->n_selectors, BT_SELECTORS_MAX);
    drop(got);
    /* Pages end before they are too large, and lose nothing. */
    for (int i = 0; i < 99; i++) house_create(&house, request);
    char token[80] = "";
    size_t keys_seen = 0, pages = 0;
    do {
        list_response *page = list(&client, 1000, token);
        ck_assert_msg(page != NULL, "%s", client.fault.text);
        ck_assert_uint_le(client.answer.size, 1 << 20);
        ck_assert_uint_gt(page->n_keys, 0);
        text_of(page->next_page_token, token, sizeof token);
        keys_seen += page->n_keys;
        pages++;
        drop(page);
    } while (*token);
    ck_assert_uint_eq(keys_seen, 101);
    ck_assert_uint_gt(pages, 1);
    client_close(&client);
    house_close(&house);
}
END_TEST

START_TEST(a_method_is_open_to_a_caller_without_its_scope) {
    static const struct {
        const char *method;
        unsigned scope;
    } needs[] = {{"KeyService/CreateKey", BT_SCOPE_APIKEYS_CREATE},
                 {"KeyService/GetKey", BT_SCOPE_APIKEYS_READ},
                 {"KeyService/ListKeys", BT_SCOPE_APIKEYS_READ},
                 {"KeyService/RevokeKey", BT_SCOPE_APIKEYS_REVOKE},
                 {"CheckService/Validate", BT_SCOPE_APIKEYS_VALIDATE},
                 {"CheckService/CheckScope", BT_SCOPE_APIKEYS_VALIDATE},
                 {"CheckService/BatchCheckScope", BT_SCOPE_APIKEYS_VALIDATE}};
    test_house house;
    house_open(&house);
    uint64_t live = bt_snapshot_head(house.session.snapshot)->live;
    for (size_t i = 0; i < sizeof needs / sizeof *needs; i++) {
        house_key lacks = house_backend(&house, live & ~BIT(needs[i].scope));
        house_key holds = house_backend(&house, BIT(needs[i].scope));
        test_client client = {.house = &house, .credential = lacks.token};
        ck_assert_int_eq(client_send(&client, needs[i].method, (bt_bytes){0}), BT_ERR_FORBIDDEN);
        const char *name =
            bt_snapshot_catalogue(house.session.snapshot)->scopes[needs[i].scope].name;
        ck_assert_ptr_nonnull(strstr(client.fault.text, name));
        client.credential = NULL;
        ck_assert_int_eq(client_send(&client, needs[i].method, (bt_bytes){0}),
                         BT_ERR_UNAUTHENTICATED);
        client.credential = holds.token;
        bt_err err = client_send(&client, needs[i].method, (bt_bytes){0});
        ck_assert(err == BT_OK || err == BT_ERR_INVALID);
        /* Keys are not for trusted listeners, credential or none. */
        client.trusted = true;
        bool key_method = strncmp(needs[i].method, "KeyService", 10) == 0;
        err = client_send(&client, needs[i].method, (bt_bytes){0});
        ck_assert_int_eq(err == BT_ERR_UNIMPLEMENTED, key_method);
        client_close(&client);
    }
    house_close(&house);
}
END_TEST

UNIT_MAIN("key_service", a_message_that_is_cut_off_is_said_to_be_another,
          a_key_does_not_live_its_life, an_expiry_that_is_no_time_is_taken,
          labels_are_not_kept_as_they_were_sent, the_largest_key_that_there_can_be_has_no_answer,
          a_method_is_open_to_a_caller_without_its_scope)
