#include "grpc/client.h"

#include <grpc/byte_buffer.h>
#include <grpc/byte_buffer_reader.h>
#include <grpc/grpc.h>
#include <grpc/grpc_security.h>
#include <grpc/support/alloc.h>
#include <grpc/support/log.h>
#include <stdlib.h>

#include "base/secret.h"
#include "rpc/listener.h"
#include "rpc/pem.h"

/* A call that is made, and what has come back. */
typedef struct bt_asking {
    grpc_completion_queue *queue;
    grpc_channel *channel;
    grpc_call *call;
    grpc_metadata credential;
    grpc_metadata_array headers, trailers;
    grpc_byte_buffer *request, *answer;
    grpc_status_code status;
    grpc_slice text;
} bt_asking;

static void be_quiet(gpr_log_func_args *line) {
    (void)line;
}

static bool is_local(const char *address) {
    bt_socket_address parsed;
    return bt_socket_address_parse(address, &parsed, NULL) == BT_OK && parsed.local;
}

static bt_err check(const bt_grpc_question *question, bt_fault *fault) {
    bool clear = question->credential.size && !question->tls && !question->insecure;
    if (clear && !is_local(question->address))
        return bt_fail(fault, BT_ERR_INVALID,
                       "address %s: a credential would go to another machine in the clear; use TLS",
                       question->address);
    return BT_OK;
}

static grpc_arg number(const char *key, int value) {
    return (grpc_arg){.type = GRPC_ARG_INTEGER, .key = (char *)key, .value.integer = value};
}

/* Without the detours that the environment or the DNS could send a credential on. */
static grpc_channel *open_channel(const char *address, grpc_channel_credentials *credentials,
                                  size_t answer_max) {
    grpc_arg list[] = {
        number(GRPC_ARG_ENABLE_HTTP_PROXY, 0),
        number(GRPC_ARG_SERVICE_CONFIG_DISABLE_RESOLUTION, 1),
        number(GRPC_ARG_MAX_RECEIVE_MESSAGE_LENGTH, (int)answer_max),
    };
    grpc_channel_args args = {sizeof list / sizeof *list, list};
    return grpc_channel_create(address, credentials, &args);
}

static bt_err connect_to(const bt_grpc_question *question, size_t answer_max, bt_asking *asking,
                         bt_fault *fault) {
    BT_CLEANUP(bt_pem_free) char *authority = NULL;
    if (question->tls && question->tls_ca)
        BT_TRY(bt_pem_read(question->tls_ca, "CA", &authority, fault));
    grpc_channel_credentials *credentials =
        question->tls ? grpc_ssl_credentials_create(authority, NULL, NULL, NULL)
                      : grpc_insecure_credentials_create();
    if (!credentials)
        return bt_fail(fault, BT_ERR_INVALID, "TLS: no CA certificates that can be used");
    asking->channel = open_channel(question->address, credentials, answer_max);
    grpc_channel_credentials_release(credentials);
    return BT_OK;
}

/* The slices are given back by forget(), which wipes this one. */
static bool set_credential(bt_asking *asking, bt_bytes credential) {
    static const char scheme[] = "Bearer ";
    size_t prefix = sizeof scheme - 1;
    grpc_slice value = grpc_slice_malloc(prefix + credential.size);
    memcpy(GRPC_SLICE_START_PTR(value), scheme, prefix);
    memcpy(GRPC_SLICE_START_PTR(value) + prefix, credential.data, credential.size);
    asking->credential.key = grpc_slice_from_static_string("authorization");
    asking->credential.value = value;
    return grpc_header_nonbin_value_is_legal(value);
}

static bt_err begin(const bt_grpc_question *question, size_t answer_max, bt_asking *asking,
                    bt_fault *fault) {
    BT_TRY(connect_to(question, answer_max, asking, fault));
    if (question->credential.size && !set_credential(asking, question->credential))
        return bt_fail(fault, BT_ERR_INVALID, "credential: has bytes that no token has");
    gpr_timespec deadline = gpr_time_add(gpr_now(GPR_CLOCK_MONOTONIC),
                                         gpr_time_from_millis(question->timeout_ms, GPR_TIMESPAN));
    asking->call = grpc_channel_create_call(
        asking->channel, NULL, GRPC_PROPAGATE_DEFAULTS, asking->queue,
        grpc_slice_from_static_string(question->path), NULL, deadline, NULL);
    grpc_slice message =
        grpc_slice_from_copied_buffer((const char *)question->message.data, question->message.size);
    asking->request = grpc_raw_byte_buffer_create(&message, 1);
    grpc_slice_unref(message);
    return BT_OK;
}

