/* rooms: library made_keys */
/* How long a check in-process takes, on a store that fill_store filled. */
#include <getopt.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

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
    int64_t cpu_ns;
} worker;

/* Nanoseconds a check. */
typedef struct figures {
    double cpu; /* of the processor: does not grow with what else the machine does */
    double
        wall; /* from begin to end of the round; half of cpu with two threads on two idle cores */
} figures;

static int64_t thread_cpu_ns(void) {
    struct timespec time;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
    return time.tv_sec * INT64_C(1000000000) + time.tv_nsec;
}

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
    int64_t cpu = thread_cpu_ns(), before = self->latencies ? bt_clock_monotonic_ns() : 0;
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
    self->cpu_ns = thread_cpu_ns() - cpu;
    return NULL;
}

static figures run_round(const bench *self, unsigned threads, unsigned round) {
    pthread_t ids[64];
    worker workers[64];
    int64_t before = bt_clock_monotonic_ns(), cpu = 0;
    uint64_t wrong = 0;
    for (unsigned i = 0; i < threads; i++) {
        workers[i] = (worker){.bench = self, .start = (round * 64 + i) * (self->drawn / 97)};
        if (pthread_create(&ids[i], NULL, work, &workers[i])) exit(1);
    }
    for (unsigned i = 0; i < threads; i++) {
        pthread_join(ids[i], NULL);
        wrong += workers[i].wrong;
        cpu += workers[i].cpu_ns;
    }
    int64_t took = bt_clock_monotonic_ns() - before;
    if (wrong) {
        fprintf(stderr, "bench_library: %" PRIu64 " answers were wrong\n", wrong);
        exit(1);
    }
    double checks = (double)(self->checks * threads);
    return (figures){.cpu = (double)cpu / checks, .wall = (double)took / checks};
}

static int by_cpu(const void *a, const void *b) {
    double left = ((const figures *)a)->cpu, right = ((const figures *)b)->cpu;
    return (left > right) - (left < right);
}

static int by_wall(const void *a, const void *b) {
    double left = ((const figures *)a)->wall, right = ((const figures *)b)->wall;
    return (left > right) - (left < right);
}

/* The middle one of the rounds' walls. */
static double median_wall(figures *rounds, unsigned count) {
    qsort(rounds, count, sizeof *rounds, by_wall);
    return rounds[count / 2].wall;
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

static void measure_latencies(const bench *self, int64_t *ret_median, int64_t *ret_p99) {
    worker alone = {.bench = self, .latencies = calloc(self->checks, sizeof(uint32_t))};
    if (!alone.latencies) exit(1);
    int64_t clock = clock_cost();
    work(&alone);
    qsort(alone.latencies, self->checks, sizeof(uint32_t), by_latency);
    *ret_median = alone.latencies[self->checks / 2] - clock;
    *ret_p99 = alone.latencies[self->checks / 100 * 99] - clock;
    free(alone.latencies);
}

static void print(const bench *self, figures *one, figures *all) {
    unsigned middle = self->rounds / 2;
    int64_t median, p99;
    measure_latencies(self, &median, &p99);
    double wall_times = median_wall(one, self->rounds) / median_wall(all, self->rounds);
    qsort(one, self->rounds, sizeof *one, by_cpu);
    qsort(all, self->rounds, sizeof *all, by_cpu);
    double cpu_times = self->threads * one[middle].cpu / all[middle].cpu;
    const char *format =
        self->json ? "{\"keys\": %" PRIu64 ", \"cpu_ns\": %.0f, \"cpu_ns_least\": %.0f, "
                     "\"cpu_ns_most\": %.0f, \"median_ns\": %" PRId64 ", \"p99_ns\": %" PRId64
                     ", \"threads\": %u, \"speedup_by_cpu\": %.2f, \"speedup\": %.2f}\n"
                   : "%" PRIu64 " keys: %.0f ns of CPU a check (%.0f-%.0f); one call takes %" PRId64
                     " ns (median), %" PRId64 " (p99); %u threads do %.2f times what one does by "
                     "CPU, %.2f by the clock\n";
    printf(format, self->keys, one[middle].cpu, one[0].cpu, one[self->rounds - 1].cpu, median, p99,
           self->threads, cpu_times, wall_times);
}

int main(int argc, char **argv) {
    bench self = {.threads = 2, .rounds = 5, .checks = 1000000, .plan = {.seed = 1}};
    figures one[100], all[100];
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
