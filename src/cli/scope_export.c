#include "catalogue/write.h"
#include "cli/command.h"
#include "cli/local.h"

static bt_place place;

static const bt_flag flags[] = {BT_PLACE_FLAGS(place), {0}};

static const bt_usage usage = {
    .command = "scope export",
    .synopsis = "[flags]",
    .about = "Prints the catalogue as a file that scope apply takes: to begin with, to keep under "
             "version\n"
             "control, or to give another store the same scopes with the same bits.",
    .examples = "  bitting scope export > catalogue.yaml\n"
                "  bitting scope export --data staging | bitting scope apply - --data prod",
    .flags = flags,
};

int bt_command_scope_export(int argc, char **argv) {
    bt_local local;
    int exit_code;
    if (!bt_options_parse(&usage, argc, argv, NULL, &exit_code)) return exit_code;
    if (!bt_local_open(&place, BT_STORE_READ, &local)) return BT_EXIT_FAILED;
    bt_catalogue_write(bt_snapshot_catalogue(local.session.snapshot), stdout);
    bt_local_close(&local);
    return BT_EXIT_OK;
}
