#include "store/backup.h"

#include <stdio.h>

#include "cli/command.h"
#include "cli/local.h"

static bt_place place;

static const bt_flag flags[] = {
    BT_PLACE_FLAGS(place),
    {0},
};

static const bt_usage usage = {
    .command = "store backup",
    .synopsis = "FILE [flags]",
    .about =
        "Copies the store, as it is at one moment, to a file, beside a running server. The file "
        "is\n"
        "there whole and on disk, or as it was before. The pepper is not in it: back that up "
        "apart\n"
        "from it. To restore, stop the server, put the file in place of DIR/bitting.mdb, and "
        "start.",
    .examples = "  bitting store backup /var/backups/bitting.mdb",
    .flags = flags,
    .arguments = 1,
    .arguments_are = "the file to write",
};

int bt_command_store_backup(int argc, char **argv) {
    const char *path;
    bt_local local;
    bt_fault fault;
    int exit_code;
    if (!bt_options_parse(&usage, argc, argv, &path, &exit_code)) return exit_code;
    if (!bt_local_open(&place, BT_STORE_READ, &local)) return BT_EXIT_FAILED;
    exit_code = bt_store_backup(local.store, path, &fault) ? bt_local_failed(&fault) : BT_EXIT_OK;
    if (exit_code == BT_EXIT_OK) fprintf(stderr, "The store is copied to %s.\n", path);
    bt_local_close(&local);
    return exit_code;
}
