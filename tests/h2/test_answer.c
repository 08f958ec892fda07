#include <pthread.h>
#include <stdio.h>

#include "peer.h"
#include "unit.h"

static h2_peer own;

static int32_t start(const char *path, bt_bytes message) {
    peer_open(&own, NULL, NULL);
    int32_t id = peer_call(&own, path, message);
    peer_run(&own);
    ck_assert_ptr_nonnull(peer_kept);
    return id;
}

static void *reply_elsewhere(void *user) {
    bt_call_reply(user, BT_LITERAL("from afar"));
    return NULL;
}

static void *fail_elsewhere(void *user) {
    bt_fault fault;
    bt_fail(&fault, BT_ERR_NOT_FOUND, "nothing there");
    bt_call_fail(user, &fault);
    return NULL;
}

static void elsewhere(void *(*act)(void *), bt_call *call) {
    pthread_t thread;
    pthread_create(&thread, NULL, act, call);
    pthread_join(thread, NULL);
}

START_TEST(an_answer_may_come_from_another_thread) {
    int32_t id = start("/t/Keep", BT_LITERAL("x"));
    ck_assert_int_eq(peer_answer_of(&own, id)->http, -1);
    elsewhere(reply_elsewhere, peer_kept);
    peer_run(&own);
    ck_assert_int_eq(peer_answer_of(&own, id)->grpc, 0);
    ck_assert(bt_bytes_equal(peer_message(&own, id), BT_LITERAL("from afar")));
    peer_close(&own);
}
END_TEST

START_TEST(an_error_may_come_from_another_thread) {
    int32_t id = start("/t/Keep", BT_LITERAL("x"));
    elsewhere(fail_elsewhere, peer_kept);
    peer_run(&own);
    ck_assert_int_eq(peer_answer_of(&own, id)->grpc, 5);
    ck_assert_str_eq(peer_answer_of(&own, id)->message, "nothing there");
    peer_close(&own);
}
END_TEST

START_TEST(an_answer_to_a_reset_stream_goes_nowhere) {
    int32_t id = start("/t/Keep", BT_LITERAL("x"));
    nghttp2_submit_rst_stream(own.client, 0, id, NGHTTP2_CANCEL);
    peer_run(&own);
    ck_assert_uint_eq(own.core.streams, 1);
    elsewhere(reply_elsewhere, peer_kept);
    peer_run(&own);
    ck_assert_uint_eq(own.core.streams, 0);
    ck_assert_uint_eq(peer_answer_of(&own, id)->body_size, 0);
    peer_close(&own);
}
END_TEST

START_TEST(an_answer_may_outlive_its_connection) {
    start("/t/Keep", BT_LITERAL("x"));
    bt_h2_connection_free(own.connection);
    own.connection = NULL;
    elsewhere(reply_elsewhere, peer_kept);
    peer_close(&own);
}
END_TEST

START_TEST(an_answer_on_its_way_may_outlive_its_connection) {
    start("/t/Keep", BT_LITERAL("x"));
    elsewhere(reply_elsewhere, peer_kept);
    bt_h2_connection_free(own.connection);
    own.connection = NULL;
    peer_close(&own);
}
END_TEST

START_TEST(a_request_that_is_reset_at_once_is_not_handled) {
    static const char frames[] =
        "\0\0\x2e\x01\x04\0\0\0\1" PEER_ECHO "\0\0\x06\0\1\0\0\0\1\0\0\0\0\1x"
        "\0\0\x04\x03\0\0\0\0\1\0\0\0\x08";
    ck_assert_uint_eq(sizeof PEER_ECHO - 1, 0x2e);
    peer_open(&own, NULL, NULL);
    peer_greet_raw(&own);
    peer_send_raw(&own, frames, sizeof frames - 1);
    ck_assert(!own.over);
    ck_assert_uint_eq(own.core.streams, 0);
    ck_assert_int_eq(peer_handled, 0);
    peer_close(&own);
}
END_TEST

