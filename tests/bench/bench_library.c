/* rooms: library made_keys */
/* How long a check in-process takes, on a store that fill_store filled. */
#include <getopt.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include "bitting/bitting.h"
#include "made_keys.h"

static const char help[] =
    "usage: bench_library --data DIR --keys N [--seed N] [--users N] [--threads N] [--rounds N]\n"
    "                     [--checks N] [--mask] [--denied] [--json]\n"
    "\n"
    "Asks for users.read of keys drawn at random out of the N that fill_store made with the same "
    "--seed.\n"
    "Rounds on one thread and on all --threads (2) take turns. Each answer is looked at.\n"
    "--mask asks with scope_mask and not by name, --denied for users.delete, which no key holds.\n";

#define TOKEN_STRIDE 64

typedef struct bench {
    const char *data;
    uint64_t keys, checks;
    unsigned threads, rounds;
    bool by_mask, denied, json;
    made_plan plan;
    bitting *handle;
    char *tokens; /* of the keys that are asked about, in that order, TOKEN_STRIDE apart */
    size_t drawn;
} bench;

typedef struct worker {
    const bench *bench;
    size_t start;
    uint32_t *latencies; /* of each check, in ns; NULL: not wanted */
    uint64_t wrong;
} worker;

static uint64_t number(const char *text) {
    char *end;
    uint64_t value = strtoull(text, &end, 10);
    if (*text < '0' || *text > '9' || *end || value == 0) {
        fprintf(stderr, "bench_library: %s is not a number above 0\n", text);
        exit(2);
    }
    return value;
}

static void parse(int argc, char **argv, bench *self) {
    static const struct option options[] = {{"data", required_argument, NULL, 'd'},
                                            {"keys", required_argument, NULL, 'k'},
                                            {"seed", required_argument, NULL, 's'},
                                            {"users", required_argument, NULL, 'u'},
                                            {"threads", required_argument, NULL, 't'},
                                            {"rounds", required_argument, NULL, 'r'},
                                            {"checks", required_argument, NULL, 'c'},
                                            {"mask", no_argument, NULL, 'm'},
                                            {"denied", no_argument, NULL, 'n'},
                                            {"json", no_argument, NULL, 'j'},
                                            {NULL, 0, NULL, 0}};
    for (int option; (option = getopt_long(argc, argv, "", options, NULL)) != -1;) switch (option) {
        case 'd':
            self->data = optarg;
            break;
        case 'k':
            self->keys = number(optarg);
            break;
        case 's':
            self->plan.seed = number(optarg);
            break;
        case 'u':
            self->plan.users = number(optarg);
            break;
        case 't':
            self->threads = (unsigned)number(optarg);
            break;
        case 'r':
            self->rounds = (unsigned)number(optarg);
            break;
        case 'c':
            self->checks = number(optarg);
            break;
        case 'm':
            self->by_mask = true;
            break;
        case 'n':
            self->denied = true;
            break;
        case 'j':
            self->json = true;
            break;
        default:
            self->data = NULL, optind = argc + 1;
        }
    if (self->data && self->keys && optind == argc) return;
    fputs(help, stderr);
    exit(2);
}

static void draw(bench *self) {
    static const bt_environment environment = {.id = 1, .name = "test", .prefix = "bt_test"};
    self->plan.environment = &environment;
    self->drawn = 1 << 20;
    self->tokens = malloc(self->drawn * TOKEN_STRIDE);
    if (!self->tokens) exit(1);
    for (size_t i = 0; i < self->drawn; i++) {
        char token[BT_TOKEN_MAX + 1];
        made_token(&self->plan, made_random(UINT64_C(77), i) % self->keys, token);
        memcpy(self->tokens + i * TOKEN_STRIDE, token, TOKEN_STRIDE);
    }
}

static bitting_question question_of(const bench *self) {
    static const char *const read_name[] = {"users.read"}, *const delete_name[] = {"users.delete"};
    bitting_question question = BITTING_QUESTION_INIT;
    if (self->by_mask) {
        question.scope_mask = UINT64_C(1) << (self->denied ? 12 : 0);
        return question;
    }
    question.scopes = self->denied ? delete_name : read_name;
    question.scopes_count = 1;
    return question;
}

