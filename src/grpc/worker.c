#include <grpc/slice.h>

#include "grpc/core.h"

/* Calls that a queue waits for at a time, of each method. A connection is read in one go, and what comes
 * beyond these goes to another queue, whose thread must then be woken. */
#define ARMED_UNARY 32u
#define ARMED_OTHER 4u
/* Events that a call which has come may have to wait for. */
#define EVENTS_TOGETHER (2 * BT_CALLS_TOGETHER)
/* Calls whose look-ups gain more by waiting together than the first of them loses. */
#define MANY 8u
/* Arenas of BT_CALL_ARENA_MAX. */
#define LARGE_ARENAS 4u

static unsigned armed_of(const bt_method *method) {
    return method && !(method->flags & BT_METHOD_STREAM) ? ARMED_UNARY : ARMED_OTHER;
}

static grpc_call_error request(bt_grpc_call *call) {
    const bt_grpc_entry *entry = call->entry;
    grpc_completion_queue *queue = call->worker->queue;
    BT_TAG_GOES_IN(&call->taken_tag);
    if (!entry->method)
        return grpc_server_request_call(entry->door->server, &call->call, &call->details,
                                        &call->metadata, queue, queue, &call->taken_tag);
    return grpc_server_request_registered_call(entry->door->server, entry->registered, &call->call,
                                               &call->deadline, &call->metadata, &call->payload,
                                               queue, queue, &call->taken_tag);
}

static void wait_again(bt_grpc_call *call) {
    call->metadata.count = 0;
    call->payload = NULL;
    if (request(call)) bt_grpc_call_release(call);
}

/* The block waits for the next call: so none is ever missing. */
static void turned_away(void *subject, bool ok) {
    (void)ok;
    bt_grpc_call *call = subject;
    grpc_byte_buffer_destroy(call->payload);
    grpc_call_unref(call->call);
    call->call = NULL;
    wait_again(call);
}

static void turn_away(bt_grpc_call *call) {
    const bt_method *method = call->entry->method;
    if (method && method->overload.size) {
        call->sent_tag = (bt_grpc_tag){turned_away, call};
        bt_grpc_call_answer(call, method->overload);
        return;
    }
    bt_grpc_call_refuse(call, GRPC_STATUS_RESOURCE_EXHAUSTED, "too many calls in flight");
    wait_again(call);
}

static void taken(void *subject, bool ok) {
    bt_grpc_call *call = subject;
    bt_grpc_worker *worker = call->worker;
    if (!ok) {
        bt_grpc_call_release(call); /* the server shuts down */
    } else if (worker->in_flight == worker->arenas.count) {
        turn_away(call);
    } else {
        worker->in_flight++;
        call->in_flight = true;
        bt_grpc_arm(worker, call->entry);
        bt_grpc_call_begin(call);
    }
}

void bt_grpc_arm(bt_grpc_worker *worker, const bt_grpc_entry *entry) {
    bt_grpc_call *call = bt_blocks_take(&worker->calls);
    if (!call) return;
    call->worker = worker;
    call->entry = entry;
    call->call = NULL;
    call->in_flight = false;
    call->joined = grpc_empty_slice();
    call->base.arena.block = NULL;
    call->taken_tag = (bt_grpc_tag){taken, call};
    grpc_metadata_array_init(&call->metadata);
    grpc_call_details_init(&call->details);
    wait_again(call);
}

static void dispatch(bt_grpc_worker *worker) {
    size_t count = worker->ready_count;
    if (!count) return;
    worker->ready_count = 0;
    worker->together = count;
    bt_call_dispatch_many(worker->ready, count);
}

void bt_grpc_worker_ready(bt_grpc_worker *worker, bt_call *call) {
    worker->ready[worker->ready_count++] = call;
    if (worker->ready_count == BT_CALLS_TOGETHER) dispatch(worker);
}

static grpc_completion_type take_event(bt_grpc_worker *worker, gpr_timespec until) {
    grpc_event event = grpc_completion_queue_next(worker->queue, until, NULL);
    if (event.type != GRPC_OP_COMPLETE) return event.type;
    bt_grpc_tag *tag = event.tag;
    BT_TAG_COMES_OUT(tag);
    tag->happened(tag->subject, event.success);
    return event.type;
}

