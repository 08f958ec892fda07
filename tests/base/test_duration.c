#include "base/duration.h"

#include "base/clock.h"
#include "unit.h"

static int64_t parsed(const char *text) {
    int64_t span_ms = -1;
    return bt_duration_parse(bt_bytes_text(text), &span_ms) ? span_ms : -1;
}

START_TEST(each_unit_means_what_it_says) {
    ck_assert_int_eq(parsed("45s"), 45 * 1000);
    ck_assert_int_eq(parsed("30m"), 30 * 60 * 1000);
    ck_assert_int_eq(parsed("12h"), 12 * 3600 * 1000);
    ck_assert_int_eq(parsed("90d"), 90 * BT_DAY_MS);
    ck_assert_int_eq(parsed("2w"), 14 * BT_DAY_MS);
}

START_TEST(what_is_no_span_is_refused) {
    const char *const wrong[] = {"",     "d",  "0d", "90",  "-1d",  "+1d", " 1d", "1 d",
                                 "1.5d", "1D", "1y", "1dd", "0x1d", "d1",  "1d ", "1d1h"};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        ck_assert_msg(parsed(wrong[i]) == -1, "\"%s\" was taken", wrong[i]);
}

START_TEST(a_huge_span_is_refused_and_does_not_wrap) {
    ck_assert_int_eq(parsed("3652500d"), 3652500 * BT_DAY_MS);
    ck_assert_int_eq(parsed("3652501d"), -1);
    ck_assert_int_eq(parsed("213503982335d"), -1);
    ck_assert_int_eq(parsed("18446744073709551617s"), -1);
    ck_assert_int_eq(parsed("99999999999999999999999999999999999999w"), -1);
}

START_TEST(a_span_is_written_otherwise_than_it_reads) {
    static const struct {
        const char *text, *back;
    } spans[] = {{"90d", "90d"}, {"14d", "2w"}, {"36h", "36h"}, {"48h", "2d"},
                 {"90m", "90m"}, {"60m", "1h"}, {"59s", "59s"}, {"3652500d", "3652500d"},
                 {"70d", "10w"}};
    for (size_t i = 0; i < sizeof spans / sizeof *spans; i++) {
        char text[24];
        bt_duration_format(parsed(spans[i].text), text);
        ck_assert_str_eq(text, spans[i].back);
    }
}
END_TEST

UNIT_MAIN("duration", each_unit_means_what_it_says, what_is_no_span_is_refused,
          a_huge_span_is_refused_and_does_not_wrap, a_span_is_written_otherwise_than_it_reads)
