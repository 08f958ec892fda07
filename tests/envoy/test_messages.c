/* rooms: envoy support envoy_proto */
/* Messages as no proxy and no store of ours would make them. */
#include "asker.h"
#include "envoy/check_request.h"
#include "envoy/check_response.h"

static bt_envoy_request request;

/* Reads an HttpRequest that has a method, a path, and these bytes. */
static bt_err read_with(const void *bytes, size_t size) {
    uint8_t http_block[256], request_block[300], attributes_block[320], block[340];
    bt_out http = bt_out_into(http_block, sizeof http_block);
    bt_out outer = bt_out_into(request_block, sizeof request_block);
    bt_out attributes = bt_out_into(attributes_block, sizeof attributes_block);
    bt_out message = bt_out_into(block, sizeof block);
    static uint8_t kept[340];
    bt_fault fault;
    bt_out_bytes(&http, 2, BT_LITERAL("GET"));
    bt_out_bytes(&http, 4, BT_LITERAL("/x"));
    memcpy(http.data + http.size, bytes, size);
    http.size += size;
    bt_out_item(&outer, 2, bt_out_written(&http));
    bt_out_item(&attributes, 4, bt_out_written(&outer));
    bt_out_item(&message, 1, bt_out_written(&attributes));
    memcpy(kept, block, message.size);
    return bt_envoy_request_read(bt_bytes_of(kept, message.size), &request, &fault);
}

#define READ(bytes) read_with(bytes, sizeof(bytes) - 1)

START_TEST(an_entry_out_of_the_usual_form_reads_differently) {
    /* headers: a: b. Then: the value twice; value first; no value; a field that is not known; a long key. */
    static const char *const values[] = {"b", "c", "b", "", "b"};
    ck_assert_int_eq(READ("\x1A\x06\x0A\x01"
                          "a\x12\x01"
                          "b"),
                     BT_OK);
    ck_assert(bt_bytes_equal(request.headers[0].value, bt_bytes_text(values[0])));
    ck_assert_int_eq(READ("\x1A\x09\x0A\x01"
                          "a\x12\x01"
                          "b\x12\x01"
                          "c"),
                     BT_OK);
    ck_assert(bt_bytes_equal(request.headers[0].value, bt_bytes_text(values[1])));
    ck_assert_int_eq(READ("\x1A\x06\x12\x01"
                          "b\x0A\x01"
                          "a"),
                     BT_OK);
    ck_assert(bt_bytes_equal(request.headers[0].name, BT_LITERAL("a")));
    ck_assert(bt_bytes_equal(request.headers[0].value, bt_bytes_text(values[2])));
    ck_assert_int_eq(READ("\x1A\x03\x0A\x01"
                          "a"),
                     BT_OK);
    ck_assert_uint_eq(request.headers[0].value.size, 0);
    ck_assert_int_eq(READ("\x1A\x08\x0A\x01"
                          "a\x12\x01"
                          "b\x48\x01"),
                     BT_OK);
    ck_assert(bt_bytes_equal(request.headers[0].value, bt_bytes_text(values[4])));
    ck_assert_int_eq(READ("\x1A\x06\x0A\x01"
                          "a\x12\x02"
                          "b"),
                     BT_ERR_INVALID);
    ck_assert_int_eq(READ("\x1A\x05\x0A\x04"
                          "a\x12\x01"),
                     BT_ERR_INVALID);
    ck_assert_uint_eq(request.gate.headers_count, 0);
}
END_TEST

START_TEST(a_header_with_two_values_is_taken) {
    /* header_map: a, value b, raw_value c. */
    ck_assert_int_eq(READ("\x6A\x0B\x0A\x09\x0A\x01"
                          "a\x12\x01"
                          "b\x1A\x01"
                          "c"),
                     BT_ERR_INVALID);
    ck_assert_int_eq(READ("\x6A\x08\x0A\x06\x0A\x01"
                          "a\x1A\x01"
                          "c"),
                     BT_OK);
    ck_assert(bt_bytes_equal(request.headers[0].value, BT_LITERAL("c")));
}
END_TEST

static bool cut_with(const char *one, const char *two) {
    static asker at;
    bt_fault fault;
    asker_come(&at);
    asker_header(&at, "X-Envoy-Auth-Partial-Body", one);
    if (two) asker_header(&at, "x-envoy-auth-partial-body", two);
    bt_bytes message = asker_encode(&at);
    ck_assert_int_eq(bt_envoy_request_read(message, &request, &fault), BT_OK);
    bool cut = request.gate.body_cut;
    free((void *)(uintptr_t)message.data);
    return cut;
}

START_TEST(a_cut_body_is_taken_for_a_whole_one) {
    ck_assert(!cut_with("false", NULL));
    ck_assert(!cut_with("false", "false"));
    ck_assert(cut_with("true", NULL));
    ck_assert(cut_with("false", "true"));
    ck_assert(cut_with("true", "false"));
    ck_assert(cut_with("false,true", NULL));
    ck_assert(cut_with("", NULL));
}
END_TEST

START_TEST(a_text_that_is_no_utf8_spoils_the_answer) {
    static asker at;
    bt_catalogue catalogue;
    bt_catalogue_default(&catalogue);
    bt_gate_decision decision = {.status = 200,
                                 .kind = "allowed",
                                 .reason = BT_REASON_ALLOWED,
                                 .name = BT_LITERAL("\xFF\xC0\xAE"),
                                 .user_id = BT_LITERAL("user-7"),
                                 .catalogue = &catalogue};
    bt_out out = bt_out_into(at.message, sizeof at.message);
    bt_envoy_response_write(&decision, false, &out);
    ck_assert(!out.full);
    at.answer = envoy__service__auth__v3__check_response__unpack(NULL, out.size, out.data);
    ck_assert_ptr_nonnull(at.answer);
    ck_assert_ptr_null(asker_metadata(&at, "name"));
    ck_assert_str_eq(asker_metadata(&at, "user_id"), "user-7");
    ck_assert_ptr_null(memmem(out.data, out.size, "\xFF", 1));
    envoy__service__auth__v3__check_response__free_unpacked(at.answer, NULL);
}
END_TEST

START_TEST(an_answer_that_does_not_fit_is_cut_off) {
    uint8_t block[64];
    bt_catalogue catalogue;
    bt_catalogue_default(&catalogue);
    bt_gate_decision decision = {.status = 200, .kind = "allowed", .catalogue = &catalogue};
    decision.identity[BT_IDENTITY_NAME] = BT_LITERAL("a name that is of no great length");
    for (size_t size = 0; size <= sizeof block; size++) {
        bt_out out = bt_out_into(block, size);
        bt_envoy_response_write(&decision, false, &out);
        ck_assert(out.full);
    }
}
END_TEST

UNIT_MAIN("envoy/messages", an_entry_out_of_the_usual_form_reads_differently,
          a_header_with_two_values_is_taken, a_cut_body_is_taken_for_a_whole_one,
          a_text_that_is_no_utf8_spoils_the_answer, an_answer_that_does_not_fit_is_cut_off)
