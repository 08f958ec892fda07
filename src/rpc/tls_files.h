/* The certificate, key and client CA of a listener, in files. */
#ifndef BT_RPC_TLS_FILES_H
#define BT_RPC_TLS_FILES_H

#include <openssl/types.h>

#include "rpc/listener.h"

/* Loads them into a context, and sees that the key is the certificate's. BT_ERR_INVALID names the file. */
bt_err bt_tls_files_load(const bt_listener_options *options, SSL_CTX *tls, bt_fault *fault);

/* Whether they can be loaded: BT_ERR_INVALID, BT_ERR_EXHAUSTED. */
bt_err bt_tls_files_check(const bt_listener_options *options, bt_fault *fault);

#endif
