/* An environment as it is shown to people and to programs. */
#ifndef BT_CLI_ENVIRONMENT_H
#define BT_CLI_ENVIRONMENT_H

#include <stdio.h>

#include "cli/json.h"
#include "key/environment.h"

/* One field a line. */
void bt_environment_print(FILE *out, const bt_environment *environment);

json_t *bt_environment_json(const bt_environment *environment);
/* On standard output. False where it could not be written. */
bool bt_environment_print_json(const bt_environment *environment);

#endif
