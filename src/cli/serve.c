#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/duration.h"
#include "base/log.h"
#include "base/memory.h"
#include "cli/command.h"
#include "cli/gate_flags.h"
#include "cli/lanes.h"
#include "cli/local.h"
#include "cli/notify.h"
#include "cli/signals.h"
#include "http/server.h"
#include "store/foreign_peppers.h"
#include "store/pepper_source.h"
#include "store/share.h"

#define WORKERS_MAX 256
/* Changes that may wait for the writer. */
#define QUEUE 16384u
/* How often slots of readers that died, and memory to give back, are looked for. */
#define TEND_MS (5 * BT_SECOND_MS)

static bt_place place;
static bt_lanes_options lanes_options;
static bt_gate_flags gate_flags;
static bt_gate_options gate_options;
static const char *http = "127.0.0.1:9495";
static const char *workers, *settle, *drain = "10s", *log_level = "info", *library_group;

static const bt_flag flags[] = {
    BT_PLACE_FLAGS(place),
    {.name = "grpc",
     .value = "ADDR",
     .help = "guarded listener: each call needs a key (default: 127.0.0.1:9494)",
     .list = &lanes_options.guarded},
    {.name = "grpc-trusted",
     .value = "ADDR",
     .help = "questions alone, without a credential (default: unix:DIR/check.sock)",
     .list = &lanes_options.trusted},
    {.name = "http",
     .value = "ADDR",
     .help = "forward-auth, health and metrics, trusted (default: 127.0.0.1:9495)",
     .text = &http},
    {.name = "environment",
     .value = "ENV",
     .help = "of questions on trusted listeners that name none",
     .text = &lanes_options.environment},
    {.name = "workers", .value = "N", .help = "threads (default: one a core)", .text = &workers},
    {.name = "tls-cert",
     .value = "FILE",
     .help = "certificate and its chain, PEM, for guarded listeners on TCP; SIGHUP reads it again",
     .text = &lanes_options.tls_cert},
    {.name = "tls-key",
     .value = "FILE",
     .help = "the certificate's key, PEM",
     .text = &lanes_options.tls_key},
    {.name = "tls-client-ca",
     .value = "FILE",
     .help = "clients must have a certificate that this one signed, PEM",
     .text = &lanes_options.tls_client_ca},
    {.name = "insecure",
     .help = "off loopback too, take trusted listeners, and guarded ones without TLS",
     .on = &lanes_options.insecure},
    BT_GATE_FLAGS(gate_flags),
    {.name = "library-group",
     .value = "GROUP",
     .help = "let this group's processes check in-process (docs/library.md)",
     .text = &library_group},
    {.name = "settle",
     .value = "TIME",
     .help = "at the end, serve on while health says NOT_SERVING (default: no time)",
     .text = &settle},
    {.name = "drain",
     .value = "TIME",
     .help = "then, let calls in flight end for so long (default: 10s)",
     .text = &drain},
    {.name = "log-level",
     .value = "LEVEL",
     .help = "error, warning, info (default) or debug",
     .text = &log_level},
    {0},
};

static const bt_usage usage = {
    .command = "serve",
    .synopsis = "[flags]",
    .about = "Answers checks over gRPC, and makes and ends keys, until SIGTERM or SIGINT. A store "
             "that is\n"
             "missing is made, with one environment, test, and its pepper.\n\n"
             "An ADDR is 127.0.0.1:9494, [::1]:9494 or unix:/path; port 0 is any that is free, and "
             "the log\n"
             "says which. --grpc and --grpc-trusted may be repeated; none stands for no listener. "
             "A guarded\n"
             "listener off loopback needs TLS.\n\n"
             "At the first signal health turns NOT_SERVING, calls in flight end with their "
             "answers, and the\n"
             "program exits with 0. A second signal cuts that short.",
    .examples =
        "  bitting serve\n"
        "  bitting serve --data /var/lib/bitting --grpc 0.0.0.0:9494 --tls-cert cert.pem \\\n"
        "      --tls-key key.pem --grpc-trusted unix:/run/bitting/check.sock --environment prod",
    .flags = flags,
};

typedef struct bt_serving {
    bt_store *store;
    bt_service service;
    bt_health *health;
    bt_lanes *lanes;
    bt_http_server *http;
    int64_t settle_ms;
    int64_t drain_ms;
} bt_serving;

