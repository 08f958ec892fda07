/* A client of the methods without a transport between: what it sends is made by protobuf-c, which
 * shares no code with the program's own reading and writing, and what it gets is read by it. */
#ifndef BT_TESTS_SUPPORT_CLIENT_H
#define BT_TESTS_SUPPORT_CLIENT_H

#include "bitting/v1/check.pb-c.h"
#include "bitting/v1/key.pb-c.h"
#include "bitting/v1/scope.pb-c.h"
#include "rpc/call.h"
#include "support/house.h"

typedef struct test_client {
    test_house *house;
    bool trusted;            /* or guarded, with a credential: */
    const char *credential;  /* NULL: none is sent */
    const char *environment; /* of the trusted listener; NULL: none */
    bt_call call;
    bt_listener_policy listener;
    /* Of the last call. */
    unsigned ends;   /* how often it was answered or failed: once is right */
    bt_fault fault;  /* err 0: it was answered */
    bt_bytes answer; /* freed with the next */
    void *arena;
} test_client;

const bt_method *client_method(const char *name);

/* name is "CheckService/Validate" and the like. Gives the error. */
bt_err client_send(test_client *client, const char *name, bt_bytes request);

/* NULL where the call failed. The answer is of the given type, and the caller's to free with
 * protobuf_c_message_free_unpacked. */
void *client_ask(test_client *client, const char *name, const void *request,
                 const ProtobufCMessageDescriptor *answer);

void client_close(test_client *client);

static inline ProtobufCBinaryData pb_text(const char *text) {
    return (ProtobufCBinaryData){strlen(text), (uint8_t *)(uintptr_t)text};
}

static inline bt_bytes pb_bytes(ProtobufCBinaryData data) {
    return bt_bytes_of(data.data, data.len);
}

#endif
