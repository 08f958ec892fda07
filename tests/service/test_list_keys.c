/* rooms: service support */
#include <stdio.h>

#include "service/list_keys.h"
#include "support/house.h"
#include "unit.h"

static uint8_t block[BT_DETAIL_ARENA];

/* Names of a page, joined; and the token of the next. */
typedef struct listed {
    char names[4096];
    size_t count;
    char next[BT_PAGE_TOKEN_TEXT_SIZE];
} listed;

static bt_err list(test_house *house, const bt_caller *caller, const bt_list_keys *request,
                   listed *ret_page, bt_fault *fault) {
    bt_listing listing;
    bt_arena arena;
    const bt_key *key;
    *ret_page = (listed){.count = 0};
    bt_arena_init(&arena, block, sizeof block);
    BT_TRY(bt_listing_begin(&listing, &house->session, caller, request, &arena, fault));
    for (;;) {
        BT_TRY(bt_listing_next(&listing, &key, fault));
        if (!key) break;
        size_t used = strlen(ret_page->names);
        snprintf(ret_page->names + used, sizeof ret_page->names - used, "%s%.*s", used ? " " : "",
                 BT_BYTES_ARG(key->detail.name));
        ret_page->count++;
    }
    bt_listing_end(&listing, ret_page->next);
    return BT_OK;
}

static listed must_list(test_house *house, const bt_list_keys *request) {
    listed page;
    bt_fault fault = {0};
    bt_err err = list(house, &house->administrator, request, &page, &fault);
    ck_assert_msg(err == BT_OK, "%s", fault.text);
    return page;
}

static house_key add(test_house *house, const char *name, bt_create_key_request request) {
    /* Ids of the same millisecond are in no order. */
    int64_t before_ms = bt_clock_ms();
    while (bt_clock_ms() == before_ms) {
    }
    request.name = bt_bytes_text(name);
    return house_create(house, request);
}

/* a to e; c in prod. */
static void fill(test_house *house) {
    bt_create_key_request personal = {.kind = BT_KIND_PERSONAL, .user_id = BT_LITERAL("u1")};
    bt_create_key_request org = {
        .kind = BT_KIND_ORG, .user_id = BT_LITERAL("u1"), .org_id = BT_LITERAL("o1")};
    house_open(house);
    add(house, "a-1", (bt_create_key_request){.kind = BT_KIND_BACKEND});
    add(house, "a-2", personal);
    add(house, "c", (bt_create_key_request){.environment = BT_LITERAL("prod")});
    add(house, "d", org);
    house_key last = add(house, "e", (bt_create_key_request){.kind = BT_KIND_GENERIC});
    house_revoke(house, &last);
}

START_TEST(a_filter_lets_another_key_through_or_keeps_one_back) {
    test_house house;
    fill(&house);
    const struct {
        bt_list_keys request;
        const char *names;
    } cases[] = {
        {{.page_size = 0}, "a-1 a-2 c d e"},
        {{.environment = BT_LITERAL("prod")}, "c"},
        {{.environment = BT_LITERAL("test")}, "a-1 a-2 d e"},
        {{.kind = BT_KIND_PERSONAL}, "a-2"},
        {{.kind = BT_KIND_BACKEND}, "a-1 c"},
        {{.user_id = BT_LITERAL("u1")}, "a-2 d"},
        {{.user_id = BT_LITERAL("u")}, ""},
        {{.org_id = BT_LITERAL("o1")}, "d"},
        {{.user_id = BT_LITERAL("u1"), .org_id = BT_LITERAL("o1")}, "d"},
        {{.state = BT_KEY_REVOKED}, "e"},
        {{.state = BT_KEY_ACTIVE, .environment = BT_LITERAL("test")}, "a-1 a-2 d"},
        {{.name_prefix = BT_LITERAL("a-")}, "a-1 a-2"},
        {{.name_prefix = BT_LITERAL("a-1 ")}, ""},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        listed page = must_list(&house, &cases[i].request);
        ck_assert_str_eq(page.names, cases[i].names);
        ck_assert_str_eq(page.next, "");
    }
    house_close(&house);
}
END_TEST

