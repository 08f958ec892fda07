/* rooms: grpc */
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "grpc/client.h"
#include "grpc/server.h"
#include "unit.h"

/* Of a socket; builds are tested side by side. */
#define FOLDER "/tmp/bitting-server-XXXXXX"

static void echo(bt_call *call) {
    bt_call_reply(call, call->message);
}

static void say_authorization(bt_call *call) {
    bt_call_reply(call, call->authorization);
}

static void refuse(bt_call *call) {
    bt_fault fault;
    bt_fail(&fault, BT_ERR_EXISTS, "name: taken");
    bt_call_fail(call, &fault);
}

/* The address that keys bound to networks are held against. */
static void say_peer(bt_call *call) {
    bt_network peer = {0};
    char text[BT_NETWORK_TEXT_MAX + 1] = "none";
    call->transport->peer(call, &peer.address);
    peer.prefix = peer.address.family == BT_FAMILY_4 ? 32 : 128;
    if (peer.address.family) bt_network_format(&peer, text);
    bt_call_reply(call, bt_bytes_text(text));
}

/* As one does who waits for the writer. */
static _Atomic(bt_call *) held;

static void hold(bt_call *call) {
    atomic_store(&held, call);
}

static const bt_method methods[] = {
    {.path = "/t.T/Echo", .flags = BT_METHOD_OPEN, .request_max = 4096, .handle = echo},
    {.path = "/t.T/Who", .flags = BT_METHOD_OPEN, .request_max = 4096, .handle = say_authorization},
    {.path = "/t.T/Peer", .flags = BT_METHOD_OPEN, .request_max = 4096, .handle = say_peer},
    {.path = "/t.T/Hold", .flags = BT_METHOD_OPEN, .request_max = 4096, .handle = hold},
    {.path = "/t.T/Refuse", .flags = BT_METHOD_OPEN, .request_max = 4096, .handle = refuse},
    {.path = NULL},
};

typedef struct bt_place {
    bt_health *health;
    bt_grpc_server *server;
    char address[64];
} bt_place;

static bt_err try_start(bt_place *place, const bt_listener_options *listeners, size_t count,
                        bt_fault *fault) {
    place->health = bt_health_new(methods);
    bt_grpc_options options = {.listeners = listeners,
                               .listeners_count = count,
                               .methods = methods,
                               .health = place->health,
                               .workers = 2,
                               .calls = 64};
    return bt_grpc_server_start(&options, &place->server, fault);
}

static void start(bt_place *place, const char *address) {
    bt_fault fault = {0};
    bt_listener_options listener = {.address = address, .insecure = true};
    ck_assert_msg(try_start(place, &listener, 1, &fault) == BT_OK, "%s", fault.text);
    snprintf(place->address, sizeof place->address, "127.0.0.1:%d",
             bt_grpc_server_port(place->server, 0));
}

static void stop(bt_place *place) {
    ck_assert(bt_grpc_server_drain(place->server, 10000));
    bt_grpc_server_stop(place->server);
    bt_health_free(place->health);
}

static bt_grpc_question question(const char *address, const char *path, bt_bytes message) {
    return (bt_grpc_question){
        .address = address, .path = path, .message = message, .timeout_ms = 20000};
}

static uint8_t block[4096];

START_TEST(an_answer_is_what_the_handler_gave) {
    bt_place place;
    bt_bytes answer;
    bt_fault fault = {0};
    start(&place, "127.0.0.1:0");
    bt_grpc_question ask = question(place.address, "/t.T/Echo", BT_LITERAL("hello\0there"));
    for (int i = 0; i < 100; i++) {
        ck_assert_int_eq(bt_grpc_ask(&ask, block, sizeof block, &answer, &fault), BT_OK);
        ck_assert(bt_bytes_equal(answer, BT_LITERAL("hello\0there")));
    }
    ask.message = BT_LITERAL("");
    ck_assert_int_eq(bt_grpc_ask(&ask, block, sizeof block, &answer, &fault), BT_OK);
    ck_assert_uint_eq(answer.size, 0);
    stop(&place);
}
END_TEST

