#ifndef BT_CLI_DURATION_H
#define BT_CLI_DURATION_H

#include "base/bytes.h"

/* A span of time such as 90d, 12h or 2w in milliseconds: a whole number above 0 and one of s, m, h, d, w.
 * False for all else, and for more than 10,000 years. */
bool bt_duration_parse(bt_bytes text, int64_t *ret_ms);

#endif
