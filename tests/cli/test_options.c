#include "cli/options.h"

#include "unit.h"

static const char *first, *second;
static bool on;
static bt_list list;

static const bt_flag flags[] = {
    {.name = "first-one", .value = "TEXT", .help = "a text", .text = &first},
    {.name = "second",
     .value = "TEXT",
     .help = "another",
     .text = &second,
     .excludes = "first-one"},
    {.name = "on", .help = "a switch", .on = &on},
    {.name = "list", .value = "A[,B...]", .help = "a list", .list = &list},
    {0},
};

static bt_usage usage = {.command = "test",
                         .synopsis = "",
                         .about = "",
                         .flags = flags,
                         .arguments = 1,
                         .arguments_are = "a thing"};

/* The words end with NULL. Returns -1 where they were taken, otherwise the exit code. */
static int parse(const char *const *words, const char **ret_argument) {
    int argc = 0, exit_code = -2;
    char *argv[16];
    for (; words[argc]; argc++) argv[argc] = (char *)(uintptr_t)words[argc];
    return bt_options_parse(&usage, argc, argv, ret_argument, &exit_code) ? -1 : exit_code;
}

#define PARSE(...) parse((const char *const[]){__VA_ARGS__, NULL}, &argument)

START_TEST(values_are_taken_in_both_forms) {
    const char *argument = NULL;
    ck_assert_int_eq(PARSE("--first-one", "a", "thing", "--on", "--list=x,y", "--list", "z"), -1);
    ck_assert_str_eq(first, "a");
    ck_assert_str_eq(argument, "thing");
    ck_assert(on);
    ck_assert_uint_eq(list.count, 3);
    ck_assert(bt_bytes_equal(list.items[2], BT_LITERAL("z")));
}

START_TEST(a_variable_fills_in_and_a_flag_overrides_it) {
    const char *argument = NULL;
    setenv("BITTING_FIRST_ONE", "from the variable", 1);
    setenv("BITTING_ON", "yes", 1);
    setenv("BITTING_LIST", "x,y", 1);
    ck_assert_int_eq(PARSE("thing"), -1);
    ck_assert_str_eq(first, "from the variable");
    ck_assert(on);
    ck_assert_uint_eq(list.count, 2);
    ck_assert_int_eq(PARSE("thing", "--first-one=", "--on=no"), -1);
    ck_assert_str_eq(first, "");
    ck_assert(!on);
}

START_TEST(a_flag_silences_the_variable_of_the_flag_that_excludes_it) {
    const char *argument = NULL;
    setenv("BITTING_SECOND", "from the variable", 1);
    ck_assert_int_eq(PARSE("thing", "--first-one", "a"), -1);
    ck_assert_ptr_null(second);
    ck_assert_int_eq(PARSE("thing", "--first-one", "a", "--second", "b"), BT_EXIT_USAGE);
}

START_TEST(what_is_wrong_is_a_usage_error) {
    const char *argument = NULL;
    ck_assert_int_eq(PARSE("--on"), BT_EXIT_USAGE);
    ck_assert_int_eq(PARSE("one", "two"), BT_EXIT_USAGE);
    ck_assert_int_eq(PARSE("thing", "--unknown"), BT_EXIT_USAGE);
    ck_assert_int_eq(PARSE("thing", "--first"), BT_EXIT_USAGE);
    ck_assert_int_eq(PARSE("thing", "--first-one"), BT_EXIT_USAGE);
    ck_assert_int_eq(PARSE("thing", "--first-one", "--on"), BT_EXIT_USAGE);
    ck_assert_int_eq(PARSE("thing", "--first-one=a", "--first-one=b"), BT_EXIT_USAGE);
    ck_assert_int_eq(PARSE("thing", "--on=perhaps"), BT_EXIT_USAGE);
    ck_assert_int_eq(PARSE("thing", "--list="), BT_EXIT_USAGE);
    ck_assert_int_eq(PARSE("thing", "--list=a,,b"), BT_EXIT_USAGE);
    ck_assert_int_eq(PARSE("thing", "--list=a,"), BT_EXIT_USAGE);
    ck_assert_int_eq(PARSE("thing", "--"), BT_EXIT_USAGE);
}

START_TEST(a_list_does_not_grow_past_its_end) {
    const char *argument = NULL;
    char text[2 * BT_LIST_MAX + 2] = "";
    for (size_t i = 0; i < BT_LIST_MAX; i++) memcpy(text + 2 * i, "a,", 3);
    text[2 * BT_LIST_MAX - 1] = '\0';
    ck_assert_int_eq(PARSE("thing", "--list", text), -1);
    ck_assert_uint_eq(list.count, BT_LIST_MAX);
    list.count = 0;
    ck_assert_int_eq(PARSE("thing", "--list", text, "--list", "a"), BT_EXIT_USAGE);
}

START_TEST(a_switch_does_not_take_the_argument_s_place_or_stands_beside_it) {
    const char *argument = NULL;
    usage.instead = "on";
    ck_assert_int_eq(PARSE("--list=a"), BT_EXIT_USAGE);
    ck_assert_int_eq(PARSE("thing"), -1);
    ck_assert_int_eq(PARSE("thing", "--on"), BT_EXIT_USAGE);
    argument = NULL;
    ck_assert_int_eq(PARSE("--on"), -1);
    ck_assert_ptr_null(argument);
    on = false;
    setenv("BITTING_ON", "yes", 1);
    ck_assert_int_eq(PARSE("--list=a"), -1);
}

START_TEST(help_is_no_failure) {
    const char *argument = NULL;
    ck_assert_int_eq(PARSE("--unknown", "--help"), BT_EXIT_OK);
}

UNIT_MAIN("options", values_are_taken_in_both_forms, a_variable_fills_in_and_a_flag_overrides_it,
          a_flag_silences_the_variable_of_the_flag_that_excludes_it, what_is_wrong_is_a_usage_error,
          a_list_does_not_grow_past_its_end,
          a_switch_does_not_take_the_argument_s_place_or_stands_beside_it, help_is_no_failure)
