/* The catalogue file that a command is given. */
#ifndef BT_CLI_CATALOGUE_FILE_H
#define BT_CLI_CATALOGUE_FILE_H

#include "catalogue/draft.h"

typedef struct bt_catalogue_file {
    const char *path; /* as it was given */
    void *block;      /* of the draft */
    bt_draft draft;
} bt_catalogue_file;

/* "-": standard input. False, and it has been said on standard error why, where it cannot be read or breaks a rule
 * that needs no store. */
bool bt_catalogue_file_read(const char *path, bt_catalogue_file *ret_file);
void bt_catalogue_file_free(bt_catalogue_file *file);

/* Prints "bitting: PATH: " and the fault on standard error. Returns BT_EXIT_FAILED. */
int bt_catalogue_file_failed(const bt_catalogue_file *file, const bt_fault *fault);

#endif
