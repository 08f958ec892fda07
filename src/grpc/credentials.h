/* Certificates and keys, from files to what gRPC wants. */
#ifndef BT_GRPC_CREDENTIALS_H
#define BT_GRPC_CREDENTIALS_H

#include <grpc/grpc_security.h>

#include "rpc/listener.h"

/* TLS, with clients' certificates where a CA for them is given, or none. Released by the caller. Errors name
 * the file: BT_ERR_INVALID. That a certificate and its key go together is found out by listening. */
bt_err bt_grpc_credentials(const bt_listener_options *options,
                           grpc_server_credentials **ret_credentials, bt_fault *fault);

#endif
