#include "rpc/tls_files.h"

#include <openssl/err.h>
#include <openssl/ssl.h>

#include "rpc/pem.h"

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

bt_err bt_tls_files_load(const bt_listener_options *options, SSL_CTX *tls, bt_fault *fault) {
    bt_err err = load_pair(tls, options, fault);
    if (!err && options->tls_client_ca) err = load_authority(tls, options->tls_client_ca, fault);
    ERR_clear_error();
    return err;
}

bt_err bt_tls_files_check(const bt_listener_options *options, bt_fault *fault) {
    SSL_CTX *tls = SSL_CTX_new(TLS_server_method());
    if (!tls) return bt_fail(fault, BT_ERR_EXHAUSTED, "no memory for a certificate");
    bt_err err = bt_tls_files_load(options, tls, fault);
    SSL_CTX_free(tls);
    return err;
}
