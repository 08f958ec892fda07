#include "base/bytes.h"
#include "base/err.h"
#include "unit.h"

static bool utf8(const char *text) {
    return bt_bytes_utf8(bt_bytes_text(text));
}

START_TEST(utf8_takes_every_length) {
    ck_assert(utf8(""));
    ck_assert(utf8("plain"));
    ck_assert(
        utf8("\xC2\x80 \xDF\xBF \xE0\xA0\x80 \xEF\xBF\xBF \xF0\x90\x80\x80 \xF4\x8F\xBF\xBF"));
}
END_TEST

START_TEST(utf8_refuses_what_rfc_3629_refuses) {
    static const char *const bad[] = {
        "\x80",
        "\xC0\x80",
        "\xC1\xBF",
        "\xC2",
        "\xE0\x80\x80",
        "\xE0\x9F\xBF",
        "\xE2\x82",
        "\xED\xA0\x80",
        "\xEF\xBF",
        "\xF0\x8F\xBF\xBF",
        "\xF0\x90\x80",
        "\xFF",
        "\xF4\x90\x80\x80",
        "\xF5\x80\x80\x80",
        ("a\xC2"
         "b"),
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) ck_assert_msg(!utf8(bad[i]), "%zu", i);
}
END_TEST

START_TEST(printable_refuses_controls) {
    ck_assert(bt_bytes_printable(bt_bytes_text("na\xC3\xAFve key")));
    ck_assert(!bt_bytes_printable(bt_bytes_text("two\nlines")));
    ck_assert(!bt_bytes_printable(bt_bytes_text("del\x7F")));
    ck_assert(!bt_bytes_printable(bt_bytes_text("c1 \xC2\x85")));
    ck_assert(!bt_bytes_printable(BT_LITERAL("nul\0")));
}
END_TEST

START_TEST(what_is_not_printable_is_left_in_a_text) {
    static const struct {
        const char *before, *after;
    } cases[] = {
        {"plain", "plain"},
        {"a\tb\x7f", "a?b?"},
        {"l\xc3\xb6we", "l\xc3\xb6we"},
        {"\xc2\x9b"
         "31m",
         "??31m"},
        {"\xc2\x80\xc2\xa0", "??\xc2\xa0"},
        {"\xff\xc3", "??"},
        {"a\xe2\x82", "a??"},
        {"\xed\xa0\x80", "???"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char text[32];
        size_t size = strlen(cases[i].before);
        memcpy(text, cases[i].before, size + 1);
        bt_text_make_printable(text, size);
        ck_assert_str_eq(text, cases[i].after);
        ck_assert(bt_bytes_printable(bt_bytes_text(text)));
    }
}
END_TEST

START_TEST(hex_goes_there_and_back) {
    uint8_t bytes[4] = {0, 0x7f, 0xa5, 0xff}, back[4];
    char text[9];
    bt_hex_encode(bt_bytes_of(bytes, 4), text);
    ck_assert_str_eq(text, "007fa5ff");
    ck_assert(bt_hex_decode(bt_bytes_text("007FA5fF"), back, 4));
    ck_assert_mem_eq(bytes, back, 4);
    ck_assert(!bt_hex_decode(bt_bytes_text("007fa5f"), back, 4));
    ck_assert(!bt_hex_decode(bt_bytes_text("007fa5ff0"), back, 4));
    ck_assert(!bt_hex_decode(bt_bytes_text("007fa5fg"), back, 4));
}
END_TEST

START_TEST(hex_depends_on_where_a_byte_stands) {
    static const char digits[] = "0123456789abcdef";
    uint8_t bytes[11];
    char text[2 * sizeof bytes + 1];
    for (unsigned value = 0; value < 256; value++)
        for (size_t size = 0; size <= sizeof bytes; size++) {
            for (size_t i = 0; i < size; i++) bytes[i] = (uint8_t)(value + 37 * i);
            bt_hex_encode(bt_bytes_of(bytes, size), text);
            ck_assert_uint_eq(strlen(text), 2 * size);
            for (size_t i = 0; i < size; i++) {
                ck_assert_int_eq(text[2 * i], digits[bytes[i] >> 4]);
                ck_assert_int_eq(text[2 * i + 1], digits[bytes[i] & 15]);
            }
        }
}
END_TEST

START_TEST(ill_formed_utf8_hides_behind_ascii) {
    char text[40];
    for (size_t size = 1; size <= sizeof text; size++)
        for (size_t at = 0; at < size; at++) {
            memset(text, 'a', size);
            text[at] = (char)0x80;
            ck_assert(!bt_bytes_utf8(bt_bytes_of(text, size)));
        }
}
END_TEST

START_TEST(text_copies_refuse_what_does_not_fit) {
    char text[4];
    ck_assert(bt_bytes_copy_text(BT_LITERAL("abc"), text, sizeof text));
    ck_assert_str_eq(text, "abc");
    ck_assert(!bt_bytes_copy_text(BT_LITERAL("abcd"), text, sizeof text));
    ck_assert_str_eq(text, "");
    ck_assert(!bt_bytes_copy_text(BT_LITERAL("a\0b"), text, sizeof text));
}
END_TEST

START_TEST(faults_never_carry_control_characters_or_half_a_character) {
    bt_fault fault = {0};
    ck_assert_int_eq(bt_fail(&fault, BT_ERR_INVALID, "bad %s", "a\x1b[2J\n"), BT_ERR_INVALID);
    ck_assert_str_eq(fault.text, "bad a?[2J?");
    bt_fail(&fault, BT_ERR_INVALID, "%s", "bytes \xff\xfe");
    ck_assert(bt_bytes_utf8(bt_bytes_text(fault.text)));
    char long_text[600];
    memset(long_text, 'x', sizeof long_text);
    for (size_t i = 1; i + 2 < sizeof long_text; i += 2) memcpy(long_text + i, "\xC3\xA9", 2);
    long_text[sizeof long_text - 1] = '\0';
    bt_fail(&fault, BT_ERR_INVALID, "%s", long_text);
    ck_assert(bt_bytes_utf8(bt_bytes_text(fault.text)));
    ck_assert(strstr(fault.text, "\xC3\xA9"));
}
END_TEST

UNIT_MAIN("bytes", utf8_takes_every_length, utf8_refuses_what_rfc_3629_refuses,
          printable_refuses_controls, what_is_not_printable_is_left_in_a_text,
          hex_goes_there_and_back, hex_depends_on_where_a_byte_stands,
          ill_formed_utf8_hides_behind_ascii, text_copies_refuse_what_does_not_fit,
          faults_never_carry_control_characters_or_half_a_character)