static bool take_level(void) {
    static const char *const names[] = {"error", "warning", "info", "debug"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        if (strcmp(log_level, names[i]) != 0) continue;
        bt_log_set_level((bt_log_level)i);
        return true;
    }
    bt_options_complain(&usage, "--log-level is error, warning, info or debug, not \"%.40s\"",
                        log_level);
    return false;
}

static bool take_workers(void) {
    char *end;
    if (!workers) return true;
    long count = strtol(workers, &end, 10);
    if (!*end && count >= 1 && count <= WORKERS_MAX) {
        lanes_options.workers = (unsigned)count;
        return true;
    }
    bt_options_complain(&usage, "--workers is a number from 1 to %d, not \"%.40s\"", WORKERS_MAX,
                        workers);
    return false;
}

static bool take_span(const char *flag, const char *text, int64_t *ret_ms) {
    if (!text) return true;
    if (bt_duration_parse(bt_bytes_text(text), ret_ms) && *ret_ms <= BT_DAY_MS) return true;
    bt_options_complain(&usage, "--%s is a time such as 10s or 2m, of a day at most, not \"%.40s\"",
                        flag, text);
    return false;
}

/* One that can never be is a typing error; one that is not yet there is waited for. */
static bool take_environment(void) {
    const char *name = lanes_options.environment;
    if (!name || !*name || bt_environment_name_ok(bt_bytes_text(name))) return true;
    bt_options_complain(&usage,
                        "--environment is a lower-case letter and up to 15 lower-case letters and "
                        "digits, not \"%.40s\"",
                        name);
    return false;
}

static bool take_gate(void) {
    const char *wrong;
    if (bt_gate_flags_read(&gate_flags, &gate_options, &wrong)) return true;
    bt_options_complain(&usage, "%s", wrong);
    return false;
}

static void take_defaults(const char *directory) {
    static char socket[BT_PATH_SIZE + 32];
    snprintf(socket, sizeof socket, "unix:%s/check.sock", directory);
    bt_list *guarded = &lanes_options.guarded, *trusted = &lanes_options.trusted;
    if (guarded->count == 0) guarded->items[guarded->count++] = BT_LITERAL("127.0.0.1:9494");
    if (trusted->count == 0) trusted->items[trusted->count++] = bt_bytes_text(socket);
}

static bt_err open_store(bt_serving *serving, bt_fault *fault) {
    char directory[BT_PATH_SIZE];
    BT_TRY(bt_place_directory(&place, directory, fault));
    bt_store_options options = {
        .directory = directory, .pepper_file = place.pepper, .mode = BT_STORE_CREATE};
    BT_TRY(bt_store_open(&options, &serving->store, fault));
    BT_TRY(bt_store_lock_serving(serving->store, fault));
    if (library_group) BT_TRY(bt_store_share(serving->store, library_group, fault));
    take_defaults(bt_store_directory(serving->store));
    return BT_OK;
}

static bt_err start_gate(bt_serving *serving, const bt_snapshot *snapshot, bt_fault *fault) {
    BT_TRY(bt_store_check_peppers(serving->store, bt_snapshot_environments(snapshot), fault));
    return bt_gate_open(&gate_options, bt_snapshot_catalogue(snapshot), &serving->service.gate,
                        fault);
}

/* Opens the gate, or has it read its route table again. */
static bt_err refresh_gate(bt_serving *serving, bt_fault *fault) {
    bt_snapshot *snapshot;
    BT_TRY(bt_snapshot_open(serving->store, &snapshot, fault));
    bt_err err = bt_snapshot_renew(snapshot);
    if (err)
        bt_fail(fault, err, "the store cannot be read");
    else if (serving->service.gate)
        err = bt_gate_reload(serving->service.gate, bt_snapshot_catalogue(snapshot), fault);
    else
        err = start_gate(serving, snapshot, fault);
    bt_snapshot_close(snapshot);
    return err;
}

static void reload_routes(bt_serving *serving) {
    bt_fault fault;
    if (refresh_gate(serving, &fault))
        bt_log(BT_LOG_ERROR, "the route table stays as it was: %s", fault.text);
    else
        bt_log(BT_LOG_INFO, "read the route table again file=%s", gate_options.routes_file);
}

