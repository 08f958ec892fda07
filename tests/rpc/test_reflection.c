/* rooms: methods */
#include <stdio.h>

#include "recorder.h"
#include "rpc/descriptors.h"
#include "rpc/reflection.h"
#include "rpc/wire.h"

static bool has(bt_bytes bytes, const char *text) {
    return memmem(bytes.data, bytes.size, text, strlen(text)) != NULL;
}

static bt_bytes ask(recorder *call, unsigned field, const char *text) {
    static uint8_t block[1024];
    bt_out out = bt_out_into(block, sizeof block);
    bt_out_item(&out, field, bt_bytes_text(text));
    recorder_init(call, bt_reflection_ask);
    call->call.message = bt_out_written(&out);
    bt_call_dispatch(&call->call);
    return recorder_message(call);
}

enum { FILE_NAME = 3, SYMBOL = 4, EXTENSION = 5, NUMBERS = 6, SERVICES = 7 };

START_TEST(every_service_that_is_listed_is_served_and_every_one_served_is_listed) {
    size_t listed = 0, served = 0;
    bt_bytes package, name;
    char path[128];
    for (size_t cursor = 0; bt_descriptors_next_service(&cursor, &package, &name); listed++) {
        bool found = false;
        snprintf(path, sizeof path, "/%.*s.%.*s/", BT_BYTES_ARG(package), BT_BYTES_ARG(name));
        for (const bt_method *method = bt_methods; method->path; method++)
            found |= strncmp(method->path, path, strlen(path)) == 0;
        ck_assert_msg(found, "%s is listed and not served", path);
    }
    for (const bt_method *method = bt_methods; method->path; method++, served++) {
        snprintf(path, sizeof path, "%s", method->path + 1);
        *strchr(path, '/') = '.';
        ck_assert_msg(bt_descriptors_file_of(bt_bytes_text(path)).size, "%s is not described",
                      method->path);
    }
    ck_assert_uint_ge(listed, 5);
    ck_assert_uint_ge(served, listed);
}
END_TEST

START_TEST(services_are_listed_by_their_full_names) {
    static recorder call;
    bt_bytes answer = ask(&call, SERVICES, "");
    ck_assert_uint_eq(call.sent, 1);
    ck_assert(has(answer, "bitting.v1.CheckService"));
    ck_assert(has(answer, "bitting.v1.KeyService"));
    ck_assert(has(answer, "grpc.health.v1.Health"));
    ck_assert(has(answer, "grpc.reflection.v1.ServerReflection"));
    ck_assert(has(answer, "grpc.reflection.v1alpha.ServerReflection"));
}
END_TEST

START_TEST(a_symbol_of_each_sort_finds_its_file) {
    static const char *const symbols[] = {
        "bitting.v1.CheckService",
        "bitting.v1.CheckService.CheckScope",
        "bitting.v1.CheckScopeRequest",
        "bitting.v1.CheckScopeRequest.token",
        "bitting.v1.Reason",
        "bitting.v1.REASON_ALLOWED",
        "bitting.v1.Key.LabelsEntry.value",
        "grpc.health.v1.HealthCheckResponse.ServingStatus",
        "grpc.health.v1.HealthCheckResponse.SERVING",
        "grpc.reflection.v1.ServerReflectionRequest.message_request",
        "google.protobuf.Timestamp",
    };
    static recorder call;
    for (size_t i = 0; i < sizeof symbols / sizeof *symbols; i++) {
        ask(&call, SYMBOL, symbols[i]);
        ck_assert_msg(has(recorder_message(&call), "proto3"), "%s", symbols[i]);
    }
}
END_TEST

START_TEST(what_is_not_there_is_not_found) {
    static const char *const symbols[] = {
        "",
        ".",
        "bitting",
        "bitting.v1",
        "bitting.v1.",
        ".bitting.v1.Key",
        "bitting.v1.Key.",
        "bitting.v1.Ke",
        "bitting.v1.Keys",
        "bitting.v1.KeyKind.KEY_KIND_BACKEND",
        "bitting.v1.CheckScopeRequest.token.x",
        "CheckService",
        "bitting.v1.CheckService.checkscope",
    };
    static recorder call;
    for (size_t i = 0; i < sizeof symbols / sizeof *symbols; i++) {
        bt_bytes answer = ask(&call, SYMBOL, symbols[i]);
        ck_assert_msg(has(answer, "\x08\x05") && !has(answer, "proto3"), "%s", symbols[i]);
    }
    ck_assert(has(ask(&call, FILE_NAME, "bitting/v1/check.prot"), "\x08\x05"));
    ck_assert(has(ask(&call, EXTENSION, ""), "there are no extensions"));
    ck_assert(has(ask(&call, NUMBERS, "bitting.v1.Nothing"), "no message of this name"));
    ck_assert(!has(ask(&call, NUMBERS, "bitting.v1.Key"), "no message of this name"));
}
END_TEST

START_TEST(a_file_comes_with_its_comments_and_can_be_asked_for_by_name) {
    static recorder call;
    bt_bytes answer = ask(&call, FILE_NAME, "bitting/v1/check.proto");
    ck_assert(has(answer, "Does the key hold these scopes?"));
    ck_assert(has(answer, "bitting/v1/key.proto"));
    ck_assert(has(ask(&call, FILE_NAME, "google/protobuf/timestamp.proto"), "nanos"));
}
END_TEST

START_TEST(a_request_that_asks_nothing_or_is_no_text_fails) {
    static recorder call;
    recorder_init(&call, bt_reflection_ask);
    bt_call_dispatch(&call.call);
    ck_assert_int_eq(call.fault.err, BT_ERR_INVALID);
    ask(&call, SYMBOL, "\xff");
    ck_assert_int_eq(call.fault.err, BT_ERR_INVALID);
    ask(&call, 1, "host");
    ck_assert_int_eq(call.fault.err, BT_ERR_INVALID);
}
END_TEST

START_TEST(without_memory_the_answer_is_an_error) {
    static recorder call;
    for (size_t size = 0; size < 8192; size += 512) {
        recorder_init(&call, bt_reflection_ask);
        call.call.arena.size = size;
        call.call.message = BT_LITERAL("\x1a\x16"
                                       "bitting/v1/check.proto");
        bt_call_dispatch(&call.call);
        ck_assert_uint_eq(call.failures + call.sent, 1);
        ck_assert_int_eq(call.fault.err, BT_ERR_INTERNAL);
    }
}
END_TEST

UNIT_MAIN("reflection", every_service_that_is_listed_is_served_and_every_one_served_is_listed,
          services_are_listed_by_their_full_names, a_symbol_of_each_sort_finds_its_file,
          what_is_not_there_is_not_found,
          a_file_comes_with_its_comments_and_can_be_asked_for_by_name,
          a_request_that_asks_nothing_or_is_no_text_fails, without_memory_the_answer_is_an_error)
