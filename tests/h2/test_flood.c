/* What a peer can make a connection do and hold, however it tries. */
#include "peer.h"
#include "unit.h"

static h2_peer own;
static size_t most; /* memory of the connection, at its highest */

#define FRAMES 100000

static void open_own(void) {
    peer_open(&own, NULL, NULL);
    peer_greet_raw(&own);
    most = 0;
}

static void note_memory(void) {
    if (own.connection->account.used > most) most = own.connection->account.used;
}

/* The same frame until the connection has had enough; what it says is read now and then, or never. */
static void flood(uint8_t type, uint8_t flags, uint32_t id, const void *payload, size_t size,
                  bool reads) {
    int sent = 0;
    for (; sent < FRAMES && !own.over; sent++) {
        peer_send_frame(&own, type, flags, id, payload, size);
        note_memory();
        if (reads && sent % 100 == 0) peer_drop(&own);
    }
    ck_assert_msg(own.over, "frames of type %d are taken for ever", type);
    peer_drop(&own);
    ck_assert(own.goaway);
    ck_assert_uint_eq(own.goaway_code, NGHTTP2_ENHANCE_YOUR_CALM);
    ck_assert(bt_h2_connection_is_over(own.connection));
    ck_assert_uint_lt(most, 512 << 10);
    peer_close(&own);
}

START_TEST(a_flood_of_pings_is_ended) {
    for (int reads = 0; reads < 2; reads++) {
        open_own();
        flood(NGHTTP2_PING, 0, 0, "12345678", 8, reads);
    }
}
END_TEST

START_TEST(a_flood_of_settings_is_ended) {
    for (int reads = 0; reads < 2; reads++) {
        open_own();
        flood(NGHTTP2_SETTINGS, 0, 0, "\0\4\0\0\x40\0", 6, reads);
    }
}
END_TEST

START_TEST(a_flood_of_window_updates_is_ended) {
    open_own();
    flood(NGHTTP2_WINDOW_UPDATE, 0, 0, "\0\0\0\1", 4, true);
}
END_TEST

START_TEST(a_flood_of_priorities_is_ended) {
    open_own();
    flood(NGHTTP2_PRIORITY, 0, 99, "\0\0\0\1\1", 5, true);
}
END_TEST

START_TEST(a_flood_of_unknown_frames_is_ended) {
    for (int type = NGHTTP2_CONTINUATION + 1; type <= UINT8_MAX; type += 35) {
        open_own();
        flood((uint8_t)type, 0, 0, "x", 1, true);
    }
}
END_TEST

static void open_stream(uint32_t id) {
    peer_send_frame(&own, NGHTTP2_HEADERS, NGHTTP2_FLAG_END_HEADERS, id, PEER_ECHO,
                    sizeof PEER_ECHO - 1);
}

START_TEST(a_flood_of_empty_data_is_ended) {
    open_own();
    open_stream(1);
    flood(NGHTTP2_DATA, 0, 1, NULL, 0, true);
}
END_TEST

START_TEST(a_flood_of_padding_is_ended) {
    open_own();
    open_stream(1);
    flood(NGHTTP2_DATA, NGHTTP2_FLAG_PADDED, 1, "\7.......", 8, true);
}
END_TEST

START_TEST(a_flood_of_continuations_is_ended) {
    open_own();
    peer_send_frame(&own, NGHTTP2_HEADERS, 0, 1, PEER_ECHO, sizeof PEER_ECHO - 1);
    flood(NGHTTP2_CONTINUATION, 0, 1, "\x83", 1, true);
}
END_TEST

START_TEST(a_flood_of_resets_is_ended) {
    open_own();
    uint32_t id = 1;
    for (; id < 2 * FRAMES && !own.over; id += 2) {
        open_stream(id);
        peer_send_frame(&own, NGHTTP2_RST_STREAM, 0, id, "\0\0\0\x08", 4);
        note_memory();
        peer_drop(&own);
        own.over |= own.goaway;
    }
    ck_assert(own.over);
    ck_assert_uint_lt(id, 2 * 5000);
    ck_assert_int_eq(peer_handled, 0);
    ck_assert_uint_lt(most, 512 << 10);
    peer_close(&own);
}
END_TEST

