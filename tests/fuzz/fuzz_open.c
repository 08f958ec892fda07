/* rooms: rpc */
/* Any bytes as the request of the methods that need no credential, health and reflection: each is answered
 * once, and what reflection sends back is the request and an answer that can be read. Input: the method,
 * then the message. */
#include <stdio.h>
#include <stdlib.h>

#include "rpc/health.h"
#include "rpc/reflection.h"
#include "rpc/wire.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static unsigned ends;
static bt_bytes request;

static void must(bool holds, const char *what) {
    if (holds) return;
    fprintf(stderr, "does not hold: %s\n", what);
    abort();
}

static void reply(bt_call *call, bt_bytes message) {
    (void)call;
    ends++;
    must(message.size == 2, "health answers with one small number");
}

static void check_reflection(bt_bytes message) {
    struct {
        bt_bytes original, answers[4];
    } response = {0};
#define AT(field_name, member)                                                                     \
    {                                                                                              \
        .name = field_name, .type = BT_WIRE_BYTES,                                                 \
        .offset = (size_t)((uint8_t *)&response.member - (uint8_t *)&response)                     \
    }
    const bt_wire_field fields[] = {[2] = AT("original_request", original),
                                    [4] = AT("file", answers[0]),
                                    [5] = AT("numbers", answers[1]),
                                    [6] = AT("services", answers[2]),
                                    [7] = AT("error", answers[3])};
    const bt_wire_message type = {"ServerReflectionResponse", fields, 8};
    must(bt_wire_read(&type, message, &response, NULL) == BT_OK, "the answer can be read");
    must(bt_bytes_equal(response.original, request), "the request is sent back");
    int answers = 0;
    for (int i = 0; i < 4; i++) answers += response.answers[i].data != NULL;
    must(answers == 1, "there is one answer");
}

static void send_one(bt_call *call, bt_bytes message) {
    ends++;
    if (call->method->flags & BT_METHOD_WATCH)
        reply(call, message), ends--;
    else
        check_reflection(message);
}

static void fail(bt_call *call, const bt_fault *fault) {
    (void)call;
    ends++;
    must(fault->err && fault->text[0], "a failure says something");
    must(fault->err != BT_ERR_INTERNAL, "no request is a defect of ours");
}

static const bt_call_transport transport = {.reply = reply, .fail = fail, .send = send_one};

static const bt_method methods[] = {
    {.path = BT_HEALTH_CHECK_PATH, .flags = BT_METHOD_OPEN, .handle = bt_health_check},
    {.path = BT_HEALTH_WATCH_PATH,
     .flags = BT_METHOD_OPEN | BT_METHOD_WATCH,
     .handle = bt_health_watch},
    {.path = BT_REFLECTION_PATH,
     .flags = BT_METHOD_OPEN | BT_METHOD_DIALOGUE,
     .handle = bt_reflection_ask},
    {.path = NULL},
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static uint8_t block[BT_REFLECTION_ARENA];
    static bt_health *health;
    if (!size || size > BT_REFLECTION_REQUEST_MAX) return 0;
    if (!health) health = bt_health_new(methods);
    bt_method method = methods[data[0] % 3];
    method.request_max = BT_REFLECTION_REQUEST_MAX;
    request = bt_bytes_of(data + 1, size - 1);
    bt_call call = {
        .method = &method, .transport = &transport, .health = health, .message = request};
    bt_arena_init(&call.arena, block, sizeof block);
    ends = 0;
    bt_call_dispatch(&call);
    must(ends == 1, "it ends once");
    bt_health_unwatch(&call);
    return 0;
}