static void reload_certificates(const bt_serving *serving) {
    bt_fault fault;
    if (bt_lanes_reload(serving->lanes, &fault))
        bt_log(BT_LOG_ERROR, "the certificate stays as it was: %s", fault.text);
    else
        bt_log(BT_LOG_INFO, "read the certificate again file=%s", lanes_options.tls_cert);
}

static void reload(bt_serving *serving) {
    if (gate_options.routes_file) reload_routes(serving);
    if (lanes_options.tls_cert) reload_certificates(serving);
    if (!gate_options.routes_file && !lanes_options.tls_cert)
        bt_log(BT_LOG_INFO, "SIGHUP: there is no route table and no certificate to read again");
}

static bt_err start_http(bt_serving *serving, bt_fault *fault) {
    bt_http_options options = {.address = http,
                               .environment = lanes_options.environment,
                               .insecure = lanes_options.insecure,
                               .workers = lanes_options.workers,
                               .service = &serving->service,
                               .health = serving->health};
    if (strcmp(http, "none") == 0) return BT_OK;
    BT_TRY(bt_http_server_start(&options, &serving->http, fault));
    const char *colon = strrchr(http, ':');
    bt_log(BT_LOG_INFO, "listening address=%.*s:%d access=trusted transport=http",
           (int)(colon - http), http, bt_http_server_port(serving->http));
    bt_lanes_warn(&(bt_listener_options){.address = http, .policy = {.trusted = true}});
    return BT_OK;
}

static bt_err start(bt_serving *serving, bt_fault *fault) {
    BT_TRY(open_store(serving, fault));
    serving->service.store = serving->store;
    BT_TRY(refresh_gate(serving, fault));
    BT_TRY(bt_writer_start(serving->store, QUEUE, &serving->service.writer, fault));
    serving->health = bt_health_new(bt_methods);
    if (!serving->health) return bt_fail(fault, BT_ERR_EXHAUSTED, "no memory");
    BT_TRY(
        bt_lanes_start(&lanes_options, &serving->service, serving->health, &serving->lanes, fault));
    BT_TRY(start_http(serving, fault));
    bt_health_set_serving(serving->health, true);
    return BT_OK;
}

/* In the order in which they lean on each other; of what was not started nothing is stopped. */
static void stop(bt_serving *serving) {
    bt_http_server_stop(serving->http);
    bt_lanes_stop(serving->lanes);
    bt_counters_free_all(&serving->service.counters);
    bt_gate_close(serving->service.gate);
    bt_writer_stop(serving->service.writer);
    bt_health_free(serving->health);
    bt_store_close(serving->store);
}

/* The pepper's place is said to other commands where they would look elsewhere. */
static void welcome(const bt_store *store) {
    const char *directory = bt_store_directory(store);
    bt_store_options options = {.directory = directory, .pepper_file = place.pepper};
    bool is_credential;
    char *pepper = bt_pepper_source(&options, &is_credential);
    if (!pepper) return;
    bool elsewhere = place.pepper || is_credential;
    fprintf(
        stderr,
        "\nThis store has no key yet. Make the first, in the environment test:\n\n"
        "  bitting key create --data %s%s%s --env test --name gateway --preset validation_only\n\n"
        "Back up the pepper, %s, apart from the store: without it no token is ever good again.\n",
        directory, elsewhere ? " --pepper " : "", elsewhere ? pepper : "", pepper);
    free(pepper);
}

static void check_readers(const bt_serving *serving) {
    unsigned freed = 0;
    bt_err err = bt_store_check_readers(serving->store, &freed);
    if (err)
        bt_log(BT_LOG_WARNING, "readers cannot be looked at err=%d", err);
    else if (freed)
        bt_log(BT_LOG_INFO, "freed slots of readers that died count=%u", freed);
}

/* What is to be done now and then. */
static void tend(const bt_serving *serving, bt_memory *memory, int64_t *tended_ns) {
    int64_t now_ns = bt_clock_monotonic_ns();
    if (now_ns - *tended_ns < TEND_MS * 1000000) return;
    *tended_ns = now_ns;
    check_readers(serving);
    bt_memory_tidy(memory);
}

