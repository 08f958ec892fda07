/* What a client binds a key to: resources, networks, and the time from which it is good. */
#ifndef BT_SERVICE_BOUNDS_H
#define BT_SERVICE_BOUNDS_H

#include "base/err.h"
#include "key/narrow.h"

/* As a client writes them; views. */
typedef struct bt_bounds_request {
    size_t selectors_count, networks_count;
    bt_bytes selectors[BT_SELECTORS_MAX];
    bt_bytes networks[BT_NETWORKS_MAX];
} bt_bounds_request;

/* BT_ERR_INVALID, naming the field, its place in the list and what would be right; also for one that is there
 * twice. Views into the request's texts. */
bt_err bt_bounds_selectors(const bt_bounds_request *request, bt_narrow *narrow, bt_fault *fault);
bt_err bt_bounds_networks(const bt_bounds_request *request, bt_narrow *narrow, bt_fault *fault);

/* Whether a key that is bound as `after` says is good anywhere that it was not with `before`. Errs on the side of
 * yes. */
bool bt_bounds_widen(const bt_narrow *before, const bt_narrow *after);
bool bt_bounds_selectors_widen(const bt_narrow *before, const bt_narrow *after);
bool bt_bounds_networks_widen(const bt_narrow *before, const bt_narrow *after);

#endif
