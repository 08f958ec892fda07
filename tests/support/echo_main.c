#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "support/echo.h"

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
        echo_let_go();
    }
}

typedef struct draining {
    const echo_transport *transport;
    sigset_t signals;
} draining;

/* While a drain runs: signals as before. */
static void *serve_signals(void *argument) {
    draining *self = argument;
    wait_for_end(&self->signals);
    self->transport->hurry();
    return NULL;
}

static echo_options read_options(int argc, char **argv) {
    return (echo_options){
        .listener = {.address = argv[1],
                     .policy = {.trusted = number(argc, argv, "--trusted") != 0},
                     .tls_cert = option(argc, argv, "--tls-cert"),
                     .tls_key = option(argc, argv, "--tls-key"),
                     .tls_client_ca = option(argc, argv, "--tls-client-ca"),
                     .insecure = number(argc, argv, "--insecure") != 0},
        .workers = (unsigned)number(argc, argv, "--workers"),
        .calls = (unsigned)number(argc, argv, "--calls"),
        .streams = (unsigned)number(argc, argv, "--streams"),
        .connections = (unsigned)number(argc, argv, "--connections"),
        .header_max = number(argc, argv, "--header-max"),
        .memory = number(argc, argv, "--memory"),
        .handshake_ms = (int64_t)number(argc, argv, "--handshake-ms"),
        .request_ms = (int64_t)number(argc, argv, "--request-ms"),
        .idle_ms = (int64_t)number(argc, argv, "--idle-ms"),
    };
}

/* Whether every call ended by itself. */
static bool drain(int argc, char **argv, draining *self) {
    const echo_transport *transport = self->transport;
    if (ends_by(&self->signals, (int64_t)number(argc, argv, "--settle-ms"))) transport->hurry();
    pthread_t thread;
    pthread_create(&thread, NULL, serve_signals, self);
    int64_t drain_ms = (int64_t)number(argc, argv, "--drain-ms");
    bool whole = transport->drain(drain_ms ? drain_ms : 20000);
    pthread_kill(thread, SIGTERM);
    pthread_join(thread, NULL);
    return whole;
}

static int serve(int argc, char **argv, draining *self) {
    echo_options options = read_options(argc, argv);
    bt_health *health = options.health = bt_health_new(echo_methods);
    bt_fault fault;
    if (self->transport->start(&options, &fault)) {
        fprintf(stderr, "%s\n", fault.text);
        bt_health_free(health);
        return 2;
    }
    bt_health_set_serving(health, true);
    printf("port %d\n", self->transport->port());
    fflush(stdout);
    wait_for_end(&self->signals);
    bt_health_set_serving(health, false);
    bool whole = drain(argc, argv, self);
    echo_let_go();
    self->transport->stop();
    bt_health_free(health);
    return whole ? 0 : 3;
}

int echo_main(int argc, char **argv, const echo_transport *transport) {
    draining self = {.transport = transport};
    sigemptyset(&self.signals);
    sigaddset(&self.signals, SIGTERM);
    sigaddset(&self.signals, SIGUSR1);
    pthread_sigmask(SIG_BLOCK, &self.signals, NULL);
    if (argc < 2) return 2;
    return serve(argc, argv, &self);
}
