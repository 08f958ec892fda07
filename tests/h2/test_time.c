/* Time-outs and the drain; the clock is the test's. */
#include "peer.h"
#include "unit.h"

static h2_peer own;

/* Lets time pass, with a sweep each second. */
static void pass(int64_t ms) {
    for (int64_t left = ms; left > 0; left -= 1000) {
        own.core.tick_ms += left < 1000 ? left : 1000;
        own.core.now_ms += left < 1000 ? left : 1000;
        bt_h2_connection_sweep(own.connection);
    }
}

START_TEST(who_does_not_greet_is_sent_away) {
    peer_open(&own, NULL, NULL);
    peer_send_raw(&own, "PRI * HTTP/2.0\r\n\r\nSM", 20);
    pass(own.core.limits.handshake_ms);
    ck_assert(!own.connection->failed);
    pass(1000);
    peer_take(&own);
    ck_assert(own.goaway);
    ck_assert(bt_h2_connection_is_over(own.connection));
    peer_close(&own);
}
END_TEST

START_TEST(a_header_block_must_end_in_time) {
    peer_open(&own, NULL, NULL);
    peer_greet_raw(&own);
    peer_send_frame(&own, NGHTTP2_HEADERS, 0, 1, PEER_ECHO, sizeof PEER_ECHO - 1);
    pass(own.core.limits.handshake_ms + 1000);
    peer_take(&own);
    ck_assert(own.goaway);
    ck_assert_uint_eq(own.goaway_code, NGHTTP2_ENHANCE_YOUR_CALM);
    peer_close(&own);
}
END_TEST

START_TEST(a_request_must_go_on) {
    peer_open(&own, NULL, NULL);
    int32_t id = peer_request(&own, "/t/Echo", BT_LITERAL("\0\0"), false, NULL);
    peer_run(&own);
    pass(own.core.limits.request_ms);
    peer_run(&own);
    ck_assert_int_eq(peer_answer_of(&own, id)->grpc, -1);
    pass(1000);
    peer_run(&own);
    ck_assert_int_eq(peer_answer_of(&own, id)->grpc, 4);
    ck_assert(peer_answer_of(&own, id)->closed);
    peer_close(&own);
}
END_TEST

START_TEST(an_answer_must_be_read) {
    peer_open(&own, NULL, NULL);
    const nghttp2_settings_entry none = {NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, 0};
    nghttp2_submit_settings(own.client, 0, &none, 1);
    int32_t id = peer_call(&own, "/t/Echo", BT_LITERAL("x"));
    peer_run(&own);
    pass(own.core.limits.request_ms + 1000);
    peer_run(&own);
    ck_assert(peer_answer_of(&own, id)->closed);
    ck_assert_uint_eq(peer_answer_of(&own, id)->reset, NGHTTP2_CANCEL);
    ck_assert_uint_eq(own.core.streams, 0);
    peer_close(&own);
}
END_TEST

START_TEST(a_call_is_ended_at_its_deadline_even_if_its_handler_is_not_done) {
    peer_open(&own, NULL, NULL);
    static const char *const fields[] = {"grpc-timeout", "5S", NULL};
    int32_t id = peer_request(&own, "/t/Keep", BT_LITERAL("\0\0\0\0\0"), true, fields);
    peer_run(&own);
    pass(4000);
    peer_run(&own);
    ck_assert_int_eq(peer_answer_of(&own, id)->grpc, -1);
    pass(2000);
    peer_run(&own);
    ck_assert_int_eq(peer_answer_of(&own, id)->grpc, 4);
    ck_assert_uint_eq(own.core.streams, 1);
    bt_call_reply(peer_kept, BT_LITERAL("late"));
    peer_run(&own);
    ck_assert_uint_eq(peer_answer_of(&own, id)->body_size, 0);
    peer_close(&own);
}
END_TEST

START_TEST(handlers_and_watches_may_take_their_time) {
    peer_open(&own, NULL, NULL);
    int32_t slow = peer_call(&own, "/t/Keep", BT_LITERAL("x"));
    peer_run(&own);
    bt_call *kept = peer_kept;
    int32_t watch = peer_call(&own, "/t/Watch", BT_LITERAL("x"));
    peer_run(&own);
    bt_call_send(peer_kept, BT_LITERAL("one"));
    peer_run(&own);
    pass(10 * own.core.limits.request_ms);
    bt_call_reply(kept, BT_LITERAL("done"));
    bt_call_send(peer_kept, BT_LITERAL("two"));
    peer_run(&own);
    ck_assert_int_eq(peer_answer_of(&own, slow)->grpc, 0);
    ck_assert_uint_eq(peer_answer_of(&own, watch)->body_size, 16);
    peer_close(&own);
}
END_TEST

