#include "h2/fields.h"
#include "peer.h"
#include "unit.h"

#include "base/clock.h"

static h2_peer own;

static void open_own(void) {
    peer_open(&own, NULL, NULL);
}

static void close_own(void) {
    peer_close(&own);
}

/* One call of /t/Echo with these bytes as its request. */
static peer_answer *ask(bt_bytes body, const char *const *fields) {
    int32_t id = peer_request(&own, "/t/Echo", body, true, fields);
    peer_run(&own);
    return peer_answer_of(&own, id);
}

START_TEST(a_call_is_answered) {
    open_own();
    int32_t id = peer_call(&own, "/t/Echo", BT_LITERAL("hello"));
    peer_run(&own);
    const peer_answer *answer = peer_answer_of(&own, id);
    ck_assert_int_eq(answer->http, 200);
    ck_assert_int_eq(answer->grpc, 0);
    ck_assert(answer->ended && answer->closed);
    ck_assert(bt_bytes_equal(peer_message(&own, id), BT_LITERAL("hello")));
    ck_assert_uint_eq(answer->body_size, BT_H2_PREFIX_SIZE + 5);
    close_own();
}
END_TEST

/* A message that is too large, a compressed one, one that is cut short. */
START_TEST(a_method_that_never_fails_fails) {
    static const char *const bodies[] = {("\0\1\x86\xA1"
                                          "ab"),
                                         "\1\0\0\0\0", "\0\0\0\0\5hel", "\0\0"};
    static const size_t sizes[] = {6, 5, 8, 2};
    for (size_t i = 0; i < 4; i++) {
        open_own();
        int32_t id = peer_request(&own, "/t/Never", bt_bytes_of(bodies[i], sizes[i]), true, NULL);
        peer_run(&own);
        ck_assert_int_eq(peer_answer_of(&own, id)->grpc, 0);
        ck_assert(bt_bytes_equal(peer_message(&own, id), BT_LITERAL("full")));
        close_own();
    }
}
END_TEST

START_TEST(bytes_may_come_in_pieces_of_any_size) {
    for (size_t chunk = 1; chunk < 40; chunk++) {
        open_own();
        own.chunk = chunk;
        int32_t first = peer_call(&own, "/t/Echo", BT_LITERAL("first"));
        int32_t second = peer_call(&own, "/t/Echo", BT_LITERAL("second"));
        peer_run(&own);
        ck_assert(bt_bytes_equal(peer_message(&own, first), BT_LITERAL("first")));
        ck_assert(bt_bytes_equal(peer_message(&own, second), BT_LITERAL("second")));
        close_own();
    }
}
END_TEST

START_TEST(a_message_may_be_split_over_data_frames_in_any_way) {
    static const char message[] = "\0\0\0\0\5hello";
    const size_t size = sizeof message - 1;
    for (unsigned cuts = 0; cuts < 1u << (size - 1); cuts++) {
        open_own();
        peer_greet_raw(&own);
        peer_send_frame(&own, NGHTTP2_HEADERS, NGHTTP2_FLAG_END_HEADERS, 1, PEER_ECHO,
                        sizeof PEER_ECHO - 1);
        size_t from = 0;
        for (size_t at = 1; at <= size; at++) {
            if (at < size && !(cuts >> (at - 1) & 1)) continue;
            peer_send_frame(&own, NGHTTP2_DATA, at == size, 1, message + from, at - from);
            from = at;
        }
        ck_assert_int_eq(peer_handled, 1);
        ck_assert_uint_eq(own.core.pool.used > 0, true);
        close_own();
    }
}
END_TEST

START_TEST(the_end_may_come_in_an_empty_frame_or_in_trailers) {
    open_own();
    peer_greet_raw(&own);
    peer_send_frame(&own, NGHTTP2_HEADERS, NGHTTP2_FLAG_END_HEADERS, 1, PEER_ECHO,
                    sizeof PEER_ECHO - 1);
    peer_send_frame(&own, NGHTTP2_DATA, 0, 1, "\0\0\0\0\1x", 6);
    ck_assert_int_eq(peer_handled, 0);
    peer_send_frame(&own, NGHTTP2_DATA, NGHTTP2_FLAG_END_STREAM, 1, NULL, 0);
    ck_assert_int_eq(peer_handled, 1);
    peer_send_frame(&own, NGHTTP2_HEADERS, NGHTTP2_FLAG_END_HEADERS, 3, PEER_ECHO,
                    sizeof PEER_ECHO - 1);
    peer_send_frame(&own, NGHTTP2_DATA, 0, 3, "\0\0\0\0\1x", 6);
    static const char trailers[] = "\x00\x0d"
                                   "authorization\x01x";
    peer_send_frame(&own, NGHTTP2_HEADERS, NGHTTP2_FLAG_END_HEADERS | NGHTTP2_FLAG_END_STREAM, 3,
                    trailers, sizeof trailers - 1);
    ck_assert_int_eq(peer_handled, 2);
    ck_assert(!own.over);
    close_own();
}
END_TEST

