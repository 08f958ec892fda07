#include "grpc/credentials.h"

#include "rpc/pem.h"

static bt_err make_tls(const bt_listener_options *options,
                       grpc_server_credentials **ret_credentials, bt_fault *fault) {
    BT_CLEANUP(bt_pem_free) char *certificate = NULL;
    BT_CLEANUP(bt_pem_free) char *key = NULL;
    BT_CLEANUP(bt_pem_free) char *authority = NULL;
    BT_TRY(bt_pem_read(options->tls_cert, "certificate", &certificate, fault));
    BT_TRY(bt_pem_read(options->tls_key, "key", &key, fault));
    if (options->tls_client_ca)
        BT_TRY(bt_pem_read(options->tls_client_ca, "client CA", &authority, fault));
    grpc_ssl_pem_key_cert_pair pair = {key, certificate};
    grpc_server_credentials *credentials = grpc_ssl_server_credentials_create_ex(
        authority, &pair, 1,
        authority ? GRPC_SSL_REQUEST_AND_REQUIRE_CLIENT_CERTIFICATE_AND_VERIFY
                  : GRPC_SSL_DONT_REQUEST_CLIENT_CERTIFICATE,
        NULL);
    if (!credentials)
        return bt_fail(fault, BT_ERR_INVALID, "certificate %s and key %s cannot be used",
                       options->tls_cert, options->tls_key);
    *ret_credentials = credentials;
    return BT_OK;
}

bt_err bt_grpc_credentials(const bt_listener_options *options,
                           grpc_server_credentials **ret_credentials, bt_fault *fault) {
    if (options->tls_cert) return make_tls(options, ret_credentials, fault);
    *ret_credentials = grpc_insecure_server_credentials_create();
    return BT_OK;
}
