/* What several commands say of a key in the same way. Each call complains as its command and returns false where
 * what was given is not right. */
#ifndef BT_CLI_KEY_FLAGS_H
#define BT_CLI_KEY_FLAGS_H

#include "cli/options.h"
#include "service/bounds.h"
#include "service/expiry.h"
#include "store/detail.h"

/* --expires-in; NULL: not given. */
bool bt_take_expires_in(const bt_usage *usage, const char *text, bt_expiry_request *ret_expiry);

/* --label KEY=VALUE,... */
bool bt_take_labels(const bt_usage *usage, const bt_list *list, bt_label ret_labels[BT_LABELS_MAX],
                    size_t *ret_count);

/* --selector and --network; what they hold is the service's to judge. */
bool bt_take_bounds(const bt_usage *usage, const bt_list *selectors, const bt_list *networks,
                    bt_bounds_request *ret_bounds);

/* --not-before; NULL: not given, 0. */
bool bt_take_not_before(const bt_usage *usage, const char *text, int64_t *ret_ms);

#endif
