/* rooms: PkgConfig::GRPC */
/* The floor: a bare gRPC c-core server that answers CheckScope with a constant. It reads no request; what
 * the room grpc adds to a call is measured against it, so it has the configuration that was found fastest
 * (docs/benchmarks.md).
 *
 *   floor_grpc [port] [workers]     9600 1 */
#include <grpc/byte_buffer.h>
#include <grpc/grpc.h>
#include <grpc/grpc_security.h>
#include <malloc.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#define METHOD "/bitting.v1.CheckService/CheckScope"
#define WORKERS_MAX 64
#define ARMED 64

/* {allowed: true, reason: ALLOWED, key_id: 32 digits, scope_mask: 1, revision: 1000000} */
static const uint8_t ANSWER[] = "\x08\x01\x10\x01\x1a\x20"
                                "0123456789abcdef0123456789abcdef"
                                "\x28\x01\x38\xc0\x84\x3d";

typedef struct bt_worker {
    pthread_t thread;
    grpc_completion_queue *queue;
} bt_worker;

/* Waits for a request, and then, `answering`, for its answer to be sent. */
typedef struct bt_slot {
    grpc_completion_queue *queue;
    grpc_call *call;
    grpc_metadata_array metadata;
    grpc_byte_buffer *request;
    gpr_timespec deadline;
    bool answering;
    int cancelled;
} bt_slot;

static grpc_server *server;
static void *method;
static bt_worker workers[WORKERS_MAX];

/* Without Abseil's lock graph, as the program is (src/grpc/server.c). */
extern void set_deadlock_detection(int mode) __asm__(
    "_ZN4absl7debian329SetMutexDeadlockDetectionModeENS0_15OnDeadlockCycleE") __attribute__((weak));

static void arm(bt_slot *slot) {
    slot->answering = false;
    slot->request = NULL;
    slot->metadata.count = 0;
    grpc_server_request_registered_call(server, method, &slot->call, &slot->deadline,
                                        &slot->metadata, &slot->request, slot->queue, slot->queue,
                                        slot);
}

/* The batch takes the slices out of the byte buffer, so each call needs its own. */
static void answer(bt_slot *slot) {
    grpc_slice bytes = grpc_slice_from_copied_buffer((const char *)ANSWER, sizeof ANSWER - 1);
    grpc_byte_buffer *message = grpc_raw_byte_buffer_create(&bytes, 1);
    grpc_op batch[] = {
        {.op = GRPC_OP_SEND_INITIAL_METADATA},
        {.op = GRPC_OP_SEND_MESSAGE, .data.send_message.send_message = message},
        {.op = GRPC_OP_SEND_STATUS_FROM_SERVER},
        {.op = GRPC_OP_RECV_CLOSE_ON_SERVER,
         .data.recv_close_on_server.cancelled = &slot->cancelled},
    };
    slot->answering = true;
    grpc_call_start_batch(slot->call, batch, 4, slot, NULL);
    grpc_byte_buffer_destroy(message);
    grpc_slice_unref(bytes);
}

static void *work(void *argument) {
    bt_worker *self = argument;
    gpr_timespec never = gpr_inf_future(GPR_CLOCK_REALTIME);
    for (;;) {
        grpc_event event = grpc_completion_queue_next(self->queue, never, NULL);
        bt_slot *current = event.tag;
        if (!current->answering) {
            answer(current);
            continue;
        }
        grpc_byte_buffer_destroy(current->request);
        grpc_call_unref(current->call);
        arm(current);
    }
    return NULL;
}

static int listen_on(const char *port) {
    char address[32];
    snprintf(address, sizeof address, "127.0.0.1:%s", port);
    grpc_server_credentials *open = grpc_insecure_server_credentials_create();
    return grpc_server_add_http2_port(server, address, open);
}

static void arm_all(const bt_worker *worker) {
    bt_slot *slots = calloc(ARMED, sizeof *slots);
    for (int i = 0; slots && i < ARMED; i++) {
        slots[i].queue = worker->queue;
        arm(&slots[i]);
    }
}

int main(int argc, char **argv) {
    int count = argc > 2 ? (int)strtol(argv[2], NULL, 10) : 1;
    if (count < 1 || count > WORKERS_MAX) return 2;
    grpc_arg alone = {
        .type = GRPC_ARG_INTEGER, .key = (char *)GRPC_ARG_ALLOW_REUSEPORT, .value.integer = 0};
    grpc_channel_args args = {1, &alone};
    mallopt(M_ARENA_MAX, count);
    if (set_deadlock_detection) set_deadlock_detection(0);
    grpc_init();
    server = grpc_server_create(&args, NULL);
    for (int i = 0; i < count; i++) {
        workers[i].queue = grpc_completion_queue_create_for_next(NULL);
        grpc_server_register_completion_queue(server, workers[i].queue, NULL);
    }
    method = grpc_server_register_method(server, METHOD, NULL,
                                         GRPC_SRM_PAYLOAD_READ_INITIAL_BYTE_BUFFER, 0);
    if (!listen_on(argc > 1 ? argv[1] : "9600")) return 1;
    grpc_server_start(server);
    for (int i = 0; i < count; i++) arm_all(&workers[i]);
    for (int i = 0; i < count; i++) pthread_create(&workers[i].thread, NULL, work, &workers[i]);
    for (int i = 0; i < count; i++) pthread_join(workers[i].thread, NULL);
    return 0;
}