static void *work(void *argument) {
    worker *self = argument;
    const bench *plan = self->bench;
    bitting_question question = question_of(plan);
    bitting_answer answer = BITTING_ANSWER_INIT;
    bitting_reason right = plan->denied ? BITTING_REASON_MISSING_SCOPE : BITTING_REASON_ALLOWED;
    int64_t before = self->latencies ? bt_clock_monotonic_ns() : 0;
    for (uint64_t i = 0; i < plan->checks; i++) {
        question.token = plan->tokens + (self->start + i) % plan->drawn * TOKEN_STRIDE;
        question.token_size = strlen(question.token);
        bitting_err err = bt_check(plan->handle, &question, &answer, NULL);
        self->wrong += err || answer.reason != right;
        if (!self->latencies) continue;
        int64_t now = bt_clock_monotonic_ns();
        self->latencies[i] = (uint32_t)(now - before);
        before = now;
    }
    return NULL;
}

/* Nanoseconds a check, over all threads: half of it with two threads that do not hinder each other. */
static double run_round(const bench *self, unsigned threads, unsigned round) {
    pthread_t ids[64];
    worker workers[64];
    int64_t before = bt_clock_monotonic_ns();
    for (unsigned i = 0; i < threads; i++) {
        workers[i] = (worker){.bench = self, .start = (round * 64 + i) * (self->drawn / 97)};
        if (pthread_create(&ids[i], NULL, work, &workers[i])) exit(1);
    }
    uint64_t wrong = 0;
    for (unsigned i = 0; i < threads; i++) {
        pthread_join(ids[i], NULL);
        wrong += workers[i].wrong;
    }
    int64_t took = bt_clock_monotonic_ns() - before;
    if (wrong) {
        fprintf(stderr, "bench_library: %" PRIu64 " answers were wrong\n", wrong);
        exit(1);
    }
    return (double)took / (double)(self->checks * threads);
}

static int by_value(const void *a, const void *b) {
    double left = *(const double *)a, right = *(const double *)b;
    return (left > right) - (left < right);
}

static int by_latency(const void *a, const void *b) {
    uint32_t left = *(const uint32_t *)a, right = *(const uint32_t *)b;
    return (left > right) - (left < right);
}

/* What looking at the clock twice takes. */
static int64_t clock_cost(void) {
    int64_t least = INT64_MAX;
    for (int i = 0; i < 10000; i++) {
        int64_t before = bt_clock_monotonic_ns(), took = bt_clock_monotonic_ns() - before;
        if (took < least) least = took;
    }
    return least;
}

static void print(const bench *self, double *one, double *all) {
    worker alone = {.bench = self, .latencies = calloc(self->checks, sizeof(uint32_t))};
    if (!alone.latencies) exit(1);
    work(&alone);
    qsort(alone.latencies, self->checks, sizeof(uint32_t), by_latency);
    qsort(one, self->rounds, sizeof *one, by_value);
    qsort(all, self->rounds, sizeof *all, by_value);
    double mean = one[self->rounds / 2], faster = mean / all[self->rounds / 2];
    int64_t clock = clock_cost();
    int64_t p50 = alone.latencies[self->checks / 2] - clock;
    int64_t p99 = alone.latencies[self->checks / 100 * 99] - clock;
    const char *format = self->json
                             ? "{\"keys\": %" PRIu64 ", \"mean_ns\": %.0f, \"least_ns\": %.0f, "
                               "\"most_ns\": %.0f, \"median_ns\": %" PRId64 ", \"p99_ns\": %" PRId64
                               ", \"threads\": %u, \"times_one_thread\": %.2f}\n"
                             : "%" PRIu64 " keys: %.0f ns a check (%.0f-%.0f), median %" PRId64
                               ", p99 %" PRId64 "; %u threads do %.2f times what one does\n";
    printf(format, self->keys, mean, one[0], one[self->rounds - 1], p50, p99, self->threads,
           faster);
    free(alone.latencies);
}

int main(int argc, char **argv) {
    bench self = {.threads = 2, .rounds = 5, .checks = 1000000, .plan = {.seed = 1}};
    double one[100], all[100];
    parse(argc, argv, &self);
    if (self.threads > 64 || self.rounds > 100) return 2;
    draw(&self);
    bitting_options options = BITTING_OPTIONS_INIT;
    options.directory = self.data;
    options.environment = "test";
    char message[BITTING_MESSAGE_SIZE];
    if (bt_open(&options, &self.handle, message)) {
        fprintf(stderr, "bench_library: %s\n", message);
        return 1;
    }
    run_round(&self, 1, 0); /* the pages of the store come into this process's map */
    for (unsigned round = 0; round < self.rounds; round++) {
        one[round] = run_round(&self, 1, round);
        all[round] = run_round(&self, self.threads, round);
    }
    print(&self, one, all);
    bt_close(self.handle);
    free(self.tokens);
    return 0;
}
