#include "base/clock.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

int64_t bt_clock_ms(void) {
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

int64_t bt_clock_monotonic_ns(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

void bt_clock_format(int64_t time_ms, char ret_text[25]) {
    if (time_ms < 0 || time_ms > BT_LAST_MS) {
        snprintf(ret_text, 25, "%s", time_ms == BT_NEVER_MS ? "never" : "invalid");
        return;
    }
    time_t seconds = (time_t)(time_ms / 1000);
    struct tm parts;
    gmtime_r(&seconds, &parts);
    char date[20];
    strftime(date, sizeof date, "%Y-%m-%dT%H:%M:%S", &parts);
    snprintf(ret_text, 25, "%s.%03dZ", date, (int)(time_ms % 1000));
}

bool bt_clock_parse(const char *text, int64_t *ret_ms) {
    static const char format[] = "%Y-%m-%dT%H:%M:%SZ";
    struct tm parts = {0};
    char back[sizeof "2030-01-31T00:00:00Z"];
    const char *end = strptime(text, format, &parts);
    if (!end || *end) return false;
    time_t seconds = timegm(&parts);
    if (seconds < 0 || seconds > BT_LAST_MS / BT_SECOND_MS) return false;
    /* timegm has made a day that its month does not have another one, and so with all that is not written as it would
     * be here. */
    if (!strftime(back, sizeof back, format, &parts) || strcmp(back, text) != 0) return false;
    *ret_ms = (int64_t)seconds * BT_SECOND_MS;
    return true;
}
