#include "base/clock.h"

#include "unit.h"

START_TEST(a_time_that_there_is_not_is_taken_for_another) {
    static const char *const bad[] = {"",
                                      "2030-02-30T00:00:00Z",
                                      "2029-02-29T00:00:00Z",
                                      "2030-04-31T12:00:00Z",
                                      "2030-00-10T00:00:00Z",
                                      "2030-13-01T00:00:00Z",
                                      "2030-06-30T24:00:00Z",
                                      "2030-06-30T23:60:00Z",
                                      "2030-06-30T23:59:60Z",
                                      "2030-6-3T1:2:3Z",
                                      "2030-06-30 23:59:59Z",
                                      "2030-06-30T23:59:59",
                                      "2030-06-30T23:59:59Z ",
                                      " 2030-06-30T23:59:59Z",
                                      "2030-06-30T23:59:59+02:00",
                                      "2030-06-30T23:59:59.5Z",
                                      "1969-12-31T23:59:59Z",
                                      "10000-01-01T00:00:00Z"};
    int64_t time_ms;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        ck_assert_msg(!bt_clock_parse(bad[i], &time_ms), "%s", bad[i]);
    ck_assert(bt_clock_parse("2028-02-29T23:59:59Z", &time_ms));
    ck_assert_int_eq(time_ms, 1835481599000);
    ck_assert(bt_clock_parse("1970-01-01T00:00:00Z", &time_ms));
    ck_assert_int_eq(time_ms, 0);
    ck_assert(bt_clock_parse("9999-12-31T23:59:59Z", &time_ms));
    ck_assert_int_eq(time_ms, BT_LAST_MS / BT_SECOND_MS * BT_SECOND_MS);
}
END_TEST

START_TEST(a_time_is_written_as_another) {
    char text[25];
    bt_clock_format(1835481599007, text);
    ck_assert_str_eq(text, "2028-02-29T23:59:59.007Z");
    bt_clock_format(BT_NEVER_MS, text);
    ck_assert_str_eq(text, "never");
    bt_clock_format(-1, text);
    ck_assert_str_eq(text, "invalid");
}
END_TEST

UNIT_MAIN("clock", a_time_that_there_is_not_is_taken_for_another, a_time_is_written_as_another)
