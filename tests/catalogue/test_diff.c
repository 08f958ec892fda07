#include "apply.h"
#include "catalogue/diff.h"
#include "unit.h"

static bt_catalogue before, after;
static bt_diff diff;

static void change(const char *first, const char *second) {
    bt_catalogue_default(&before);
    apply_text(&before, first);
    after = before;
    apply_text(&after, second);
    bt_catalogue_diff(&before, &after, &diff);
}

static void expect(size_t at, bt_difference_type type, unsigned flags, const char *name) {
    ck_assert_uint_lt(at, diff.count);
    ck_assert_int_eq(diff.list[at].type, type);
    ck_assert_uint_eq(diff.list[at].flags, flags);
    ck_assert_str_eq(bt_difference_name(&diff.list[at]), name);
}

START_TEST(a_change_is_not_told) {
    change("categories:\n"
           "  a:\n"
           "    bits: 0-7\n"
           "    scopes: {same: , old: , on: , off: {retired: true}, text: , risk: , known: }\n"
           "  gone: {bits: 20-21}\n"
           "presets:\n"
           "  same: {scopes: [a.same]}\n"
           "  more: {scopes: [a.same]}\n"
           "  text: {scopes: []}\n"
           "  gone: {scopes: []}\n",
           "categories:\n"
           "  a:\n"
           "    bits: 0-8\n"
           "    title: A\n"
           "    scopes: {same: , new: {renamed_from: old, high_risk: true}, on: {retired: true},\n"
           "      off: {retired: false}, text: {title: t}, risk: {high_risk: true},\n"
           "      known: {renamed_from: k}, added: }\n"
           "  added: {bits: 20-21}\n"
           "presets:\n"
           "  same: {scopes: [a.same]}\n"
           "  more: {scopes: [a.same, a.text]}\n"
           "  text: {scopes: [], description: d}\n"
           "  added: {full_access: true}\n");
    size_t at = 0;
    expect(at++, BT_DIFFERENCE_CATEGORY, BT_DIFFERENCE_WINDOW | BT_DIFFERENCE_TEXT, "a");
    expect(at++, BT_DIFFERENCE_CATEGORY, BT_DIFFERENCE_REMOVED, "gone");
    expect(at++, BT_DIFFERENCE_CATEGORY, BT_DIFFERENCE_ADDED, "added");
    expect(at++, BT_DIFFERENCE_SCOPE, BT_DIFFERENCE_RENAMED | BT_DIFFERENCE_RISK, "a.new");
    expect(at++, BT_DIFFERENCE_SCOPE, BT_DIFFERENCE_RETIRED, "a.on");
    expect(at++, BT_DIFFERENCE_SCOPE, BT_DIFFERENCE_RESTORED, "a.off");
    expect(at++, BT_DIFFERENCE_SCOPE, BT_DIFFERENCE_TEXT, "a.text");
    expect(at++, BT_DIFFERENCE_SCOPE, BT_DIFFERENCE_RISK, "a.risk");
    expect(at++, BT_DIFFERENCE_SCOPE, BT_DIFFERENCE_REMEMBERED, "a.known");
    expect(at++, BT_DIFFERENCE_SCOPE, BT_DIFFERENCE_ADDED, "a.added");
    expect(at++, BT_DIFFERENCE_PRESET, BT_DIFFERENCE_MEANING, "more");
    expect(at++, BT_DIFFERENCE_PRESET, BT_DIFFERENCE_TEXT, "text");
    expect(at++, BT_DIFFERENCE_PRESET, BT_DIFFERENCE_REMOVED, "gone");
    expect(at++, BT_DIFFERENCE_PRESET, BT_DIFFERENCE_ADDED, "added");
    ck_assert_uint_eq(diff.count, at);
}
END_TEST

/* Else who reads it would think that the keys that hold the one now hold the other. */
START_TEST(a_replaced_scope_of_the_shipped_catalogue_is_told_as_renamed) {
    bt_catalogue_default(&before);
    after = before;
    apply_text(&after, "categories: {billing: {bits: 0-15, scopes: {read: }}}");
    bt_catalogue_diff(&before, &after, &diff);
    size_t at = 0;
    while (diff.list[at].type != BT_DIFFERENCE_SCOPE) at++;
    expect(at, BT_DIFFERENCE_SCOPE, BT_DIFFERENCE_REMOVED, "users.read");
    ck_assert_ptr_null(diff.list[at].after.scope);
    expect(at + 1, BT_DIFFERENCE_SCOPE, BT_DIFFERENCE_ADDED, "billing.read");
    ck_assert_ptr_null(diff.list[at + 1].before.scope);
    expect(at + 2, BT_DIFFERENCE_SCOPE, BT_DIFFERENCE_REMOVED, "users.create");
}
END_TEST

START_TEST(a_flag_has_no_word) {
    for (unsigned i = 0; i < BT_DIFFERENCE_FLAGS; i++)
        ck_assert_ptr_nonnull(bt_difference_word(1u << i));
}
END_TEST

UNIT_MAIN("diff", a_change_is_not_told,
          a_replaced_scope_of_the_shipped_catalogue_is_told_as_renamed, a_flag_has_no_word)
