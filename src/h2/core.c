#include "h2/core.h"

#include <stdlib.h>

#include "base/clock.h"
#include "base/secret.h"
#include "h2/connection.h"
#include "h2/stream.h"

#define LARGE_MAX 8u /* blocks of BT_CALL_ARENA_MAX in use at a time */

static bool routes_make(bt_h2_core *core, const bt_method *methods) {
    size_t count = 0;
    while (methods[count].path) count++;
    core->routes = calloc(count + 1, sizeof *core->routes);
    if (!core->routes) return false;
    for (size_t i = 0; i < count; i++)
        core->routes[i] = (bt_h2_route){&methods[i], strlen(methods[i].path)};
    core->route_count = count;
    core->last_route = core->routes;
    return true;
}

static bool route_matches(const bt_h2_route *route, bt_bytes path) {
    return route->path_size == path.size && memcmp(route->method->path, path.data, path.size) == 0;
}

const bt_method *bt_h2_core_method(bt_h2_core *core, bt_bytes path) {
    if (path.size && route_matches(core->last_route, path)) return core->last_route->method;
    for (size_t i = 0; i < core->route_count; i++) {
        if (!route_matches(&core->routes[i], path)) continue;
        core->last_route = &core->routes[i];
        return core->last_route->method;
    }
    return NULL;
}

bt_err bt_h2_core_init(bt_h2_core *core, const bt_h2_limits *limits, const bt_method *methods,
                       bt_session *session, bt_health *health) {
    memset(core, 0, sizeof *core);
    core->limits = *limits;
    core->session = session;
    core->health = health;
    core->thread = pthread_self();
    core->totals = &core->own_totals;
    bt_h2_pool_init(&core->pool, limits->memory);
    BT_TRY(bt_h2_mailbox_init(&core->mailbox));
    core->callbacks = bt_h2_connection_callbacks();
    core->option = bt_h2_connection_option();
    bt_h2_core_tick(core);
    if (routes_make(core, methods) && core->callbacks && core->option) return BT_OK;
    bt_h2_core_clear(core);
    return BT_ERR_EXHAUSTED;
}

void bt_h2_core_clear(bt_h2_core *core) {
    while (core->idle) {
        bt_h2_stream *stream = core->idle;
        core->idle = stream->next_ready;
        free(stream);
    }
    for (size_t i = 0; i < core->arenas.small_count; i++) free(core->arenas.small[i]);
    free(core->arenas.large);
    free(core->routes);
    nghttp2_session_callbacks_del(core->callbacks);
    nghttp2_option_del(core->option);
    bt_h2_mailbox_close(&core->mailbox);
    bt_h2_pool_clear(&core->pool);
}

void bt_h2_core_tick(bt_h2_core *core) {
    core->now_ms = bt_clock_ms();
    core->tick_ms = bt_clock_monotonic_ns() / 1000000;
}

static bt_h2_stream *ready_take(bt_h2_core *core) {
    bt_h2_stream *stream = core->ready_first;
    core->ready_first = stream->next_ready;
    stream->queued = false;
    return stream;
}

void bt_h2_core_dispatch(bt_h2_core *core) {
    bt_h2_stream *group[BT_CALLS_TOGETHER];
    while (core->ready_first) {
        size_t count = 0;
        while (core->ready_first && count < BT_CALLS_TOGETHER) {
            bt_h2_stream *stream = ready_take(core);
            if (stream->closed)
                bt_h2_stream_close(stream);
            else
                group[count++] = stream;
        }
        bt_h2_stream_handle(group, count);
    }
}

static void *large_take(bt_h2_arenas *arenas) {
    if (arenas->large_used == LARGE_MAX) return NULL;
    void *block = arenas->large ? arenas->large : malloc(BT_CALL_ARENA_MAX);
    arenas->large = NULL;
    if (block) arenas->large_used++;
    return block;
}

static void large_give(bt_h2_arenas *arenas, void *block) {
    arenas->large_used--;
    if (arenas->large)
        free(block);
    else
        arenas->large = block;
}

bool bt_h2_arena_take(bt_h2_core *core, size_t size, bt_arena *ret_arena) {
    bt_h2_arenas *arenas = &core->arenas;
    bool small = size <= BT_CALL_ARENA;
    void *block = NULL;
    if (!small)
        block = large_take(arenas);
    else if (arenas->small_count)
        block = arenas->small[--arenas->small_count];
    else
        block = malloc(BT_CALL_ARENA);
    if (!block) return false;
    bt_arena_init(ret_arena, block, small ? BT_CALL_ARENA : BT_CALL_ARENA_MAX);
    return true;
}

void bt_h2_arena_give(bt_h2_core *core, bt_arena *arena) {
    if (!arena->block) return;
    bt_h2_arenas *arenas = &core->arenas;
    bt_secret_wipe(arena->block, arena->used);
    if (arena->size > BT_CALL_ARENA)
        large_give(arenas, arena->block);
    else if (arenas->small_count < sizeof arenas->small / sizeof *arenas->small)
        arenas->small[arenas->small_count++] = arena->block;
    else
        free(arena->block);
    *arena = (bt_arena){0};
}
