#include "service/text.h"

#include <stdio.h>

bt_err bt_text_check(const char *field, bt_bytes text, size_t max, bt_fault *fault) {
    if (text.size > max)
        return bt_fail(fault, BT_ERR_INVALID, "%s: has %zu bytes; at most %zu are allowed", field,
                       text.size, max);
    if (!bt_bytes_printable(text))
        return bt_fail(fault, BT_ERR_INVALID, "%s: must be UTF-8 without control characters",
                       field);
    return BT_OK;
}

bt_err bt_text_require(const char *field, bt_bytes text, size_t max, bt_fault *fault) {
    if (text.size == 0)
        return bt_fail(fault, BT_ERR_INVALID, "%s: must not be empty; 1 to %zu bytes are right",
                       field, max);
    return bt_text_check(field, text, max, fault);
}

bt_err bt_text_key_id(bt_bytes text, bt_key_id *ret_id, bt_fault *fault) {
    if (bt_key_id_parse(text, ret_id)) return BT_OK;
    /* Not quoted: people paste tokens here. */
    return bt_fail(fault, BT_ERR_INVALID,
                   "key_id: must be 32 hexadecimal digits; this has %zu bytes%s", text.size,
                   text.size == BT_KEY_ID_TEXT_SIZE - 1 ? ", not all of them such digits" : "");
}

static bt_err check_label(const bt_label *labels, size_t at, bt_fault *fault) {
    bt_bytes key = labels[at].key;
    if (!bt_label_key_ok(key))
        return bt_fail(fault, BT_ERR_INVALID,
                       "labels: the key \"%s\" must be 1 to %u of [A-Za-z0-9._/-]",
                       bt_text_quote(key).text, BT_LABEL_KEY_MAX);
    for (size_t i = 0; i < at; i++)
        if (bt_bytes_equal(labels[i].key, key))
            return bt_fail(fault, BT_ERR_INVALID, "labels: the key %s is there twice",
                           bt_text_quote(key).text);
    char field[sizeof "labels[]" + BT_LABEL_KEY_MAX];
    snprintf(field, sizeof field, "labels[%s]", bt_text_quote(key).text);
    return bt_text_check(field, labels[at].value, BT_LABEL_VALUE_MAX, fault);
}

bt_err bt_text_labels(const bt_label *labels, size_t count, bt_fault *fault) {
    if (count > BT_LABELS_MAX)
        return bt_fail(fault, BT_ERR_INVALID, "labels: there are %zu; at most %u are allowed",
                       count, BT_LABELS_MAX);
    for (size_t i = 0; i < count; i++) BT_TRY(check_label(labels, i, fault));
    return BT_OK;
}

bt_err bt_text_not_before(int64_t not_before_ms, bt_fault *fault) {
    if (not_before_ms >= 0 && not_before_ms <= BT_LAST_MS) return BT_OK;
    return bt_fail(fault, BT_ERR_INVALID, "not_before: must be in the years 1970 to 9999");
}
