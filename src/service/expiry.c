#include "service/expiry.h"

static bt_err check_expiry(int64_t expires_ms, int64_t now_ms, bt_fault *fault) {
    char expires[25], now[25];
    if (expires_ms == BT_NEVER_MS || (expires_ms > now_ms && expires_ms <= BT_LAST_MS))
        return BT_OK;
    bt_clock_format(expires_ms, expires);
    bt_clock_format(now_ms, now);
    if (expires_ms > BT_LAST_MS)
        return bt_fail(fault, BT_ERR_INVALID, "expires_at: must be before the year 10000");
    return bt_fail(fault, BT_ERR_INVALID, "expires_at: %s is not in the future; it is %s now",
                   expires_ms < 0 ? "a time before 1970" : expires, now);
}

bt_err bt_expiry_resolve(const bt_expiry_request *request, int64_t now_ms, int64_t *ret_expires_ms,
                         bt_fault *fault) {
    int64_t expires_ms = request->expires_ms, span_ms = request->expires_in_ms;
    if (span_ms && expires_ms != BT_NEVER_MS)
        return bt_fail(fault, BT_ERR_INVALID, "expires_in, expires_at: only one may be set");
    if (span_ms < 0)
        return bt_fail(fault, BT_ERR_INVALID, "expires_in: must be longer than nothing");
    if (span_ms > BT_LAST_MS - now_ms)
        return bt_fail(fault, BT_ERR_INVALID, "expires_in: must end before the year 10000");
    if (span_ms) expires_ms = now_ms + span_ms;
    BT_TRY(check_expiry(expires_ms, now_ms, fault));
    *ret_expires_ms = expires_ms;
    return BT_OK;
}

bt_err bt_expiry_check_begin(const char *field, int64_t not_before_ms, int64_t expires_ms,
                             bt_fault *fault) {
    char begins[25], ends[25];
    if (not_before_ms < expires_ms) return BT_OK;
    bt_clock_format(not_before_ms, begins);
    bt_clock_format(expires_ms, ends);
    return bt_fail(fault, BT_ERR_INVALID,
                   "%s: the key would never be good, since it would begin at %s and end at %s; "
                   "not_before must be earlier than the expiry",
                   field, begins, ends);
}
