#include "route/json.h"
#include "unit.h"

#include <stdio.h>

static bool is_object(const char *text) {
    return bt_json_is_object(bt_bytes_text(text));
}

START_TEST(a_body_that_services_read_differently_is_taken_for_an_object) {
    static const char *const bad[] = {"",
                                      " ",
                                      "[]",
                                      "1",
                                      "\"x\"",
                                      "null",
                                      "{",
                                      "}",
                                      "{}}",
                                      "{}{}",
                                      "{} x",
                                      "{,}",
                                      "{\"a\"}",
                                      "{\"a\":}",
                                      "{\"a\":1,}",
                                      "{a:1}",
                                      "{'a':1}",
                                      "{\"a\":01}",
                                      "{\"a\":+1}",
                                      "{\"a\":.5}",
                                      "{\"a\":1.}",
                                      "{\"a\":1e}",
                                      "{\"a\":0x1}",
                                      "{\"a\":NaN}",
                                      "{\"a\":tru}",
                                      "{\"a\":True}",
                                      "{\"a\":\"\x01\"}",
                                      "{\"a\":\"\\x41\"}",
                                      "{\"a\":\"\\u12\"}",
                                      "{\"a\":\"\\u12G4\"}",
                                      "{\"a\":\"x}",
                                      "{\"a\":\"\\",
                                      "{\"a\":1 \"b\":2}",
                                      "{\"a\":1;\"b\":2}",
                                      "{\"a\":[1,]}",
                                      "{\"a\":[1 2]}",
                                      "{\"a\":[}",
                                      "{\"a\":[1}]",
                                      "/**/{}",
                                      "{/**/}",
                                      "{\"a\":1}//x",
                                      "\xEF\xBB\xBF{}",
                                      "{\"a\":\"\xC0\xAE\"}",
                                      "{\"a\":\"\xFF\"}",
                                      "{\"a\":-}",
                                      "{\"a\":1\f}",
                                      "{\"a\"\v:1}",
                                      "{\"a\":{}",
                                      "{\"a\":[]",
                                      "{\"a\":[[]}",
                                      "{\"a\":1e+}",
                                      "\f{}"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        ck_assert_msg(!is_object(bad[i]), "%s", bad[i]);
    ck_assert(!bt_json_is_object(BT_LITERAL("{}\0")));
    static const char *const good[] = {"{}",
                                       " \t\r\n{ } ",
                                       "{\"a\":1}",
                                       "{\"a\":-0.5e+10,\"b\":[1,[2,{}],[]],\"c\":{\"d\":null}}",
                                       "{\"\":\"\\u0041\\\"\\\\\\/\\b\\f\\n\\r\\t\"}",
                                       "{\"a\":[true,false,null]}",
                                       "{\"\xC3\xA9\":\"\xF0\x9F\x99\x82\"}",
                                       "{\"a\":0,\"a\":1}",
                                       "{\"a\" : [ ] , \"b\" : { } }"};
    for (size_t i = 0; i < sizeof good / sizeof *good; i++)
        ck_assert_msg(is_object(good[i]), "%s", good[i]);
}
END_TEST

START_TEST(nesting_has_no_bound) {
    char text[4 * BT_JSON_DEPTH_MAX + 32];
    for (unsigned depth = 1; depth < BT_JSON_DEPTH_MAX + 8; depth++) {
        char *at = text;
        at += sprintf(at, "{\"a\":");
        for (unsigned i = 1; i < depth; i++) *at++ = '[';
        *at++ = '1';
        for (unsigned i = 1; i < depth; i++) *at++ = ']';
        strcpy(at, "}");
        ck_assert_int_eq(is_object(text), depth <= BT_JSON_DEPTH_MAX);
    }
}
END_TEST

static void expect(const char *text, const char *path, bool has) {
    ck_assert_msg(is_object(text), "%s", text);
    ck_assert_msg(bt_json_may_have(bt_bytes_text(text), bt_bytes_text(path)) == has, "%s in %s",
                  path, text);
}

START_TEST(a_field_hides) {
    expect("{\"domain\":1}", "domain", true);
    expect("{\"domain\":null}", "domain", true);
    expect("{\"domain\":{}}", "domain", true);
    expect("{\"domain\":{\"a\":1}}", "domain", true);
    expect(" { \"a\" : 1 , \"domain\" : [] } ", "domain", true);
    expect("{\"Domain\":1}", "domain", true);
    expect("{\"\\u0064omain\":1}", "domain", true);
    expect("{\"\\u0044OMAIN\":1}", "domain", true);
    expect("{\"extraDomains\":1}", "extra_domains", true);
    expect("{\"extra-domains\":1}", "extra_domains", true);
    expect("{\"_extra_domains_\":1}", "extraDomains", true);
    expect("{\"to\xE2\x84\xAA"
           "en\":1}",
           "token", true);
    expect("{\"\xC5\xBFso\":1}", "sso", true);
    expect("{\"\\u017F\\u017fo\":1}", "sso", true);
    expect("{\"doma\xC4\xB1n\":1}", "domain", true);
    expect("{\"DOMA\xC4\xB0N\":1}", "domain", true);
    expect("{\"doma\\u0131n\":1,\"x\":\"\xC4\xB1\"}", "domain", true);
    expect("{\"domain\\u0000x\":1}", "domain", true);
    expect("{\"a\":{\"b\":{\"c\":1}}}", "a.b.c", true);
    expect("{\"a\":1,\"a\":{\"b\":2}}", "a.b", true);
    expect("{\"a\":[{\"b\":1}]}", "a.b", true);
    expect("{\"a\":\"{}\"}", "a.b", true);
    expect("{\"x\":\"}\\\",\\\"domain\\\":1\",\"domain\":1}", "domain", true);
}
END_TEST

START_TEST(a_field_is_seen_where_it_is_not) {
    expect("{}", "domain", false);
    expect("{\"domains\":1}", "domain", false);
    expect("{\"dom\xC4\xB2in\":\"\\u0000\"}", "domain", false);
    expect("{\"domai\":1}", "domain", false);
    expect("{\"x\":{\"domain\":1}}", "domain", false);
    expect("{\"x\":\"domain\"}", "domain", false);
    expect("{\"x\":\"\\\",\\\"domain\\\":1\"}", "domain", false);
    expect("{\"a\":{\"c\":{\"b\":1}}}", "a.b", false);
    expect("{\"a.b\":1}", "a.b", false);
    expect("{\"a\":{}}", "a.b", false);
}
END_TEST

UNIT_MAIN("route/json", a_body_that_services_read_differently_is_taken_for_an_object,
          nesting_has_no_bound, a_field_hides, a_field_is_seen_where_it_is_not)
