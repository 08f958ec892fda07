/* rooms: rpc support */
#include "recorder.h"
#include "support/house.h"

static test_house house;
static house_key asker, reader, user;
static recorder call;
static unsigned handled;

static void answer(bt_call *base) {
    handled++;
    bt_call_reply(base, BT_LITERAL("answer"));
}

static void setup(void) {
    house_open(&house);
    asker = house_backend(&house, BIT(BT_SCOPE_APIKEYS_VALIDATE));
    reader = house_backend(&house, BIT(BT_SCOPE_APIKEYS_READ));
    user = house_create(&house, (bt_create_key_request){.kind = BT_KIND_GENERIC,
                                                        .name = BT_LITERAL("an end user's"),
                                                        .environment = BT_LITERAL("test")});
    bt_snapshot_reset(house.session.snapshot);
}

static void teardown(void) {
    house_close(&house);
}

/* A call of a method that needs apikeys.validate. */
static void prepare(unsigned flags, bool trusted, const char *authorization) {
    handled = 0;
    recorder_init(&call, answer);
    call.method.flags = flags;
    call.method.need = BIT(BT_SCOPE_APIKEYS_VALIDATE);
    call.listener.trusted = trusted;
    call.call.session = &house.session;
    call.call.authorization = bt_bytes_text(authorization);
}

static bt_err dispatch(void) {
    bt_call_dispatch(&call.call);
    ck_assert_uint_eq(call.replies + call.failures, 1);
    ck_assert_uint_eq(handled, call.replies);
    return call.failures ? call.fault.err : BT_OK;
}

START_TEST(a_guarded_listener_lets_in_a_backend_key_that_holds_the_scope) {
    setup();
    prepare(0, false, asker.token);
    ck_assert_int_eq(dispatch(), BT_OK);
    ck_assert(!call.call.caller.trusted && !call.call.caller.administrator);
    ck_assert_uint_eq(call.call.caller.held, BIT(BT_SCOPE_APIKEYS_VALIDATE));
    teardown();
}
END_TEST

START_TEST(a_guarded_listener_lets_in_nobody_else) {
    setup();
    prepare(0, false, NULL);
    ck_assert_int_eq(dispatch(), BT_ERR_UNAUTHENTICATED);
    prepare(0, false, "Bearer bt_test_nothing");
    ck_assert_int_eq(dispatch(), BT_ERR_UNAUTHENTICATED);
    prepare(0, false, user.token);
    ck_assert_int_ne(dispatch(), BT_OK);
    prepare(0, false, reader.token);
    ck_assert_int_eq(dispatch(), BT_ERR_FORBIDDEN);
    house_revoke(&house, &asker);
    prepare(0, false, asker.token);
    ck_assert_int_eq(dispatch(), BT_ERR_UNAUTHENTICATED);
    teardown();
}
END_TEST

START_TEST(two_credentials_are_refused_even_if_both_are_good) {
    setup();
    prepare(0, false, asker.token);
    call.call.authorization_twice = true;
    ck_assert_int_eq(dispatch(), BT_ERR_UNAUTHENTICATED);
    teardown();
}
END_TEST

START_TEST(a_trusted_listener_serves_what_is_for_it_and_ignores_credentials) {
    setup();
    prepare(BT_METHOD_TRUSTED, true, "Bearer junk");
    strcpy(call.listener.environment, "prod");
    ck_assert_int_eq(dispatch(), BT_OK);
    ck_assert(call.call.caller.trusted);
    ck_assert_uint_eq(call.call.caller.held, 0);
    ck_assert_ptr_nonnull(call.call.caller.environment);
    prepare(BT_METHOD_TRUSTED, true, NULL);
    ck_assert_int_eq(dispatch(), BT_OK);
    ck_assert_ptr_null(call.call.caller.environment);
    prepare(0, true, asker.token);
    ck_assert_int_eq(dispatch(), BT_ERR_UNIMPLEMENTED);
    teardown();
}
END_TEST

START_TEST(an_open_method_needs_neither_store_nor_credential) {
    setup();
    for (int trusted = 0; trusted < 2; trusted++) {
        prepare(BT_METHOD_OPEN, trusted, NULL);
        call.call.session = NULL;
        ck_assert_int_eq(dispatch(), BT_OK);
    }
    teardown();
}
END_TEST

