/* Certificates and keys in files. */
#ifndef BT_RPC_PEM_H
#define BT_RPC_PEM_H

#include "base/err.h"

/* A whole file of PEM as text, to be freed with bt_pem_free, which wipes it. what: "certificate", ...
 * BT_ERR_INVALID names the file. */
bt_err bt_pem_read(const char *path, const char *what, char **ret_text, bt_fault *fault);
void bt_pem_free(char **text);

#endif