START_TEST(a_drain_is_announced_before_it_is_final) {
    peer_open(&own, NULL, NULL);
    peer_call(&own, "/t/Keep", BT_LITERAL("x"));
    peer_run(&own);
    bt_call *kept = peer_kept;
    bt_h2_connection_drain(own.connection);
    peer_take(&own);
    ck_assert_int_eq(own.goaways, 1);
    ck_assert_int_eq(own.goaway_last, INT32_MAX);
    /* A request that crossed the announcement is served still. */
    peer_send_frame(&own, NGHTTP2_HEADERS, NGHTTP2_FLAG_END_HEADERS, 99, PEER_ECHO,
                    sizeof PEER_ECHO - 1);
    peer_send_frame(&own, NGHTTP2_DATA, NGHTTP2_FLAG_END_STREAM, 99, "\0\0\0\0\1x", 6);
    ck_assert_int_eq(peer_handled, 2);
    pass(2000);
    peer_drop(&own);
    ck_assert(!bt_h2_connection_is_over(own.connection));
    peer_send_frame(&own, NGHTTP2_HEADERS, NGHTTP2_FLAG_END_HEADERS, 101, PEER_ECHO,
                    sizeof PEER_ECHO - 1);
    peer_send_frame(&own, NGHTTP2_DATA, NGHTTP2_FLAG_END_STREAM, 101, "\0\0\0\0\1x", 6);
    ck_assert_int_eq(peer_handled, 2);
    bt_call_reply(kept, BT_LITERAL("y"));
    peer_drop(&own);
    ck_assert(bt_h2_connection_is_over(own.connection));
    peer_close(&own);
}
END_TEST

START_TEST(a_drain_is_final_after_a_round_trip) {
    peer_open(&own, NULL, NULL);
    int32_t id = peer_call(&own, "/t/Keep", BT_LITERAL("x"));
    peer_run(&own);
    bt_h2_connection_drain(own.connection);
    peer_run(&own);
    ck_assert_int_eq(own.goaways, 2);
    ck_assert_int_eq(own.goaway_last, id);
    ck_assert(!bt_h2_connection_is_over(own.connection));
    bt_call_reply(peer_kept, BT_LITERAL("y"));
    peer_run(&own);
    ck_assert_int_eq(peer_answer_of(&own, id)->grpc, 0);
    ck_assert(bt_h2_connection_is_over(own.connection));
    peer_close(&own);
}
END_TEST

START_TEST(a_drain_ends_watches) {
    peer_open(&own, NULL, NULL);
    int32_t id = peer_call(&own, "/t/Watch", BT_LITERAL("x"));
    peer_run(&own);
    bt_h2_connection_drain(own.connection);
    peer_run(&own);
    ck_assert_int_eq(peer_answer_of(&own, id)->grpc, 14);
    ck_assert_int_eq(peer_ended, 1);
    ck_assert(bt_h2_connection_is_over(own.connection));
    peer_close(&own);
}
END_TEST

START_TEST(an_idle_connection_is_drained_and_a_busy_one_is_not) {
    peer_open(&own, NULL, NULL);
    int32_t id = peer_call(&own, "/t/Keep", BT_LITERAL("x"));
    peer_run(&own);
    pass(own.core.limits.idle_ms + 5000);
    peer_run(&own);
    ck_assert(!own.goaway);
    bt_call_reply(peer_kept, BT_LITERAL("y"));
    peer_run(&own);
    ck_assert_int_eq(peer_answer_of(&own, id)->grpc, 0);
    pass(own.core.limits.idle_ms + 5000);
    peer_run(&own);
    ck_assert(own.goaway);
    ck_assert_uint_eq(own.goaway_code, NGHTTP2_NO_ERROR);
    ck_assert(bt_h2_connection_is_over(own.connection));
    peer_close(&own);
}
END_TEST

UNIT_MAIN("time", who_does_not_greet_is_sent_away, a_header_block_must_end_in_time,
          a_request_must_go_on, an_answer_must_be_read,
          a_call_is_ended_at_its_deadline_even_if_its_handler_is_not_done,
          handlers_and_watches_may_take_their_time, a_drain_is_announced_before_it_is_final,
          a_drain_is_final_after_a_round_trip, a_drain_ends_watches,
          an_idle_connection_is_drained_and_a_busy_one_is_not)
