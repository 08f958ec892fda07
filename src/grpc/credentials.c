#include "grpc/credentials.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/secret.h"

#define PEM_MAX ((off_t)1 << 20)

void bt_pem_free(char **text) {
    if (!*text) return;
    bt_secret_wipe(*text, strlen(*text));
    free(*text);
    *text = NULL;
}

static bool read_whole(int file, char *text, size_t size) {
    size_t have = 0;
    while (have < size) {
        ssize_t got = read(file, text + have, size - have);
        if (got < 0 && errno == EINTR) continue;
        if (got <= 0) return false;
        have += (size_t)got;
    }
    text[size] = '\0';
    return true;
}

static bt_err read_open(int file, const char *path, const char *what, char **ret_text,
                        bt_fault *fault) {
    struct stat status;
    if (fstat(file, &status) || !S_ISREG(status.st_mode) || status.st_size > PEM_MAX)
        return bt_fail(fault, BT_ERR_INVALID, "%s %s: must be a file of up to 1 MiB", what, path);
    char *text = malloc((size_t)status.st_size + 1);
    if (!text) return bt_fail(fault, BT_ERR_UNAVAILABLE, "no memory for %s", path);
    *text = '\0';
    bool whole = read_whole(file, text, (size_t)status.st_size);
    if (whole && strstr(text, "-----BEGIN ")) {
        *ret_text = text;
        return BT_OK;
    }
    bt_pem_free(&text);
    return bt_fail(fault, BT_ERR_INVALID, "%s %s: not PEM (no line -----BEGIN ...-----)", what,
                   path);
}

bt_err bt_pem_read(const char *path, const char *what, char **ret_text, bt_fault *fault) {
    int file = open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0)
        return bt_fail(fault, BT_ERR_INVALID, "%s %s: cannot be read: %s", what, path,
                       strerror(errno));
    bt_err err = read_open(file, path, what, ret_text, fault);
    close(file);
    return err;
}

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
