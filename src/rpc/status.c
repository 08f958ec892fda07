#include "rpc/call.h"

int bt_call_status(bt_err err) {
    switch (err) {
    case BT_OK:
        return 0;
    case BT_ERR_CANCELLED:
        return 1;
    case BT_ERR_INVALID:
        return 3;
    case BT_ERR_DEADLINE:
        return 4;
    case BT_ERR_NOT_FOUND:
        return 5;
    case BT_ERR_EXISTS:
        return 6;
    case BT_ERR_FORBIDDEN:
        return 7;
    case BT_ERR_EXHAUSTED:
        return 8;
    case BT_ERR_PRECONDITION:
        return 9;
    case BT_ERR_UNIMPLEMENTED:
        return 12;
    case BT_ERR_INTERNAL:
        return 13;
    case BT_ERR_UNAVAILABLE:
        return 14;
    case BT_ERR_UNAUTHENTICATED:
        return 16;
    }
    return 2; /* UNKNOWN */
}

bt_err bt_call_error(int status) {
    for (bt_err err = BT_OK; err >= BT_ERR_INTERNAL; err--)
        if (bt_call_status(err) == status) return err;
    return BT_ERR_INTERNAL;
}
