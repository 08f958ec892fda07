#include <stdio.h>

#include "cli/command.h"
#include "cli/json.h"
#include "cli/options.h"
#include "store/store.h"

static bool json;

static const bt_flag flags[] = {
    {.name = "json", .help = "print an object", .on = &json},
    {0},
};

static const bt_usage usage = {
    .command = "version",
    .synopsis = "[--json]",
    .about = "Prints the version of the program, and that of the stores that it writes.",
    .flags = flags,
};

int bt_command_version(int argc, char **argv) {
    int exit_code;
    if (!bt_options_parse(&usage, argc, argv, NULL, &exit_code)) return exit_code;
    if (!json) {
        printf("bitting %s (store schema %u)\n", BT_VERSION, BT_STORE_SCHEMA);
        return BT_EXIT_OK;
    }
    json_t *object = json_object();
    bt_json_put(object, "version", json_string(BT_VERSION));
    bt_json_put(object, "store_schema", json_integer(BT_STORE_SCHEMA));
    return bt_json_print(object) ? BT_EXIT_OK : BT_EXIT_FAILED;
}
