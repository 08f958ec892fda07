/* A catalogue that is written as a file, and applied again. */
#include "apply.h"
#include "catalogue/diff.h"
#include "unit.h"

static bt_catalogue catalogue;

static const char rich[] =
    "categories:\n"
    "  a:\n"
    "    title: \"quotes \\\" and \\\\ and \\u2028 and \\uFEFF and \\uFFFE and tabs\"\n"
    "    bits: 0-15\n"
    "    scopes:\n"
    "      x: {title: ' spaces ', description: \"#: {}[],&*!|>'%@`\", renamed_from: [v, w]}\n"
    "      y: {retired: true, high_risk: true}\n"
    "      null: {bit: 9, title: \"\\xE9t\\xE9 \\u65E5\"}\n"
    "  empty: {bits: 62-62}\n"
    "presets:\n"
    "  none: {scopes: [], description: \"It says: 'nothing'.\"}\n"
    "  all: {full_access: true, expires_in: 90m, kind: generic}\n"
    "  some:\n"
    "    scopes: [apikeys.read, a.x]\n"
    "    expires_in: 2w\n"
    "    labels: {a: 'b: c', .d: '', 'e/f': \"\\\\\"}\n"
    "    selectors: ['p:*', 'q:\"\\\\']\n"
    "    networks: [0.0.0.0/0, '2001:db8::/32']\n";

static void expect_same(const bt_catalogue *before, const bt_catalogue *after) {
    bt_diff diff;
    bt_catalogue_diff(before, after, &diff);
    ck_assert_msg(diff.count == 0, "%s", diff.count ? bt_difference_name(diff.list) : "");
    char *first = text_of(before), *second = text_of(after);
    ck_assert_str_eq(strchr(first, '\n'), strchr(second, '\n'));
    free(first);
    free(second);
}

static void expect_round_trip(void) {
    char *file = text_of(&catalogue);
    bt_catalogue again = catalogue, anew;
    apply_text(&again, file);
    expect_same(&catalogue, &again);
    bt_catalogue_default(&anew);
    apply_text(&anew, file);
    ck_assert_uint_eq(anew.live, catalogue.live);
    ck_assert_uint_eq(anew.retired, catalogue.retired);
    for (size_t bit = 0; bit < BT_MASK_BITS; bit++)
        ck_assert_str_eq(anew.scopes[bit].name, catalogue.scopes[bit].name);
    free(file);
}

START_TEST(the_shipped_catalogue_changes_when_it_is_written_and_applied) {
    bt_catalogue_default(&catalogue);
    expect_round_trip();
}
END_TEST

START_TEST(a_catalogue_changes_when_it_is_written_and_applied) {
    bt_catalogue_default(&catalogue);
    apply_text(&catalogue, rich);
    ck_assert_uint_eq(catalogue.former_count, 2);
    ck_assert_str_eq(catalogue.scopes[0].title, " spaces ");
    ck_assert_str_eq(catalogue.scopes[9].title, "\u00E9t\u00E9 \u65E5");
    ck_assert_str_eq(catalogue.categories[0].title,
                     "quotes \" and \\ and \u2028 and \uFEFF and \xEF\xBF\xBE and tabs");
    expect_round_trip();
}
END_TEST

START_TEST(a_catalogue_of_nothing_cannot_be_written) {
    bt_catalogue_default(&catalogue);
    apply_text(&catalogue, "categories: {}\n");
    expect_round_trip();
}
END_TEST

UNIT_MAIN("write", the_shipped_catalogue_changes_when_it_is_written_and_applied,
          a_catalogue_changes_when_it_is_written_and_applied,
          a_catalogue_of_nothing_cannot_be_written)
