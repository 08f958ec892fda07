#include "gate/request.h"

bool bt_letters_equal(const uint8_t *text, bt_bytes lower) {
    for (size_t i = 0; i < lower.size; i++) {
        uint8_t byte = text[i];
        if ((byte >= 'A' && byte <= 'Z' ? byte | 0x20 : byte) != lower.data[i]) return false;
    }
    return true;
}

bt_err bt_gate_context_set(bt_gate_context *context, bt_bytes name, bt_bytes value,
                           bt_fault *fault) {
    const struct {
        bt_bytes name;
        bt_bytes *value;
    } known[] = {{BT_LITERAL("scope"), &context->scope},
                 {BT_LITERAL("match"), &context->match},
                 {BT_LITERAL("environment"), &context->environment},
                 {BT_LITERAL("resource"), &context->resource}};
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        if (!bt_bytes_equal(name, known[i].name)) continue;
        if (known[i].value->data || !value.size)
            return bt_fail(fault, BT_ERR_INVALID, "the proxy's `%.*s` is empty or said twice",
                           BT_BYTES_ARG(name));
        *known[i].value = value;
        return BT_OK;
    }
    return bt_fail(fault, BT_ERR_INVALID,
                   "the proxy says `%.*s`; it may say scope, match, environment and resource",
                   (int)(name.size < 32 ? name.size : 32), (const char *)name.data);
}
