/* What a catalogue file changes. */
#ifndef BT_CLI_PRINT_DIFF_H
#define BT_CLI_PRINT_DIFF_H

#include <stdio.h>

#include "catalogue/diff.h"
#include "cli/json.h"

/* One line a change: + for what is new, - for what goes, ~ for what becomes different. */
void bt_print_diff(FILE *out, const bt_diff *diff);

/* An array of objects: type, name, changes, and where they say something bit, former_name, versions. */
json_t *bt_json_diff(const bt_diff *diff);

#endif
