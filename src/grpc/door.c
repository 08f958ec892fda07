#include <errno.h>
#include <grpc/grpc_security.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "grpc/core.h"

/* Requests of a client that are handled at a time, on one connection. */
#define STREAMS_OF_CONNECTION 256
#define HANDSHAKE_MS 10000
/* A connection without calls for this long is closed; clients connect again without a failed call. */
#define IDLE_MS (15 * 60 * 1000)
/* A peer that does not answer a ping has gone, and its connection is closed. */
#define PING_EVERY_MS (2 * 60 * 1000)
#define PING_TIMEOUT_MS 20000
/* Clients may ping as often as this. */
#define PINGED_EVERY_MS 10000

/* Not in a public header of the library; the public C++ API sets it by this name. Bit 0 is identity. */
#define ENABLED_COMPRESSION "grpc.compression_enabled_algorithms_bitset"

static grpc_arg number(const char *key, int value) {
    return (grpc_arg){.type = GRPC_ARG_INTEGER, .key = (char *)key, .value.integer = value};
}

static size_t largest_request(const bt_method *methods) {
    size_t largest = 0;
    for (const bt_method *method = methods; method->path; method++)
        if (method->request_max > largest) largest = method->request_max;
    return largest;
}

static grpc_server *create(const bt_grpc_server *owner) {
    grpc_arg list[] = {
        number(GRPC_ARG_ALLOW_REUSEPORT, 0), /* a second server on the address is an error */
        number(GRPC_ARG_MAX_RECEIVE_MESSAGE_LENGTH, (int)largest_request(owner->methods)),
        number(GRPC_ARG_MAX_METADATA_SIZE, (int)owner->options.header_max),
        number(GRPC_ARG_MAX_CONCURRENT_STREAMS, STREAMS_OF_CONNECTION),
        number(GRPC_ARG_SERVER_HANDSHAKE_TIMEOUT_MS, HANDSHAKE_MS),
        number(GRPC_ARG_MAX_CONNECTION_IDLE_MS, IDLE_MS),
        number(GRPC_ARG_KEEPALIVE_TIME_MS, PING_EVERY_MS),
        number(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, PING_TIMEOUT_MS),
        number(GRPC_ARG_KEEPALIVE_PERMIT_WITHOUT_CALLS, 1),
        number(GRPC_ARG_HTTP2_MIN_RECV_PING_INTERVAL_WITHOUT_DATA_MS, PINGED_EVERY_MS),
        number(GRPC_ARG_ENABLE_CHANNELZ, 0),
        number(ENABLED_COMPRESSION, 1),
        {.type = GRPC_ARG_POINTER,
         .key = (char *)GRPC_ARG_RESOURCE_QUOTA,
         .value.pointer = {owner->quota, grpc_resource_quota_arg_vtable()}},
    };
    grpc_channel_args args = {sizeof list / sizeof *list, list};
    return grpc_server_create(&args, NULL);
}

static bt_err register_all(bt_grpc_door *door, bt_fault *fault) {
    const bt_grpc_server *owner = door->owner;
    size_t count = 1;
    for (const bt_method *method = owner->methods; method->path; method++) count++;
    door->entries = calloc(count, sizeof *door->entries);
    if (!door->entries) return bt_fail(fault, BT_ERR_UNAVAILABLE, "no memory");
    for (size_t i = 0; i < owner->options.workers; i++)
        grpc_server_register_completion_queue(door->server, owner->workers[i].queue, NULL);
    for (size_t i = 0; i < count - 1; i++)
        door->entries[i] = (bt_grpc_entry){.door = door,
                                           .method = &owner->methods[i],
                                           .registered = grpc_server_register_method(
                                               door->server, owner->methods[i].path, NULL,
                                               GRPC_SRM_PAYLOAD_READ_INITIAL_BYTE_BUFFER, 0)};
    door->entries[count - 1].door = door;
    door->entries_count = count;
    return BT_OK;
}

/* gRPC says only that it failed: what the system has to say about the address is asked again. */
static bt_err explain(const bt_listener_options *options, const bt_socket_address *address,
                      bt_fault *fault) {
    int family = address->socket.ss_family, probe = socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    int yes = 1, error = 0;
    if (probe >= 0) setsockopt(probe, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    if (probe < 0 || bind(probe, (const struct sockaddr *)&address->socket, address->size))
        error = errno;
    if (probe >= 0) close(probe);
    if (!error && family == AF_UNIX)
        unlink(((const struct sockaddr_un *)&address->socket)->sun_path);
    if (error) return bt_listener_refused(options, error, fault);
    return bt_fail(fault, BT_ERR_UNAVAILABLE, "address %s: cannot listen there", options->address);
}

static bt_err bind_port(bt_grpc_door *door, const bt_listener_options *options,
                        grpc_server_credentials *credentials, bt_fault *fault) {
    bt_socket_address address;
    BT_TRY(bt_socket_address_parse(options->address, &address, fault));
    bool is_path = address.socket.ss_family == AF_UNIX;
    if (is_path) BT_TRY(bt_socket_path_clear(&address, fault));
    mode_t before = umask(bt_listener_umask(options));
    door->port = grpc_server_add_http2_port(door->server, options->address, credentials);
    umask(before);
    if (door->port <= 0) return explain(options, &address, fault);
    if (is_path) door->port = 0;
    return BT_OK;
}

bt_err bt_grpc_door_open(bt_grpc_door *door, const bt_listener_options *options, bt_fault *fault) {
    BT_TRY(bt_listener_check(options, fault));
    BT_TRY(bt_grpc_certificates_load(&door->certificates, fault));
    door->policy = options->policy;
    door->server = create(door->owner);
    BT_TRY(register_all(door, fault));
    grpc_server_credentials *credentials = bt_grpc_credentials(&door->certificates);
    bt_err err = bind_port(door, options, credentials, fault);
    grpc_server_credentials_release(credentials);
    return err;
}

void bt_grpc_door_destroy(bt_grpc_door *door) {
    if (door->server) grpc_server_destroy(door->server);
    free(door->entries);
}

void bt_grpc_door_clear(bt_grpc_door *door) {
    bt_grpc_certificates_clear(&door->certificates);
}
