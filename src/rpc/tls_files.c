#include "rpc/tls_files.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>

#include "rpc/pem.h"

bt_err bt_tls_files_read(const bt_listener_options *options, bt_tls_files *ret_files,
                         bt_fault *fault) {
    *ret_files = (bt_tls_files){.certificate = NULL};
    BT_TRY(bt_pem_read(options->tls_cert, "certificate", &ret_files->certificate, fault));
    BT_TRY(bt_pem_read(options->tls_key, "key", &ret_files->key, fault));
    if (!options->tls_client_ca) return BT_OK;
    return bt_pem_read(options->tls_client_ca, "client CA", &ret_files->authority, fault);
}

void bt_tls_files_free(bt_tls_files *files) {
    bt_pem_free(&files->certificate);
    bt_pem_free(&files->key);
    bt_pem_free(&files->authority);
}

/* OpenSSL would ask the terminal for the password of a key that has one. */
static int no_password(char *text, int size, int writing, void *user) {
    (void)text, (void)size, (void)writing, (void)user;
    return -1;
}

typedef int take_certificate(SSL_CTX *tls, X509 *certificate);

/* Whether there is one, and all could be taken: 1, as OpenSSL says it. */
static bool each_certificate(SSL_CTX *tls, const char *text, take_certificate *take) {
    size_t count = 0;
    X509 *certificate;
    BIO *source = BIO_new_mem_buf(text, -1);
    bool fine = source != NULL;
    while (fine && (certificate = PEM_read_bio_X509(source, NULL, no_password, NULL))) {
        fine = take(tls, certificate) == 1;
        X509_free(certificate);
        count++;
    }
    /* Where no more begin, and not within one. */
    fine = fine && ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE;
    BIO_free(source);
    return fine && count;
}

/* The first is the listener's own, the others its chain. */
static int take_own(SSL_CTX *tls, X509 *certificate) {
    return SSL_CTX_get0_certificate(tls) ? (int)SSL_CTX_add1_chain_cert(tls, certificate)
                                         : SSL_CTX_use_certificate(tls, certificate);
}

static int take_authority(SSL_CTX *tls, X509 *certificate) {
    return X509_STORE_add_cert(SSL_CTX_get_cert_store(tls), certificate) == 1 &&
           SSL_CTX_add_client_CA(tls, certificate) == 1;
}

static bool take_key(SSL_CTX *tls, const char *text) {
    BIO *source = BIO_new_mem_buf(text, -1);
    EVP_PKEY *key = source ? PEM_read_bio_PrivateKey(source, NULL, no_password, NULL) : NULL;
    bool fine = key && SSL_CTX_use_PrivateKey(tls, key) == 1;
    EVP_PKEY_free(key);
    BIO_free(source);
    return fine;
}

/* OpenSSL's own words say little of what is wrong with a file. */
static bt_err use(const bt_listener_options *options, const bt_tls_files *files, SSL_CTX *tls,
                  bt_fault *fault) {
    if (!each_certificate(tls, files->certificate, take_own) || !take_key(tls, files->key))
        return bt_fail(fault, BT_ERR_INVALID,
                       "certificate %s and key %s cannot be used: the key must be that of the "
                       "first certificate, without a password",
                       options->tls_cert, options->tls_key);
    if (!files->authority) return BT_OK;
    if (!each_certificate(tls, files->authority, take_authority))
        return bt_fail(fault, BT_ERR_INVALID, "client CA %s cannot be used",
                       options->tls_client_ca);
    SSL_CTX_set_verify(tls, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
    return BT_OK;
}

bt_err bt_tls_files_use(const bt_listener_options *options, const bt_tls_files *files, SSL_CTX *tls,
                        bt_fault *fault) {
    ERR_clear_error();
    bt_err err = use(options, files, tls, fault);
    ERR_clear_error();
    return err;
}

bt_err bt_tls_files_check(const bt_listener_options *options, const bt_tls_files *files,
                          bt_fault *fault) {
    SSL_CTX *tls = SSL_CTX_new(TLS_server_method());
    if (!tls) return bt_fail(fault, BT_ERR_EXHAUSTED, "no memory for a certificate");
    bt_err err = bt_tls_files_use(options, files, tls, fault);
    SSL_CTX_free(tls);
    return err;
}
