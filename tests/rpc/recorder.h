/* A transport that remembers what a handler answered. */
#ifndef BT_TESTS_RPC_RECORDER_H
#define BT_TESTS_RPC_RECORDER_H

#include "rpc/call.h"
#include "unit.h"

typedef struct recorder {
    bt_call call; /* first, so that a call is its recorder */
    bt_method method;
    bt_listener_policy listener;
    unsigned replies, sent, failures;
    uint8_t message[64 << 10]; /* the last one */
    size_t message_size;
    bt_fault fault;
    uint8_t arena[512 << 10];
} recorder;

/* A call of a method that is open and has this handler, with an empty request. */
void recorder_init(recorder *self, void (*handle)(bt_call *call));

static inline bt_bytes recorder_message(const recorder *self) {
    return bt_bytes_of(self->message, self->message_size);
}

#endif
