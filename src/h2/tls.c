#include "h2/tls.h"

#include <openssl/err.h>
#include <openssl/ssl.h>

#include "rpc/pem.h"

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

/* OpenSSL would ask the terminal for the password of a key that has one. */
static int no_password(char *text, int size, int writing, void *user) {
    (void)text, (void)size, (void)writing, (void)user;
    return -1;
}

/* OpenSSL's own words say little of what is wrong with a file. */
static bt_err check_file(const char *path, const char *what, bt_fault *fault) {
    BT_CLEANUP(bt_pem_free) char *text = NULL;
    return bt_pem_read(path, what, &text, fault);
}

static bt_err load_pair(SSL_CTX *tls, const bt_listener_options *options, bt_fault *fault) {
    BT_TRY(check_file(options->tls_cert, "certificate", fault));
    BT_TRY(check_file(options->tls_key, "key", fault));
    SSL_CTX_set_default_passwd_cb(tls, no_password);
    if (SSL_CTX_use_certificate_chain_file(tls, options->tls_cert) == 1 &&
        SSL_CTX_use_PrivateKey_file(tls, options->tls_key, SSL_FILETYPE_PEM) == 1)
        return BT_OK;
    return bt_fail(fault, BT_ERR_INVALID,
                   "certificate %s and key %s cannot be used: the key must be that of the first "
                   "certificate, without a password",
                   options->tls_cert, options->tls_key);
}

static bt_err load_authority(SSL_CTX *tls, const char *path, bt_fault *fault) {
    BT_TRY(check_file(path, "client CA", fault));
    STACK_OF(X509_NAME) *names = SSL_load_client_CA_file(path);
    if (!names || SSL_CTX_load_verify_file(tls, path) != 1) {
        sk_X509_NAME_pop_free(names, X509_NAME_free);
        return bt_fail(fault, BT_ERR_INVALID, "client CA %s cannot be used", path);
    }
    SSL_CTX_set_client_CA_list(tls, names);
    SSL_CTX_set_verify(tls, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
    return BT_OK;
}

static bt_err load(SSL_CTX *tls, const bt_listener_options *options, bt_fault *fault) {
    BT_TRY(load_pair(tls, options, fault));
    return options->tls_client_ca ? load_authority(tls, options->tls_client_ca, fault) : BT_OK;
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

bt_err bt_h2_tls_new(const bt_listener_options *options, SSL_CTX **ret_tls, bt_fault *fault) {
    SSL_CTX *tls = NULL;
    if (options->tls_cert) {
        tls = SSL_CTX_new(TLS_server_method());
        if (!tls || !configure(tls)) {
            SSL_CTX_free(tls);
            return bt_fail(fault, BT_ERR_INTERNAL, "OpenSSL could not be set up");
        }
        bt_err err = load(tls, options, fault);
        ERR_clear_error();
        if (err) {
            SSL_CTX_free(tls);
            return err;
        }
    }
    *ret_tls = tls;
    return BT_OK;
}

SSL_CTX *bt_h2_tls_free(SSL_CTX *tls) {
    SSL_CTX_free(tls);
    return NULL;
}
