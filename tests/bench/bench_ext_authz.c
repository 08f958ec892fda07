/* rooms: envoy support made_keys */
/* How long an ext_authz check takes without a transport: from the bytes of a CheckRequest to those of the answer. */
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "envoy/check.h"
#include "gate/gate.h"
#include "made_keys.h"
#include "rpc/wire.h"
#include "support/house.h"

static const char help[] =
    "usage: bench_ext_authz [--keys N] [--checks N] [--rounds N] [--routes FILE]\n"
    "                       [--together N]\n"
    "\n"
    "Fills a store in memory's file system or TMPDIR with N keys (100000), and asks about keys "
    "drawn at\n"
    "random: a request of 15 headers and some 600 bytes. Each answer is looked at. With "
    "--together, "
    "so\n"
    "many (64 at most) are asked at a time, as a server does that has many to answer.\n";

#define REQUEST_SIZE 1024
#define DRAWN 65536u

typedef struct bench {
    uint64_t keys, checks;
    unsigned rounds, together;
    const char *routes;
    test_house house;
    made_plan plan;
    uint8_t (*requests)[REQUEST_SIZE];
    size_t *sizes;
} bench;

static unsigned allowed;

static void take_reply(bt_call *call, bt_bytes message) {
    (void)call;
    allowed += message.size > 4 && message.data[1] == 0; /* an empty Status */
}

static void take_failure(bt_call *call, const bt_fault *fault) {
    (void)call;
    fprintf(stderr, "%s\n", fault->text);
    abort();
}

static void put_header(bt_out *http, const char *name, const char *value) {
    uint8_t block[512];
    bt_out entry = bt_out_into(block, sizeof block);
    bt_out_bytes(&entry, 1, bt_bytes_text(name));
    bt_out_bytes(&entry, 2, bt_bytes_text(value));
    bt_out_item(http, 3, bt_out_written(&entry));
}

static void put_http(bt_out *http, const char *token) {
    static const char *const headers[][2] = {
        {":authority", "api.example.com"},
        {":method", "GET"},
        {":path", "/api/v1/users/42"},
        {":scheme", "https"},
        {"accept", "application/json"},
        {"accept-encoding", "gzip, deflate, br"},
        {"accept-language", "en-US,en;q=0.9"},
        {"cache-control", "no-cache"},
        {"content-type", "application/json"},
        {"user-agent", "example-client/2.31.0"},
        {"x-envoy-internal", "true"},
        {"x-forwarded-for", "192.0.2.7"},
        {"x-forwarded-proto", "https"},
        {"x-request-id", "5f0d2a6e-7a0f-4a8e-9d0e-2a9b3c1d4e5f"},
    };
    char value[BT_TOKEN_MAX + 16];
    bt_out_bytes(http, 2, BT_LITERAL("GET"));
    for (size_t i = 0; i < sizeof headers / sizeof *headers; i++)
        put_header(http, headers[i][0], headers[i][1]);
    snprintf(value, sizeof value, "Bearer %s", token);
    put_header(http, "authorization", value);
    bt_out_bytes(http, 4, BT_LITERAL("/api/v1/users/42"));
    bt_out_bytes(http, 5, BT_LITERAL("api.example.com"));
}

static bt_bytes nest(bt_out *outer, unsigned field, bt_bytes inner) {
    bt_out_item(outer, field, inner);
    return bt_out_written(outer);
}

static size_t make_request(const char *token, uint8_t ret_message[REQUEST_SIZE]) {
    uint8_t blocks[7][REQUEST_SIZE];
    bt_out outs[7];
    for (size_t i = 0; i < 7; i++) outs[i] = bt_out_into(blocks[i], REQUEST_SIZE);
    put_http(&outs[0], token);
    bt_bytes request = nest(&outs[1], 2, bt_out_written(&outs[0]));
    bt_out_bytes(&outs[2], 2, BT_LITERAL("192.0.2.7"));
    bt_bytes address = nest(&outs[3], 1, bt_out_written(&outs[2]));
    bt_bytes source = nest(&outs[4], 1, address);
    nest(&outs[5], 1, source);
    bt_bytes attributes = nest(&outs[5], 4, request);
    bt_bytes message = nest(&outs[6], 1, attributes);
    memcpy(ret_message, message.data, message.size);
    return message.size;
}

static void fill(bench *self) {
    bt_fault fault;
    const bt_environments *all = bt_snapshot_environments(self->house.session.snapshot);
    static bt_environment test;
    test = *bt_environment_find(all, BT_LITERAL("test"));
    self->plan = (made_plan){.seed = 1, .environment = &test, .mask = MADE_MASK};
    for (uint64_t first = 0; first < self->keys; first += 10000)
        if (made_insert(self->house.service.store, &self->plan, first,
                        self->keys - first < 10000 ? self->keys - first : 10000, &fault)) {
            fprintf(stderr, "%s\n", fault.text);
            exit(1);
        }
}

