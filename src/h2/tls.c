#include "h2/tls.h"

#include <openssl/ssl.h>

#include "rpc/tls_files.h"

/* RFC 9113, 9.2.2: forward secrecy and AEAD. TLS 1.3 has no other suites. */
#define TLS12_CIPHERS "ECDHE+AESGCM:ECDHE+CHACHA20"

static int choose_protocol(SSL *ssl, const unsigned char **ret_name, unsigned char *ret_size,
                           const unsigned char *offered, unsigned offered_size, void *user) {
    static const unsigned char ours[] = {2, 'h', '2'};
    (void)ssl, (void)user;
    unsigned char *name;
    if (SSL_select_next_proto(&name, ret_size, ours, sizeof ours, offered, offered_size) !=
        OPENSSL_NPN_NEGOTIATED)
        return SSL_TLSEXT_ERR_ALERT_FATAL;
    *ret_name = name;
    return SSL_TLSEXT_ERR_OK;
}

static bool configure(SSL_CTX *tls) {
    static const unsigned char context[] = "bitting"; /* sessions are resumed here alone */
    SSL_CTX_set_options(tls, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION |
                                 SSL_OP_CIPHER_SERVER_PREFERENCE);
    SSL_CTX_set_mode(tls, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
                              SSL_MODE_RELEASE_BUFFERS);
    SSL_CTX_set_alpn_select_cb(tls, choose_protocol, NULL);
    return SSL_CTX_set_min_proto_version(tls, TLS1_2_VERSION) == 1 &&
           SSL_CTX_set_cipher_list(tls, TLS12_CIPHERS) == 1 &&
           SSL_CTX_set_session_id_context(tls, context, sizeof context - 1) == 1;
}

static bt_err fill(SSL_CTX *tls, const bt_listener_options *options, bt_fault *fault) {
    BT_CLEANUP(bt_tls_files_free) bt_tls_files files = {.certificate = NULL};
    if (!tls || !configure(tls))
        return bt_fail(fault, BT_ERR_INTERNAL, "OpenSSL could not be set up");
    BT_TRY(bt_tls_files_read(options, &files, fault));
    return bt_tls_files_use(options, &files, tls, fault);
}

bt_err bt_h2_tls_new(const bt_listener_options *options, SSL_CTX **ret_tls, bt_fault *fault) {
    SSL_CTX *tls = options->tls_cert ? SSL_CTX_new(TLS_server_method()) : NULL;
    bt_err err = options->tls_cert ? fill(tls, options, fault) : BT_OK;
    if (err)
        SSL_CTX_free(tls);
    else
        *ret_tls = tls;
    return err;
}

SSL_CTX *bt_h2_tls_share(SSL_CTX *tls) {
    if (tls) SSL_CTX_up_ref(tls);
    return tls;
}

SSL_CTX *bt_h2_tls_free(SSL_CTX *tls) {
    SSL_CTX_free(tls);
    return NULL;
}
