#include "h2/acceptor.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/log.h"

#define ACCEPTS_PER_TURN 64

struct bt_h2_acceptor {
    bt_h2_gate *gates;
    bt_h2_worker **workers;
    size_t gate_count, worker_count, connections_max;
    unsigned refused;
    size_t next; /* worker to look at first, so that equals take turns */
    int stop_fd;
    int spare_fd; /* given up to accept, and turn away, what there is no descriptor for */
    pthread_t thread;
    struct pollfd polls[];
};

/* Not by accept4, which grpc/ takes over for the process with rules of its own. */
static int take(int listener, int flags) {
    return (int)syscall(SYS_accept4, listener, NULL, NULL, flags);
}

static bt_h2_worker *choose(bt_h2_acceptor *acceptor, size_t *ret_total) {
    bt_h2_worker *best = NULL;
    size_t best_load = 0, total = 0;
    for (size_t i = 0; i < acceptor->worker_count; i++) {
        bt_h2_worker *worker = acceptor->workers[(acceptor->next + i) % acceptor->worker_count];
        size_t load = bt_h2_worker_load(worker);
        total += load;
        if (best && load >= best_load) continue;
        best = worker;
        best_load = load;
    }
    acceptor->next++;
    *ret_total = total;
    return best;
}

static void refuse(bt_h2_acceptor *acceptor, int fd) {
    close(fd);
    unsigned count = ++acceptor->refused;
    if ((count & (count - 1)) == 0)
        bt_log(BT_LOG_WARNING, "connection refused, too many are open limit=%zu refused=%u",
               acceptor->connections_max, count);
}

/* Left in the queue, a connection that cannot be accepted would wake us for ever. */
static void turn_away(bt_h2_acceptor *acceptor, const bt_h2_gate *gate) {
    close(acceptor->spare_fd);
    int fd = take(gate->fd, SOCK_CLOEXEC);
    if (fd >= 0) refuse(acceptor, fd);
    acceptor->spare_fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
}

static void log_peer(const bt_h2_gate *gate, int fd) {
    struct ucred peer;
    socklen_t size = sizeof peer;
    if (!gate->path[0] || getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size)) return;
    bt_log(BT_LOG_DEBUG, "connection path=%s pid=%d uid=%u gid=%u", gate->path, (int)peer.pid,
           (unsigned)peer.uid, (unsigned)peer.gid);
}

/* False: nothing more is waiting now. */
static bool accept_one(bt_h2_acceptor *acceptor, bt_h2_gate *gate) {
    int fd = take(gate->fd, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd < 0) {
        if (errno == EMFILE || errno == ENFILE) turn_away(acceptor, gate);
        return errno == ECONNABORTED;
    }
    size_t total;
    bt_h2_worker *worker = choose(acceptor, &total);
    if (total >= acceptor->connections_max) {
        refuse(acceptor, fd);
        return true;
    }
    log_peer(gate, fd);
    bt_h2_worker_give(worker, fd, bt_h2_gate_tls(gate), &gate->policy);
    return true;
}

static void *run(void *user) {
    bt_h2_acceptor *acceptor = user;
    struct pollfd *stop = &acceptor->polls[acceptor->gate_count];
    for (;;) {
        poll(acceptor->polls, acceptor->gate_count + 1, -1);
        if (stop->revents) return NULL;
        for (size_t i = 0; i < acceptor->gate_count; i++) {
            if (!acceptor->polls[i].revents) continue;
            for (int n = 0; n < ACCEPTS_PER_TURN; n++)
                if (!accept_one(acceptor, &acceptor->gates[i])) break;
        }
    }
}

static bool start_thread(bt_h2_acceptor *acceptor) {
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int error = pthread_create(&acceptor->thread, NULL, run, acceptor);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return error == 0;
}

static bt_h2_acceptor *acceptor_free(bt_h2_acceptor *acceptor) {
    if (acceptor->stop_fd >= 0) close(acceptor->stop_fd);
    if (acceptor->spare_fd >= 0) close(acceptor->spare_fd);
    free(acceptor);
    return NULL;
}

bt_err bt_h2_acceptor_start(bt_h2_gate *gates, size_t gate_count, bt_h2_worker **workers,
                            size_t worker_count, size_t connections_max,
                            bt_h2_acceptor **ret_acceptor, bt_fault *fault) {
    bt_h2_acceptor *acceptor =
        calloc(1, sizeof *acceptor + (gate_count + 1) * sizeof(struct pollfd));
    if (!acceptor) return bt_fail(fault, BT_ERR_EXHAUSTED, "no memory for the acceptor");
    acceptor->gates = gates;
    acceptor->gate_count = gate_count;
    acceptor->workers = workers;
    acceptor->worker_count = worker_count;
    acceptor->connections_max = connections_max;
    acceptor->stop_fd = eventfd(0, EFD_CLOEXEC);
    acceptor->spare_fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
    for (size_t i = 0; i < gate_count; i++)
        acceptor->polls[i] = (struct pollfd){.fd = gates[i].fd, .events = POLLIN};
    acceptor->polls[gate_count] = (struct pollfd){.fd = acceptor->stop_fd, .events = POLLIN};
    if (acceptor->stop_fd < 0 || acceptor->spare_fd < 0 || !start_thread(acceptor)) {
        acceptor_free(acceptor);
        return bt_fail(fault, BT_ERR_EXHAUSTED, "the acceptor could not be started");
    }
    *ret_acceptor = acceptor;
    return BT_OK;
}

bt_h2_acceptor *bt_h2_acceptor_stop(bt_h2_acceptor *acceptor) {
    if (!acceptor) return NULL;
    eventfd_write(acceptor->stop_fd, 1);
    pthread_join(acceptor->thread, NULL);
    return acceptor_free(acceptor);
}
