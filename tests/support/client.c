#include "support/client.h"

#include <stdio.h>
#include <stdlib.h>

static test_client *client_of(bt_call *call) {
    return (test_client *)((char *)call - offsetof(test_client, call));
}

static void reply(bt_call *call, bt_bytes message) {
    test_client *client = client_of(call);
    void *copy = malloc(message.size + 1);
    if (!copy) abort();
    if (message.size) memcpy(copy, message.data, message.size);
    client->answer = bt_bytes_of(copy, message.size);
    client->ends++;
}

static void fail(bt_call *call, const bt_fault *fault) {
    test_client *client = client_of(call);
    client->fault = *fault;
    client->ends++;
}

static const bt_call_transport transport = {.reply = reply, .fail = fail};

const bt_method *client_method(const char *name) {
    char path[128];
    snprintf(path, sizeof path, "/bitting.v1.%s", name);
    for (const bt_method *method = bt_methods; method->path; method++)
        if (strcmp(method->path, path) == 0) return method;
    fprintf(stderr, "client: there is no method %s\n", path);
    abort();
}

void client_close(test_client *client) {
    free((void *)(uintptr_t)client->answer.data);
    free(client->arena);
    client->answer = (bt_bytes){0};
    client->arena = NULL;
}

bt_err client_send(test_client *client, const char *name, bt_bytes request) {
    client_close(client);
    client->ends = 0;
    client->fault = (bt_fault){0};
    client->listener = (bt_listener_policy){.trusted = client->trusted};
    snprintf(client->listener.environment, sizeof client->listener.environment, "%s",
             client->environment ? client->environment : "");
    client->call = (bt_call){.method = client_method(name),
                             .session = &client->house->session,
                             .listener = &client->listener,
                             .transport = &transport,
                             .message = request,
                             .authorization = bt_bytes_text(client->credential),
                             .deadline_ms = BT_NEVER_MS};
    size_t size = client->call.method->arena_size;
    if (!size) size = BT_CALL_ARENA;
    client->arena = malloc(size);
    if (!client->arena) abort();
    bt_arena_init(&client->call.arena, client->arena, size);
    bt_call_dispatch(&client->call);
    house_renew(client->house);
    return client->fault.err;
}

void *client_ask(test_client *client, const char *name, const void *request,
                 const ProtobufCMessageDescriptor *answer) {
    size_t size = protobuf_c_message_get_packed_size(request);
    uint8_t *bytes = malloc(size + 1);
    if (!bytes) abort();
    protobuf_c_message_pack(request, bytes);
    bt_err err = client_send(client, name, bt_bytes_of(bytes, size));
    free(bytes);
    if (err) return NULL;
    void *read = protobuf_c_message_unpack(answer, NULL, client->answer.size, client->answer.data);
    if (read) return read;
    fprintf(stderr, "client: the answer of %s is no %s\n", name, answer->name);
    abort();
}