START_TEST(an_empty_message_is_a_message) {
    open_own();
    const peer_answer *answer = ask(BT_LITERAL("\0\0\0\0\0"), NULL);
    ck_assert_int_eq(answer->grpc, 0);
    ck_assert_uint_eq(answer->body_size, 5);
    close_own();
}
END_TEST

START_TEST(no_message_two_messages_and_half_a_message_are_refused) {
    open_own();
    ck_assert_int_eq(ask(BT_LITERAL(""), NULL)->grpc, 12);
    ck_assert_int_eq(ask(BT_LITERAL("\0\0\0\0\1a\0\0\0\0\1b"), NULL)->grpc, 12);
    ck_assert_int_eq(ask(BT_LITERAL("\0\0\0\0\1a\0"), NULL)->grpc, 12);
    ck_assert_int_eq(ask(BT_LITERAL("\0\0\0\0\2a"), NULL)->grpc, 13);
    ck_assert_int_eq(ask(BT_LITERAL("\0\0\0"), NULL)->grpc, 13);
    ck_assert_int_eq(peer_handled, 0);
    close_own();
}
END_TEST

START_TEST(a_message_over_the_methods_limit_is_refused_before_it_comes) {
    open_own();
    ck_assert_int_eq(ask(BT_LITERAL("\0\xff\xff\xff\xff"), NULL)->grpc, 8);
    int32_t id = peer_request(&own, "/t/Echo", BT_LITERAL("\0\x00\x01\x86\xa1"), false, NULL);
    peer_run(&own);
    const peer_answer *answer = peer_answer_of(&own, id);
    ck_assert_int_eq(answer->grpc, 8);
    ck_assert_msg(answer->closed && answer->reset == NGHTTP2_NO_ERROR, "told to stop sending");
    ck_assert_int_eq(peer_handled, 0);
    close_own();
}
END_TEST

START_TEST(the_largest_message_is_taken_and_answered_through_small_windows) {
    open_own();
    static uint8_t big[100000];
    for (size_t i = 0; i < sizeof big; i++) big[i] = (uint8_t)(i * 7);
    const nghttp2_settings_entry small = {NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, 100};
    nghttp2_submit_settings(own.client, 0, &small, 1);
    int32_t id = peer_call(&own, "/t/Echo", bt_bytes_of(big, sizeof big));
    peer_run(&own);
    ck_assert_int_eq(peer_answer_of(&own, id)->grpc, 0);
    ck_assert(bt_bytes_equal(peer_message(&own, id), bt_bytes_of(big, sizeof big)));
    close_own();
}
END_TEST

START_TEST(a_compressed_message_is_refused_and_told_what_would_do) {
    open_own();
    static const char *const gzip[] = {"grpc-encoding", "gzip", NULL};
    const peer_answer *answer = ask(BT_LITERAL("\1\0\0\0\1x"), gzip);
    ck_assert_int_eq(answer->grpc, 12);
    ck_assert_str_eq(answer->encodings, "identity");
    ck_assert_int_eq(ask(BT_LITERAL("\1\0\0\0\1x"), NULL)->grpc, 13);
    static const char *const identity[] = {"grpc-encoding", "identity", NULL};
    ck_assert_int_eq(ask(BT_LITERAL("\1\0\0\0\1x"), identity)->grpc, 13);
    ck_assert_int_eq(ask(BT_LITERAL("\2\0\0\0\1x"), NULL)->grpc, 13);
    ck_assert_int_eq(peer_handled, 0);
    ck_assert_int_eq(ask(BT_LITERAL("\0\0\0\0\1x"), gzip)->grpc, 0);
    close_own();
}
END_TEST

static int http_status(const char *name, const char *value) {
    const char *const fields[] = {name, value, NULL};
    const peer_answer *answer = ask(BT_LITERAL("\0\0\0\0\1x"), fields);
    ck_assert_int_eq(answer->grpc, -1);
    ck_assert(answer->ended);
    return answer->http;
}

START_TEST(what_is_not_grpc_gets_an_http_status) {
    open_own();
    ck_assert_int_eq(http_status(":method", "GET"), 405);
    ck_assert_int_eq(http_status(":method", "PUT"), 405);
    ck_assert_int_eq(http_status("content-type", "application/json"), 415);
    ck_assert_int_eq(http_status("content-type", "application/grpc-web"), 415);
    ck_assert_int_eq(http_status("content-type", ""), 415);
    ck_assert_int_eq(http_status("te", ""), 400);
    ck_assert_int_eq(peer_handled, 0);
    static const char *const json[] = {"content-type", "application/grpc+json", NULL};
    ck_assert_int_eq(ask(BT_LITERAL("\0\0\0\0\1x"), json)->grpc, 0);
    close_own();
}
END_TEST

