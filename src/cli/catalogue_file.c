#include "cli/catalogue_file.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "cli/local.h"

/* One byte more than is taken tells a file that is too large. */
#define READ_MAX (BT_CATALOGUE_FILE_MAX + 1)

static bt_err read_stream(FILE *stream, void *block, size_t *ret_size, bt_fault *fault) {
    size_t size = fread(block, 1, READ_MAX, stream);
    if (ferror(stream)) return bt_fail(fault, BT_ERR_UNAVAILABLE, "%s", strerror(errno));
    *ret_size = size;
    return BT_OK;
}

static bt_err read_path(const char *path, void *block, size_t *ret_size, bt_fault *fault) {
    if (strcmp(path, "-") == 0) return read_stream(stdin, block, ret_size, fault);
    FILE *stream = fopen(path, "re");
    if (!stream) return bt_fail(fault, BT_ERR_UNAVAILABLE, "%s", strerror(errno));
    bt_err err = read_stream(stream, block, ret_size, fault);
    fclose(stream);
    return err;
}

static bt_err read_draft(bt_catalogue_file *file, void *text, bt_fault *fault) {
    size_t size;
    BT_TRY(read_path(file->path, text, &size, fault));
    file->block = malloc(BT_CATALOGUE_ARENA(size));
    if (!file->block) return bt_fail(fault, BT_ERR_EXHAUSTED, "no memory to read it");
    bt_arena arena;
    bt_arena_init(&arena, file->block, BT_CATALOGUE_ARENA(size));
    return bt_draft_read(bt_bytes_of(text, size), &arena, &file->draft, fault);
}

bool bt_catalogue_file_read(const char *path, bt_catalogue_file *ret_file) {
    bt_catalogue_file file = {.path = path};
    bt_fault fault;
    void *text = malloc(READ_MAX);
    bt_err err = text ? read_draft(&file, text, &fault)
                      : bt_fail(&fault, BT_ERR_EXHAUSTED, "no memory to read it");
    free(text);
    if (err) {
        bt_catalogue_file_failed(&file, &fault);
        bt_catalogue_file_free(&file);
        return false;
    }
    *ret_file = file;
    return true;
}

void bt_catalogue_file_free(bt_catalogue_file *file) {
    free(file->block);
    file->block = NULL;
}

int bt_catalogue_file_failed(const bt_catalogue_file *file, const bt_fault *fault) {
    bt_fault named;
    bool standard_input = strcmp(file->path, "-") == 0;
    bt_fail(&named, fault->err, "%s: %s", standard_input ? "standard input" : file->path,
            fault->text);
    return bt_local_failed(&named);
}
