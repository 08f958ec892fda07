/* rooms: envoy support envoy_proto */
/* CheckRequest of any bytes: always one answer that parses, and an allowance only where the one good token is in the
 * message, alone. In an input, `bt_test_` and 49 `T` stand for that token. */
#include <stdlib.h>

#include "envoy/check.h"
#include "envoy/service/auth/v3/external_auth.pb-c.h"
#include "gate/gate.h"
#include "support/house.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char placeholder[] = "bt_test_TTTTTTTTTTTTTTTTTTTTTTTTTTTTTTTTTTTTTTTTTTTTTTTTT";

static test_house house;
static house_key key;
static bool has_token;
static unsigned answers;

static void check_answer(bt_call *call, bt_bytes message) {
    (void)call;
    answers++;
    Envoy__Service__Auth__V3__CheckResponse *answer =
        envoy__service__auth__v3__check_response__unpack(NULL, message.size, message.data);
    if (!answer || !answer->status || !answer->denied_response) abort();
    bool allowed = answer->status->code == 0;
    if (allowed && !has_token) abort();
    if (allowed != (answer->http_response_case ==
                    ENVOY__SERVICE__AUTH__V3__CHECK_RESPONSE__HTTP_RESPONSE_OK_RESPONSE))
        abort();
    envoy__service__auth__v3__check_response__free_unpacked(answer, NULL);
}

static void check_failure(bt_call *call, const bt_fault *fault) {
    (void)call, (void)fault;
    abort();
}

static void stop(void) {
    house.service.gate = bt_gate_close(house.service.gate);
    house_close(&house);
}

static void start(void) {
    static const bt_gate_options options = {
        .parameters = {{(const uint8_t *)"api_key", sizeof("api_key") - 1}},
        .parameters_count = 1,
        .trusted_hops = 1,
        .send_metadata = true};
    house_open(&house);
    atexit(stop);
    house_renew(&house);
    key = house_backend(&house, 0x1FFF);
    if (strlen(key.token) != sizeof placeholder - 1) abort();
    if (bt_gate_open(&options, bt_snapshot_catalogue(house.session.snapshot), &house.service.gate,
                     NULL))
        abort();
}

static void put_token(uint8_t *message, size_t size) {
    has_token = false;
    for (uint8_t *at = message;
         (at = memmem(at, size - (size_t)(at - message), placeholder, sizeof placeholder - 1));) {
        memcpy(at, key.token, sizeof placeholder - 1);
        has_token = true;
    }
}

static void ask(bt_bytes message) {
    static const bt_call_transport transport = {.reply = check_answer, .fail = check_failure};
    static uint8_t arena[BT_CALL_ARENA];
    static const bt_listener_policy listener = {.trusted = true, .environment = "test"};
    const bt_method *method = bt_methods;
    while (strcmp(method->path, BT_ENVOY_CHECK_PATH) != 0) method++;
    bt_call call = {.method = method,
                    .session = &house.session,
                    .listener = &listener,
                    .transport = &transport,
                    .message = message,
                    .deadline_ms = BT_NEVER_MS};
    bt_arena_init(&call.arena, arena, sizeof arena);
    answers = 0;
    bt_call_dispatch(&call);
    if (answers != 1) abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    if (!house.base[0]) start();
    uint8_t *message = malloc(size + 1);
    if (!message) abort();
    memcpy(message, data, size);
    put_token(message, size);
    ask(bt_bytes_of(message, size));
    free(message);
    return 0;
}
