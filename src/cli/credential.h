/* Secrets that a command is given. Never as arguments: those are seen by every user of the machine, and stay
 * in the shell's history. */
#ifndef BT_CLI_CREDENTIAL_H
#define BT_CLI_CREDENTIAL_H

#include "base/bytes.h"

#define BT_CREDENTIAL_MAX 8192u

typedef struct bt_credential {
    char text[BT_CREDENTIAL_MAX + 1];
    size_t size;
} bt_credential;

/* From BITTING_TOKEN, which is wiped from the environment, or else from standard input to its end, without
 * the newline; asked for, unseen, where that is a terminal. False, and it has been said why, where there is
 * none or it is longer than BT_CREDENTIAL_MAX. The caller wipes it. */
bool bt_credential_read_token(bt_credential *ret_credential);

/* BITTING_CREDENTIAL, the caller's own key; empty where it is not set. As above otherwise. */
bool bt_credential_read_caller(bt_credential *ret_credential);

void bt_credential_wipe(bt_credential *credential);

/* Refuses arguments in which something has the shape of a token, and overwrites them, so that `ps` shows them
 * no longer. False, and it has been said, where there is one. */
bool bt_credential_guard_arguments(int argc, char **argv);

#endif