static void send_text(const char *text) {
    bt_call_send(peer_kept, bt_bytes_text(text));
}

START_TEST(a_watch_gets_every_message_it_has_time_for) {
    int32_t id = start("/t/Watch", BT_LITERAL("x"));
    send_text("one");
    peer_run(&own);
    send_text("two");
    peer_run(&own);
    ck_assert_uint_eq(peer_answer_of(&own, id)->body_size, 16);
    ck_assert(bt_bytes_equal(peer_message(&own, id), BT_LITERAL("one")));
    ck_assert(!peer_answer_of(&own, id)->ended);
    ck_assert_int_eq(peer_ended, 0);
    nghttp2_submit_rst_stream(own.client, 0, id, NGHTTP2_CANCEL);
    peer_run(&own);
    ck_assert_int_eq(peer_ended, 1);
    peer_close(&own);
    ck_assert_int_eq(peer_ended, 1);
}
END_TEST

START_TEST(a_watch_that_does_not_read_gets_the_last_message) {
    int32_t id = start("/t/Watch", BT_LITERAL("x"));
    char text[16];
    for (int i = 0; i < 100000; i++) {
        snprintf(text, sizeof text, "%d", i);
        send_text(text);
    }
    ck_assert_uint_lt(own.connection->account.used, 100000);
    peer_run(&own);
    ck_assert(bt_bytes_equal(peer_message(&own, id), BT_LITERAL("99999")));
    ck_assert_uint_eq(peer_answer_of(&own, id)->body_size, 10);
    peer_close(&own);
}
END_TEST

START_TEST(a_message_in_transit_is_finished_before_the_last_one) {
    peer_open(&own, NULL, NULL);
    const nghttp2_settings_entry small = {NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, 7};
    nghttp2_submit_settings(own.client, 0, &small, 1);
    nghttp2_session_set_local_window_size(own.client, 0, 0, 100);
    int32_t id = peer_call(&own, "/t/Watch", BT_LITERAL("x"));
    /* The client's own window updates are held back, so that the first message stays in transit. */
    peer_run(&own);
    send_text("0123456789");
    peer_take(&own);
    ck_assert_uint_eq(peer_answer_of(&own, id)->body_size, 7);
    send_text("dropped, since a newer one comes");
    peer_take(&own);
    send_text("last");
    peer_run(&own);
    const peer_answer *answer = peer_answer_of(&own, id);
    ck_assert_uint_eq(answer->body_size, 15 + 9);
    ck_assert(bt_bytes_equal(peer_message(&own, id), BT_LITERAL("0123456789")));
    ck_assert_mem_eq(answer->body + 15, "\0\0\0\0\4last", 9);
    peer_close(&own);
}
END_TEST

START_TEST(a_watch_ends_with_the_status_of_its_error) {
    int32_t id = start("/t/Watch", BT_LITERAL("x"));
    send_text("one");
    peer_run(&own);
    bt_fault fault;
    bt_fail(&fault, BT_ERR_UNAVAILABLE, "100%% gone");
    bt_call_fail(peer_kept, &fault);
    peer_run(&own);
    const peer_answer *answer = peer_answer_of(&own, id);
    ck_assert_int_eq(answer->grpc, 14);
    ck_assert_str_eq(answer->message, "100%25 gone");
    ck_assert_int_eq(peer_ended, 1);
    peer_close(&own);
}
END_TEST

static void *send_elsewhere(void *user) {
    char text[16];
    for (int i = 0; i < 1000; i++) {
        snprintf(text, sizeof text, "%d", i);
        bt_call_send(user, bt_bytes_text(text));
    }
    return NULL;
}

