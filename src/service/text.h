/* What a client may write into a key, and how its mistakes are named. */
#ifndef BT_SERVICE_TEXT_H
#define BT_SERVICE_TEXT_H

#include "check/quote.h"
#include "key/key_id.h"
#include "store/detail.h"

/* At most max bytes of UTF-8 without control characters. BT_ERR_INVALID, naming the field. */
bt_err bt_text_check(const char *field, bt_bytes text, size_t max, bt_fault *fault);

/* As above, and not empty. */
bt_err bt_text_require(const char *field, bt_bytes text, size_t max, bt_fault *fault);

bt_err bt_text_key_id(bt_bytes text, bt_key_id *ret_id, bt_fault *fault);

/* 1970 to 9999. */
bt_err bt_text_not_before(int64_t not_before_ms, bt_fault *fault);

bt_err bt_text_labels(const bt_label *labels, size_t count, bt_fault *fault);

/* Empty, or a JSON object of at most BT_METADATA_MAX bytes and BT_METADATA_DEPTH levels, with no key
 * twice in one object. */
#define BT_METADATA_DEPTH 32u
bt_err bt_text_metadata(bt_bytes text, bt_fault *fault);

#endif
