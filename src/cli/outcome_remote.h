/* The answer to `bitting check` from a server. */
#ifndef BT_CLI_OUTCOME_REMOTE_H
#define BT_CLI_OUTCOME_REMOTE_H

#include "cli/outcome.h"
#include "grpc/client.h"

/* Asks CheckService/CheckScope. `server` has all but path and message. The errors of bt_grpc_ask; BT_ERR_INTERNAL
 * for an answer that is not understood: nothing may be let in. */
bt_err bt_outcome_remote(const bt_grpc_question *server, const bt_ask_scope *ask,
                         bt_outcome *ret_outcome, bt_fault *fault);

/* Whether somebody listens on the trusted socket of a data directory; then address is "unix:DIR/check.sock". */
bool bt_outcome_find_server(const char *directory, char ret_address[BT_PATH_SIZE]);

#endif