static void wait_for_answer(const bt_grpc_question *question, bt_asking *asking) {
    grpc_op ops[] = {
        {.op = GRPC_OP_SEND_INITIAL_METADATA,
         .data.send_initial_metadata = {.count = question->credential.size ? 1 : 0,
                                        .metadata = &asking->credential}},
        {.op = GRPC_OP_SEND_MESSAGE, .data.send_message.send_message = asking->request},
        {.op = GRPC_OP_SEND_CLOSE_FROM_CLIENT},
        {.op = GRPC_OP_RECV_INITIAL_METADATA,
         .data.recv_initial_metadata.recv_initial_metadata = &asking->headers},
        {.op = GRPC_OP_RECV_MESSAGE, .data.recv_message.recv_message = &asking->answer},
        {.op = GRPC_OP_RECV_STATUS_ON_CLIENT,
         .data.recv_status_on_client = {.trailing_metadata = &asking->trailers,
                                        .status = &asking->status,
                                        .status_details = &asking->text}},
    };
    if (grpc_call_start_batch(asking->call, ops, sizeof ops / sizeof *ops, asking, NULL)) {
        asking->status = GRPC_STATUS_INTERNAL;
        return;
    }
    grpc_completion_queue_pluck(asking->queue, asking, gpr_inf_future(GPR_CLOCK_REALTIME), NULL);
}

static bt_err copy_answer(const bt_asking *asking, void *block, size_t size, bt_bytes *ret_message,
                          bt_fault *fault) {
    grpc_byte_buffer_reader reader;
    if (!asking->answer || !grpc_byte_buffer_reader_init(&reader, asking->answer))
        return bt_fail(fault, BT_ERR_INTERNAL, "the server sent no answer");
    grpc_slice whole = grpc_byte_buffer_reader_readall(&reader);
    grpc_byte_buffer_reader_destroy(&reader);
    size_t length = GRPC_SLICE_LENGTH(whole);
    bool fits = length <= size;
    if (fits) {
        memcpy(block, GRPC_SLICE_START_PTR(whole), length);
        *ret_message = bt_bytes_of(block, length);
    }
    grpc_slice_unref(whole);
    if (fits) return BT_OK;
    return bt_fail(fault, BT_ERR_INVALID, "the answer has %zu bytes, more than %zu", length, size);
}

static bt_err read_answer(const bt_grpc_question *question, const bt_asking *asking, void *block,
                          size_t size, bt_bytes *ret_message, bt_fault *fault) {
    if (asking->status == GRPC_STATUS_OK)
        return copy_answer(asking, block, size, ret_message, fault);
    bt_bytes text =
        bt_bytes_of(GRPC_SLICE_START_PTR(asking->text), GRPC_SLICE_LENGTH(asking->text));
    return bt_fail(fault, bt_call_error((int)asking->status), "%s: %.*s", question->address,
                   BT_BYTES_ARG(text));
}

static void forget(bt_asking *asking) {
    if (asking->call) grpc_call_unref(asking->call);
    if (asking->channel) grpc_channel_destroy(asking->channel);
    grpc_completion_queue_shutdown(asking->queue);
    grpc_completion_queue_destroy(asking->queue);
    grpc_byte_buffer_destroy(asking->request);
    grpc_byte_buffer_destroy(asking->answer);
    grpc_metadata_array_destroy(&asking->headers);
    grpc_metadata_array_destroy(&asking->trailers);
    grpc_slice_unref(asking->text);
    bt_secret_wipe(GRPC_SLICE_START_PTR(asking->credential.value),
                   GRPC_SLICE_LENGTH(asking->credential.value));
    grpc_slice_unref(asking->credential.value);
}

bt_err bt_grpc_ask(const bt_grpc_question *question, void *block, size_t size,
                   bt_bytes *ret_message, bt_fault *fault) {
    BT_TRY(check(question, fault));
    gpr_set_log_function(be_quiet);
    grpc_init();
    bt_asking asking = {.queue = grpc_completion_queue_create_for_pluck(NULL),
                        .text = grpc_empty_slice(),
                        .credential.value = grpc_empty_slice()};
    bt_err err = begin(question, size, &asking, fault);
    if (!err) {
        wait_for_answer(question, &asking);
        err = read_answer(question, &asking, block, size, ret_message, fault);
    }
    forget(&asking);
    grpc_shutdown_blocking();
    return err;
}
