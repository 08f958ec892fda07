/* Prometheus' text format: https://prometheus.io/docs/instrumenting/exposition_formats/. The names of calls are those that
 * go-grpc-prometheus gave. */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "http/parts.h"

/* 48 methods, each with 17 codes and 20 buckets in lines of 200 bytes, is less; it is given back at once. */
#define PAGE_MAX ((size_t)512 << 10)

typedef struct page {
    char *text;
    size_t size;
} page;

static void print(page *out, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void print(page *out, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    int size = vsnprintf(out->text + out->size, PAGE_MAX - out->size, format, arguments);
    va_end(arguments);
    if (size > 0) out->size += (size_t)size;
    if (out->size >= PAGE_MAX) out->size = PAGE_MAX - 1;
}

static void describe(page *out, const char *name, const char *type, const char *help) {
    print(out, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

static const bt_counters *first_of(const bt_http_server *server) {
    return atomic_load(&server->service->counters.first);
}

static void print_decisions(page *out, const bt_http_server *server) {
    describe(out, "bitting_decisions_total", "counter", "Decisions on keys, by reason.");
    for (int reason = BT_REASON_ALLOWED; reason < (int)BT_REASONS; reason++) {
        uint64_t count = 0;
        for (const bt_counters *set = first_of(server); set; set = set->next)
            count += atomic_load_explicit(&set->decisions[reason], memory_order_relaxed);
        print(out, "bitting_decisions_total{reason=\"%s\"} %" PRIu64 "\n",
              bt_reason_name((bt_reason)reason), count);
    }
}

/* A method's counts over all threads. */
typedef struct method_sum {
    const char *path;
    uint64_t started;
    uint64_t codes[BT_COUNTED_CODES];
    bt_time_sum time;
} method_sum;

typedef struct sums {
    size_t count;
    method_sum list[BT_COUNTED_METHODS_MAX];
} sums;

static method_sum *sum_of(sums *all, const char *path) {
    for (size_t i = 0; i < all->count; i++)
        if (all->list[i].path == path) return &all->list[i];
    if (all->count == BT_COUNTED_METHODS_MAX) return NULL;
    all->list[all->count] = (method_sum){.path = path};
    return &all->list[all->count++];
}

static void add_method(method_sum *sum, const bt_method_counter *method) {
    sum->started += atomic_load_explicit(&method->started, memory_order_relaxed);
    for (size_t i = 0; i < BT_COUNTED_CODES; i++)
        sum->codes[i] += atomic_load_explicit(&method->codes[i], memory_order_relaxed);
    bt_time_add(&method->time, &sum->time);
}

static void sum_all(const bt_http_server *server, sums *all) {
    for (const bt_counters *set = first_of(server); set; set = set->next) {
        for (size_t i = 0; i < BT_COUNTED_METHODS_MAX; i++) {
            const char *path = atomic_load(&set->methods[i].path);
            method_sum *sum = path ? sum_of(all, path) : NULL;
            if (sum) add_method(sum, &set->methods[i]);
        }
    }
}

#define LABELS_SIZE 256u

/* "/package.Service/Method" as labels. */
static void write_labels(const char *path, char ret_labels[LABELS_SIZE]) {
    const char *service = path + 1, *slash = strchr(service, '/');
    int size = slash ? (int)(slash - service) : (int)strlen(service);
    snprintf(ret_labels, LABELS_SIZE,
             "grpc_type=\"unary\",grpc_service=\"%.*s\",grpc_method=\"%s\"", size, service,
             slash ? slash + 1 : "");
}

/* Called for each method: a number of its calls. */
typedef uint64_t number_of(const method_sum *sum);

static uint64_t started_of(const method_sum *sum) {
    return sum->started;
}

static uint64_t answered_of(const method_sum *sum) {
    return sum->codes[0];
}

static void print_numbers(page *out, const sums *all, const char *name, const char *help,
                          number_of *number) {
    describe(out, name, "counter", help);
    for (size_t i = 0; i < all->count; i++) {
        char labels[LABELS_SIZE];
        write_labels(all->list[i].path, labels);
        print(out, "%s{%s} %" PRIu64 "\n", name, labels, number(&all->list[i]));
    }
}

static void print_handled(page *out, const sums *all) {
    static const char *const codes[BT_COUNTED_CODES] = {
        "OK",       "Canceled",       "Unknown",          "InvalidArgument",   "DeadlineExceeded",
        "NotFound", "AlreadyExists",  "PermissionDenied", "ResourceExhausted", "FailedPrecondition",
        "Aborted",  "OutOfRange",     "Unimplemented",    "Internal",          "Unavailable",
        "DataLoss", "Unauthenticated"};
    describe(out, "grpc_server_handled_total", "counter", "Calls that have ended, by status.");
    for (size_t i = 0; i < all->count; i++) {
        char labels[LABELS_SIZE];
        write_labels(all->list[i].path, labels);
        for (size_t code = 0; code < BT_COUNTED_CODES; code++) {
            if (!all->list[i].codes[code]) continue;
            print(out, "grpc_server_handled_total{%s,grpc_code=\"%s\"} %" PRIu64 "\n", labels,
                  codes[code], all->list[i].codes[code]);
        }
    }
}

static void print_bucket(page *out, const char *name, const char *labels, const char *bound,
                         uint64_t count) {
    print(out, "%s_bucket{%s%sle=\"%s\"} %" PRIu64 "\n", name, labels, *labels ? "," : "", bound,
          count);
}

/* One of the series of a histogram: that with these labels, perhaps none. */
static void print_time(page *out, const char *name, const char *labels, const bt_time_sum *sum) {
    uint64_t count = 0;
    for (size_t i = 0; i < BT_TIME_BUCKETS; i++) {
        char bound[32];
        count += sum->buckets[i];
        snprintf(bound, sizeof bound, "%g", (double)bt_time_bound_ns(i) / 1e9);
        print_bucket(out, name, labels, bound, count);
    }
    count += sum->buckets[BT_TIME_BUCKETS];
    print_bucket(out, name, labels, "+Inf", count);
    const char *open = *labels ? "{" : "", *close = *labels ? "}" : "";
    print(out, "%s_sum%s%s%s %.9g\n", name, open, labels, close, (double)sum->sum_ns / 1e9);
    print(out, "%s_count%s%s%s %" PRIu64 "\n", name, open, labels, close, count);
}

static void print_times(page *out, const sums *all) {
    describe(out, "grpc_server_handling_seconds", "histogram",
             "Time from the whole request to its answer.");
    for (size_t i = 0; i < all->count; i++) {
        char labels[LABELS_SIZE];
        write_labels(all->list[i].path, labels);
        print_time(out, "grpc_server_handling_seconds", labels, &all->list[i].time);
    }
}

static void print_calls(page *out, const bt_http_server *server) {
    sums *all = calloc(1, sizeof *all);
    if (!all) return;
    sum_all(server, all);
    print_numbers(out, all, "grpc_server_started_total", "Calls whose request has come.",
                  started_of);
    /* A unary call starts here when its message is there, and has another where it ends well. */
    print_numbers(out, all, "grpc_server_msg_received_total", "Messages that have come.",
                  started_of);
    print_numbers(out, all, "grpc_server_msg_sent_total", "Messages that were sent.", answered_of);
    print_handled(out, all);
    print_times(out, all);
    free(all);
}

static void print_number(page *out, const char *name, const char *help, uint64_t value) {
    describe(out, name, "gauge", help);
    print(out, "%s %" PRIu64 "\n", name, value);
}

static void print_store(page *out, bt_http_server *server) {
    bt_store_info info;
    bt_session *session = bt_http_session_take(server);
    if (session && !bt_snapshot_renew(session->snapshot))
        print_number(out, "bitting_store_revision", "Revision of the store.",
                     bt_snapshot_head(session->snapshot)->revision);
    if (session) bt_snapshot_reset(session->snapshot);
    if (session) bt_http_session_put(server, session);
    if (bt_store_info_get(server->service->store, &info)) return;
    print_number(out, "bitting_keys", "Keys in the store, revoked and expired ones too.",
                 info.records);
    print_number(out, "bitting_store_used_bytes", "Bytes of the store's file in use.",
                 info.used_bytes);
    print_number(out, "bitting_store_map_bytes", "Bytes that the store can grow to.",
                 info.map_size);
    print_number(out, "bitting_store_readers", "Slots in the table of readers in use.",
                 info.readers);
    print_number(out, "bitting_store_readers_max", "Slots in the table of readers.",
                 info.readers_max);
}

static void print_commits(page *out, const bt_http_server *server) {
    const bt_commits *commits = bt_writer_commits(server->service->writer);
    bt_time_sum sum = {0};
    bt_time_add(&commits->time, &sum);
    describe(out, "bitting_commit_seconds", "histogram",
             "Time in which changes were put on disk, many in one commit.");
    print_time(out, "bitting_commit_seconds", "", &sum);
    describe(out, "bitting_commit_changes_total", "counter", "Changes in those commits.");
    print(out, "bitting_commit_changes_total %" PRIu64 "\n",
          atomic_load_explicit(&commits->changes, memory_order_relaxed));
}

enum MHD_Result bt_http_metrics(bt_http_server *server, struct MHD_Connection *connection) {
    page out = {.text = malloc(PAGE_MAX)};
    if (!out.text) return MHD_NO;
    print_decisions(&out, server);
    print_calls(&out, server);
    print_store(&out, server);
    print_commits(&out, server);
    enum MHD_Result result =
        bt_http_text(connection, 200, BT_LITERAL("text/plain; version=0.0.4; charset=utf-8"),
                     bt_bytes_of(out.text, out.size));
    free(out.text);
    return result;
}
