#include "base/duration.h"

#include <inttypes.h>
#include <stdio.h>

#include "base/clock.h"

#define LONGEST_MS (3652500 * BT_DAY_MS)

static int64_t unit_ms(uint8_t letter) {
    switch (letter) {
    case 's':
        return BT_SECOND_MS;
    case 'm':
        return 60 * BT_SECOND_MS;
    case 'h':
        return 3600 * BT_SECOND_MS;
    case 'd':
        return BT_DAY_MS;
    case 'w':
        return 7 * BT_DAY_MS;
    default:
        return 0;
    }
}

bool bt_duration_parse(bt_bytes text, int64_t *ret_ms) {
    if (text.size < 2) return false;
    int64_t unit = unit_ms(text.data[text.size - 1]);
    if (!unit) return false;
    int64_t count = 0;
    for (size_t i = 0; i + 1 < text.size; i++) {
        if (text.data[i] < '0' || text.data[i] > '9') return false;
        count = count * 10 + (text.data[i] - '0');
        if (count > LONGEST_MS / unit) return false;
    }
    if (count == 0) return false;
    *ret_ms = count * unit;
    return true;
}

void bt_duration_format(int64_t duration_ms, char ret_text[24]) {
    static const struct {
        int64_t ms;
        const char *unit;
    } units[] = {{7 * BT_DAY_MS, "w"},     {BT_DAY_MS, "d"},    {3600 * BT_SECOND_MS, "h"},
                 {60 * BT_SECOND_MS, "m"}, {BT_SECOND_MS, "s"}, {1, "ms"}};
    size_t at = 0;
    if (duration_ms == BT_NEVER_MS) {
        snprintf(ret_text, 24, "never");
        return;
    }
    while (duration_ms % units[at].ms) at++;
    snprintf(ret_text, 24, "%" PRId64 "%s", duration_ms / units[at].ms, units[at].unit);
}