START_TEST(pages_lose_or_repeat_a_key_while_others_are_made) {
    test_house house;
    listed page = {.count = 0};
    char expected[32];
    house_open(&house);
    for (int i = 0; i < 25; i++) {
        snprintf(expected, sizeof expected, "k%02d", i);
        add(&house, expected, (bt_create_key_request){.kind = 0});
    }
    bt_list_keys request = {.page_size = 1, .name_prefix = BT_LITERAL("k")};
    char token[BT_PAGE_TOKEN_TEXT_SIZE] = "";
    for (int i = 0; i < 25; i++) {
        request.page_token = bt_bytes_text(token);
        page = must_list(&house, &request);
        snprintf(expected, sizeof expected, "k%02d", i);
        ck_assert_str_eq(page.names, expected);
        memcpy(token, page.next, sizeof token);
        if (i < 20) house_backend(&house, 0); /* behind the last: not of this listing */
    }
    request.page_token = bt_bytes_text(token);
    page = must_list(&house, &request);
    ck_assert_uint_eq(page.count, 0);
    ck_assert_str_eq(page.next, "");
    house_close(&house);
}
END_TEST

START_TEST(the_last_page_promises_another) {
    test_house house;
    fill(&house);
    listed page = must_list(&house, &(bt_list_keys){.page_size = 5});
    ck_assert_uint_eq(page.count, 5);
    ck_assert_str_eq(page.next, "");
    page = must_list(&house, &(bt_list_keys){.page_size = 4});
    ck_assert_uint_eq(page.count, 4);
    ck_assert_str_ne(page.next, "");
    house_close(&house);
}
END_TEST

START_TEST(a_page_token_that_was_changed_or_is_of_another_listing_is_taken) {
    test_house house;
    bt_fault fault;
    listed next;
    fill(&house);
    listed first = must_list(&house, &(bt_list_keys){.page_size = 2, .user_id = BT_LITERAL("u")});
    first = must_list(&house, &(bt_list_keys){.page_size = 1, .user_id = BT_LITERAL("u1")});
    bt_list_keys same = {.user_id = BT_LITERAL("u1"), .page_token = bt_bytes_text(first.next)};
    ck_assert_str_eq(must_list(&house, &same).names, "d");
    const bt_list_keys others[] = {
        {.user_id = BT_LITERAL("u2")},
        {.org_id = BT_LITERAL("u1")},
        {.user_id = BT_LITERAL("u1"), .kind = BT_KIND_ORG},
        {.user_id = BT_LITERAL("u1"), .state = BT_KEY_ACTIVE},
        {.user_id = BT_LITERAL("u1"), .environment = BT_LITERAL("test")},
        {.user_id = BT_LITERAL("u1"), .name_prefix = BT_LITERAL("d")},
        {.user_id = BT_LITERAL("u1"), .org_id = BT_LITERAL("o1")},
        {.page_size = 1},
    };
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        bt_list_keys other = others[i];
        other.page_token = bt_bytes_text(first.next);
        bt_err err = list(&house, &house.administrator, &other, &next, &fault);
        ck_assert_msg(err == BT_ERR_INVALID, "%zu", i);
        ck_assert_ptr_nonnull(strstr(fault.text, "page_token: "));
    }
    char changed[BT_PAGE_TOKEN_TEXT_SIZE];
    for (size_t i = 0; i < sizeof changed - 1; i++) {
        memcpy(changed, first.next, sizeof changed);
        changed[i] = changed[i] == '0' ? '1' : '0';
        same.page_token = bt_bytes_text(changed);
        ck_assert_int_eq(list(&house, &house.administrator, &same, &next, &fault), BT_ERR_INVALID);
        same.page_token = bt_bytes_of(first.next, i ? i : 65);
        ck_assert_int_eq(list(&house, &house.administrator, &same, &next, &fault), BT_ERR_INVALID);
    }
    house_close(&house);
}
END_TEST

