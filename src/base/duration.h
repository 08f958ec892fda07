#ifndef BT_BASE_DURATION_H
#define BT_BASE_DURATION_H

#include "base/bytes.h"

/* A span of time such as 90d, 12h or 2w in milliseconds: a whole number above 0 and one of s, m, h, d, w.
 * False for all else, and for more than 10,000 years. */
bool bt_duration_parse(bt_bytes text, int64_t *ret_ms);

/* Writes the same the other way round, in the largest unit that says it in full, and a NUL; "never" for BT_NEVER_MS.
 */
void bt_duration_format(int64_t duration_ms, char ret_text[24]);

#endif
