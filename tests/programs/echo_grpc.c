/* rooms: grpc */
/* A server with methods that are made for trying the transport: tests/e2e/test_transport.py runs it.
 *
 *   echo_server ADDRESS [--name value]...
 *
 * --trusted 1, --insecure 1, --tls-cert, --tls-key, --tls-client-ca, --workers, --calls, --connections,
 * --streams, --header-max, --memory, --drain-ms, --settle-ms. Prints "port N" once it serves. SIGTERM drains,
 * a second one cuts that short; exits 0 where every call ended by itself, 3 where some were cut.
 * SIGUSR1 lets the calls of Hold go on. */
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "grpc/server.h"
#include "rpc/reflection.h"

#define REQUEST_MAX ((size_t)256 << 10)

static void echo(bt_call *call) {
    bt_call_reply(call, call->message);
}

static void refuse(bt_call *call) {
    bt_fault fault;
    bt_fail(&fault, BT_ERR_PRECONDITION, "refused: %.*s", BT_BYTES_ARG(call->message));
    bt_call_fail(call, &fault);
}

/* "<authorization>|<twice>|<milliseconds to the deadline>" */
static void describe(bt_call *call) {
    char text[16 << 10];
    int64_t left = call->deadline_ms == BT_NEVER_MS ? -1 : call->deadline_ms - bt_clock_ms();
    int size = snprintf(text, sizeof text, "%.*s|%d|%lld", BT_BYTES_ARG(call->authorization),
                        call->authorization_twice, (long long)left);
    bt_call_reply(call, bt_bytes_of(text, (size_t)size));
}

/* Fills its arena with one byte and answers with the whole of it. */
static void fill(bt_call *call) {
    size_t size = call->method->arena_size ? call->method->arena_size : BT_CALL_ARENA;
    void *block = bt_arena_alloc(&call->arena, size);
    memset(block, 'x', size);
    bt_call_reply(call, bt_bytes_of(block, size));
}

/* Answered by another thread, as writes are. */
static pthread_mutex_t held_lock = PTHREAD_MUTEX_INITIALIZER;
static bt_call *held[1 << 16];
static size_t held_count;

static void hold(bt_call *call) {
    pthread_mutex_lock(&held_lock);
    held[held_count++] = call;
    pthread_mutex_unlock(&held_lock);
}

static void let_go(void) {
    pthread_mutex_lock(&held_lock);
    while (held_count) echo(held[--held_count]);
    pthread_mutex_unlock(&held_lock);
}

/* How many there are. */
static void count(bt_call *call) {
    char text[24];
    pthread_mutex_lock(&held_lock);
    int size = snprintf(text, sizeof text, "%zu", held_count);
    pthread_mutex_unlock(&held_lock);
    bt_call_reply(call, bt_bytes_of(text, (size_t)size));
}

#define OPEN(method_path, handler)                                                                 \
    { .path = method_path, .flags = BT_METHOD_OPEN, .request_max = REQUEST_MAX, .handle = handler }

static const bt_method methods[] = {
    OPEN("/test.Echo/Echo", echo),
    OPEN("/test.Echo/Refuse", refuse),
    OPEN("/test.Echo/Describe", describe),
    OPEN("/test.Echo/Fill", fill),
    OPEN("/test.Echo/Hold", hold),
    OPEN("/test.Echo/Held", count),
    {.path = "/test.Echo/FillLarge",
     .flags = BT_METHOD_OPEN,
     .request_max = 16,
     .handle = fill,
     .arena_size = (size_t)1 << 20},
    {.path = BT_HEALTH_CHECK_PATH,
     .flags = BT_METHOD_OPEN,
     .request_max = BT_HEALTH_REQUEST_MAX,
     .handle = bt_health_check},
    {.path = BT_HEALTH_WATCH_PATH,
     .flags = BT_METHOD_OPEN | BT_METHOD_WATCH,
     .request_max = BT_HEALTH_REQUEST_MAX,
     .handle = bt_health_watch,
     .ended = bt_health_unwatch},
    {.path = BT_REFLECTION_PATH,
     .flags = BT_METHOD_OPEN | BT_METHOD_DIALOGUE,
     .request_max = BT_REFLECTION_REQUEST_MAX,
     .handle = bt_reflection_ask,
     .arena_size = BT_REFLECTION_ARENA},
    {.path = BT_REFLECTION_ALPHA_PATH,
     .flags = BT_METHOD_OPEN | BT_METHOD_DIALOGUE,
     .request_max = BT_REFLECTION_REQUEST_MAX,
     .handle = bt_reflection_ask,
     .arena_size = BT_REFLECTION_ARENA},
    {.path = NULL},
};