/* False: the store was replaced under the server. */
static bool wait_for_the_end(bt_serving *serving) {
    bt_memory memory = {0};
    int64_t tended_ns = bt_clock_monotonic_ns();
    while (!bt_store_look(serving->store)) {
        bt_signal signal = bt_signals_next(BT_STORE_LOOK_MS);
        if (signal == BT_SIGNAL_END) return true;
        if (signal == BT_SIGNAL_RELOAD) reload(serving);
        tend(serving, &memory, &tended_ns);
    }
    return false;
}

static void hurry(void *lanes) {
    bt_lanes_hurry(lanes);
}

/* Serves on for a while. False: a second signal has come, or there is nothing to serve any more. */
static bool settle_down(bt_serving *serving) {
    for (int64_t left_ms = serving->settle_ms; left_ms > 0; left_ms -= BT_STORE_LOOK_MS)
        if (bt_store_look(serving->store) ||
            bt_signals_wait(left_ms < BT_STORE_LOOK_MS ? left_ms : BT_STORE_LOOK_MS))
            return false;
    return true;
}

static void end_calls(bt_serving *serving) {
    bt_log(BT_LOG_INFO, "ending");
    bt_notify("STOPPING=1");
    bt_health_set_serving(serving->health, false);
    if (!settle_down(serving)) bt_lanes_hurry(serving->lanes);
    bt_signals_watch *watch = bt_signals_watch_start(hurry, serving->lanes);
    bool all = bt_lanes_drain(serving->lanes, serving->drain_ms);
    bt_signals_watch_stop(watch);
    if (!all) bt_log(BT_LOG_WARNING, "calls in flight were cut short");
}

/* At once: each answer would be one of the past, without the revocations that are made now. Whoever started the program
 * starts it anew, on what is there. */
static void leave_replaced(bt_serving *serving) {
    bt_fault fault;
    bt_store_replaced(serving->store, &fault);
    bt_log(BT_LOG_ERROR, "ending: %s", fault.text);
    bt_notify("STOPPING=1");
    bt_health_set_serving(serving->health, false);
    serving->http = bt_http_server_stop(serving->http);
    bt_lanes_drain(serving->lanes, 0);
}

/* It may be added while the server runs, so it is waited for: a new store has none but test. */
static void warn_of_environment(bt_store *store) {
    const char *name = lanes_options.environment;
    bt_snapshot *snapshot;
    if (!name || !*name || bt_snapshot_open(store, &snapshot, NULL)) return;
    bool read = !bt_snapshot_renew(snapshot);
    if (read && !bt_environment_find(bt_snapshot_environments(snapshot), bt_bytes_text(name)))
        bt_log(BT_LOG_WARNING,
               "there is no environment %s: until `bitting env add %s`, questions that name none "
               "get an error",
               name, name);
    bt_snapshot_close(snapshot);
}

/* A start that failed may have made the store: a newcomer is told what to do until it is done. */
static void greet(bt_store *store) {
    bt_store_info info = {.records = 0};
    char id[BT_STORE_ID_TEXT_SIZE];
    bool read = !bt_store_info_get(store, &info);
    bt_hex_encode(bt_bytes_of(info.store_id, sizeof info.store_id), id);
    bt_log(BT_LOG_INFO, "ready version=%s data=%s store=%s", BT_VERSION, bt_store_directory(store),
           id);
    if (read && info.records == 0) welcome(store);
}

int bt_command_serve(int argc, char **argv) {
    bt_serving serving = {0};
    bt_fault fault;
    int exit_code;
    if (!bt_options_parse(&usage, argc, argv, NULL, &exit_code)) return exit_code;
    bool fine = take_level() && take_workers() && take_environment() && take_gate() &&
                take_span("settle", settle, &serving.settle_ms) &&
                take_span("drain", drain, &serving.drain_ms);
    if (!fine) return BT_EXIT_USAGE;
    bt_signals_block();
    if (start(&serving, &fault)) {
        stop(&serving);
        return bt_local_failed(&fault);
    }
    warn_of_environment(serving.store);
    greet(serving.store);
    bt_notify("READY=1");
    bool asked = wait_for_the_end(&serving);
    if (asked)
        end_calls(&serving);
    else
        leave_replaced(&serving);
    stop(&serving);
    bt_log(BT_LOG_INFO, "ended");
    return asked ? BT_EXIT_OK : BT_EXIT_FAILED;
}