START_TEST(a_caller_lists_another_environment) {
    test_house house;
    bt_fault fault;
    listed page;
    fill(&house);
    house_key key = add(&house, "f", (bt_create_key_request){.grant.scope_mask = BIT(48)});
    bt_caller caller = house_caller(&house, &key);
    bt_list_keys all = {.page_size = 0};
    ck_assert_int_eq(list(&house, &caller, &all, &page, &fault), BT_OK);
    ck_assert_str_eq(page.names, "a-1 a-2 d e f");
    all.environment = BT_LITERAL("prod");
    ck_assert_int_eq(list(&house, &caller, &all, &page, &fault), BT_ERR_FORBIDDEN);
    house_close(&house);
}
END_TEST

START_TEST(a_request_that_is_none_is_listed_or_not_explained) {
    static char big[BT_NAME_MAX + 1];
    test_house house;
    bt_fault fault;
    listed page;
    memset(big, 'x', sizeof big);
    fill(&house);
    const struct {
        bt_list_keys request;
        const char *text;
    } cases[] = {
        {{.page_size = -1}, "page_size: is -1; 0 to 1000"},
        {{.page_size = 1001}, "page_size: is 1001"},
        {{.page_size = INT64_MIN}, "page_size: "},
        {{.kind = (bt_kind)5}, "kind: "},
        {{.state = (bt_key_state)6}, "state: "},
        {{.user_id = bt_bytes_of(big, BT_OWNER_ID_MAX + 1)}, "user_id: has 129 bytes"},
        {{.org_id = bt_bytes_of(big, BT_OWNER_ID_MAX + 1)}, "org_id: has 129 bytes"},
        {{.name_prefix = bt_bytes_of(big, BT_NAME_MAX + 1)}, "name_prefix: has 201 bytes"},
        {{.name_prefix = BT_LITERAL("\xc3")}, "name_prefix: must be UTF-8"},
        {{.environment = BT_LITERAL("nope")}, "environment: there is no \"nope\""},
        {{.page_token = BT_LITERAL("zz")}, "page_token: "},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        bt_err err = list(&house, &house.administrator, &cases[i].request, &page, &fault);
        ck_assert_msg(err == BT_ERR_INVALID, "%zu: %d", i, err);
        ck_assert_msg(strstr(fault.text, cases[i].text) == fault.text, "%zu: %s", i, fault.text);
    }
    house_close(&house);
}
END_TEST

START_TEST(a_key_that_was_taken_back_is_lost) {
    test_house house;
    bt_fault fault;
    bt_listing listing;
    bt_arena arena;
    const bt_key *key;
    char token[BT_PAGE_TOKEN_TEXT_SIZE];
    bt_list_keys request = {.page_size = 5};
    fill(&house);
    bt_arena_init(&arena, block, sizeof block);
    ck_assert_int_eq(
        bt_listing_begin(&listing, &house.session, &house.administrator, &request, &arena, &fault),
        BT_OK);
    for (int i = 0; i < 5; i++) ck_assert_int_eq(bt_listing_next(&listing, &key, &fault), BT_OK);
    bt_listing_unread(&listing);
    bt_listing_end(&listing, token);
    request.page_token = bt_bytes_text(token);
    ck_assert_str_eq(must_list(&house, &request).names, "e");
    house_close(&house);
}
END_TEST

UNIT_MAIN("list_keys", a_filter_lets_another_key_through_or_keeps_one_back,
          pages_lose_or_repeat_a_key_while_others_are_made, the_last_page_promises_another,
          a_page_token_that_was_changed_or_is_of_another_listing_is_taken,
          a_caller_lists_another_environment, a_request_that_is_none_is_listed_or_not_explained,
          a_key_that_was_taken_back_is_lost)
