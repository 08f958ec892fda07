/* rooms: store made_keys */
/* Writes to a store until it is killed, and says whether a store has what was acknowledged.
 *
 *   crash_writer run DIRECTORY FIRST   32 threads create keys from number FIRST on, and revoke some of theirs;
 *                                      each change that is done is told in a line on standard output:
 *                                      `C n` created, `R n` revoked
 *   crash_writer check DIRECTORY       takes such lines on standard input: each must be so in the store, and
 *                                      everything in the store must be whole
 */
#include <inttypes.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "made_keys.h"
#include "store/verify.h"

#define CALLERS 32

static bt_store *store;
static bt_writer *writer;
static bt_environment environment = {.id = 1, .name = "test", .prefix = "bt_test"};
static const made_plan plan = {.seed = 7, .environment = &environment, .mask = 1, .users = 50};
static uint64_t first_key;

static int fail(const char *what, const bt_fault *fault) {
    fprintf(stderr, "crash_writer: %s: %s\n", what, fault->text);
    return 1;
}

typedef struct call {
    bt_change change;
    uint64_t n;
    bool revoke;
    sem_t done;
} call;

static bt_err apply(bt_change *change, bt_txn *txn, bt_fault *fault) {
    const call *self = (const call *)change;
    (void)fault;
    return self->revoke ? made_revoke_in(txn, &plan, self->n) : made_insert_in(txn, &plan, self->n);
}

static void done(bt_change *change) {
    sem_post(&((call *)change)->done);
}

/* Ends the program where a change fails: none of these may. */
static void make_change(call *self, bool revoke, uint64_t n) {
    self->change = (bt_change){.apply = apply, .done = done, .deadline_ms = BT_NEVER_MS};
    self->revoke = revoke;
    self->n = n;
    if (bt_writer_submit(writer, &self->change)) exit(fail("submit", &self->change.fault));
    sem_wait(&self->done);
    if (self->change.fault.err) exit(fail("change", &self->change.fault));
    char line[32];
    int size = snprintf(line, sizeof line, "%c %" PRIu64 "\n", revoke ? 'R' : 'C', n);
    if (write(STDOUT_FILENO, line, (size_t)size) != size) exit(1);
}

static void *make_changes(void *argument) {
    uint64_t n = first_key + (uint64_t)(uintptr_t)argument;
    call self;
    sem_init(&self.done, 0, 0);
    for (;; n += CALLERS) {
        make_change(&self, false, n);
        if (made_random(1, n) % 3 == 0) make_change(&self, true, n);
    }
    return NULL;
}

static int open_store(const char *directory, bt_store_mode mode) {
    bt_fault fault;
    bt_store_options options = {.directory = directory, .mode = mode};
    return bt_store_open(&options, &store, &fault) ? fail("open", &fault) : 0;
}

static int run(const char *directory) {
    bt_fault fault;
    if (open_store(directory, BT_STORE_CREATE)) return 1;
    if (bt_writer_start(store, 1024, &writer, &fault)) return fail("writer", &fault);
    pthread_t threads[CALLERS];
    for (uintptr_t i = 0; i < CALLERS; i++)
        pthread_create(&threads[i], NULL, make_changes, (void *)i);
    pthread_join(threads[0], NULL);
    return 0;
}

/* Reads the lines; the number of those that are not so. */
static uint64_t count_missing(bt_snapshot *snapshot, uint64_t *ret_lines) {
    char what;
    uint64_t n, lines = 0, missing = 0;
    while (scanf(" %c %" SCNu64, &what, &n) == 2) {
        const bt_record *record = NULL;
        bt_digest digest = made_digest(bt_store_pepper(store), &plan, n);
        bt_err err = bt_snapshot_record(snapshot, &digest, &record);
        bool so = !err && record && (what == 'C' || record->flags & BT_RECORD_REVOKED);
        if (!so) fprintf(stderr, "acknowledged and lost: %c %" PRIu64 "\n", what, n);
        missing += !so;
        lines++;
    }
    *ret_lines = lines;
    return missing;
}

static int check(const char *directory) {
    bt_fault fault;
    bt_snapshot *snapshot;
    bt_verify_report report;
    uint64_t lines = 0;
    if (open_store(directory, BT_STORE_CREATE)) return 1;
    if (bt_snapshot_open(store, &snapshot, &fault)) return fail("snapshot", &fault);
    if (bt_snapshot_renew(snapshot)) return fail("renew", &(bt_fault){.text = "damaged"});
    if (bt_snapshot_verify(snapshot, &report))
        return fail("verify", &(bt_fault){.text = "damaged"});
    uint64_t missing = count_missing(snapshot, &lines);
    printf("%" PRIu64 " acknowledged, %" PRIu64 " lost, %" PRIu64 " keys, %" PRIu64
           " problems%s%s\n",
           lines, missing, report.keys, report.problems, report.problems ? ": " : "", report.first);
    bt_snapshot_close(snapshot);
    bt_store_close(store);
    return missing || report.problems ? 1 : 0;
}

int main(int argc, char **argv) {
    bool running = argc == 4 && strcmp(argv[1], "run") == 0;
    bool checking = argc == 3 && strcmp(argv[1], "check") == 0;
    if (running) first_key = strtoull(argv[3], NULL, 10);
    if (running) return run(argv[2]);
    if (checking) return check(argv[2]);
    fprintf(stderr, "usage: %s run DIRECTORY FIRST | check DIRECTORY\n", argv[0]);
    return 2;
}
