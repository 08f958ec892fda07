/* The certificate, key and client CA of a listener, in files. */
#ifndef BT_RPC_TLS_FILES_H
#define BT_RPC_TLS_FILES_H

#include <openssl/types.h>

#include "rpc/listener.h"

/* As PEM. Each file is read once, so that what is found to fit together is what is used. */
typedef struct bt_tls_files {
    char *certificate; /* and its chain */
    char *key;
    char *authority; /* of clients; NULL: they show no certificate */
} bt_tls_files;

/* To be freed with bt_tls_files_free, also after an error. BT_ERR_INVALID names the file. */
bt_err bt_tls_files_read(const bt_listener_options *options, bt_tls_files *ret_files,
                         bt_fault *fault);
/* Wipes them. */
void bt_tls_files_free(bt_tls_files *files);

/* Puts them into a new context, and sees that the key is the certificate's. BT_ERR_INVALID names the files. */
bt_err bt_tls_files_use(const bt_listener_options *options, const bt_tls_files *files, SSL_CTX *tls,
                        bt_fault *fault);

/* Whether they can be used: BT_ERR_INVALID, BT_ERR_EXHAUSTED. */
bt_err bt_tls_files_check(const bt_listener_options *options, const bt_tls_files *files,
                          bt_fault *fault);

#endif
