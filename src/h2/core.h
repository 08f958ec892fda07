/* What the connections of one worker share: limits, methods, memory, the calls that wait for their turn.
 * Used by the worker's thread alone, but for the mailbox. */
#ifndef BT_H2_CORE_H
#define BT_H2_CORE_H

#include <pthread.h>

#include <nghttp2/nghttp2.h>

#include "h2/limits.h"
#include "h2/mailbox.h"
#include "h2/pool.h"
#include "rpc/call.h"

typedef struct bt_h2_connection bt_h2_connection;
typedef struct bt_h2_stream bt_h2_stream;

/* Of all workers together: counted where a call is not over at once. */
typedef struct bt_h2_totals {
    atomic_size_t calls;   /* with their handlers */
    atomic_size_t endless; /* streams that are watches or dialogues */
} bt_h2_totals;

typedef struct bt_h2_arenas {
    void *small[64]; /* idle blocks of BT_CALL_ARENA */
    size_t small_count;
    void *large; /* one idle block of BT_CALL_ARENA_MAX */
    size_t large_used;
} bt_h2_arenas;

/* A method and the length of its path. */
typedef struct bt_h2_route {
    const bt_method *method;
    size_t path_size;
} bt_h2_route;

typedef struct bt_h2_core {
    bt_h2_limits limits;
    bt_h2_totals *totals; /* own_totals, unless set */
    bt_h2_totals own_totals;
    bt_h2_route *routes;
    size_t route_count;
    const bt_h2_route *last_route; /* most requests ask for the same method as the one before */
    bt_session *session;
    bt_health *health;
    pthread_t thread; /* the worker's */
    bt_h2_mailbox mailbox;
    bt_h2_pool pool;
    nghttp2_session_callbacks *callbacks;
    nghttp2_option *option;

    int64_t now_ms;  /* of the wall clock, taken once a turn of the loop */
    int64_t tick_ms; /* of a clock that only goes forward, likewise */

    bt_h2_stream *ready_first, *ready_last; /* whole requests, not yet handled */
    bt_h2_stream *idle;                     /* objects for reuse */
    size_t idle_count;
    size_t streams;          /* that hold an object */
    bt_h2_connection *dirty; /* have something to send */
    bt_h2_arenas arenas;
} bt_h2_core;

/* methods: ended by a path of NULL; they must outlive the core. session and health may be NULL where no method needs them. The calling thread is the worker's, until
 * core->thread is set to another. BT_ERR_EXHAUSTED. */
bt_err bt_h2_core_init(bt_h2_core *core, const bt_h2_limits *limits, const bt_method *methods,
                       bt_session *session, bt_health *health);
/* All connections are gone, and all calls have ended. */
void bt_h2_core_clear(bt_h2_core *core);

/* NULL: there is no such method. */
const bt_method *bt_h2_core_method(bt_h2_core *core, bt_bytes path);

/* Reads the clocks. Once a turn of the loop. */
void bt_h2_core_tick(bt_h2_core *core);

/* Handles every call that is ready, those that become ready meanwhile too. */
void bt_h2_core_dispatch(bt_h2_core *core);

/* Memory of a call. False where none is left. */
bool bt_h2_arena_take(bt_h2_core *core, size_t size, bt_arena *ret_arena);
/* Wipes what was used. An arena without a block is taken. */
void bt_h2_arena_give(bt_h2_core *core, bt_arena *arena);

#endif