START_TEST(a_failure_is_the_servers_with_its_text) {
    bt_place place;
    bt_bytes answer;
    bt_fault fault = {0};
    start(&place, "127.0.0.1:0");
    bt_grpc_question ask = question(place.address, "/t.T/Refuse", BT_LITERAL(""));
    ck_assert_int_eq(bt_grpc_ask(&ask, block, sizeof block, &answer, &fault), BT_ERR_EXISTS);
    ck_assert_msg(strstr(fault.text, "name: taken") != NULL, "%s", fault.text);
    ask.path = "/t.T/None";
    ck_assert_int_eq(bt_grpc_ask(&ask, block, sizeof block, &answer, &fault), BT_ERR_UNIMPLEMENTED);
    ask.path = "/t.T/Echo";
    ask.message = bt_bytes_of(block, 65);
    ck_assert_int_eq(bt_grpc_ask(&ask, block, 64, &answer, &fault), BT_ERR_EXHAUSTED);
    stop(&place);
}
END_TEST

START_TEST(a_credential_is_sent_and_not_in_the_clear_to_another_machine) {
    bt_place place;
    bt_bytes answer;
    bt_fault fault = {0};
    start(&place, "127.0.0.1:0");
    bt_grpc_question ask = question(place.address, "/t.T/Who", BT_LITERAL(""));
    ask.credential = BT_LITERAL("bt_test_abc");
    ck_assert_int_eq(bt_grpc_ask(&ask, block, sizeof block, &answer, &fault), BT_OK);
    ck_assert(bt_bytes_equal(answer, BT_LITERAL("Bearer bt_test_abc")));
    ask.credential = BT_LITERAL("a\nb");
    ck_assert_int_eq(bt_grpc_ask(&ask, block, sizeof block, &answer, &fault), BT_ERR_INVALID);
    ask.credential = BT_LITERAL("bt_test_abc");
    ask.address = "192.0.2.1:9494";
    ck_assert_int_eq(bt_grpc_ask(&ask, block, sizeof block, &answer, &fault), BT_ERR_INVALID);
    ck_assert_msg(strstr(fault.text, "in the clear") != NULL, "%s", fault.text);
    stop(&place);
}
END_TEST

static void expect_peer(const char *listen, const char *host, const char *peer) {
    bt_place place;
    bt_bytes answer;
    bt_fault fault = {0};
    char address[80];
    start(&place, listen);
    snprintf(address, sizeof address, "%s:%d", host, bt_grpc_server_port(place.server, 0));
    bt_grpc_question ask = question(host[0] == 'u' ? listen : address, "/t.T/Peer", BT_LITERAL(""));
    bt_err err = bt_grpc_ask(&ask, block, sizeof block, &answer, &fault);
    ck_assert_msg(err == BT_OK, "%s: %s", listen, fault.text);
    ck_assert_msg(bt_bytes_equal(answer, bt_bytes_text(peer)), "%.*s", BT_BYTES_ARG(answer));
    stop(&place);
}

START_TEST(the_clients_address_is_known) {
    expect_peer("127.0.0.1:0", "127.0.0.1", "127.0.0.1/32");
    expect_peer("[::1]:0", "[::1]", "::1/128");
    expect_peer("[::]:0", "127.0.0.1", "127.0.0.1/32");
    char folder[] = FOLDER, path[64];
    ck_assert_ptr_nonnull(mkdtemp(folder));
    snprintf(path, sizeof path, "unix:%s/check.sock", folder);
    expect_peer(path, "unix", "none");
    ck_assert_int_eq(rmdir(folder), 0);
}
END_TEST

START_TEST(where_nobody_listens_there_is_an_error_at_once) {
    bt_place place;
    bt_bytes answer;
    bt_fault fault = {0};
    start(&place, "127.0.0.1:0");
    stop(&place);
    bt_grpc_question ask = question(place.address, "/t.T/Echo", BT_LITERAL(""));
    ck_assert_int_eq(bt_grpc_ask(&ask, block, sizeof block, &answer, &fault), BT_ERR_UNAVAILABLE);
    ck_assert_msg(strstr(fault.text, place.address) != NULL, "%s", fault.text);
}
END_TEST

