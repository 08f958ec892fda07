/* "Did you mean ...?" */
#ifndef BT_CLI_SUGGEST_H
#define BT_CLI_SUGGEST_H

#include "base/bytes.h"

typedef struct bt_suggestion {
    const char *text; /* NULL: nothing is near */
    unsigned distance;
} bt_suggestion;

#define bt_suggestion_none ((bt_suggestion){NULL, 0})

/* Keeps the candidate where it is nearer to what was given than the best so far, and near at all: at most 2
 * letters missing, added or wrong, or the one the beginning of the other. */
void bt_suggest(bt_suggestion *best, bt_bytes given, const char *candidate);

#endif
