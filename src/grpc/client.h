/* One unary call, made and waited for: what the command line needs to ask a server. */
#ifndef BT_GRPC_CLIENT_H
#define BT_GRPC_CLIENT_H

#include "base/bytes.h"
#include "base/err.h"

/* Strings may be NULL where that is said. */
typedef struct bt_grpc_question {
    const char *address; /* "127.0.0.1:9494", "keys.example.net:443" or "unix:/path" */
    const char *path;    /* "/bitting.v1.CheckService/CheckScope" */
    bt_bytes message;
    bt_bytes credential; /* sent as `authorization: Bearer <credential>`; empty: none */
    bool tls;            /* with tls_ca, or else with the certificates that the system trusts */
    const char *tls_ca;  /* a PEM file; NULL: the system's */
    bool insecure;       /* send the credential in the clear to another machine */
    int64_t timeout_ms;  /* of the whole call */
} bt_grpc_question;

/* The answer's message is copied into block, of size bytes. Errors: those of the server, by their status
 * and with its text (BT_ERR_EXHAUSTED, too, where the answer is larger than size); BT_ERR_UNAVAILABLE where
 * nobody answers; BT_ERR_DEADLINE; BT_ERR_INVALID for a credential in the clear, or a file that cannot be
 * read. */
bt_err bt_grpc_ask(const bt_grpc_question *question, void *block, size_t size,
                   bt_bytes *ret_message, bt_fault *fault);

#endif
