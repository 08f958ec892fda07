/* rooms: rpc support */
#include "support/client.h"
#include "unit.h"

typedef Bitting__V1__CreateKeyResponse create_response;

static create_response *create(test_client *client, const char *name, const char *request_id) {
    Bitting__V1__CreateKeyRequest request = BITTING__V1__CREATE_KEY_REQUEST__INIT;
    request.name = pb_text(name);
    request.request_id = pb_text(request_id);
    return client_ask(client, "KeyService/CreateKey", &request,
                      &bitting__v1__create_key_response__descriptor);
}

static void drop(create_response *answer) {
    protobuf_c_message_free_unpacked(&answer->base, NULL);
}

static uint64_t keys(test_house *house) {
    bt_store_info info;
    house_renew(house);
    ck_assert(!bt_store_info_get(house->service.store, &info));
    return info.records;
}

START_TEST(a_request_that_is_sent_twice_makes_two_keys_or_shows_its_token_twice) {
    test_house house;
    house_open(&house);
    house_key full = house_full_access(&house);
    test_client client = {.house = &house, .credential = full.token};
    create_response *first = create(&client, "one", "id-1");
    ck_assert_ptr_nonnull(first);
    ck_assert_uint_gt(first->token.len, 0);
    uint64_t before = keys(&house);
    create_response *second = create(&client, "one", "id-1");
    ck_assert_ptr_nonnull(second);
    ck_assert_uint_eq(keys(&house), before);
    ck_assert_uint_eq(second->token.len, 0);
    ck_assert_uint_eq(second->revision, first->revision);
    ck_assert(bt_bytes_equal(pb_bytes(first->key->key_id), pb_bytes(second->key->key_id)));
    drop(second);
    ck_assert_ptr_null(create(&client, "two", "id-1"));
    ck_assert_int_eq(client.fault.err, BT_ERR_EXISTS);
    second = create(&client, "one", "id-2");
    ck_assert_ptr_nonnull(second);
    ck_assert_uint_gt(second->token.len, 0);
    drop(second);
    second = create(&client, "one", "");
    ck_assert_uint_gt(second->token.len, 0);
    drop(second);
    drop(first);
    client_close(&client);
    house_close(&house);
}
END_TEST

START_TEST(a_request_of_another_caller_is_answered) {
    test_house house;
    house_open(&house);
    house_key one = house_full_access(&house), two = house_full_access(&house);
    test_client client = {.house = &house, .credential = one.token};
    create_response *first = create(&client, "one", "id-1");
    client.credential = two.token;
    create_response *second = create(&client, "one", "id-1");
    ck_assert_ptr_nonnull(second);
    ck_assert_uint_gt(second->token.len, 0);
    ck_assert(!bt_bytes_equal(pb_bytes(first->key->key_id), pb_bytes(second->key->key_id)));
    drop(first);
    drop(second);
    house_revoke(&house, &two);
    ck_assert_ptr_null(create(&client, "one", "id-1"));
    ck_assert_int_eq(client.fault.err, BT_ERR_UNAUTHENTICATED);
    client_close(&client);
    house_close(&house);
}
END_TEST

START_TEST(a_request_that_failed_is_remembered) {
    test_house house;
    house_open(&house);
    house_key full = house_full_access(&house);
    test_client client = {.house = &house, .credential = full.token};
    ck_assert_ptr_null(create(&client, "", "id-1"));
    ck_assert_int_eq(client.fault.err, BT_ERR_INVALID);
    create_response *answer = create(&client, "one", "id-1");
    ck_assert_ptr_nonnull(answer);
    drop(answer);
    char id[BT_REQUEST_ID_MAX + 2];
    memset(id, 'x', sizeof id);
    id[sizeof id - 1] = '\0';
    ck_assert_ptr_null(create(&client, "one", id));
    ck_assert_int_eq(client.fault.err, BT_ERR_INVALID);
    ck_assert_ptr_nonnull(strstr(client.fault.text, "request_id"));
    client_close(&client);
    house_close(&house);
}
END_TEST

/* An encoder may write a map's entries in any order. */
START_TEST(the_order_of_labels_makes_another_request) {
    test_house house;
    house_open(&house);
    house_key full = house_full_access(&house);
    test_client client = {.house = &house, .credential = full.token};
    static const uint8_t forth[] = "\x12\x01n\x5a\x06\x0a\x01"
                                   "a\x12\x01"
                                   "1\x5a\x06\x0a\x01"
                                   "b\x12\x01"
                                   "2\xf2\x01\x01i";
    static const uint8_t back[] = "\x12\x01n\x5a\x06\x0a\x01"
                                  "b\x12\x01"
                                  "2\x5a\x06\x0a\x01"
                                  "a\x12\x01"
                                  "1\xf2\x01\x01i";
    static const uint8_t other[] = "\x12\x01n\x5a\x06\x0a\x01"
                                   "b\x12\x01"
                                   "1\x5a\x06\x0a\x01"
                                   "a\x12\x01"
                                   "2\xf2\x01\x01i";
    ck_assert_int_eq(
        client_send(&client, "KeyService/CreateKey", bt_bytes_of(forth, sizeof forth - 1)), BT_OK);
    uint64_t before = keys(&house);
    ck_assert_int_eq(
        client_send(&client, "KeyService/CreateKey", bt_bytes_of(back, sizeof back - 1)), BT_OK);
    ck_assert_uint_eq(keys(&house), before);
    ck_assert_int_eq(
        client_send(&client, "KeyService/CreateKey", bt_bytes_of(other, sizeof other - 1)),
        BT_ERR_EXISTS);
    client_close(&client);
    house_close(&house);
}
END_TEST

UNIT_MAIN("request_id", a_request_that_is_sent_twice_makes_two_keys_or_shows_its_token_twice,
          a_request_of_another_caller_is_answered, a_request_that_failed_is_remembered,
          the_order_of_labels_makes_another_request)