/* CVE-2025-8671: the peer makes us reset its streams, so that they do not count as open. */
START_TEST(a_flood_of_requests_that_we_must_reset_is_ended) {
    open_own();
    uint32_t id = 1;
    for (; id < 2 * FRAMES && !own.over; id += 2) {
        open_stream(id);
        peer_send_frame(&own, NGHTTP2_WINDOW_UPDATE, 0, id, "\x7f\xff\xff\xff", 4);
        note_memory();
        peer_drop(&own);
    }
    ck_assert(own.over);
    ck_assert_uint_lt(id, 2 * 5000);
    ck_assert_uint_lt(most, 512 << 10);
    peer_close(&own);
}
END_TEST

START_TEST(calls_whose_streams_were_reset_still_count) {
    peer_open(&own, NULL, NULL);
    bt_call *kept[PEER_STREAMS];
    int32_t id = 0;
    for (unsigned i = 0; i < own.core.limits.streams_max; i++) {
        id = peer_call(&own, "/t/Keep", BT_LITERAL("x"));
        peer_run(&own);
        kept[i] = peer_kept;
        nghttp2_submit_rst_stream(own.client, 0, id, NGHTTP2_CANCEL);
        peer_run(&own);
    }
    id = peer_call(&own, "/t/Keep", BT_LITERAL("x"));
    peer_run(&own);
    ck_assert_int_eq(peer_answer_of(&own, id)->grpc, 8);
    ck_assert_int_eq(peer_handled, (int)own.core.limits.streams_max);
    for (unsigned i = 0; i < own.core.limits.streams_max; i++)
        bt_call_reply(kept[i], BT_LITERAL("y"));
    peer_run(&own);
    id = peer_call(&own, "/t/Echo", BT_LITERAL("x"));
    peer_run(&own);
    ck_assert_int_eq(peer_answer_of(&own, id)->grpc, 0);
    peer_close(&own);
}
END_TEST

START_TEST(a_worker_takes_no_more_calls_than_its_limit) {
    bt_h2_limits limits = BT_H2_LIMITS_DEFAULT;
    limits.calls_max = 2;
    peer_open(&own, &limits, NULL);
    /* Half a request is no call. */
    for (int i = 0; i < 10; i++) peer_request(&own, "/t/Echo", BT_LITERAL("\0"), false, NULL);
    int32_t one = peer_call(&own, "/t/Keep", BT_LITERAL("x"));
    peer_run(&own);
    bt_call *kept = peer_kept;
    int32_t two = peer_call(&own, "/t/Keep", BT_LITERAL("x"));
    peer_run(&own);
    int32_t three = peer_call(&own, "/t/Echo", BT_LITERAL("x"));
    peer_run(&own);
    ck_assert_int_eq(peer_answer_of(&own, three)->grpc, 8);
    bt_call_reply(kept, BT_LITERAL("y"));
    bt_call_reply(peer_kept, BT_LITERAL("y"));
    peer_run(&own);
    ck_assert_int_eq(peer_answer_of(&own, one)->grpc, 0);
    ck_assert_int_eq(peer_answer_of(&own, two)->grpc, 0);
    three = peer_call(&own, "/t/Echo", BT_LITERAL("x"));
    peer_run(&own);
    ck_assert_int_eq(peer_answer_of(&own, three)->grpc, 0);
    ck_assert_uint_eq(own.core.totals->calls, 0);
    peer_close(&own);
}
END_TEST

START_TEST(watches_and_dialogues_are_capped) {
    bt_h2_limits limits = BT_H2_LIMITS_DEFAULT;
    limits.endless_max = 2;
    peer_open(&own, &limits, NULL);
    int32_t watch = peer_call(&own, "/t/Watch", BT_LITERAL("x"));
    peer_request(&own, "/t/Talk", BT_LITERAL(""), false, NULL);
    int32_t third = peer_call(&own, "/t/Watch", BT_LITERAL("x"));
    peer_run(&own);
    ck_assert_int_eq(peer_answer_of(&own, third)->grpc, 8);
    nghttp2_submit_rst_stream(own.client, 0, watch, NGHTTP2_CANCEL);
    peer_run(&own);
    third = peer_call(&own, "/t/Watch", BT_LITERAL("x"));
    peer_run(&own);
    ck_assert_int_eq(peer_answer_of(&own, third)->grpc, -1);
    peer_close(&own);
}
END_TEST

