/* TLS 1.2 and 1.3 with ALPN `h2`, by OpenSSL. */
#ifndef BT_H2_TLS_H
#define BT_H2_TLS_H

#include <openssl/types.h>

#include "rpc/listener.h"

/* From the PEM files of a listener. ret_tls is NULL where it has none. Used by any thread.
 * BT_ERR_INVALID names the file. */
bt_err bt_h2_tls_new(const bt_listener_options *options, SSL_CTX **ret_tls, bt_fault *fault);
/* One more reference to it; NULL is taken. */
SSL_CTX *bt_h2_tls_share(SSL_CTX *tls);
/* Gives a reference back. NULL is taken; returns NULL. */
SSL_CTX *bt_h2_tls_free(SSL_CTX *tls);

#endif
