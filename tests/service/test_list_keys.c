/* rooms: service support */
#include <stdio.h>

#include "service/list_keys.h"
#include "service/owners.h"
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
        {{.filters.environment = BT_LITERAL("prod")}, "c"},
        {{.filters.environment = BT_LITERAL("test")}, "a-1 a-2 d e"},
        {{.filters.kind = BT_KIND_PERSONAL}, "a-2"},
        {{.filters.kind = BT_KIND_BACKEND}, "a-1 c"},
        {{.filters.user_id = BT_LITERAL("u1")}, "a-2 d"},
        {{.filters.user_id = BT_LITERAL("u")}, ""},
        {{.filters.org_id = BT_LITERAL("o1")}, "d"},
        {{.filters.user_id = BT_LITERAL("u1"), .filters.org_id = BT_LITERAL("o1")}, "d"},
        {{.filters.state = BT_KEY_REVOKED}, "e"},
        {{.filters.state = BT_KEY_ACTIVE, .filters.environment = BT_LITERAL("test")}, "a-1 a-2 d"},
        {{.filters.name_prefix = BT_LITERAL("a-")}, "a-1 a-2"},
        {{.filters.name_prefix = BT_LITERAL("a-1 ")}, ""},
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
    bt_list_keys request = {.page_size = 1, .filters.name_prefix = BT_LITERAL("k")};
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
    listed first =
        must_list(&house, &(bt_list_keys){.page_size = 2, .filters.user_id = BT_LITERAL("u")});
    first = must_list(&house, &(bt_list_keys){.page_size = 1, .filters.user_id = BT_LITERAL("u1")});
    bt_list_keys same = {.filters.user_id = BT_LITERAL("u1"),
                         .page_token = bt_bytes_text(first.next)};
    ck_assert_str_eq(must_list(&house, &same).names, "d");
    const bt_list_keys others[] = {
        {.filters.user_id = BT_LITERAL("u2")},
        {.filters.org_id = BT_LITERAL("u1")},
        {.filters.user_id = BT_LITERAL("u1"), .filters.kind = BT_KIND_ORG},
        {.filters.user_id = BT_LITERAL("u1"), .filters.state = BT_KEY_ACTIVE},
        {.filters.user_id = BT_LITERAL("u1"), .filters.environment = BT_LITERAL("test")},
        {.filters.user_id = BT_LITERAL("u1"), .filters.name_prefix = BT_LITERAL("d")},
        {.filters.user_id = BT_LITERAL("u1"), .filters.org_id = BT_LITERAL("o1")},
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

/* As maps are sent by clients that give them another order each time. */
START_TEST(a_page_token_is_refused_when_the_labels_come_in_another_order) {
    test_house house;
    bt_label labels[] = {{BT_LITERAL("b"), BT_LITERAL("2")},
                         {BT_LITERAL("a"), BT_LITERAL("1")},
                         {BT_LITERAL("ab"), BT_LITERAL("")}};
    bt_create_key_request request = {.labels_count = 3};
    memcpy(request.labels, labels, sizeof labels);
    house_open(&house);
    add(&house, "first", request);
    add(&house, "second", request);
    bt_list_keys asked = {.page_size = 1, .filters.labels_count = 3};
    memcpy(asked.filters.labels, labels, sizeof labels);
    listed first = must_list(&house, &asked);
    asked.page_token = bt_bytes_text(first.next);
    for (size_t i = 0; i < 6; i++) {
        bt_label moved = asked.filters.labels[i % 2];
        asked.filters.labels[i % 2] = asked.filters.labels[i % 2 + 1];
        asked.filters.labels[i % 2 + 1] = moved;
        ck_assert_str_eq(must_list(&house, &asked).names, "second");
    }
    listed page;
    bt_fault fault;
    asked.filters.labels[0].value = BT_LITERAL("3");
    ck_assert_int_eq(list(&house, &house.administrator, &asked, &page, &fault), BT_ERR_INVALID);
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
    all.filters.environment = BT_LITERAL("prod");
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
        {{.filters.kind = (bt_kind)5}, "kind: "},
        {{.filters.state = (bt_key_state)(BT_KEY_STATE_LAST + 1)}, "state: "},
        {{.filters.user_id = bt_bytes_of(big, BT_OWNER_ID_MAX + 1)}, "user_id: has 129 bytes"},
        {{.filters.org_id = bt_bytes_of(big, BT_OWNER_ID_MAX + 1)}, "org_id: has 129 bytes"},
        {{.filters.name_prefix = bt_bytes_of(big, BT_NAME_MAX + 1)}, "name_prefix: has 201 bytes"},
        {{.filters.name_prefix = BT_LITERAL("\xc3")}, "name_prefix: must be UTF-8"},
        {{.filters.environment = BT_LITERAL("nope")}, "environment: there is no \"nope\""},
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

static int64_t day(int days) {
    return bt_clock_ms() + days * BT_DAY_MS;
}

START_TEST(a_filter_on_labels_times_scopes_or_presets_is_passed_over) {
    test_house house;
    house_open(&house);
    add(&house, "one",
        (bt_create_key_request){.grant.scope_mask = 1,
                                .labels_count = 2,
                                .labels = {{BT_LITERAL("team"), BT_LITERAL("a")},
                                           {BT_LITERAL("tier"), BT_LITERAL("1")}},
                                .expiry.expires_ms = day(10)});
    add(&house, "two",
        (bt_create_key_request){.grant.preset = BT_LITERAL("validation_only"),
                                .labels_count = 1,
                                .labels = {{BT_LITERAL("team"), BT_LITERAL("b")}}});
    house_key gone = add(&house, "gone", (bt_create_key_request){.grant.scope_mask = 3});
    house_revoke(&house, &gone);
    const struct {
        bt_list_filters filters;
        const char *names;
    } cases[] = {
        {{.labels_count = 1, .labels = {{BT_LITERAL("team"), BT_LITERAL("a")}}}, "one"},
        {{.labels_count = 1, .labels = {{BT_LITERAL("team"), BT_LITERAL("c")}}}, ""},
        {{.labels_count = 2,
          .labels = {{BT_LITERAL("team"), BT_LITERAL("a")}, {BT_LITERAL("tier"), BT_LITERAL("2")}}},
         ""},
        {{.preset = BT_LITERAL("validation_only")}, "two"},
        {{.preset_drifted = true}, ""},
        {{.scope = BT_LITERAL("users.read")}, "one gone"},
        {{.scope = BT_LITERAL("users.read"), .view = BT_LIST_CURRENT}, "one"},
        {{.view = BT_LIST_ARCHIVED}, "gone"},
        {{.expires_before_ms = day(11)}, "one"},
        {{.expires_before_ms = day(9)}, ""},
        {{.expires_after_ms = day(9)}, "one"},
        {{.created_after_ms = day(-1), .created_before_ms = day(1)}, "one two gone"},
        {{.created_after_ms = day(1)}, ""},
        {{.created_before_ms = day(-1)}, ""},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        bt_list_keys request = {.filters = cases[i].filters};
        listed page = must_list(&house, &request);
        ck_assert_msg(strcmp(page.names, cases[i].names) == 0, "%zu: %s", i, page.names);
    }
    bt_list_keys unknown = {.filters.scope = BT_LITERAL("users.reed")};
    bt_fault fault;
    listed page;
    ck_assert_int_eq(list(&house, &house.administrator, &unknown, &page, &fault), BT_ERR_INVALID);
    house_close(&house);
}
END_TEST

/* The keys of every incarnation of an owner, in the order of their ids, page by page. */
START_TEST(the_index_by_owner_lists_other_keys_than_a_walk_would) {
    test_house house;
    house_open(&house);
    char expected[256] = "", seen[8192] = "", name[8];
    for (int i = 0; i < 12; i++) {
        snprintf(name, sizeof name, "k%02d", i);
        add(&house, name,
            (bt_create_key_request){.kind = BT_KIND_PERSONAL, .user_id = BT_LITERAL("ann")});
        add(&house, "other",
            (bt_create_key_request){.kind = BT_KIND_PERSONAL, .user_id = BT_LITERAL("bob")});
        snprintf(expected + strlen(expected), sizeof expected - strlen(expected), "%s%s",
                 i ? " " : "", name);
        bt_change_owner forget = {.action = BT_OWNER_DELETE,
                                  .owner = {BT_LITERAL("test"), BT_LITERAL("ann"), {0}}};
        if (i % 4 == 3) bt_change_owner_run(&forget, &house.service, &house.administrator);
    }
    house_renew(&house);
    bt_list_keys request = {
        .page_size = 5,
        .filters = {.environment = BT_LITERAL("test"), .user_id = BT_LITERAL("ann")}};
    char token[BT_PAGE_TOKEN_TEXT_SIZE] = "";
    do {
        request.page_token = bt_bytes_text(token);
        listed page = must_list(&house, &request);
        snprintf(seen + strlen(seen), sizeof seen - strlen(seen), "%s%.100s", *seen ? " " : "",
                 page.names);
        memcpy(token, page.next, sizeof token);
    } while (token[0]);
    ck_assert_str_eq(seen, expected);
    request.page_token = (bt_bytes){0};
    request.filters.view = BT_LIST_CURRENT;
    ck_assert_uint_eq(must_list(&house, &request).count, 0);
    house_close(&house);
}
END_TEST

/* A maker is no owner, as long as the environment does not make one of them. */
START_TEST(a_key_that_goes_on_without_its_maker_is_archived_or_one_of_a_deleted_owner_is_not) {
    test_house house;
    house_open(&house);
    add(&house, "org",
        (bt_create_key_request){
            .kind = BT_KIND_ORG, .org_id = BT_LITERAL("acme"), .user_id = BT_LITERAL("ann")});
    add(&house, "own",
        (bt_create_key_request){.kind = BT_KIND_PERSONAL, .user_id = BT_LITERAL("ann")});
    bt_change_owner forget = {.action = BT_OWNER_DELETE,
                              .owner = {BT_LITERAL("test"), BT_LITERAL("ann"), {0}}};
    bt_change_owner_run(&forget, &house.service, &house.administrator);
    house_renew(&house);
    bt_list_keys current = {.filters.view = BT_LIST_CURRENT},
                 archived = {.filters.view = BT_LIST_ARCHIVED};
    ck_assert_str_eq(must_list(&house, &current).names, "org");
    ck_assert_str_eq(must_list(&house, &archived).names, "own");
    house_close(&house);
}
END_TEST

UNIT_MAIN("list_keys",
          a_key_that_goes_on_without_its_maker_is_archived_or_one_of_a_deleted_owner_is_not,
          a_filter_on_labels_times_scopes_or_presets_is_passed_over,
          the_index_by_owner_lists_other_keys_than_a_walk_would,
          a_filter_lets_another_key_through_or_keeps_one_back,
          pages_lose_or_repeat_a_key_while_others_are_made, the_last_page_promises_another,
          a_page_token_that_was_changed_or_is_of_another_listing_is_taken,
          a_page_token_is_refused_when_the_labels_come_in_another_order,
          a_caller_lists_another_environment, a_request_that_is_none_is_listed_or_not_explained,
          a_key_that_was_taken_back_is_lost)
