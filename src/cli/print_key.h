/* Keys as tables for people. */
#ifndef BT_CLI_PRINT_KEY_H
#define BT_CLI_PRINT_KEY_H

#include <stdio.h>

#include "scope/catalogue.h"
#include "service/key.h"

void bt_print_key_heading(FILE *out);
void bt_print_key_row(FILE *out, const bt_key *key);

/* One fact a line, then the scopes by category. */
void bt_print_key(FILE *out, const bt_key *key, const bt_catalogue *catalogue);

/* Each category with selected/total, and the names of what is selected. */
void bt_print_scopes(FILE *out, const bt_catalogue *catalogue, uint64_t mask);

#endif
