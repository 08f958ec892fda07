#include "cli/outcome_remote.h"

#include <stddef.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/secret.h"
#include "cli/credential.h"
#include "rpc/listener.h"
#include "rpc/wire.h"

#define CHECK_SCOPE "/bitting.v1.CheckService/CheckScope"
/* A token, 64 names of scopes, a resource and the rest. */
#define REQUEST_MAX (2 * BT_CREDENTIAL_MAX)
#define ANSWER_MAX 8192u

/* A CheckScopeResponse, as it lies in the message. */
typedef struct answer_message {
    uint64_t allowed;
    int reason;
    bt_bytes key_id;
    bt_bytes missing[BT_MASK_BITS];
    size_t missing_count;
    uint64_t scope_mask;
    int64_t expires_ms;
    uint64_t revision;
    uint64_t missing_mask;
} answer_message;

#define AT(member) .offset = offsetof(answer_message, member)

static const bt_wire_field answer_fields[] = {
    [1] = {"allowed", BT_WIRE_UINT, AT(allowed)},
    [2] = {"reason", BT_WIRE_ENUM, .max = BT_REASON_RATE_LIMITED, AT(reason)},
    [3] = {"key_id", BT_WIRE_BYTES, AT(key_id)},
    [4] = {"missing_scopes", BT_WIRE_LIST, .max = BT_MASK_BITS, AT(missing),
           .count_offset = offsetof(answer_message, missing_count)},
    [5] = {"scope_mask", BT_WIRE_UINT, AT(scope_mask)},
    [6] = {"expires_at", BT_WIRE_TIME, AT(expires_ms)},
    [7] = {"revision", BT_WIRE_UINT, AT(revision)},
    [8] = {"missing_mask", BT_WIRE_UINT, AT(missing_mask)},
};

static const bt_wire_message answer_type = {"bitting.v1.CheckScopeResponse", answer_fields,
                                            BT_WIRE_COUNT(answer_fields)};

static void write_request(const bt_ask_scope *ask, bt_out *out) {
    bt_out_bytes(out, 1, ask->ask.token);
    for (size_t i = 0; i < ask->scopes_count; i++) bt_out_item(out, 2, ask->scopes[i]);
    bt_out_uint(out, 4, ask->match);
    bt_out_bytes(out, 5, ask->resource);
    bt_out_bytes(out, 6, ask->ask.environment);
    for (unsigned kind = 1; kind <= BT_KIND_LAST; kind++)
        if (ask->ask.accepted_kinds >> kind & 1) bt_out_uint(out, 7, kind);
    bt_out_bytes(out, 8, ask->ask.client_ip);
}

/* An answer that contradicts itself is none. */
static bt_err read_answer(bt_bytes message, bt_outcome *ret_outcome, bt_fault *fault) {
    answer_message answer = {.expires_ms = BT_NEVER_MS};
    BT_TRY(bt_wire_read(&answer_type, message, &answer, fault));
    bool allowed = answer.reason == BT_REASON_ALLOWED;
    if (answer.reason == 0 || allowed != (answer.allowed == 1))
        return bt_fail(fault, BT_ERR_INTERNAL, "the server's answer contradicts itself");
    *ret_outcome = (bt_outcome){.allowed = allowed,
                                .reason = (bt_reason)answer.reason,
                                .scope_mask = answer.scope_mask,
                                .missing_mask = answer.missing_mask,
                                .expires_ms = answer.expires_ms,
                                .revision = answer.revision};
    bool fits = bt_bytes_copy_text(answer.key_id, ret_outcome->key_id, sizeof ret_outcome->key_id);
    for (size_t i = 0; i < answer.missing_count && fits; i++)
        fits = bt_bytes_printable(answer.missing[i]) &&
               bt_bytes_copy_text(answer.missing[i],
                                  ret_outcome->missing[ret_outcome->missing_count++],
                                  sizeof ret_outcome->missing[0]);
    if (!fits) return bt_fail(fault, BT_ERR_INTERNAL, "the server's answer is not understood");
    return BT_OK;
}

/* The token is a secret like the caller's credential: not in the clear to another machine. */
static bt_err check_way(const bt_grpc_question *server, bt_fault *fault) {
    bt_socket_address address;
    bool local = !bt_socket_address_parse(server->address, &address, NULL) && address.local;
    if (local || server->tls || server->insecure) return BT_OK;
    return bt_fail(
        fault, BT_ERR_INVALID,
        "the server %s is on another machine, and the token would go there in the clear: use "
        "--tls or --tls-ca, or --insecure where the network between is yours",
        server->address);
}

bt_err bt_outcome_remote(const bt_grpc_question *server, const bt_ask_scope *ask,
                         bt_outcome *ret_outcome, bt_fault *fault) {
    uint8_t request[REQUEST_MAX], block[ANSWER_MAX];
    bt_out out = bt_out_into(request, sizeof request);
    bt_bytes message;
    BT_TRY(check_way(server, fault));
    write_request(ask, &out);
    if (out.full) return bt_fail(fault, BT_ERR_INVALID, "the question is too large");
    bt_grpc_question question = *server;
    question.path = CHECK_SCOPE;
    question.message = bt_out_written(&out);
    bt_err err = bt_grpc_ask(&question, block, sizeof block, &message, fault);
    bt_secret_wipe(request, sizeof request);
    return err ? err : read_answer(message, ret_outcome, fault);
}

bool bt_outcome_find_server(const char *directory, char ret_address[BT_PATH_SIZE]) {
    bt_socket_address address;
    int size = snprintf(ret_address, BT_PATH_SIZE, "unix:%s/check.sock", directory);
    if (size < 0 || (size_t)size >= BT_PATH_SIZE) return false;
    if (bt_socket_address_parse(ret_address, &address, NULL)) return false;
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0) return false;
    bool there = connect(fd, (const struct sockaddr *)&address.socket, address.size) == 0;
    close(fd);
    return there;
}
