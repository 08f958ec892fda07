/* What the files of this room share. */
#ifndef BT_GRPC_CORE_H
#define BT_GRPC_CORE_H

#include <grpc/grpc.h>
#include <pthread.h>
#include <stdatomic.h>

#include "grpc/blocks.h"
#include "grpc/credentials.h"
#include "grpc/server.h"

typedef struct bt_grpc_call bt_grpc_call;
typedef struct bt_grpc_worker bt_grpc_worker;
typedef struct bt_grpc_door bt_grpc_door;

/* What a completion queue gives back: whom to tell. ok is gRPC's `success`. */
typedef struct bt_grpc_tag {
    void (*happened)(void *subject, bool ok);
    void *subject;
} bt_grpc_tag;

/* gRPC's library is not built for ThreadSanitizer, which therefore cannot see that what was done before
 * a tag went in has happened before it comes out of a queue. These say so. */
#ifdef __SANITIZE_THREAD__
void __tsan_acquire(void *address);
void __tsan_release(void *address);
#define BT_TAG_GOES_IN(tag) __tsan_release(tag)
#define BT_TAG_COMES_OUT(tag) __tsan_acquire(tag)
#else
#define BT_TAG_GOES_IN(tag) (void)(tag)
#define BT_TAG_COMES_OUT(tag) (void)(tag)
#endif

/* A method on a listener. */
typedef struct bt_grpc_entry {
    bt_grpc_door *door;
    const bt_method *method; /* NULL: every method that is not served */
    void *registered;        /* gRPC's name for it */
} bt_grpc_entry;

/* A listener. gRPC does not tell which one a call came in by, so each is a grpc_server of its own, on the
 * same completion queues. */
struct bt_grpc_door {
    bt_grpc_server *owner;
    grpc_server *server;
    bt_listener_policy policy;
    bt_grpc_certificates certificates;
    int port;
    bt_grpc_entry *entries; /* one for each method, and one for the rest */
    size_t entries_count;
    bt_grpc_tag closed_tag;
};

/* A thread with its queue. Connections are dealt to queues as they come, and their calls stay there.
 * Everything here is its own thread's. */
struct bt_grpc_worker {
    bt_grpc_server *server;
    pthread_t thread;
    grpc_completion_queue *queue;
    bt_session session;
    unsigned in_flight;
    bool ending;
    bt_grpc_tag end_tag;
    bt_call *ready[BT_CALLS_TOGETHER]; /* unary calls that have come, and are dispatched together */
    size_t ready_count;
    size_t together; /* calls that were dispatched last */
    bt_blocks calls;
    bt_blocks arenas;
    bt_blocks large_arenas;
};

struct bt_grpc_server {
    const bt_method *methods;
    bt_service *service;
    bt_health *health;
    bt_grpc_options options; /* without zeros */
    grpc_resource_quota *quota;
    bt_grpc_door *doors;
    size_t doors_count;
    bt_grpc_worker *workers;
    size_t workers_started; /* threads */
    atomic_uint streams;
    pthread_mutex_t lock; /* of what follows */
    pthread_cond_t changed;
    size_t doors_open;
    bool draining, hurried;
    bt_grpc_call *dialogues;
};

/* How a stream stands. Of a watch, under `lock`, since anyone may send. */
typedef struct bt_grpc_stream {
    pthread_mutex_t lock;
    bool begun;              /* headers were sent */
    bool sending;            /* a batch is on its way */
    bool ending, ended;      /* a status waits for its turn; was sent */
    bool over;               /* the client has gone, or the status has been sent */
    grpc_byte_buffer *waits; /* the message to be sent next */
    grpc_status_code status;
    grpc_slice text;
    atomic_bool listening;      /* a dialogue: waits for its client */
    bt_grpc_call *next, **link; /* of the server's list of dialogues */
} bt_grpc_stream;

struct bt_grpc_call {
    bt_call base; /* first, so that a call is its bt_grpc_call */
    bt_grpc_worker *worker;
    const bt_grpc_entry *entry;
    grpc_call *call;
    grpc_metadata_array metadata;
    grpc_call_details details; /* of a method that is not served */
    gpr_timespec deadline;     /* of the monotonic clock */
    grpc_byte_buffer *payload;
    grpc_slice joined; /* the payload, where it came in pieces */
    bool large;        /* which arenas the arena is from */
    bool in_flight;    /* counted as such */
    int cancelled;     /* asked for by gRPC, and not used */
    bt_grpc_tag taken_tag, sent_tag, closed_tag;
    bt_grpc_stream stream;
};

/* --- worker.c */

/* Waits for one more call of an entry. */
void bt_grpc_arm(bt_grpc_worker *worker, const bt_grpc_entry *entry);
bt_err bt_grpc_worker_init(bt_grpc_worker *worker, bt_grpc_server *server, bt_fault *fault);
void bt_grpc_worker_destroy(bt_grpc_worker *worker);
bt_err bt_grpc_worker_start(bt_grpc_worker *worker, bt_fault *fault);
/* When the doors are closed: waits for the calls that are still held, and for the thread. */
void bt_grpc_worker_join(bt_grpc_worker *worker);
/* Waits for an event, takes those that are there too, and tells whom they concern; false when the queue has been shut
 * down and is empty. */
bool bt_grpc_worker_step(bt_grpc_worker *worker);
/* The call is whole: dispatched within this step. */
void bt_grpc_worker_ready(bt_grpc_worker *worker, bt_call *call);

/* --- call.c: on the worker's thread */

/* A call that came in. */
void bt_grpc_call_begin(bt_grpc_call *call);
/* Gives everything back, whatever there is. */
void bt_grpc_call_release(bt_grpc_call *call);
/* Ends a call that has had no batch, with a constant ASCII text, and without a batch: it needs no memory
 * of ours and cannot be held up by the client. */
void bt_grpc_call_refuse(bt_grpc_call *call, grpc_status_code status, const char *text);
/* Ends it with a reply all the same; call->sent_tag is told when it has been sent. */
void bt_grpc_call_answer(bt_grpc_call *call, bt_bytes message);
/* Makes call->payload the call's message. */
void bt_grpc_call_read(bt_grpc_call *call);
/* From any thread: a copy as gRPC wants it, and the start of a batch. */
grpc_byte_buffer *bt_grpc_buffer(bt_bytes message);
void bt_grpc_call_batch(bt_grpc_call *call, const grpc_op *ops, size_t count, bt_grpc_tag *tag);

/* --- peer.c: transport->peer */
void bt_grpc_peer(const bt_call *base, bt_address *address);

/* --- stream.c */

void bt_grpc_stream_begin(bt_grpc_call *call);
/* Ends the dialogues that wait for their client. */
void bt_grpc_streams_end(bt_grpc_server *server);

/* --- door.c */

/* Makes the grpc_server and binds its address. */
bt_err bt_grpc_door_open(bt_grpc_door *door, const bt_listener_options *options, bt_fault *fault);
void bt_grpc_door_destroy(bt_grpc_door *door);
/* After grpc_shutdown_blocking. */
void bt_grpc_door_clear(bt_grpc_door *door);

#endif
