/* Certificates and keys, from files to what gRPC wants. */
#ifndef BT_GRPC_CREDENTIALS_H
#define BT_GRPC_CREDENTIALS_H

#include <grpc/grpc_security.h>
#include <pthread.h>

#include "rpc/listener.h"

/* What the listener's next handshake is to begin with, where that has changed. gRPC asks for it at each. */
typedef struct bt_grpc_certificates {
    const bt_listener_options *options;
    pthread_mutex_t lock;
    grpc_ssl_server_certificate_config *fresh; /* under lock; NULL: as before */
} bt_grpc_certificates;

/* Not moved from here on; the options must outlive it. */
void bt_grpc_certificates_init(bt_grpc_certificates *certificates,
                               const bt_listener_options *options);
/* When gRPC has shut down, and asks no more. */
void bt_grpc_certificates_clear(bt_grpc_certificates *certificates);

/* Reads the files (again), for handshakes to come; does nothing for a listener without TLS. BT_ERR_INVALID names the
 * file, and all stays as it was. From any thread. */
bt_err bt_grpc_certificates_load(bt_grpc_certificates *certificates, bt_fault *fault);

/* TLS, with clients' certificates where a CA for them is given, or none. After the first load; released by the
 * caller. */
grpc_server_credentials *bt_grpc_credentials(bt_grpc_certificates *certificates);

#endif
