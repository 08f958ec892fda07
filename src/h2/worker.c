#include "h2/worker.h"

#include <signal.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <unistd.h>

/* Connections that are read before their calls are answered together. The calls of one to four are enough for their
 * look-ups to wait together, and with more the first to come waits for the last, which a tail is made of. */
#define EVENTS_PER_TURN 4
#define SWEEP_MS 1000

struct bt_h2_worker {
    bt_h2_core core;
    bt_h2_links links;
    bt_session session;
    pthread_t thread;
    bool stopping;    /* the worker's own */
    int64_t sweep_ms; /* tick of the next */
    bt_h2_letter drain_letter, cut_letter, stop_letter;
};

/* A socket on its way to a worker. */
typedef struct bt_h2_gift {
    bt_h2_letter letter;
    bt_h2_worker *worker;
    int fd;
    SSL_CTX *tls;
    const bt_listener_policy *policy;
} bt_h2_gift;

static void open_gift(bt_h2_letter *letter) {
    bt_h2_gift *gift = (bt_h2_gift *)letter;
    bt_h2_worker *worker = gift->worker;
    if (worker->stopping)
        close(gift->fd);
    else if (bt_h2_link_open(&worker->links, gift->fd, gift->tls, gift->policy))
        atomic_fetch_add_explicit(&worker->links.load, 1, memory_order_relaxed);
    bt_h2_links_left(&worker->links);
    bt_h2_tls_free(gift->tls);
    free(gift);
}

static void open_drain(bt_h2_letter *letter) {
    bt_h2_worker *worker =
        (bt_h2_worker *)(void *)((char *)letter - offsetof(bt_h2_worker, drain_letter));
    for (bt_h2_link *link = worker->links.first; link; link = link->behind)
        bt_h2_connection_drain(link->connection);
}

static void close_all(bt_h2_worker *worker) {
    while (worker->links.first) bt_h2_link_close(worker->links.first);
}

static void open_cut(bt_h2_letter *letter) {
    close_all((bt_h2_worker *)(void *)((char *)letter - offsetof(bt_h2_worker, cut_letter)));
}

static void open_stop(bt_h2_letter *letter) {
    bt_h2_worker *worker =
        (bt_h2_worker *)(void *)((char *)letter - offsetof(bt_h2_worker, stop_letter));
    worker->stopping = true;
    close_all(worker);
}

static void sweep(bt_h2_worker *worker) {
    if (worker->core.tick_ms < worker->sweep_ms) return;
    worker->sweep_ms = worker->core.tick_ms + SWEEP_MS;
    bt_h2_link *behind;
    for (bt_h2_link *link = worker->links.first; link; link = behind) {
        behind = link->behind;
        bt_h2_link_sweep(link);
    }
}

static void flush(bt_h2_worker *worker) {
    bt_h2_connection *connection = worker->core.dirty;
    worker->core.dirty = NULL;
    while (connection) {
        bt_h2_connection *next = connection->next_dirty;
        connection->dirty = false;
        bt_h2_link_flush(connection->owner);
        connection = next;
    }
}

static int patience_ms(const bt_h2_worker *worker) {
    if (worker->core.dirty) return 0;
    int64_t left_ms = worker->sweep_ms - worker->core.tick_ms;
    return left_ms > 0 ? (int)left_ms : 0;
}

/* One turn: all that came is read, then all that was asked is answered, then all answers are sent. */
static void turn(bt_h2_worker *worker) {
    struct epoll_event events[EVENTS_PER_TURN];
    int count = epoll_wait(worker->links.epoll_fd, events, EVENTS_PER_TURN, patience_ms(worker));
    bt_h2_core_tick(&worker->core);
    bool mail = false;
    for (int i = 0; i < count; i++) {
        if (events[i].data.ptr)
            bt_h2_link_ready(events[i].data.ptr, events[i].events);
        else
            mail = true;
    }
    /* Last, since a letter may close links that events of this turn are about. */
    if (mail) bt_h2_mailbox_open(&worker->core.mailbox);
    bt_h2_links_shed(&worker->links);
    bt_h2_core_dispatch(&worker->core);
    sweep(worker);
    flush(worker);
}

