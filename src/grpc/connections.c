#include "grpc/connections.h"

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/log.h"

/* Descriptors that are not connections: the store, logs, and gRPC's own. */
#define RESERVED 128u

/* Connections get descriptors below this; INT_MAX until a limit is set. */
static atomic_int descriptor_limit = INT32_MAX;
static atomic_uint refused;

bt_err bt_connections_limit(unsigned max, unsigned *ret_max, bt_fault *fault) {
    struct rlimit limit;
    int lowest = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 0);
    if (lowest < 0 || getrlimit(RLIMIT_NOFILE, &limit))
        return bt_fail(fault, BT_ERR_UNAVAILABLE, "no file descriptor is free");
    close(lowest);
    rlim_t wanted = (rlim_t)lowest + max + RESERVED;
    if (limit.rlim_cur < wanted) {
        limit.rlim_cur = wanted < limit.rlim_max ? wanted : limit.rlim_max;
        if (setrlimit(RLIMIT_NOFILE, &limit)) getrlimit(RLIMIT_NOFILE, &limit);
    }
    rlim_t needed = (rlim_t)lowest + RESERVED;
    if (limit.rlim_cur <= needed)
        return bt_fail(fault, BT_ERR_UNAVAILABLE,
                       "at most %ju files may be open, which leaves none for connections: raise "
                       "the limit (ulimit -n, LimitNOFILE=)",
                       (uintmax_t)limit.rlim_cur);
    rlim_t left = limit.rlim_cur - needed;
    *ret_max = left < max ? (unsigned)left : max;
    atomic_store(&descriptor_limit, lowest + (int)*ret_max);
    return BT_OK;
}

/* What the peer or the network did to one connection (accept(2)): the next may be well. */
static bool is_of_one_connection(int error) {
    return error == ECONNABORTED || error == ENETDOWN || error == EPROTO || error == ENOPROTOOPT ||
           error == EHOSTDOWN || error == ENONET || error == EHOSTUNREACH || error == EOPNOTSUPP ||
           error == ENETUNREACH || error == EPERM;
}

/* A lack that will pass. gRPC then tries again when the next connection comes. */
static bool is_shortage(int error) {
    return error == EMFILE || error == ENFILE || error == ENOBUFS || error == ENOMEM;
}

static void refuse(int connection) {
    close(connection);
    unsigned count = atomic_fetch_add(&refused, 1) + 1;
    if ((count & (count - 1)) == 0)
        bt_log(BT_LOG_WARNING, "connection refused, too many are open limit=%d refused=%u",
               atomic_load(&descriptor_limit), count);
}

/* The declaration in <sys/socket.h> has a union for the address, which standard C does not know. */
__attribute__((visibility("default"))) int accept4(int listener, void *address, unsigned *size,
                                                   int flags);

int accept4(int listener, void *address, unsigned *size, int flags) {
    unsigned room = size ? *size : 0;
    for (;;) {
        if (size) *size = room;
        int connection = (int)syscall(SYS_accept4, listener, address, size, flags);
        if (connection < 0 && is_of_one_connection(errno)) continue;
        if (connection < 0 && is_shortage(errno)) errno = EAGAIN;
        if (connection < atomic_load_explicit(&descriptor_limit, memory_order_relaxed))
            return connection; /* or -1 */
        refuse(connection);
    }
}
