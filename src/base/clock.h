#ifndef BT_BASE_CLOCK_H
#define BT_BASE_CLOCK_H

#include <stdbool.h>
#include <stdint.h>

/* Milliseconds since 1970 UTC. */
int64_t bt_clock_ms(void);

/* Nanoseconds of a clock that only goes forward, for measuring. */
int64_t bt_clock_monotonic_ns(void);

#define BT_NEVER_MS INT64_MAX
#define BT_SECOND_MS INT64_C(1000)
#define BT_DAY_MS (86400 * BT_SECOND_MS)
/* 9999-12-31T23:59:59.999Z, the last time that google.protobuf.Timestamp can say. */
#define BT_LAST_MS INT64_C(253402300799999)

/* Writes RFC 3339 in UTC with milliseconds, such as 2026-11-23T02:29:43.120Z, and a NUL: 25 bytes.
 * BT_NEVER_MS is "never". Years 0 to 9999. */
void bt_clock_format(int64_t time_ms, char ret_text[25]);

/* RFC 3339 in UTC, without fractions: 2030-01-31T00:00:00Z. Years 1970 to 9999. */
bool bt_clock_parse(const char *text, int64_t *ret_ms);

#endif
