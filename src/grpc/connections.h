/* A limit on open connections, and an accept that does not give up.
 *
 * gRPC's core library (1.51) has no limit of its own, and never accepts again on a listener once
 * accept4 has failed with anything but EAGAIN, EINTR or ECONNABORTED: one moment without file
 * descriptors and the server is deaf. Handing it accepted sockets (grpc_server_add_channel_from_fd) would
 * keep both in our hands, but it takes no TLS that way and deals connections to queues by rand().
 * So this file defines accept4, which the dynamic linker then uses for the whole process. The kernel
 * gives out the lowest free descriptor, so a number at or above the limit says that as many are open:
 * nothing need be counted. */
#ifndef BT_GRPC_CONNECTIONS_H
#define BT_GRPC_CONNECTIONS_H

#include "base/err.h"

/* Raises RLIMIT_NOFILE to what max connections need, as far as the hard limit goes, and refuses those
 * beyond. ret_max, at most max: what the limit leaves. BT_ERR_UNAVAILABLE where that is none. */
bt_err bt_connections_limit(unsigned max, unsigned *ret_max, bt_fault *fault);

#endif
