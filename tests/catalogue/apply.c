#include "apply.h"

#include "catalogue/revise.h"
#include "catalogue/write.h"
#include "unit.h"

bt_err apply_bytes(const bt_catalogue *present, uint64_t granted, bt_bytes file,
                   bt_catalogue *ret_next, bt_fault *fault) {
    size_t size = BT_CATALOGUE_ARENA(file.size);
    void *block = malloc(size);
    ck_assert_ptr_nonnull(block);
    bt_arena arena;
    bt_arena_init(&arena, block, size);
    bt_draft draft;
    bt_err err = bt_draft_read(file, &arena, &draft, fault);
    if (!err) err = bt_catalogue_revise(present, granted, &draft, ret_next, fault);
    free(block);
    return err;
}

void apply_text(bt_catalogue *catalogue, const char *file) {
    bt_fault fault = {0};
    bt_err err = apply_bytes(catalogue, 0, bt_bytes_text(file), catalogue, &fault);
    ck_assert_msg(!err, "%s\n%s", fault.text, file);
}

char *text_of(const bt_catalogue *catalogue) {
    char *text = NULL;
    size_t size;
    FILE *out = open_memstream(&text, &size);
    ck_assert_ptr_nonnull(out);
    bt_catalogue_write(catalogue, out);
    ck_assert_int_eq(fclose(out), 0);
    return text;
}
