/* A new token, as it is handed to whoever ran the command: the only time that it is shown. */
#ifndef BT_CLI_ISSUED_H
#define BT_CLI_ISSUED_H

#include "service/issue.h"

/* The token alone on standard output, and the key on standard error; or both in one object. Returns the exit code:
 * where the token could not be written, that is said, with what to do. */
int bt_print_issued(const bt_issued *issued, uint64_t revision, bool json,
                    const bt_catalogue *catalogue);

#endif
