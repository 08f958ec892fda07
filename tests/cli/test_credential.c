#include "cli/credential.h"

#include <stdio.h>

#include "key/token.h"
#include "unit.h"

static bool guard(const char *before, const char *token, const char *after) {
    char argument[256], name[] = "bitting";
    snprintf(argument, sizeof argument, "%s%s%s", before, token, after);
    char *argv[] = {name, argument, NULL};
    return bt_credential_guard_arguments(2, argv);
}

START_TEST(a_token_in_an_argument_is_found_wherever_it_stands) {
    const char *const places[][2] = {{"", ""},        {"--name=", ""},
                                     {"Bearer ", ""}, {"x-api-key:", ""},
                                     {"\"", "\""},    {"https://x/?key=", "&a=b"}};
    for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
        char token[BT_TOKEN_MAX + 1];
        bt_token_mint(BT_LITERAL("acme_live"), token);
        ck_assert_msg(!guard(places[i][0], token, places[i][1]), "taken after %s", places[i][0]);
    }
}

START_TEST(a_token_with_a_typing_error_is_a_secret_too) {
    char token[BT_TOKEN_MAX + 1];
    bt_token_mint(BT_LITERAL("bt_test"), token);
    token[20] = token[20] == 'a' ? 'b' : 'a';
    ck_assert(!guard("", token, ""));
}

START_TEST(a_refused_argument_is_overwritten) {
    char token[BT_TOKEN_MAX + 1], name[] = "bitting";
    bt_token_mint(BT_LITERAL("bt_test"), token);
    size_t size = strlen(token);
    char *argv[] = {name, token, NULL};
    ck_assert(!bt_credential_guard_arguments(2, argv));
    for (size_t i = 0; i < size; i++) ck_assert_int_eq(token[i], 0);
}

START_TEST(other_arguments_are_taken) {
    ck_assert(guard("019ab3c14f8e2d7be0c5a1f09b6d3e72", "", ""));
    ck_assert(guard("users.read,users.create,users.send_email_confirmation,orgs.create", "", ""));
    ck_assert(guard("/var/lib/bitting/a_folder_with_a_long_name_in_words/and_one_more", "", ""));
}

START_TEST(a_token_in_a_variable_is_read_and_wiped) {
    bt_credential credential;
    setenv("BITTING_TOKEN", "Bearer secret", 1);
    const char *place = getenv("BITTING_TOKEN");
    ck_assert(bt_credential_read_token(&credential));
    ck_assert_str_eq(credential.text, "Bearer secret");
    ck_assert_uint_eq(credential.size, 13);
    ck_assert_ptr_null(getenv("BITTING_TOKEN"));
    for (size_t i = 0; i < 13; i++) ck_assert_int_eq(place[i], 0);
}

START_TEST(a_line_s_end_is_taken_for_a_part_of_the_token) {
    const char *const given[] = {"secret\n", "secret\r\n"};
    for (size_t i = 0; i < sizeof given / sizeof *given; i++) {
        bt_credential credential;
        setenv("BITTING_TOKEN", given[i], 1);
        ck_assert(bt_credential_read_token(&credential));
        ck_assert_str_eq(credential.text, "secret");
        ck_assert_uint_eq(credential.size, 6);
    }
}

START_TEST(a_credential_that_is_too_long_is_refused) {
    static char text[BT_CREDENTIAL_MAX + 2];
    bt_credential credential;
    memset(text, 'a', sizeof text - 1);
    setenv("BITTING_CREDENTIAL", text, 1);
    ck_assert(!bt_credential_read_caller(&credential));
    text[BT_CREDENTIAL_MAX] = '\0';
    setenv("BITTING_CREDENTIAL", text, 1);
    ck_assert(bt_credential_read_caller(&credential));
}

UNIT_MAIN("credential", a_token_in_an_argument_is_found_wherever_it_stands,
          a_token_with_a_typing_error_is_a_secret_too, a_refused_argument_is_overwritten,
          other_arguments_are_taken, a_token_in_a_variable_is_read_and_wiped,
          a_line_s_end_is_taken_for_a_part_of_the_token, a_credential_that_is_too_long_is_refused)
