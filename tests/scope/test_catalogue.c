#include "scope/catalogue.h"
#include "unit.h"

static bt_catalogue catalogue;

static int find(const char *name) {
    return bt_catalogue_find(&catalogue, bt_bytes_text(name));
}

/* Written out a second time, so that a bit that moves in the shipped catalogue shows. */
START_TEST(shipped_bits_have_moved) {
    bt_catalogue_default(&catalogue);
    static const struct {
        const char *name;
        int bit;
    } some[] = {{"users.read", 0},
                {"users.create", 1},
                {"users.send_email_confirmation", 8},
                {"users.delete", 12},
                {"orgs.read", 16},
                {"orgs.create", 17},
                {"orgs.isolate", 30},
                {"auth.validate_tokens", 32},
                {"auth.read_oauth_tokens", 38},
                {"sso.read", 40},
                {"sso.read_scim", 46},
                {"apikeys.read", 48},
                {"apikeys.create", 49},
                {"apikeys.update", 50},
                {"apikeys.revoke", 51},
                {"apikeys.validate", 52},
                {"apikeys.import", 53},
                {"apikeys.read_usage", 54},
                {"misc.read_insights", 56},
                {"misc.read_employees", 58}};
    for (size_t i = 0; i < sizeof some / sizeof *some; i++)
        ck_assert_int_eq(find(some[i].name), some[i].bit);
    ck_assert_uint_eq(catalogue.live, UINT64_C(0x077F7F7F7FFF1FFF));
    ck_assert_uint_eq(catalogue.retired, 0);
}
END_TEST

START_TEST(every_name_is_found_at_its_bit_and_in_its_window) {
    bt_catalogue_default(&catalogue);
    for (unsigned bit = 0; bit < BT_MASK_BITS; bit++) {
        const bt_scope *scope = &catalogue.scopes[bit];
        if (!scope->name[0]) continue;
        ck_assert_int_eq(find(scope->name), (int)bit);
        const bt_category *category = &catalogue.categories[scope->category];
        ck_assert(bt_category_window(category) & bt_mask_bit(bit));
        size_t size = strlen(category->name);
        ck_assert(strncmp(scope->name, category->name, size) == 0 && scope->name[size] == '.');
        ck_assert(scope->title[0] && scope->description[0]);
    }
}
END_TEST

START_TEST(names_that_are_none_are_not_found) {
    bt_catalogue_default(&catalogue);
    ck_assert_int_eq(find(""), -1);
    ck_assert_int_eq(find("users"), -1);
    ck_assert_int_eq(find("users.rea"), -1);
    ck_assert_int_eq(find("users.reads"), -1);
    ck_assert_int_eq(find("Users.read"), -1);
    ck_assert_int_eq(bt_catalogue_find(&catalogue, BT_LITERAL("users.read\0")), -1);
    char huge[300];
    memset(huge, 'a', sizeof huge);
    ck_assert_int_eq(bt_catalogue_find(&catalogue, bt_bytes_of(huge, sizeof huge)), -1);
}
END_TEST

START_TEST(windows_overlap) {
    bt_catalogue_default(&catalogue);
    uint64_t seen = 0;
    for (size_t i = 0; i < catalogue.categories_count; i++) {
        uint64_t window = bt_category_window(&catalogue.categories[i]);
        ck_assert_uint_eq(seen & window, 0);
        seen |= window;
    }
    ck_assert_uint_eq(seen & BT_MASK_FORBIDDEN, 0);
    bt_category all = {.first_bit = 0, .bits = 63};
    ck_assert_uint_eq(bt_category_window(&all), ~BT_MASK_FORBIDDEN);
    bt_category none = {.first_bit = 5, .bits = 0};
    ck_assert_uint_eq(bt_category_window(&none), 0);
}
END_TEST

START_TEST(a_category_counts_what_is_selected_of_the_live) {
    bt_catalogue_default(&catalogue);
    const bt_category *users = bt_catalogue_category(&catalogue, BT_LITERAL("users"));
    ck_assert_uint_eq(bt_category_total(&catalogue, users), 13);
    ck_assert_uint_eq(bt_category_selected(&catalogue, users, 0x1000000000000103u), 3);
    catalogue.scopes[1].retired = true;
    bt_catalogue_seal(&catalogue);
    ck_assert_uint_eq(bt_category_total(&catalogue, users), 12);
    ck_assert_uint_eq(bt_category_selected(&catalogue, users, 0x103), 2);
    ck_assert_uint_eq(catalogue.retired, 2);
    ck_assert_int_eq(find("users.create"), 1);
}
END_TEST

START_TEST(presets_hold_what_they_say) {
    bt_catalogue_default(&catalogue);
    const bt_preset *validation = bt_catalogue_preset(&catalogue, BT_LITERAL("validation_only"));
    ck_assert_uint_eq(validation->mask, bt_mask_bit(32) | bt_mask_bit(52));
    const bt_preset *reading = bt_catalogue_preset(&catalogue, BT_LITERAL("read_and_validate"));
    ck_assert_uint_eq(bt_mask_count(reading->mask), 13);
    ck_assert_uint_eq(reading->mask & ~catalogue.live, 0);
    ck_assert_uint_eq(reading->mask & catalogue.high_risk, 0);
    ck_assert(bt_catalogue_preset(&catalogue, BT_LITERAL("full_access"))->full_access);
    ck_assert_ptr_null(bt_catalogue_preset(&catalogue, BT_LITERAL("full")));
    ck_assert_uint_eq(bt_mask_count(catalogue.high_risk), 20);
}
END_TEST

UNIT_MAIN("catalogue", shipped_bits_have_moved, every_name_is_found_at_its_bit_and_in_its_window,
          names_that_are_none_are_not_found, windows_overlap,
          a_category_counts_what_is_selected_of_the_live, presets_hold_what_they_say)
