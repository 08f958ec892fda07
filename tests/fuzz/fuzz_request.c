/* rooms: rpc support PkgConfig::SODIUM */
/* Any bytes as the request of any method, by callers good and bad: each call ends exactly once, with
 * an answer that protobuf-c can read or an error that says something, never INTERNAL; and nobody who
 * may not is answered. Input: the method, the caller, then the message. */
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>

#include "bitting/v1/owner.pb-c.h"
#include "support/client.h"

#define MUST(condition)                                                                            \
    do {                                                                                           \
        if (!(condition)) must(#condition, &client.fault);                                         \
    } while (0)

static test_house house;
static test_client client;
static house_key full, reader, victim;

static void must(const char *condition, const bt_fault *fault) {
    fprintf(stderr, "does not hold: %s (%d %s)\n", condition, (int)fault->err, fault->text);
    abort();
}

/* The same tokens in every run, so that the corpus has good ones among it. */
static uint64_t state = 1;

static const char *seeded_name(void) {
    return "seeded";
}
static uint32_t seeded_random(void) {
    state = state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (uint32_t)(state >> 32);
}
static void seeded_buffer(void *buffer, size_t size) {
    for (size_t i = 0; i < size; i++) ((uint8_t *)buffer)[i] = (uint8_t)seeded_random();
}

static void close_house(void) {
    client_close(&client);
    house_close(&house);
}

static void open_house(void) {
    static randombytes_implementation seeded = {
        .implementation_name = seeded_name, .random = seeded_random, .buf = seeded_buffer};
    if (sodium_init() < 0) abort();
    randombytes_set_implementation(&seeded);
    house_open(&house);
    full = house_full_access(&house);
    reader = house_backend(&house, BIT(BT_SCOPE_APIKEYS_READ) | 1);
    victim = house_backend(&house, 1);
    client.house = &house;
    atexit(close_house);
    if (getenv("FUZZ_PRINT_TOKENS")) printf("%s\n%s\n%s\n", full.token, reader.token, victim.token);
}

static const struct {
    const char *name;
    const ProtobufCMessageDescriptor *answer;
    bool reader_may;
    bool on_trusted;
} methods[] = {
    {"CheckService/Validate", &bitting__v1__validate_response__descriptor, false, true},
    {"CheckService/CheckScope", &bitting__v1__check_scope_response__descriptor, false, true},
    {"CheckService/BatchCheckScope", &bitting__v1__batch_check_scope_response__descriptor, false,
     true},
    {"KeyService/CreateKey", &bitting__v1__create_key_response__descriptor, false, false},
    {"KeyService/GetKey", &bitting__v1__get_key_response__descriptor, true, false},
    {"KeyService/ListKeys", &bitting__v1__list_keys_response__descriptor, true, false},
    {"KeyService/RevokeKey", &bitting__v1__revoke_key_response__descriptor, false, false},
    {"KeyService/UpdateKey", &bitting__v1__update_key_response__descriptor, false, false},
    {"KeyService/RotateKey", &bitting__v1__rotate_key_response__descriptor, false, false},
    {"OwnerService/StopOwner", &bitting__v1__stop_owner_response__descriptor, false, false},
    {"OwnerService/ResumeOwner", &bitting__v1__resume_owner_response__descriptor, false, false},
    {"OwnerService/DeleteOwner", &bitting__v1__delete_owner_response__descriptor, false, false},
    {"OwnerService/EndMembership", &bitting__v1__end_membership_response__descriptor, false, false},
    {"OwnerService/ResumeMembership", &bitting__v1__resume_membership_response__descriptor, false,
     false},
    {"OwnerService/GetOwner", &bitting__v1__get_owner_response__descriptor, true, false},
    {"ScopeService/ListScopes", &bitting__v1__list_scopes_response__descriptor, true, false},
    {"ScopeService/ListPresets", &bitting__v1__list_presets_response__descriptor, true, false},
};

#define METHODS (sizeof methods / sizeof *methods)

/* Ids begin with the time; in the corpus they are 32 f. */
static void put_victim(uint8_t *message, size_t size) {
    uint8_t *at = memmem(message, size, "ffffffffffffffffffffffffffffffff", sizeof victim.id - 1);
    if (at) memcpy(at, victim.id, sizeof victim.id - 1);
}

static void expect_end(size_t method, bool allowed) {
    MUST(client.ends == 1);
    if (client.fault.err) {
        MUST(client.fault.text[0] && bt_bytes_printable(bt_bytes_text(client.fault.text)));
        MUST(client.fault.err != BT_ERR_INTERNAL);
        MUST(!strstr(client.fault.text, full.token + sizeof "bt_test_" + 8)); /* nor most of it */
        return;
    }
    MUST(allowed);
    ProtobufCMessage *answer = protobuf_c_message_unpack(methods[method].answer, NULL,
                                                         client.answer.size, client.answer.data);
    MUST(answer);
    protobuf_c_message_free_unpacked(answer, NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    if (!client.house) open_house();
    if (size < 2) return 0;
    const char *const credentials[] = {NULL, full.token, reader.token, "junk"};
    size_t method = data[0] % METHODS, credential = data[1] / 2 % 4;
    size_t length = size - 2;
    uint8_t *message = malloc(length ? length : 1);
    if (!message) return 0;
    if (length) memcpy(message, data + 2, length);
    put_victim(message, length);
    client.trusted = data[1] % 2;
    client.environment = data[1] & 8 ? "test" : NULL;
    client.credential = credentials[credential];
    client_send(&client, methods[method].name, bt_bytes_of(message, length));
    bool guarded_may = credential == 1 || (credential == 2 && methods[method].reader_may);
    expect_end(method, client.trusted ? methods[method].on_trusted : guarded_may);
    free(message);
    return 0;
}
