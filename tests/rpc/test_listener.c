#include <arpa/inet.h>
#include <netinet/in.h>

#include "rpc/listener.h"
#include "unit.h"

START_TEST(addresses_are_read) {
    bt_socket_address address;
    ck_assert_int_eq(bt_socket_address_parse("127.0.0.1:9494", &address, NULL), BT_OK);
    const struct sockaddr_in *ipv4 = (const struct sockaddr_in *)&address.socket;
    ck_assert_uint_eq(ntohs(ipv4->sin_port), 9494);
    ck_assert(address.local);
    ck_assert_int_eq(bt_socket_address_parse("0.0.0.0:0", &address, NULL), BT_OK);
    ck_assert(!address.local);
    ck_assert_int_eq(bt_socket_address_parse("[::1]:65535", &address, NULL), BT_OK);
    ck_assert(address.local);
    ck_assert_int_eq(bt_socket_address_parse("[::]:1", &address, NULL), BT_OK);
    ck_assert(!address.local);
    ck_assert_int_eq(bt_socket_address_parse("localhost:1", &address, NULL), BT_OK);
    ck_assert(address.local);
    ck_assert_int_eq(bt_socket_address_parse("unix:/run/x.sock", &address, NULL), BT_OK);
    ck_assert(address.local);
}
END_TEST

START_TEST(what_is_not_an_address_is_refused_and_named) {
    static const char *const bad[] = {
        "",           ":",           "127.0.0.1",     "127.0.0.1:", "1.2.3.4:x",  "1.2.3.4:65536",
        "1.2.3.4:-1", "1.2.3.4.5:1", "::1:80",        "[::1]",      "[::1:80",    "[1.2.3.4]:80",
        "host:80",    "unix:",       "unix:relative", "[]:1",       "1.2.3.4: 80"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        bt_socket_address address;
        bt_fault fault = {0};
        ck_assert_int_eq(bt_socket_address_parse(bad[i], &address, &fault), BT_ERR_INVALID);
        ck_assert_msg(strstr(fault.text, bad[i]) != NULL, "%s: %s", bad[i], fault.text);
    }
    char path[200] = "unix:/";
    memset(path + 6, 'x', sizeof path - 7);
    path[sizeof path - 1] = '\0';
    bt_socket_address address;
    ck_assert_int_eq(bt_socket_address_parse(path, &address, NULL), BT_ERR_INVALID);
}
END_TEST

static bt_err check(bt_listener_options options) {
    return bt_listener_check(&options, NULL);
}

START_TEST(nothing_unguarded_is_reachable_from_elsewhere) {
    const bt_listener_policy trusted = {.trusted = true};
    ck_assert_int_eq(check((bt_listener_options){.address = "0.0.0.0:1"}), BT_ERR_INVALID);
    ck_assert_int_eq(check((bt_listener_options){.address = "0.0.0.0:1", .policy = trusted}),
                     BT_ERR_INVALID);
    ck_assert_int_eq(
        check((bt_listener_options){
            .address = "0.0.0.0:1", .policy = trusted, .tls_cert = "c", .tls_key = "k"}),
        BT_ERR_INVALID);
    ck_assert_int_eq(
        check((bt_listener_options){.address = "0.0.0.0:1", .tls_cert = "c", .tls_key = "k"}),
        BT_OK);
    ck_assert_int_eq(check((bt_listener_options){.address = "0.0.0.0:1", .insecure = true}), BT_OK);
    ck_assert_int_eq(check((bt_listener_options){.address = "127.0.0.1:1"}), BT_OK);
    ck_assert_int_eq(check((bt_listener_options){.address = "unix:/x", .policy = trusted}), BT_OK);
}
END_TEST

START_TEST(options_that_contradict_are_refused) {
    ck_assert_int_eq(check((bt_listener_options){.address = "127.0.0.1:1", .tls_cert = "c"}),
                     BT_ERR_INVALID);
    ck_assert_int_eq(check((bt_listener_options){.address = "127.0.0.1:1", .tls_key = "k"}),
                     BT_ERR_INVALID);
    ck_assert_int_eq(check((bt_listener_options){.address = "127.0.0.1:1", .tls_client_ca = "a"}),
                     BT_ERR_INVALID);
    const bt_listener_policy guarded = {.environment = "test"};
    ck_assert_int_eq(check((bt_listener_options){.address = "127.0.0.1:1", .policy = guarded}),
                     BT_ERR_INVALID);
}
END_TEST

UNIT_MAIN("listener", addresses_are_read, what_is_not_an_address_is_refused_and_named,
          nothing_unguarded_is_reachable_from_elsewhere, options_that_contradict_are_refused)
