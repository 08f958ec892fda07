#include "h2/fields.h"
#include "unit.h"

START_TEST(timeouts_have_up_to_eight_digits_and_a_unit) {
    static const struct {
        const char *text;
        int64_t ms;
    } good[] = {{"1H", 3600000}, {"2M", 120000},     {"3S", 3000},
                {"4m", 4},       {"5u", 1},          {"1000u", 1},
                {"1001u", 2},    {"1n", 1},          {"0m", 0},
                {"0n", 0},       {"99999999n", 100}, {"99999999H", INT64_C(359999996400000)}};
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        int64_t ms = -1;
        ck_assert(bt_h2_timeout_parse(bt_bytes_text(good[i].text), &ms));
        ck_assert_int_eq(ms, good[i].ms);
    }
    static const char *const bad[] = {"",    "1",    "m",          "1x",  "-1m", "+1m",
                                      "1 m", "1.5S", "123456789m", "1mm", "0x1m"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        int64_t ms = -7;
        ck_assert_msg(!bt_h2_timeout_parse(bt_bytes_text(bad[i]), &ms), "%s", bad[i]);
        ck_assert_int_eq(ms, -7);
    }
}
END_TEST

START_TEST(what_is_not_grpc_is_taken_or_what_is_is_not) {
    static const char *const good[] = {"application/grpc",      "application/grpc+proto",
                                       "application/grpc;x=y",  "application/grpc+proto; x",
                                       "application/grpc+json", "application/grpc+protobuf"};
    static const char *const bad[] = {
        "",           "application/grp",  "application/grpc-web", "application/grpcx",
        "text/plain", " application/grpc"};
    for (size_t i = 0; i < sizeof good / sizeof *good; i++)
        ck_assert_msg(bt_h2_content_type_is_grpc(bt_bytes_text(good[i])), "%s", good[i]);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        ck_assert_msg(!bt_h2_content_type_is_grpc(bt_bytes_text(bad[i])), "%s", bad[i]);
}
END_TEST

static void check_encoded(bt_bytes text, const char *expected) {
    char value[64];
    size_t size = bt_h2_percent_encode(text, value, sizeof value);
    ck_assert_uint_eq(size, strlen(expected));
    ck_assert_mem_eq(value, expected, size);
}

START_TEST(messages_are_printable_ascii_on_the_wire) {
    check_encoded(BT_LITERAL("plain text ~"), "plain text ~");
    check_encoded(BT_LITERAL("100%"), "100%25");
    check_encoded(BT_LITERAL("a\r\nb\tc\x7f"), "a%0D%0Ab%09c%7F");
    check_encoded(BT_LITERAL("\xe2\x98\xba"), "%E2%98%BA");
    check_encoded(BT_LITERAL("\0"), "%00");
    char value[4];
    ck_assert_uint_eq(bt_h2_percent_encode(BT_LITERAL("ab%"), value, sizeof value), 2);
    ck_assert_uint_eq(bt_h2_percent_encode(BT_LITERAL("abcde"), value, sizeof value), 4);
}
END_TEST

START_TEST(prefixes_are_big_endian) {
    uint8_t prefix[BT_H2_PREFIX_SIZE];
    bt_h2_prefix_write(0x01020304, prefix);
    ck_assert_mem_eq(prefix, "\0\1\2\3\4", 5);
    ck_assert_uint_eq(bt_h2_prefix_size(prefix), 0x01020304);
    ck_assert_uint_eq(bt_h2_prefix_size((const uint8_t *)"\0\xff\xff\xff\xff"), UINT32_MAX);
}
END_TEST

UNIT_MAIN("fields", timeouts_have_up_to_eight_digits_and_a_unit,
          what_is_not_grpc_is_taken_or_what_is_is_not, messages_are_printable_ascii_on_the_wire,
          prefixes_are_big_endian)
