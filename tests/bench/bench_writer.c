/* rooms: store */
/* Durable commits a second, of one caller and of 64 at once, and the time of a look-up, in a store that is
 * empty and in one of many keys. usage: bench_writer [KEYS [DIRECTORY]]; a new directory in the current one
 * unless told, and 1000000 keys.
 *
 * One caller and many take turns, in 5 rounds, so that a disturbance of the machine meets both; the ratio is
 * that of the medians, and the spread of the rounds is printed. */
#include <inttypes.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "store/writer.h"

#define CALLERS 64
#define ROUNDS 5
#define ROUND_NS INT64_C(2000000000)
#define LOOKUPS 2000000u

static bt_store *store;
static bt_writer *writer;
static _Atomic uint64_t next_key;

static void die(const char *what, const bt_fault *fault) {
    fprintf(stderr, "%s: %s\n", what, fault->text);
    exit(1);
}

/* SplitMix64. */
static uint64_t mix(uint64_t n) {
    n += UINT64_C(0x9E3779B97F4A7C15);
    n = (n ^ n >> 30) * UINT64_C(0xBF58476D1CE4E5B9);
    n = (n ^ n >> 27) * UINT64_C(0x94D049BB133111EB);
    return n ^ n >> 31;
}

static bt_digest digest_of(uint64_t n) {
    bt_digest digest;
    for (unsigned i = 0; i < 4; i++) {
        uint64_t word = mix(4 * n + i);
        memcpy(digest.bytes + 8 * i, &word, sizeof word);
    }
    return digest;
}

typedef struct creation {
    bt_change change;
    uint64_t n;
    sem_t *posted;
} creation;

static bt_err apply(bt_change *change, bt_txn *txn, bt_fault *fault) {
    (void)fault;
    uint64_t n = ((creation *)change)->n;
    bt_digest digest = digest_of(n);
    bt_record record = {.mask = n,
                        .key_id = bt_key_id_make(bt_txn_now_ms(txn)),
                        .version = BT_RECORD_VERSION,
                        .kind = BT_KIND_ORG,
                        .flags = BT_RECORD_ORG,
                        .environment = 1,
                        .expires_ms = BT_NEVER_MS};
    uint64_t org = mix(n % 10000);
    memcpy(record.org_ref, &org, sizeof org);
    bt_record_set_digest(&record, &digest);
    bt_detail detail = {.name = BT_LITERAL("a key of ordinary length"),
                        .org_id = BT_LITERAL("0f4a1c7e-9d1b-4a53-8f6e-2b7d1a9c3e55")};
    return bt_txn_insert_key(txn, bt_digest_slot(&digest), &record, &detail);
}

static void done(bt_change *change) {
    if (change->fault.err) die("create", &change->fault);
    sem_post(((creation *)change)->posted);
}

static void submit(creation *create, sem_t *posted) {
    *create = (creation){.change = {.apply = apply, .done = done, .deadline_ms = BT_NEVER_MS},
                         .n = next_key++,
                         .posted = posted};
    if (bt_writer_submit(writer, &create->change)) exit(2);
}

typedef struct caller {
    pthread_t thread;
    int64_t until_ns;
    uint64_t made;
} caller;

static void *call(void *argument) {
    caller *self = argument;
    sem_t posted;
    creation create;
    sem_init(&posted, 0, 0);
    for (; bt_clock_monotonic_ns() < self->until_ns; self->made++) {
        submit(&create, &posted);
        sem_wait(&posted);
    }
    sem_destroy(&posted);
    return NULL;
}

/* Creates a second of `callers` at once. */
static double rate(unsigned callers) {
    static caller list[CALLERS];
    int64_t start_ns = bt_clock_monotonic_ns();
    for (unsigned i = 0; i < callers; i++) {
        list[i] = (caller){.until_ns = start_ns + ROUND_NS};
        pthread_create(&list[i].thread, NULL, call, &list[i]);
    }
    uint64_t made = 0;
    for (unsigned i = 0; i < callers; i++) {
        pthread_join(list[i].thread, NULL);
        made += list[i].made;
    }
    return (double)made * 1e9 / (double)(bt_clock_monotonic_ns() - start_ns);
}

static int by_value(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Prints the lowest, the median and the highest, which is returned. */
static double print_spread(const char *what, double values[ROUNDS]) {
    qsort(values, ROUNDS, sizeof *values, by_value);
    printf("  %-28s %9.0f  (%.0f to %.0f)\n", what, values[ROUNDS / 2], values[0],
           values[ROUNDS - 1]);
    return values[ROUNDS / 2];
}

static void measure_commits(uint64_t keys) {
    double one[ROUNDS], many[ROUNDS];
    for (int round = 0; round < ROUNDS; round++) {
        one[round] = rate(1);
        many[round] = rate(CALLERS);
    }
    printf("%" PRIu64 " keys: durable creates a second\n", keys);
    double single = print_spread("one caller", one);
    double group = print_spread("64 callers", many);
    printf("  ratio %.2f\n", group / single);
    fflush(stdout);
}

/* Time that this thread ran, so that what else the machine does is left out. */
static int64_t thread_ns(void) {
    struct timespec time;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
    return (int64_t)time.tv_sec * 1000000000 + time.tv_nsec;
}

static void measure_lookups(uint64_t keys) {
    bt_snapshot *snapshot;
    bt_fault fault;
    if (bt_snapshot_open(store, &snapshot, &fault)) die("snapshot", &fault);
    double ns[ROUNDS];
    uint64_t random = 1, found = 0;
    for (int round = 0; round < ROUNDS; round++) {
        int64_t start_ns = thread_ns();
        for (unsigned i = 0; i < LOOKUPS; i++) {
            random = mix(random);
            bt_digest digest = digest_of(random % keys);
            const bt_record *record;
            if (bt_snapshot_renew(snapshot)) exit(3);
            if (bt_snapshot_record(snapshot, &digest, &record) == BT_OK && record) found++;
            bt_snapshot_reset(snapshot);
        }
        ns[round] = (double)(thread_ns() - start_ns) / LOOKUPS;
    }
    if (found != (uint64_t)ROUNDS * LOOKUPS) exit(4);
    printf("%" PRIu64 " keys: nanoseconds of CPU for renew, look-up of a random key, reset\n",
           keys);
    print_spread("one thread", ns);
    fflush(stdout);
    bt_snapshot_close(snapshot);
}

/* Many at once, and nobody waits for each. */
static void fill(uint64_t keys) {
    enum { AT_ONCE = 1024 };
    static creation list[AT_ONCE];
    sem_t posted;
    sem_init(&posted, 0, 0);
    while (next_key < keys) {
        for (int i = 0; i < AT_ONCE; i++) submit(&list[i], &posted);
        for (int i = 0; i < AT_ONCE; i++) sem_wait(&posted);
    }
    sem_destroy(&posted);
}

int main(int argc, char **argv) {
    uint64_t keys = argc > 1 ? strtoull(argv[1], NULL, 10) : 1000000;
    char made[] = "bench-writer-XXXXXX";
    const char *directory = argc > 2 ? argv[2] : mkdtemp(made);
    bt_fault fault;
    bt_store_options options = {.directory = directory, .mode = BT_STORE_CREATE};
    if (bt_store_open(&options, &store, &fault)) die("store", &fault);
    if (bt_writer_start(store, 4096, &writer, &fault)) die("writer", &fault);
    printf("store in %s\n", directory);
    measure_commits(0);
    fill(1000);
    measure_lookups(1000);
    fill(keys);
    measure_commits(keys);
    measure_lookups(keys);
    bt_writer_stop(writer);
    bt_store_close(store);
    return 0;
}
