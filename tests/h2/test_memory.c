/* Memory may run out at any allocation: the peer is refused or sent away, and nothing is lost. */
#include "peer.h"
#include "unit.h"

static void session(bt_h2_core *core) {
    static const char bytes[] =
        "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\4\0\0\0\0\0"
        "\0\0\x2e\x01\x04\0\0\0\1" PEER_ECHO "\0\0\x06\0\1\0\0\0\1\0\0\0\0\1x"
        "\0\0\x2e\x01\x04\0\0\0\3" PEER_ECHO "\0\x10\x05\0\0\0\0\0\3\0\0\0\x20\0";
    static const uint8_t rest[0x2000];
    static uint8_t space[BT_H2_WRITE_MAX];
    static const bt_listener_policy policy;
    bt_h2_connection *connection = bt_h2_connection_new(core, &policy);
    if (!connection) return;
    bt_h2_connection_receive(connection, bt_bytes_of(bytes, sizeof bytes - 1));
    bt_h2_connection_receive(connection, bt_bytes_of(rest, 0x1000));
    bt_h2_connection_receive(connection, BT_LITERAL("\0\x10\0\0\1\0\0\0\3"));
    bt_h2_connection_receive(connection, bt_bytes_of(rest, 0x1000));
    bt_h2_core_dispatch(core);
    while (bt_h2_connection_pull(connection, space, sizeof space)) continue;
    bt_h2_connection_free(connection);
}

START_TEST(a_connection_may_be_refused_memory_at_any_time) {
    bt_h2_limits limits = BT_H2_LIMITS_DEFAULT;
    bt_h2_core core;
    int answered = 0;
    ck_assert_int_eq(bt_h2_core_init(&core, &limits, peer_methods, NULL, NULL), BT_OK);
    for (size_t limit = 0; limit < 100000; limit += 32) {
        core.limits.connection_memory = limit;
        peer_handled = 0;
        session(&core);
        answered += peer_handled == 2;
        ck_assert_uint_eq(core.streams, 0);
        ck_assert_uint_eq(core.pool.used, 0);
    }
    ck_assert_int_gt(answered, 0);
    bt_h2_core_clear(&core);
}
END_TEST

START_TEST(idle_connections_hold_little) {
    const bt_h2_limits limits = BT_H2_LIMITS_DEFAULT;
    h2_peer *peer = malloc(sizeof *peer);
    peer_open(peer, &limits, NULL);
    int32_t id = peer_call(peer, "/t/Echo", BT_LITERAL("hello"));
    peer_run(peer);
    ck_assert_int_eq(peer_answer_of(peer, id)->grpc, 0);
    ck_assert_uint_lt(peer->connection->account.used, 40 << 10);
    peer_close(peer);
    free(peer);
}
END_TEST

UNIT_MAIN("memory", a_connection_may_be_refused_memory_at_any_time, idle_connections_hold_little)
