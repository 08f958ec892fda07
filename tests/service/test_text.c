#include "key/token.h"
#include "service/text.h"
#include "unit.h"

static bt_err metadata(const char *text, bt_fault *fault) {
    *fault = (bt_fault){0};
    return bt_text_metadata(bt_bytes_text(text), fault);
}

START_TEST(metadata_that_is_no_json_object_is_kept) {
    static const char *const bad[] = {
        " ",
        "null",
        "1",
        "\"a\"",
        "[]",
        "{",
        "{}x",
        "{} {}",
        "{a:1}",
        "{'a':1}",
        "{\"a\":}",
        "{\"a\":1,}",
        "{\"a\"}",
        "{\"a\":NaN}",
        "{\"a\":1,\"a\":2}",
        "{\"\xff\":1}",
        "{\"a\":\"\n\"}",
        "{\"a\":01}",
        "{\"a\":\"\\ud800\"}",
    };
    static const char *const fine[] = {
        "",
        "{}",
        " {\"a\":1}\n",
        "{\"n\":123456789012345678901234567890}",
        "{\"z\":\"\\u0000\"}",
        "{\"a\":{\"a\":1},\"b\":[{\"a\":\"}\\\"{[\"}]}",
    };
    bt_fault fault;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        ck_assert_msg(metadata(bad[i], &fault) == BT_ERR_INVALID, "%s", bad[i]);
        ck_assert_ptr_nonnull(strstr(fault.text, "metadata: "));
        ck_assert_ptr_null(strstr(fault.text, "line -1"));
    }
    for (size_t i = 0; i < sizeof fine / sizeof *fine; i++)
        ck_assert_msg(metadata(fine[i], &fault) == BT_OK, "%s: %s", fine[i], fault.text);
}
END_TEST

/* {"a":{"a": ... 1 ... }} */
static void nest(char *text, size_t depth) {
    *text = '\0';
    char *at = text;
    for (size_t i = 0; i < depth; i++, at += 5) memcpy(at, "{\"a\":", 5);
    *at++ = '1';
    for (size_t i = 0; i < depth; i++) *at++ = '}';
    *at = '\0';
}

START_TEST(metadata_nests_deeper_than_the_limit) {
    char text[BT_METADATA_MAX];
    bt_fault fault;
    nest(text, BT_METADATA_DEPTH);
    ck_assert_int_eq(metadata(text, &fault), BT_OK);
    nest(text, BT_METADATA_DEPTH + 1);
    ck_assert_int_eq(metadata(text, &fault), BT_ERR_INVALID);
    ck_assert_ptr_nonnull(strstr(fault.text, "33 levels deep; at most 32"));
    memset(text, '[', sizeof text);
    ck_assert_int_eq(bt_text_metadata(bt_bytes_of(text, sizeof text), &fault), BT_ERR_INVALID);
}
END_TEST

START_TEST(a_label_at_the_limit_is_refused_or_beyond_it_taken) {
    char key[BT_LABEL_KEY_MAX + 1], value[BT_LABEL_VALUE_MAX + 1];
    bt_fault fault;
    memset(key, 'k', sizeof key);
    memset(value, 'v', sizeof value);
    bt_label label = {bt_bytes_of(key, BT_LABEL_KEY_MAX), bt_bytes_of(value, BT_LABEL_VALUE_MAX)};
    ck_assert_int_eq(bt_text_labels(&label, 1, &fault), BT_OK);
    label.key.size++;
    ck_assert_int_eq(bt_text_labels(&label, 1, &fault), BT_ERR_INVALID);
    label = (bt_label){BT_LITERAL("aZ09._/-"), {0}};
    ck_assert_int_eq(bt_text_labels(&label, 1, &fault), BT_OK);
    label = (bt_label){BT_LITERAL("a\0b"), {0}};
    ck_assert_int_eq(bt_text_labels(&label, 1, &fault), BT_ERR_INVALID);
}
END_TEST

START_TEST(a_key_id_that_is_none_is_taken_or_a_token_in_its_place_is_quoted) {
    bt_key_id id;
    bt_fault fault;
    char token[BT_TOKEN_MAX + 1];
    bt_token_mint(BT_LITERAL("bt_test"), token);
    const char *const bad[] = {"",
                               "x",
                               token,
                               "0123456789abcdef0123456789abcde",
                               "0123456789abcdef0123456789abcdeg",
                               "0123456789abcdef0123456789abcdef0"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        ck_assert_int_eq(bt_text_key_id(bt_bytes_text(bad[i]), &id, &fault), BT_ERR_INVALID);
        ck_assert_ptr_nonnull(strstr(fault.text, "key_id: must be 32 hexadecimal digits"));
        ck_assert_ptr_null(strstr(fault.text, token + 8));
    }
    ck_assert_int_eq(bt_text_key_id(BT_LITERAL("0123456789abcdef0123456789ABCDEF"), &id, &fault),
                     BT_OK);
}
END_TEST

UNIT_MAIN("text", metadata_that_is_no_json_object_is_kept, metadata_nests_deeper_than_the_limit,
          a_label_at_the_limit_is_refused_or_beyond_it_taken,
          a_key_id_that_is_none_is_taken_or_a_token_in_its_place_is_quoted)