START_TEST(of_two_listeners_each_serves_and_one_that_fails_takes_the_other_with_it) {
    char folder[] = FOLDER, path[64];
    bt_place first, second, again;
    bt_bytes answer;
    bt_fault fault = {0};
    ck_assert_ptr_nonnull(mkdtemp(folder));
    snprintf(path, sizeof path, "unix:%s/check.sock", folder);
    bt_listener_options two[] = {{.address = path, .policy.trusted = true},
                                 {.address = "127.0.0.1:0"}};
    ck_assert_int_eq(try_start(&first, two, 2, &fault), BT_OK);
    ck_assert_int_eq(bt_grpc_server_port(first.server, 0), 0);
    snprintf(first.address, sizeof first.address, "127.0.0.1:%d",
             bt_grpc_server_port(first.server, 1));
    const char *addresses[] = {path, first.address};
    for (int i = 0; i < 2; i++) {
        bt_grpc_question ask = question(addresses[i], "/t.T/Echo", BT_LITERAL("x"));
        ck_assert_int_eq(bt_grpc_ask(&ask, block, sizeof block, &answer, &fault), BT_OK);
    }
    char other[64];
    snprintf(other, sizeof other, "unix:%s/other.sock", folder);
    bt_listener_options taken[] = {{.address = other}, {.address = first.address}};
    ck_assert_int_eq(try_start(&second, taken, 2, &fault), BT_ERR_EXISTS);
    ck_assert_msg(strstr(fault.text, first.address) != NULL, "%s", fault.text);
    bt_health_free(second.health);
    start(&again, other);
    stop(&again);
    stop(&first);
    ck_assert_int_eq(rmdir(folder), 0);
}
END_TEST

static void *ask_and_wait(void *user) {
    bt_place *place = user;
    bt_bytes answer;
    bt_fault fault;
    bt_grpc_question ask = question(place->address, "/t.T/Hold", BT_LITERAL("x"));
    bt_err err = bt_grpc_ask(&ask, block, sizeof block, &answer, &fault);
    ck_assert_msg(err != BT_OK, "an answer that was never given");
    return NULL;
}

static void *stop_now(void *user) {
    bt_place *place = user;
    bt_grpc_server_stop(place->server);
    return NULL;
}

START_TEST(a_server_that_is_stopped_leaves_a_call_to_a_handler_that_still_holds_it) {
    bt_place place;
    pthread_t client, stopper;
    struct timespec soon;
    start(&place, "127.0.0.1:0");
    ck_assert_int_eq(pthread_create(&client, NULL, ask_and_wait, &place), 0);
    while (!atomic_load(&held)) sched_yield();
    ck_assert_int_eq(pthread_create(&stopper, NULL, stop_now, &place), 0);
    pthread_join(client, NULL);
    clock_gettime(CLOCK_REALTIME, &soon);
    soon.tv_nsec += 100000000;
    soon.tv_sec += soon.tv_nsec / 1000000000;
    soon.tv_nsec %= 1000000000;
    ck_assert_int_eq(pthread_timedjoin_np(stopper, NULL, &soon), ETIMEDOUT);
    bt_call_reply(atomic_load(&held), BT_LITERAL("late"));
    pthread_join(stopper, NULL);
    bt_health_free(place.health);
}
END_TEST

UNIT_MAIN("grpc server", an_answer_is_what_the_handler_gave, a_failure_is_the_servers_with_its_text,
          a_server_that_is_stopped_leaves_a_call_to_a_handler_that_still_holds_it,
          a_credential_is_sent_and_not_in_the_clear_to_another_machine,
          the_clients_address_is_known, where_nobody_listens_there_is_an_error_at_once,
          of_two_listeners_each_serves_and_one_that_fails_takes_the_other_with_it)
