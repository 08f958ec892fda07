#include "grpc/credentials.h"

#include "rpc/tls_files.h"

void bt_grpc_certificates_init(bt_grpc_certificates *certificates,
                               const bt_listener_options *options) {
    certificates->options = options;
    pthread_mutex_init(&certificates->lock, NULL);
    certificates->fresh = NULL;
}

void bt_grpc_certificates_clear(bt_grpc_certificates *certificates) {
    grpc_ssl_server_certificate_config_destroy(certificates->fresh);
    pthread_mutex_destroy(&certificates->lock);
}

/* The caller's, or NULL. */
static grpc_ssl_server_certificate_config *exchange(bt_grpc_certificates *certificates,
                                                    grpc_ssl_server_certificate_config *fresh) {
    pthread_mutex_lock(&certificates->lock);
    grpc_ssl_server_certificate_config *before = certificates->fresh;
    certificates->fresh = fresh;
    pthread_mutex_unlock(&certificates->lock);
    return before;
}

bt_err bt_grpc_certificates_load(bt_grpc_certificates *certificates, bt_fault *fault) {
    const bt_listener_options *options = certificates->options;
    BT_CLEANUP(bt_tls_files_free) bt_tls_files files = {.certificate = NULL};
    if (!options->tls_cert) return BT_OK;
    BT_TRY(bt_tls_files_read(options, &files, fault));
    /* gRPC finds out what does not go together at the next handshake, and tells nobody. */
    BT_TRY(bt_tls_files_check(options, &files, fault));
    grpc_ssl_pem_key_cert_pair pair = {files.key, files.certificate};
    /* Debian's build aborts without a CA, though none is asked for then. */
    const char *anything = files.authority ? files.authority : files.certificate;
    grpc_ssl_server_certificate_config_destroy(
        exchange(certificates, grpc_ssl_server_certificate_config_create(anything, &pair, 1)));
    return BT_OK;
}

static grpc_ssl_certificate_config_reload_status
fetch(void *user, grpc_ssl_server_certificate_config **ret_config) {
    grpc_ssl_server_certificate_config *fresh = exchange(user, NULL);
    if (!fresh) return GRPC_SSL_CERTIFICATE_CONFIG_RELOAD_UNCHANGED;
    *ret_config = fresh;
    return GRPC_SSL_CERTIFICATE_CONFIG_RELOAD_NEW;
}

grpc_server_credentials *bt_grpc_credentials(bt_grpc_certificates *certificates) {
    const bt_listener_options *options = certificates->options;
    if (!options->tls_cert) return grpc_insecure_server_credentials_create();
    return grpc_ssl_server_credentials_create_with_options(
        grpc_ssl_server_credentials_create_options_using_config_fetcher(
            options->tls_client_ca ? GRPC_SSL_REQUEST_AND_REQUIRE_CLIENT_CERTIFICATE_AND_VERIFY
                                   : GRPC_SSL_DONT_REQUEST_CLIENT_CERTIFICATE,
            fetch, certificates));
}