START_TEST(the_newest_message_wins_whichever_thread_sent_it) {
    int32_t id = start("/t/Watch", BT_LITERAL("x"));
    elsewhere(send_elsewhere, peer_kept);
    send_text("newest");
    peer_run(&own);
    ck_assert(bt_bytes_equal(peer_message(&own, id), BT_LITERAL("newest")));
    elsewhere(send_elsewhere, peer_kept);
    bt_h2_connection_free(own.connection);
    own.connection = NULL;
    ck_assert_int_eq(peer_ended, 1);
    peer_close(&own);
}
END_TEST

START_TEST(a_dialogue_is_answered_request_by_request) {
    peer_open(&own, NULL, NULL);
    int32_t id =
        peer_request(&own, "/t/Talk", BT_LITERAL("\0\0\0\0\1a\0\0\0\0\0\0\0\0\0\2bc"), true, NULL);
    peer_run(&own);
    const peer_answer *answer = peer_answer_of(&own, id);
    ck_assert_int_eq(answer->grpc, 0);
    ck_assert_uint_eq(answer->body_size, 18);
    ck_assert_mem_eq(answer->body, "\0\0\0\0\1a\0\0\0\0\0\0\0\0\0\2bc", 18);
    int32_t none = peer_request(&own, "/t/Talk", BT_LITERAL(""), true, NULL);
    int32_t cut = peer_request(&own, "/t/Talk", BT_LITERAL("\0\0\0\0\1a\0\0"), true, NULL);
    peer_run(&own);
    ck_assert_int_eq(peer_answer_of(&own, none)->grpc, 0);
    ck_assert_int_eq(peer_answer_of(&own, cut)->grpc, 13);
    peer_close(&own);
}
END_TEST

START_TEST(a_dialogue_that_fails_tells_the_client_to_stop) {
    peer_open(&own, NULL, NULL);
    int32_t id = peer_request(&own, "/t/Talk", BT_LITERAL("\0\0\0\0\1a\1\0\0\0\1b"), false, NULL);
    peer_run(&own);
    const peer_answer *answer = peer_answer_of(&own, id);
    ck_assert_int_eq(answer->grpc, 13);
    ck_assert_uint_eq(answer->body_size, 6);
    ck_assert_msg(answer->closed && answer->reset == NGHTTP2_NO_ERROR, "told to stop sending");
    peer_close(&own);
}
END_TEST

START_TEST(calls_that_need_much_memory_take_turns) {
    static uint8_t all[20000];
    int32_t ids[40];
    size_t size = 0;
    peer_open(&own, NULL, NULL);
    peer_run(&own);
    for (int i = 0; i < 40; i++)
        ids[i] = peer_call(&own, i % 3 ? "/t/Large" : "/t/Echo", BT_LITERAL("x"));
    /* All in one turn. */
    const uint8_t *bytes;
    for (ssize_t some; (some = nghttp2_session_mem_send(own.client, &bytes)) > 0;) {
        ck_assert_uint_le(size + (size_t)some, sizeof all);
        memcpy(all + size, bytes, (size_t)some);
        size += (size_t)some;
    }
    peer_send_raw(&own, all, size);
    peer_run(&own);
    for (int i = 0; i < 40; i++) ck_assert_int_eq(peer_answer_of(&own, ids[i])->grpc, 0);
    ck_assert_uint_eq(own.core.arenas.large_used, 0);
    peer_close(&own);
}
END_TEST

UNIT_MAIN(
    "answer", an_answer_may_come_from_another_thread, an_error_may_come_from_another_thread,
    an_answer_to_a_reset_stream_goes_nowhere, an_answer_may_outlive_its_connection,
    an_answer_on_its_way_may_outlive_its_connection, a_request_that_is_reset_at_once_is_not_handled,
    a_watch_gets_every_message_it_has_time_for, a_watch_that_does_not_read_gets_the_last_message,
    a_message_in_transit_is_finished_before_the_last_one, a_watch_ends_with_the_status_of_its_error,
    the_newest_message_wins_whichever_thread_sent_it, a_dialogue_is_answered_request_by_request,
    a_dialogue_that_fails_tells_the_client_to_stop, calls_that_need_much_memory_take_turns)