START_TEST(plain_http_is_not_read_for_ever) {
    open_own();
    static uint8_t big[70000];
    static const char *const get[] = {":method", "PUT", NULL};
    int32_t id = peer_request(&own, "/", bt_bytes_of(big, sizeof big), false, get);
    peer_run(&own);
    ck_assert_int_eq(peer_answer_of(&own, id)->http, 405);
    ck_assert(peer_answer_of(&own, id)->closed);
    close_own();
}
END_TEST

START_TEST(an_unknown_method_is_unimplemented) {
    open_own();
    static const char *const paths[] = {"/",         "/t",        "/t/Ech",  "/t/Echo2",
                                        "/t/Echo/x", "//t/Echo",  "/T/Echo", "/t/Echo?x",
                                        "/u/Echo",   "/t/Echo%00"};
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
        int32_t id = peer_request(&own, paths[i], BT_LITERAL("\0\0\0\0\0"), true, NULL);
        peer_run(&own);
        ck_assert_msg(peer_answer_of(&own, id)->grpc == 12, "%s", paths[i]);
    }
    ck_assert_int_eq(peer_handled, 0);
    close_own();
}
END_TEST

START_TEST(a_deadline_that_has_passed_or_makes_no_sense_is_an_error) {
    open_own();
    static const char *const passed[] = {"grpc-timeout", "0m", NULL};
    static const char *const wrong[] = {"grpc-timeout", "1y", NULL};
    static const char *const ample[] = {"grpc-timeout", "99999999H", NULL};
    ck_assert_int_eq(ask(BT_LITERAL("\0\0\0\0\0"), passed)->grpc, 4);
    ck_assert_int_eq(ask(BT_LITERAL("\0\0\0\0\0"), wrong)->grpc, 13);
    ck_assert_int_eq(peer_handled, 0);
    ck_assert_int_eq(ask(BT_LITERAL("\0\0\0\0\0"), ample)->grpc, 0);
    close_own();
}
END_TEST

static bt_bytes who(const char *const *fields) {
    int32_t id = peer_request(&own, "/t/Who", BT_LITERAL("\0\0\0\0\0"), true, fields);
    peer_run(&own);
    return peer_message(&own, id);
}

START_TEST(the_credential_is_passed_on_and_a_second_one_is_told) {
    open_own();
    char text[300];
    ck_assert(bt_bytes_equal(who(NULL), BT_LITERAL("1")));
    static const char *const one[] = {"authorization", "Bearer abc", NULL};
    ck_assert(bt_bytes_equal(who(one), BT_LITERAL("1Bearer abc")));
    static const char *const two[] = {"authorization", "Bearer abc", "authorization", "x", NULL};
    ck_assert(bt_bytes_copy_text(who(two), text, sizeof text));
    ck_assert_int_eq(text[0], '2');
    static const char *const same[] = {"authorization", "x", "authorization", "x", NULL};
    ck_assert(bt_bytes_copy_text(who(same), text, sizeof text));
    ck_assert_int_eq(text[0], '2');
    close_own();
}
END_TEST

START_TEST(a_long_credential_does_not_become_a_good_one_by_being_cut) {
    open_own();
    char value[BT_H2_AUTHORIZATION_MAX + 2];
    memset(value, 'a', sizeof value);
    value[sizeof value - 1] = '\0';
    const char *const fields[] = {"authorization", value, NULL};
    bt_bytes seen = who(fields);
    ck_assert(
        !bt_bytes_starts_with(bt_bytes_text(value), bt_bytes_of(seen.data + 1, seen.size - 1)));
    value[sizeof value - 2] = '\0';
    ck_assert_uint_eq(who(fields).size, 1 + BT_H2_AUTHORIZATION_MAX);
    close_own();
}
END_TEST

UNIT_MAIN("call", a_call_is_answered, a_method_that_never_fails_fails,
          bytes_may_come_in_pieces_of_any_size, a_message_may_be_split_over_data_frames_in_any_way,
          the_end_may_come_in_an_empty_frame_or_in_trailers, an_empty_message_is_a_message,
          no_message_two_messages_and_half_a_message_are_refused,
          a_message_over_the_methods_limit_is_refused_before_it_comes,
          the_largest_message_is_taken_and_answered_through_small_windows,
          a_compressed_message_is_refused_and_told_what_would_do,
          what_is_not_grpc_gets_an_http_status, plain_http_is_not_read_for_ever,
          an_unknown_method_is_unimplemented,
          a_deadline_that_has_passed_or_makes_no_sense_is_an_error,
          the_credential_is_passed_on_and_a_second_one_is_told,
          a_long_credential_does_not_become_a_good_one_by_being_cut)
