#include "recorder.h"

static void keep(recorder *self, bt_bytes message) {
    ck_assert_uint_le(message.size, sizeof self->message);
    if (message.size) memcpy(self->message, message.data, message.size);
    self->message_size = message.size;
}

static void reply(bt_call *call, bt_bytes message) {
    recorder *self = (recorder *)call;
    self->replies++;
    keep(self, message);
}

static void send_one(bt_call *call, bt_bytes message) {
    recorder *self = (recorder *)call;
    self->sent++;
    keep(self, message);
}

static void fail_one(bt_call *call, const bt_fault *fault) {
    recorder *self = (recorder *)call;
    self->failures++;
    self->fault = *fault;
}

static const bt_call_transport transport = {.reply = reply, .fail = fail_one, .send = send_one};

void recorder_init(recorder *self, void (*handle)(bt_call *call)) {
    memset(self, 0, sizeof *self);
    self->method = (bt_method){
        .path = "/a.B/C", .flags = BT_METHOD_OPEN, .request_max = 4096, .handle = handle};
    self->call.method = &self->method;
    self->call.listener = &self->listener;
    self->call.transport = &transport;
    self->call.deadline_ms = BT_NEVER_MS;
    bt_arena_init(&self->call.arena, self->arena, sizeof self->arena);
}