START_TEST(metadata_over_the_limit_is_refused) {
    peer_open(&own, NULL, NULL);
    static char value[20000];
    memset(value, 'x', sizeof value - 1);
    const char *const fields[] = {"x-large", value, NULL};
    int32_t id = peer_request(&own, "/t/Echo", BT_LITERAL("\0\0\0\0\0"), true, fields);
    peer_run(&own);
    ck_assert_int_eq(peer_answer_of(&own, id)->grpc, 8);
    value[8000] = '\0';
    id = peer_request(&own, "/t/Echo", BT_LITERAL("\0\0\0\0\0"), true, fields);
    peer_run(&own);
    ck_assert_int_eq(peer_answer_of(&own, id)->grpc, 0);
    peer_close(&own);
}
END_TEST

/* One entry of the dynamic table, named again and again by a byte. */
START_TEST(metadata_that_unpacks_to_a_great_deal_is_refused) {
    open_own();
    static uint8_t block[16000];
    const size_t echo_size = sizeof PEER_ECHO - 1;
    static const uint8_t large[] = {0x40, 1, 'x', 0x7f, 0xa1, 0x1e}; /* a value of 4000 bytes */
    memcpy(block, PEER_ECHO, echo_size);
    memcpy(block + echo_size, large, sizeof large);
    memset(block + echo_size + sizeof large, 'y', 4000);
    memset(block + echo_size + sizeof large + 4000, 0xbe, 10000);
    peer_send_frame(&own, NGHTTP2_HEADERS, NGHTTP2_FLAG_END_HEADERS, 1, block,
                    echo_size + sizeof large + 14000);
    note_memory();
    ck_assert_uint_lt(most, 512 << 10);
    peer_drop(&own);
    ck_assert_int_eq(own.dropped_resets, 1);
    ck_assert_msg(own.dropped_reset == NGHTTP2_INTERNAL_ERROR, "all of it was looked at");
    open_stream(3);
    peer_send_frame(&own, NGHTTP2_DATA, NGHTTP2_FLAG_END_STREAM, 3, "\0\0\0\0\1x", 6);
    ck_assert_int_eq(peer_handled, 1);
    peer_close(&own);
}
END_TEST

START_TEST(messages_that_never_end_hold_no_more_than_the_connections_memory) {
    bt_h2_limits limits = BT_H2_LIMITS_DEFAULT;
    limits.connection_memory = 1 << 20;
    peer_open(&own, &limits, NULL);
    static uint8_t part[60000] = {0, 0, 1, 0x80, 0}; /* of 98304 */
    int refused = 0, waiting = 0;
    for (int i = 0; i < 100; i++) {
        int32_t id = peer_request(&own, "/t/Echo", bt_bytes_of(part, sizeof part), false, NULL);
        peer_run(&own);
        note_memory();
        refused += peer_answer_of(&own, id)->grpc == 8;
        waiting += peer_answer_of(&own, id)->grpc == -1;
        ck_assert(!own.over);
    }
    ck_assert_uint_le(most, limits.connection_memory + limits.streams_max * sizeof(bt_h2_stream));
    ck_assert_int_gt(refused, 0);
    ck_assert_int_gt(waiting, 4);
    peer_close(&own);
}
END_TEST

START_TEST(good_clients_are_not_taken_for_a_flood) {
    open_own();
    for (uint32_t id = 1; id < 2 * FRAMES && !own.over; id += 2) {
        open_stream(id);
        peer_send_frame(&own, NGHTTP2_DATA, NGHTTP2_FLAG_END_STREAM, id, "\0\0\0\0\1x", 6);
        peer_send_frame(&own, NGHTTP2_PING, 0, 0, "12345678", 8);
        peer_send_frame(&own, NGHTTP2_WINDOW_UPDATE, 0, 0, "\0\0\0\x64", 4);
        peer_drop(&own);
    }
    ck_assert(!own.over);
    ck_assert_int_eq(peer_handled, FRAMES);
    peer_close(&own);
}
END_TEST

UNIT_MAIN("flood", a_flood_of_pings_is_ended, a_flood_of_settings_is_ended,
          a_flood_of_window_updates_is_ended, a_flood_of_priorities_is_ended,
          a_flood_of_unknown_frames_is_ended, a_flood_of_empty_data_is_ended,
          a_flood_of_padding_is_ended, a_flood_of_continuations_is_ended,
          a_flood_of_resets_is_ended, a_flood_of_requests_that_we_must_reset_is_ended,
          calls_whose_streams_were_reset_still_count, a_worker_takes_no_more_calls_than_its_limit,
          watches_and_dialogues_are_capped, metadata_over_the_limit_is_refused,
          metadata_that_unpacks_to_a_great_deal_is_refused,
          messages_that_never_end_hold_no_more_than_the_connections_memory,
          good_clients_are_not_taken_for_a_flood)
