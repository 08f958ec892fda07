/* rooms: decide */
#include <stdlib.h>

#include "decide/decide.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Any row is either refused or decided; what is not of a known kind is never allowed. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    uint8_t *row = malloc(size ? size : 1);
    if (!row) return 0;
    if (size) memcpy(row, data, size);
    const bt_record *record = bt_record_view(bt_bytes_of(row, size));
    if (record) {
        bt_finding finding = {.record = record, .live = INT64_MAX};
        bt_question question = {.needed = 1, .now_ms = 1000};
        bt_verdict verdict = bt_decide(&finding, &question);
        bool allowed = verdict.reason == BT_REASON_ALLOWED;
        if (allowed && (size != BT_RECORD_SIZE || !bt_kind_name((bt_kind)record->kind))) abort();
        if (allowed && record->flags & BT_RECORD_REVOKED) abort();
    }
    free(row);
    return 0;
}
