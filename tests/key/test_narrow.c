#include "key/narrow.h"
#include "unit.h"

START_TEST(a_network_that_is_none_is_taken) {
    static const char *const bad[] = {
        "",
        "/",
        "/8",
        "10.0.0.0/33",
        "10.0.0.0/",
        "10.0.0.0/-1",
        "10.0.0.0/+8",
        "10.0.0.0/08",
        "10.0.0.1/24",
        "10.0.0/8",
        "10.0.0.0/8/8",
        "10.0.0.0 /8",
        " 10.0.0.0/8",
        "::/129",
        "::1/64",
        "fe80::1%eth0",
        "::ffff:10.0.0.0/104",
        "localhost",
        "10.0.0.0/1e1",
        "1.2.3.4.5",
        "256.0.0.0",
        "0x0a.0.0.1",
        "010.0.0.1",
        "2001:db8::/32 ",
        "10.0.0.0/999",
        "10.0.0.0/4294967304",
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        bt_network network;
        ck_assert_msg(!bt_network_parse(bt_bytes_text(bad[i]), &network), "%s", bad[i]);
    }
}
END_TEST

START_TEST(a_network_holds_the_wrong_addresses) {
    static const struct {
        const char *network, *address;
        bool in;
    } cases[] = {
        {"10.0.0.0/8", "10.255.255.255", true},      {"10.0.0.0/8", "11.0.0.0", false},
        {"10.0.0.0/8", "::ffff:10.1.2.3", true},     {"0.0.0.0/0", "203.0.113.9", true},
        {"0.0.0.0/0", "2001:db8::1", false},         {"::/0", "203.0.113.9", false},
        {"::/0", "::ffff:203.0.113.9", false},       {"192.0.2.7", "192.0.2.7", true},
        {"192.0.2.7", "192.0.2.6", false},           {"192.0.2.128/25", "192.0.2.127", false},
        {"192.0.2.128/25", "192.0.2.128", true},     {"2001:db8::/33", "2001:db8:7fff::1", true},
        {"2001:db8::/33", "2001:db8:8000::", false}, {"2001:db8::1/128", "2001:db8::1", true},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        bt_network network;
        bt_address address;
        ck_assert_msg(bt_network_parse(bt_bytes_text(cases[i].network), &network), "%zu", i);
        ck_assert_msg(bt_address_parse(bt_bytes_text(cases[i].address), &address), "%zu", i);
        ck_assert_msg(bt_network_contains(&network, &address) == cases[i].in, "%s in %s",
                      cases[i].address, cases[i].network);
    }
    bt_network all = {.address = {.family = BT_FAMILY_4}};
    ck_assert(!bt_network_contains(&all, &(bt_address){0}));
}
END_TEST

START_TEST(a_network_is_written_otherwise_than_it_is_read) {
    static const char *const texts[] = {"10.0.0.0/8", "192.0.2.7/32", "2001:db8::/32", "::/0"};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        bt_network network;
        char text[BT_NETWORK_TEXT_MAX + 1];
        ck_assert(bt_network_parse(bt_bytes_text(texts[i]), &network));
        bt_network_format(&network, text);
        ck_assert_str_eq(text, texts[i]);
    }
}
END_TEST

static bool selects(const char *selector, const char *resource) {
    bt_narrow narrow = {.selectors_count = 1};
    ck_assert_msg(bt_selector_parse(bt_bytes_text(selector), &narrow.selectors[0]), "%s", selector);
    uint8_t row[BT_NARROW_MAX];
    size_t size = bt_narrow_encode(&narrow, row);
    return bt_narrow_allows_resource(bt_bytes_of(row, size), bt_bytes_text(resource));
}

START_TEST(a_selector_selects_the_wrong_resources) {
    ck_assert(selects("project:42", "project:42"));
    ck_assert(!selects("project:42", "project:421"));
    ck_assert(!selects("project:42", "project:4"));
    ck_assert(!selects("project:42", "Project:42"));
    ck_assert(!selects("project:42", ""));
    ck_assert(selects("dataset:eu/*", "dataset:eu/x"));
    ck_assert(selects("dataset:eu/*", "dataset:eu/x/y"));
    ck_assert(!selects("dataset:eu/*", "dataset:eu"));
    ck_assert(!selects("dataset:eu/*", "dataset:us/x"));
    ck_assert(!selects("dataset:eu/*", "dataset:eu/../us/x"));
    ck_assert(!selects("dataset:eu/*", "dataset:eu/."));
    ck_assert(selects("dataset:eu/*", "dataset:eu/..x"));
    ck_assert(selects("dataset:*", "dataset:eu"));
    ck_assert(!selects("dataset:*", "datasets:eu"));
}
END_TEST

START_TEST(a_selector_that_is_none_is_taken) {
    static const char *const bad[] = {
        "",          "project",  ":42",        "project:",    "Project:42", "project:4 2",
        "*",         "proj*:42", "project:*2", "1project:42", "project:\n", "project:\xC3\xA9",
        "project:**"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        bt_selector selector;
        ck_assert_msg(!bt_selector_parse(bt_bytes_text(bad[i]), &selector), "%s", bad[i]);
    }
    char huge[10000];
    memset(huge, 'a', sizeof huge);
    huge[1] = ':';
    bt_selector selector;
    ck_assert(!bt_selector_parse(bt_bytes_of(huge, sizeof huge), &selector));
    ck_assert(!bt_selector_parse(bt_bytes_of(huge, BT_RESOURCE_MAX + 1), &selector));
    ck_assert(bt_selector_parse(bt_bytes_of(huge, BT_RESOURCE_MAX), &selector));
}
END_TEST

START_TEST(a_full_row_does_not_fit_or_come_back) {
    bt_narrow narrow = {.networks_count = BT_NETWORKS_MAX, .selectors_count = BT_SELECTORS_MAX};
    char text[BT_RESOURCE_MAX];
    memset(text, 'z', sizeof text);
    text[1] = ':';
    for (size_t i = 0; i < BT_NETWORKS_MAX; i++)
        ck_assert(bt_network_parse(BT_LITERAL("2001:db8::/32"), &narrow.networks[i]));
    for (size_t i = 0; i < BT_SELECTORS_MAX; i++)
        ck_assert(bt_selector_parse(bt_bytes_of(text, sizeof text), &narrow.selectors[i]));
    uint8_t row[BT_NARROW_MAX];
    ck_assert_uint_eq(bt_narrow_encode(&narrow, row), BT_NARROW_MAX);
    bt_narrow back;
    ck_assert(bt_narrow_decode(bt_bytes_of(row, sizeof row), &back));
    ck_assert_uint_eq(back.networks_count, BT_NETWORKS_MAX);
    ck_assert(bt_bytes_equal(back.selectors[63].text, bt_bytes_of(text, sizeof text)));
    for (size_t size = 0; size < sizeof row; size++)
        ck_assert(!bt_narrow_decode(bt_bytes_of(row, size), &back));
}
END_TEST

UNIT_MAIN("narrow", a_network_that_is_none_is_taken, a_network_holds_the_wrong_addresses,
          a_network_is_written_otherwise_than_it_is_read, a_selector_selects_the_wrong_resources,
          a_selector_that_is_none_is_taken, a_full_row_does_not_fit_or_come_back)