/* To look for more takes a system call, and the time to read what it finds, which is lost on who calls alone. Where many
 * calls came together before, the first to come is rarely alone. */
static bool is_alone(const bt_grpc_worker *worker) {
    return worker->in_flight <= 1 && worker->together < MANY;
}

bool bt_grpc_worker_step(bt_grpc_worker *worker) {
    grpc_completion_type type = take_event(worker, gpr_inf_future(GPR_CLOCK_REALTIME));
    for (unsigned more = 0; more < EVENTS_TOGETHER; more++) {
        if (type != GRPC_OP_COMPLETE || !worker->ready_count || is_alone(worker)) break;
        type = take_event(worker, gpr_inf_past(GPR_CLOCK_REALTIME));
    }
    dispatch(worker);
    return type != GRPC_QUEUE_SHUTDOWN;
}

/* By its own thread, and when no call is left: a batch that is begun on a queue without anything under way, after
 * its shutdown, is an abort. */
static void *work(void *subject) {
    bt_grpc_worker *worker = subject;
    while (bt_grpc_worker_step(worker))
        if (worker->ending && worker->in_flight == 0) grpc_completion_queue_shutdown(worker->queue);
    return NULL;
}

static void end(void *subject, bool ok) {
    bt_grpc_worker *worker = subject;
    (void)ok;
    worker->ending = true;
}

void bt_grpc_worker_join(bt_grpc_worker *worker) {
    worker->end_tag = (bt_grpc_tag){end, worker};
    BT_TAG_GOES_IN(&worker->end_tag);
    /* Of a door that is closed already: told at once, on the worker's thread. */
    grpc_server_shutdown_and_notify(worker->server->doors[0].server, worker->queue,
                                    &worker->end_tag);
    pthread_join(worker->thread, NULL);
}

/* Each call in flight, and each that is waited for. */
static size_t blocks_needed(const bt_grpc_server *server, size_t in_flight) {
    size_t armed = ARMED_OTHER;
    for (const bt_method *method = server->methods; method->path; method++)
        armed += armed_of(method);
    return in_flight + armed * server->doors_count;
}

bt_err bt_grpc_worker_init(bt_grpc_worker *worker, bt_grpc_server *server, bt_fault *fault) {
    size_t in_flight =
        (server->options.calls + server->options.workers - 1) / server->options.workers;
    worker->server = server;
    worker->queue = grpc_completion_queue_create_for_next(NULL);
    if (!bt_blocks_init(&worker->calls, sizeof(bt_grpc_call), blocks_needed(server, in_flight)) ||
        !bt_blocks_init(&worker->arenas, BT_CALL_ARENA, in_flight) ||
        !bt_blocks_init(&worker->large_arenas, BT_CALL_ARENA_MAX, LARGE_ARENAS))
        return bt_fail(fault, BT_ERR_UNAVAILABLE, "no memory for %zu calls in flight", in_flight);
    return server->service ? bt_session_open(server->service, &worker->session, fault) : BT_OK;
}

void bt_grpc_worker_destroy(bt_grpc_worker *worker) {
    if (worker->queue) grpc_completion_queue_destroy(worker->queue);
    bt_session_close(&worker->session);
    bt_blocks_destroy(&worker->calls);
    bt_blocks_destroy(&worker->arenas);
    bt_blocks_destroy(&worker->large_arenas);
}

bt_err bt_grpc_worker_start(bt_grpc_worker *worker, bt_fault *fault) {
    bt_grpc_server *server = worker->server;
    for (size_t i = 0; i < server->doors_count; i++) {
        bt_grpc_door *door = &server->doors[i];
        for (size_t j = 0; j < door->entries_count; j++)
            for (unsigned n = 0; n < armed_of(door->entries[j].method); n++)
                bt_grpc_arm(worker, &door->entries[j]);
    }
    if (pthread_create(&worker->thread, NULL, work, worker))
        return bt_fail(fault, BT_ERR_UNAVAILABLE, "a thread cannot be started");
    return BT_OK;
}