static void *run(void *user) {
    bt_h2_worker *worker = user;
    worker->core.thread = pthread_self();
    while (!worker->stopping || worker->core.streams) turn(worker);
    return NULL;
}

static bool watch_mail(bt_h2_worker *worker) {
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = NULL};
    worker->links.epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    return worker->links.epoll_fd >= 0 && epoll_ctl(worker->links.epoll_fd, EPOLL_CTL_ADD,
                                                    worker->core.mailbox.event_fd, &event) == 0;
}

/* Signals are the main thread's. */
static bool start_thread(bt_h2_worker *worker) {
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int error = pthread_create(&worker->thread, NULL, run, worker);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return error == 0;
}

static bt_h2_worker *worker_free(bt_h2_worker *worker) {
    if (worker->links.epoll_fd >= 0) close(worker->links.epoll_fd);
    bt_h2_core_clear(&worker->core);
    bt_session_close(&worker->session);
    free(worker);
    return NULL;
}

bt_err bt_h2_worker_start(const bt_h2_worker_options *options, bt_h2_worker **ret_worker,
                          bt_fault *fault) {
    bt_h2_worker *worker = calloc(1, sizeof *worker);
    if (!worker) return bt_fail(fault, BT_ERR_EXHAUSTED, "no memory for a worker");
    bt_err err =
        options->service ? bt_session_open(options->service, &worker->session, fault) : BT_OK;
    if (!err && bt_h2_core_init(&worker->core, options->limits, options->methods, &worker->session,
                                options->health))
        err = bt_fail(fault, BT_ERR_EXHAUSTED, "no memory or file descriptor for a worker");
    if (err) {
        bt_session_close(&worker->session);
        free(worker);
        return err;
    }
    worker->links.core = &worker->core;
    worker->links.left_fd = options->left_fd;
    worker->drain_letter.open = open_drain;
    worker->cut_letter.open = open_cut;
    worker->stop_letter.open = open_stop;
    worker->core.totals = options->totals;
    if (!watch_mail(worker) || !start_thread(worker)) {
        worker_free(worker);
        return bt_fail(fault, BT_ERR_EXHAUSTED, "a worker could not be started");
    }
    *ret_worker = worker;
    return BT_OK;
}

size_t bt_h2_worker_load(const bt_h2_worker *worker) {
    return atomic_load_explicit(&worker->links.load, memory_order_relaxed);
}

void bt_h2_worker_give(bt_h2_worker *worker, int fd, SSL_CTX *tls,
                       const bt_listener_policy *policy) {
    bt_h2_gift *gift = malloc(sizeof *gift);
    if (!gift) {
        close(fd);
        bt_h2_tls_free(tls);
        return;
    }
    *gift = (bt_h2_gift){{NULL, open_gift}, worker, fd, tls, policy};
    atomic_fetch_add_explicit(&worker->links.load, 1, memory_order_relaxed);
    bt_h2_mailbox_post(&worker->core.mailbox, &gift->letter);
}

void bt_h2_worker_drain(bt_h2_worker *worker) {
    bt_h2_mailbox_post(&worker->core.mailbox, &worker->drain_letter);
}

void bt_h2_worker_cut(bt_h2_worker *worker) {
    bt_h2_mailbox_post(&worker->core.mailbox, &worker->cut_letter);
}

bt_h2_worker *bt_h2_worker_stop(bt_h2_worker *worker) {
    if (!worker) return NULL;
    bt_h2_mailbox_post(&worker->core.mailbox, &worker->stop_letter);
    pthread_join(worker->thread, NULL);
    return worker_free(worker);
}
