#include "recorder.h"
#include "rpc/health.h"

static const bt_method methods[] = {
    {.path = "/bitting.v1.CheckService/Validate"}, {.path = "/a.B/C"}, {.path = NULL}};

static void ask(recorder *call, bt_health *health, void (*handle)(bt_call *), bt_bytes request) {
    recorder_init(call, handle);
    call->call.health = health;
    call->call.message = request;
    bt_call_dispatch(&call->call);
}

#define STATUS(number) BT_LITERAL("\x08" number)
#define SERVING STATUS("\x01")
#define NOT_SERVING STATUS("\x02")
#define SERVICE_UNKNOWN STATUS("\x03")
#define NAMED(size, name) BT_LITERAL("\x0a" size name)

static void expect_check(bt_health *health, bt_bytes request, bt_bytes answer) {
    static recorder call;
    ask(&call, health, bt_health_check, request);
    ck_assert_uint_eq(call.replies, 1);
    ck_assert(bt_bytes_equal(recorder_message(&call), answer));
}

START_TEST(check_says_whether_the_program_and_each_service_serves) {
    bt_health *health = bt_health_new(methods);
    expect_check(health, BT_LITERAL(""), NOT_SERVING);
    bt_health_set_serving(health, true);
    expect_check(health, BT_LITERAL(""), SERVING);
    expect_check(health, NAMED("\x17", "bitting.v1.CheckService"), SERVING);
    expect_check(health, NAMED("\x03", "a.B"), SERVING);
    bt_health_set_serving(health, false);
    expect_check(health, NAMED("\x03", "a.B"), NOT_SERVING);
    bt_health_free(health);
}
END_TEST

START_TEST(a_service_that_is_not_served_is_not_found) {
    static recorder call;
    const bt_bytes names[] = {NAMED("\x02", "a."), NAMED("\x05", "a.B/C"), NAMED("\x01", "\0"),
                              NAMED("\x04", "/a.B"), NAMED("\x04", "a.B/")};
    bt_health *health = bt_health_new(methods);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        ask(&call, health, bt_health_check, names[i]);
        ck_assert_int_eq(call.fault.err, BT_ERR_NOT_FOUND);
    }
    ask(&call, health, bt_health_check, BT_LITERAL("\x0a\x7f"));
    ck_assert_int_eq(call.fault.err, BT_ERR_INVALID);
    bt_health_free(health);
}
END_TEST

START_TEST(a_watcher_hears_of_each_change_until_it_goes) {
    static recorder all, one, gone;
    bt_health *health = bt_health_new(methods);
    ask(&all, health, bt_health_watch, BT_LITERAL(""));
    ask(&one, health, bt_health_watch, NAMED("\x03", "a.B"));
    ask(&gone, health, bt_health_watch, BT_LITERAL(""));
    ck_assert(bt_bytes_equal(recorder_message(&all), NOT_SERVING));
    bt_health_unwatch(&gone.call);
    bt_health_set_serving(health, true);
    bt_health_set_serving(health, true);
    ck_assert(bt_bytes_equal(recorder_message(&all), SERVING));
    ck_assert(bt_bytes_equal(recorder_message(&one), SERVING));
    ck_assert_uint_eq(all.sent, 2);
    ck_assert_uint_eq(gone.sent, 1);
    bt_health_unwatch(&all.call);
    bt_health_set_serving(health, false);
    ck_assert_uint_eq(all.sent, 2);
    ck_assert_uint_eq(one.sent, 3);
    bt_health_unwatch(&one.call);
    bt_health_free(health);
}
END_TEST

START_TEST(who_watches_an_unknown_service_is_told_once_and_kept) {
    static recorder call;
    bt_health *health = bt_health_new(methods);
    ask(&call, health, bt_health_watch, NAMED("\x03", "a.X"));
    ck_assert(bt_bytes_equal(recorder_message(&call), SERVICE_UNKNOWN));
    bt_health_set_serving(health, true);
    ck_assert_uint_eq(call.sent, 1);
    ck_assert_uint_eq(call.failures, 0);
    bt_health_unwatch(&call.call);
    bt_health_free(health);
}
END_TEST

START_TEST(a_drain_ends_every_watch_and_those_that_come_later) {
    static recorder early, late;
    bt_health *health = bt_health_new(methods);
    ask(&early, health, bt_health_watch, BT_LITERAL(""));
    bt_health_end_watches(health);
    ck_assert_int_eq(early.fault.err, BT_ERR_UNAVAILABLE);
    bt_health_unwatch(&early.call);
    ask(&late, health, bt_health_watch, BT_LITERAL(""));
    ck_assert_int_eq(late.fault.err, BT_ERR_UNAVAILABLE);
    ck_assert_uint_eq(late.sent, 0);
    bt_health_unwatch(&late.call);
    bt_health_free(health);
}
END_TEST

UNIT_MAIN("health", check_says_whether_the_program_and_each_service_serves,
          a_service_that_is_not_served_is_not_found, a_watcher_hears_of_each_change_until_it_goes,
          who_watches_an_unknown_service_is_told_once_and_kept,
          a_drain_ends_every_watch_and_those_that_come_later)
