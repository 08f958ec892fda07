/* rooms: store */
#include <stdlib.h>

#include "store/row.h"

/* What decodes is within its limits, and says the same when it is encoded and decoded again. */
static void check_again(const bt_detail *detail) {
    static uint8_t block[BT_DETAIL_ARENA];
    bt_arena arena;
    bt_bytes row;
    bt_detail again;
    bt_arena_init(&arena, block, sizeof block);
    if (bt_detail_encode(detail, &row) || bt_detail_decode(row, &arena, &again)) abort();
    if (!bt_bytes_equal(detail->name, again.name) ||
        !bt_bytes_equal(detail->metadata, again.metadata) ||
        !bt_bytes_equal(detail->revoke_reason, again.revoke_reason) ||
        detail->record_key != again.record_key || detail->labels_count != again.labels_count)
        abort();
    for (size_t i = 0; i < again.labels_count; i++)
        if (!bt_bytes_equal(detail->labels[i].value, again.labels[i].value)) abort();
    free((void *)row.data);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static const size_t rooms[] = {BT_DETAIL_ARENA, 1024, 0};
    for (size_t i = 0; i < sizeof rooms / sizeof *rooms; i++) {
        uint8_t *block = malloc(rooms[i] + 1);
        if (!block) return 0;
        bt_arena arena;
        bt_detail detail;
        bt_arena_init(&arena, block, rooms[i]);
        bt_err err = bt_detail_decode(bt_bytes_of(data, size), &arena, &detail);
        if (!err)
            check_again(&detail);
        else if (err != BT_ERR_INTERNAL && err != BT_ERR_EXHAUSTED)
            abort();
        free(block);
    }
    return 0;
}
