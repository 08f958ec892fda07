/* rooms: catalogue */
#include <stdio.h>
#include <stdlib.h>

#include "catalogue/diff.h"
#include "catalogue/revise.h"
#include "catalogue/write.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool apply(const bt_catalogue *present, bt_bytes file, bt_catalogue *ret_next) {
    size_t size = BT_CATALOGUE_ARENA(file.size);
    void *block = malloc(size);
    if (!block) abort();
    bt_arena arena;
    bt_arena_init(&arena, block, size);
    bt_draft draft;
    bt_fault fault = {0};
    bt_err err = bt_draft_read(file, &arena, &draft, &fault);
    if (!err) err = bt_catalogue_revise(present, 3, &draft, ret_next, &fault);
    free(block);
    if (err && !fault.text[0]) abort();
    return !err;
}

/* What is for ever is there still. */
static void check_kept(const bt_catalogue *before, const bt_catalogue *after, uint64_t bound) {
    for (uint64_t rest = bound; rest; rest = bt_mask_without_lowest(rest)) {
        int bit = (int)bt_mask_lowest(rest);
        if (bt_catalogue_find(after, bt_bytes_text(before->scopes[bit].name)) != bit) abort();
    }
    if ((after->live & BT_APIKEYS_WINDOW) != (before->live & BT_APIKEYS_WINDOW)) abort();
    if ((after->live | after->retired) & BT_MASK_FORBIDDEN) abort();
}

/* Written as a file it changes nothing. */
static void check_round_trip(const bt_catalogue *catalogue) {
    char *text = NULL;
    size_t size;
    FILE *out = open_memstream(&text, &size);
    if (!out) abort();
    bt_catalogue_write(catalogue, out);
    if (fclose(out)) abort();
    static bt_catalogue again;
    static bt_diff diff;
    if (!apply(catalogue, bt_bytes_of(text, size), &again)) abort();
    bt_catalogue_diff(catalogue, &again, &diff);
    if (diff.count) abort();
    free(text);
}

/* Applied to a new store of which two scopes are granted, and then to its own result. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static bt_catalogue shipped, first, second;
    if (!shipped.generation) bt_catalogue_default(&shipped);
    bt_bytes file = bt_bytes_of(data, size);
    if (!apply(&shipped, file, &first)) return 0;
    check_kept(&shipped, &first, BT_APIKEYS_WINDOW & shipped.live);
    check_kept(&shipped, &first, 3);
    check_round_trip(&first);
    if (apply(&first, file, &second)) check_kept(&first, &second, first.live | first.retired);
    return 0;
}
