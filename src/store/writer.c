#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>

#include "store/engine.h"
#include "store/txn.h"

/* Changes in one transaction at most: bounds how long the first of them waits, and the pages that a
 * commit writes at once. */
#define GROUP_MAX 1024u

struct bt_writer {
    bt_txn *txn; /* the thread's */
    pthread_t thread;
    size_t queue_limit;
    bt_commits commits;

    pthread_mutex_t mutex; /* of all below */
    pthread_cond_t filled;
    bt_change *first, **last;
    size_t waiting;
    bool stopping;
};

static bool too_late(const bt_change *change) {
    return change->deadline_ms != BT_NEVER_MS && bt_clock_ms() >= change->deadline_ms;
}

static void fail_late(bt_change *change) {
    bt_fail(&change->fault, BT_ERR_DEADLINE, "the deadline passed before this was begun");
}

/* One transaction for all. False: it failed and left nothing behind. */
static bool commit_together(bt_txn *txn, bt_change *first) {
    bt_fault fault;
    if (bt_txn_begin(txn, &fault)) return false;
    for (bt_change *change = first; change; change = change->next) {
        if (too_late(change)) {
            fail_late(change);
        } else if (!bt_txn_apply(txn, change)) {
            bt_txn_abort(txn);
            return false;
        }
    }
    return bt_txn_commit(txn, &fault) == BT_OK;
}

static void commit(bt_txn *txn, bt_change *first) {
    if (commit_together(txn, first)) return;
    for (bt_change *change = first; change; change = change->next) {
        if (too_late(change))
            fail_late(change);
        else
            bt_txn_run(txn, change);
    }
}

/* The next group, in order of submission; NULL when the writer is stopping and nothing waits. */
static bt_change *take(bt_writer *writer) {
    pthread_mutex_lock(&writer->mutex);
    while (!writer->first && !writer->stopping) pthread_cond_wait(&writer->filled, &writer->mutex);
    bt_change *first = writer->first, **end = &writer->first;
    for (size_t i = 0; *end && i < GROUP_MAX; i++, writer->waiting--) end = &(*end)->next;
    writer->first = *end;
    if (!writer->first) writer->last = &writer->first;
    if (first) *end = NULL;
    pthread_mutex_unlock(&writer->mutex);
    return first;
}

/* Who wakes as a batch (sched(7)) does not take the processor from one that runs: those that answer checks. The
 * writer gets its share of a busy processor all the same. Another policy is the administrator's. */
static void give_way(void) {
    const struct sched_param none = {0};
    if (sched_getscheduler(0) == SCHED_OTHER) sched_setscheduler(0, SCHED_BATCH, &none);
}

static void *run(void *argument) {
    bt_writer *writer = argument;
    give_way();
    for (bt_change *group; (group = take(writer));) {
        commit(writer->txn, group);
        for (bt_change *change = group, *next; change; change = next) {
            next = change->next; /* done owns the change */
            change->done(change);
        }
    }
    return NULL;
}

static bt_writer *free_writer(bt_writer *writer) {
    pthread_cond_destroy(&writer->filled);
    pthread_mutex_destroy(&writer->mutex);
    free(writer->txn);
    free(writer);
    return NULL;
}

static bt_writer *new_writer(bt_store *store, size_t queue_limit) {
    bt_writer *writer = calloc(1, sizeof *writer);
    if (!writer) return NULL;
    pthread_mutex_init(&writer->mutex, NULL);
    pthread_cond_init(&writer->filled, NULL);
    writer->queue_limit = queue_limit;
    writer->last = &writer->first;
    writer->txn = bt_txn_new(store);
    if (!writer->txn) return free_writer(writer);
    writer->txn->commits = &writer->commits;
    return writer;
}

/* Signals are for the program's own threads. */
static int start_thread(bt_writer *writer) {
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int error = pthread_create(&writer->thread, NULL, run, writer);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return error;
}

bt_err bt_writer_start(bt_store *store, size_t queue_limit, bt_writer **ret_writer,
                       bt_fault *fault) {
    if (!bt_store_usable(store)) return bt_store_forked(store, fault);
    if (store->read_only)
        return bt_fail(fault, BT_ERR_PRECONDITION, "store %s: is open for reading alone",
                       store->directory);
    bt_writer *writer = new_writer(store, queue_limit);
    if (!writer) return bt_fail(fault, BT_ERR_EXHAUSTED, "writer: no memory");
    int error = start_thread(writer);
    if (error) {
        free_writer(writer);
        return bt_fail(fault, BT_ERR_EXHAUSTED, "writer: no thread: %s", strerror(error));
    }
    *ret_writer = writer;
    return BT_OK;
}

bt_writer *bt_writer_stop(bt_writer *writer) {
    if (!writer) return NULL;
    pthread_mutex_lock(&writer->mutex);
    writer->stopping = true;
    pthread_cond_signal(&writer->filled);
    pthread_mutex_unlock(&writer->mutex);
    pthread_join(writer->thread, NULL);
    return free_writer(writer);
}

const bt_commits *bt_writer_commits(const bt_writer *writer) {
    return &writer->commits;
}

static bt_err enqueue(bt_writer *writer, bt_change *change, bool *ret_first) {
    if (writer->stopping) return BT_ERR_UNAVAILABLE;
    if (writer->waiting >= writer->queue_limit) return BT_ERR_EXHAUSTED;
    *writer->last = change;
    writer->last = &change->next;
    *ret_first = writer->waiting++ == 0;
    return BT_OK;
}

bt_err bt_writer_submit(bt_writer *writer, bt_change *change) {
    change->next = NULL;
    change->fault = (bt_fault){0};
    bool first = false;
    pthread_mutex_lock(&writer->mutex);
    bt_err err = enqueue(writer, change, &first);
    pthread_mutex_unlock(&writer->mutex);
    /* Not before: the writer would wake only to wait for the lock. */
    if (first) pthread_cond_signal(&writer->filled);
    return err;
}