static const char *option(int argc, char **argv, const char *name) {
    for (int i = 2; i + 1 < argc; i += 2)
        if (strcmp(argv[i], name) == 0) return argv[i + 1];
    return NULL;
}

static unsigned long number(int argc, char **argv, const char *name) {
    const char *text = option(argc, argv, name);
    return text ? strtoul(text, NULL, 10) : 0;
}

static bool ends_by(const sigset_t *signals, int64_t wait_ms) {
    struct timespec wait = {wait_ms / 1000, wait_ms % 1000 * 1000000};
    return sigtimedwait(signals, NULL, &wait) == SIGTERM;
}

static int wait_for_end(const sigset_t *signals) {
    for (;;) {
        int which = 0;
        sigwait(signals, &which);
        if (which == SIGTERM) return which;
        let_go();
    }
}

typedef struct draining {
    bt_grpc_server *server;
    sigset_t signals;
} draining;

/* While a drain runs: signals as before. */
static void *serve_signals(void *argument) {
    draining *self = argument;
    wait_for_end(&self->signals);
    bt_grpc_server_hurry(self->server);
    return NULL;
}

static int serve(int argc, char **argv, const sigset_t *signals) {
    bt_listener_options listener = {
        .address = argv[1],
        .policy = {.trusted = number(argc, argv, "--trusted") != 0},
        .tls_cert = option(argc, argv, "--tls-cert"),
        .tls_key = option(argc, argv, "--tls-key"),
        .tls_client_ca = option(argc, argv, "--tls-client-ca"),
        .insecure = number(argc, argv, "--insecure") != 0,
    };
    bt_health *health = bt_health_new(methods);
    bt_grpc_options options = {
        .listeners = &listener,
        .listeners_count = 1,
        .methods = methods,
        .health = health,
        .workers = (unsigned)number(argc, argv, "--workers"),
        .calls = (unsigned)number(argc, argv, "--calls"),
        .streams = (unsigned)number(argc, argv, "--streams"),
        .connections = (unsigned)number(argc, argv, "--connections"),
        .header_max = number(argc, argv, "--header-max"),
        .memory = number(argc, argv, "--memory"),
    };
    bt_fault fault;
    draining self = {.signals = *signals};
    if (bt_grpc_server_start(&options, &self.server, &fault)) {
        fprintf(stderr, "%s\n", fault.text);
        bt_health_free(health);
        return 2;
    }
    bt_health_set_serving(health, true);
    printf("port %d\n", bt_grpc_server_port(self.server, 0));
    fflush(stdout);
    wait_for_end(signals);
    bt_health_set_serving(health, false);
    if (ends_by(signals, (int64_t)number(argc, argv, "--settle-ms")))
        bt_grpc_server_hurry(self.server);
    pthread_t thread;
    pthread_create(&thread, NULL, serve_signals, &self);
    int64_t drain_ms = (int64_t)number(argc, argv, "--drain-ms");
    bool whole = bt_grpc_server_drain(self.server, drain_ms ? drain_ms : 20000);
    pthread_kill(thread, SIGTERM);
    pthread_join(thread, NULL);
    let_go();
    bt_grpc_server_stop(self.server);
    bt_health_free(health);
    return whole ? 0 : 3;
}

int main(int argc, char **argv) {
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGTERM);
    sigaddset(&signals, SIGUSR1);
    pthread_sigmask(SIG_BLOCK, &signals, NULL);
    if (argc < 2) return 2;
    return serve(argc, argv, &signals);
}
