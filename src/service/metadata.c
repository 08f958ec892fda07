#include <jansson.h>

#include "service/text.h"

/* The deepest level of brackets. Counts those outside of strings; whether it is JSON is not asked
 * here. jansson recurses, so it is given nothing that is deep. */
static size_t depth_of(bt_bytes text) {
    size_t depth = 0, deepest = 0;
    bool quoted = false;
    for (size_t i = 0; i < text.size; i++) {
        uint8_t c = text.data[i];
        if (quoted && c == '\\') i++;
        if (c == '"') quoted = !quoted;
        if (quoted) continue;
        if (c == '{' || c == '[') depth++;
        if ((c == '}' || c == ']') && depth > 0) depth--;
        if (depth > deepest) deepest = depth;
    }
    return deepest;
}

static bt_err parse(bt_bytes text, bt_fault *fault) {
    json_error_t error;
    /* Numbers are kept as they were written, so none is too large. */
    json_t *value =
        json_loadb((const char *)text.data, text.size,
                   JSON_REJECT_DUPLICATES | JSON_DECODE_INT_AS_REAL | JSON_ALLOW_NUL, &error);
    bool object = json_is_object(value);
    json_decref(value);
    if (object) return BT_OK;
    if (value)
        return bt_fail(fault, BT_ERR_INVALID, "metadata: must be a JSON object, not an array");
    return bt_fail(fault, BT_ERR_INVALID, "metadata: must be a JSON object; line %d, column %d: %s",
                   error.line, error.column, error.text);
}

bt_err bt_text_metadata(bt_bytes text, bt_fault *fault) {
    if (text.size == 0) return BT_OK;
    if (text.size > BT_METADATA_MAX)
        return bt_fail(fault, BT_ERR_INVALID, "metadata: has %zu bytes; at most %u are allowed",
                       text.size, BT_METADATA_MAX);
    size_t depth = depth_of(text);
    if (depth > BT_METADATA_DEPTH)
        return bt_fail(fault, BT_ERR_INVALID,
                       "metadata: is %zu levels deep; at most %u are allowed", depth,
                       BT_METADATA_DEPTH);
    return parse(text, fault);
}