START_TEST(a_request_over_the_limit_of_its_method_is_refused_before_anything_else) {
    setup();
    static uint8_t large[4097];
    prepare(0, false, asker.token);
    call.call.message = bt_bytes_of(large, 4096);
    ck_assert_int_eq(dispatch(), BT_OK);
    prepare(0, false, "junk");
    call.call.message = bt_bytes_of(large, 4097);
    ck_assert_int_eq(dispatch(), BT_ERR_EXHAUSTED);
    prepare(BT_METHOD_OPEN, false, NULL);
    call.call.message = bt_bytes_of(large, 4097);
    ck_assert_int_eq(dispatch(), BT_ERR_EXHAUSTED);
    teardown();
}
END_TEST

START_TEST(a_method_that_never_fails_is_told_why_its_caller_is_refused) {
    setup();
    static uint8_t large[4097];
    prepare(BT_METHOD_NEVER_FAILS, false, reader.token);
    ck_assert_int_eq(dispatch(), BT_OK);
    ck_assert_int_eq(call.call.refused.err, BT_ERR_FORBIDDEN);
    prepare(BT_METHOD_NEVER_FAILS, false, asker.token);
    ck_assert_int_eq(dispatch(), BT_OK);
    ck_assert_int_eq(call.call.refused.err, BT_OK);
    prepare(BT_METHOD_NEVER_FAILS, false, asker.token);
    call.call.message = bt_bytes_of(large, 4097);
    ck_assert_int_eq(dispatch(), BT_OK);
    ck_assert_int_eq(call.call.refused.err, BT_ERR_EXHAUSTED);
    teardown();
}
END_TEST

static void refuse(bt_call *base) {
    bt_fault fault;
    bt_fail(&fault, BT_ERR_NOT_FOUND, "no");
    bt_call_fail(base, &fault);
}

/* By path and code: 2 of one, 1 of the same that failed, 1 of another. */
static void count_group(bool gathers) {
    static recorder calls[4];
    bt_call *list[4];
    bt_call_transport transport;
    for (size_t i = 0; i < 4; i++) {
        recorder_init(&calls[i], i == 2 ? refuse : answer);
        if (i == 0) transport = *calls[0].call.transport;
        transport.gathers = gathers;
        calls[i].method.path = i == 3 ? "/other" : "/one";
        calls[i].call.session = &house.session;
        calls[i].call.transport = &transport;
        list[i] = &calls[i].call;
    }
    bt_call_dispatch_many(list, 4);
}

START_TEST(calls_that_end_together_are_counted_otherwise_than_one_by_one) {
    for (int gathers = 0; gathers < 2; gathers++) {
        bt_counters counters = {0};
        setup();
        house.session.counters = &counters;
        count_group(gathers);
        house.session.counters = NULL;
        const bt_method_counter *one = &counters.methods[0], *other = &counters.methods[1];
        uint64_t times = 0;
        ck_assert_str_eq(one->path, "/one");
        ck_assert_str_eq(other->path, "/other");
        ck_assert_uint_eq(one->codes[0], 2);
        ck_assert_uint_eq(one->codes[bt_call_status(BT_ERR_NOT_FOUND)], 1);
        ck_assert_uint_eq(other->codes[0], 1);
        for (size_t i = 0; i <= BT_TIME_BUCKETS; i++) times += one->time.buckets[i];
        ck_assert_uint_eq(times, 3);
        teardown();
    }
}
END_TEST

START_TEST(every_error_has_a_status_and_comes_back_as_itself) {
    for (bt_err err = BT_OK; err >= BT_ERR_INTERNAL; err--)
        ck_assert_int_eq(bt_call_error(bt_call_status(err)), err);
    ck_assert_int_eq(bt_call_error(2), BT_ERR_INTERNAL);
    ck_assert_int_eq(bt_call_error(99), BT_ERR_INTERNAL);
}
END_TEST

UNIT_MAIN("dispatch", a_guarded_listener_lets_in_a_backend_key_that_holds_the_scope,
          a_guarded_listener_lets_in_nobody_else, two_credentials_are_refused_even_if_both_are_good,
          a_trusted_listener_serves_what_is_for_it_and_ignores_credentials,
          an_open_method_needs_neither_store_nor_credential,
          a_request_over_the_limit_of_its_method_is_refused_before_anything_else,
          a_method_that_never_fails_is_told_why_its_caller_is_refused,
          calls_that_end_together_are_counted_otherwise_than_one_by_one,
          every_error_has_a_status_and_comes_back_as_itself)