static void draw(bench *self) {
    self->requests = malloc(DRAWN * sizeof *self->requests);
    self->sizes = malloc(DRAWN * sizeof *self->sizes);
    if (!self->requests || !self->sizes) exit(1);
    for (size_t i = 0; i < DRAWN; i++) {
        char token[BT_TOKEN_MAX + 1];
        made_token(&self->plan, made_random(2, i) % self->keys, token);
        self->sizes[i] = make_request(token, self->requests[i]);
    }
}

/* Of this thread: other programs do not count. */
static int64_t cpu_ns(void) {
    struct timespec now;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

/* Asks as many at a time as it is told. */
static void ask(bench *self, uint64_t from, size_t count) {
    static const bt_call_transport transport = {
        .reply = take_reply, .fail = take_failure, .gathers = true};
    static const bt_listener_policy listener = {.trusted = true, .environment = "test"};
    static uint8_t arenas[BT_CALLS_TOGETHER][BT_CALL_ARENA];
    static bt_call calls[BT_CALLS_TOGETHER];
    static bt_call *list[BT_CALLS_TOGETHER];
    const bt_method *method = bt_methods;
    while (strcmp(method->path, BT_ENVOY_CHECK_PATH) != 0) method++;
    for (size_t i = 0; i < count; i++) {
        size_t n = (from + i) % DRAWN;
        calls[i] = (bt_call){.method = method,
                             .session = &self->house.session,
                             .listener = &listener,
                             .transport = &transport,
                             .message = bt_bytes_of(self->requests[n], self->sizes[n]),
                             .deadline_ms = BT_NEVER_MS};
        bt_arena_init(&calls[i].arena, arenas[i], sizeof arenas[i]);
        list[i] = &calls[i];
    }
    bt_call_dispatch_many(list, count);
}

static double run(bench *self, bool spoiled) {
    allowed = 0;
    int64_t start_ns = cpu_ns();
    for (uint64_t at = 0; at < self->checks; at += self->together) {
        uint64_t left = self->checks - at;
        ask(self, at, left < self->together ? (size_t)left : self->together);
    }
    double each_ns = (double)(cpu_ns() - start_ns) / (double)self->checks;
    if (allowed != (spoiled ? 0 : self->checks)) {
        fprintf(stderr, "%u of %" PRIu64 " were allowed\n", allowed, self->checks);
        exit(1);
    }
    return each_ns;
}

/* The same requests with one character of the token changed. */
static void spoil(bench *self) {
    for (size_t i = 0; i < DRAWN; i++) {
        uint8_t *token = memmem(self->requests[i], self->sizes[i], "bt_test_", 8);
        token[20] = token[20] == 'x' ? 'y' : 'x';
    }
}

static void read_options(bench *self, int argc, char **argv) {
    static const struct option options[] = {{"keys", 1, 0, 'k'},
                                            {"checks", 1, 0, 'c'},
                                            {"rounds", 1, 0, 'r'},
                                            {"routes", 1, 0, 'f'},
                                            {"together", 1, 0, 't'},
                                            {"help", 0, 0, 'h'},
                                            {0}};
    for (int option; (option = getopt_long(argc, argv, "", options, NULL)) != -1;) {
        if (option == 'k')
            self->keys = strtoull(optarg, NULL, 10);
        else if (option == 'c')
            self->checks = strtoull(optarg, NULL, 10);
        else if (option == 'r')
            self->rounds = (unsigned)strtoul(optarg, NULL, 10);
        else if (option == 'f')
            self->routes = optarg;
        else if (option == 't')
            self->together = (unsigned)strtoul(optarg, NULL, 10);
        else
            exit(fputs(help, option == 'h' ? stdout : stderr) < 0 || option != 'h');
    }
}

int main(int argc, char **argv) {
    static bench self = {.keys = 100000, .checks = 200000, .rounds = 5, .together = 1};
    bt_fault fault;
    read_options(&self, argc, argv);
    if (!self.together || self.together > BT_CALLS_TOGETHER) return fputs(help, stderr), 1;
    house_open(&self.house);
    house_renew(&self.house);
    fill(&self);
    house_renew(&self.house);
    bt_gate_options gate = {.routes_file = self.routes};
    if (bt_gate_open(&gate, bt_snapshot_catalogue(self.house.session.snapshot),
                     &self.house.service.gate, &fault))
        return fprintf(stderr, "%s\n", fault.text), 1;
    draw(&self);
    printf("%" PRIu64 " keys, requests of %zu bytes\n", self.keys, self.sizes[0]);
    for (unsigned round = 0; round < self.rounds; round++)
        printf("allowed %.0f ns\n", run(&self, false));
    spoil(&self);
    for (unsigned round = 0; round < self.rounds; round++)
        printf("junk %.0f ns\n", run(&self, true));
    bt_gate_close(self.house.service.gate);
    house_close(&self.house);
    return 0;
}
