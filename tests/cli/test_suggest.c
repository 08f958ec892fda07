#include "cli/suggest.h"

#include "unit.h"

static const char *nearest(const char *given) {
    static const char *const known[] = {"key create", "key list", "key show", "env list", "serve"};
    bt_suggestion best = bt_suggestion_none;
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        bt_suggest(&best, bt_bytes_text(given), known[i]);
    return best.text;
}

START_TEST(the_nearest_is_named) {
    ck_assert_str_eq(nearest("serv"), "serve");
    ck_assert_str_eq(nearest("sevre"), "serve");
    ck_assert_str_eq(nearest("key lsit"), "key list");
    ck_assert_str_eq(nearest("key creat"), "key create");
}

START_TEST(nothing_is_named_where_nothing_is_near) {
    ck_assert_ptr_null(nearest("frobnicate"));
    ck_assert_ptr_null(nearest(""));
    ck_assert_ptr_null(nearest("x"));
    ck_assert_ptr_null(nearest("a word that is longer than the longest name that is looked at"));
}

UNIT_MAIN("suggest", the_nearest_is_named, nothing_is_named_where_nothing_is_near)
