#include <stdio.h>

#include "cli/command.h"
#include "cli/environment.h"
#include "cli/local.h"

static bt_place place;
static bool json;

static const bt_flag flags[] = {
    {.name = "json", .help = "print an object with environments", .on = &json},
    BT_PLACE_FLAGS(place),
    {0},
};

static const bt_usage usage = {
    .command = "env list",
    .synopsis = "[flags]",
    .about = "Lists the environments, and what the tokens of each begin with.",
    .examples = "  bitting env list",
    .flags = flags,
};

static void print_table(const bt_environments *environments) {
    printf("%-16s  %s\n", "ENVIRONMENT", "TOKENS");
    for (size_t i = 0; i < environments->count; i++)
        printf("%-16s  %s_...\n", environments->list[i].name, environments->list[i].prefix);
}

static bool print_json(const bt_environments *environments) {
    json_t *list = json_array();
    for (size_t i = 0; i < environments->count; i++)
        json_array_append_new(list, bt_environment_json(&environments->list[i]));
    json_t *object = json_object();
    bt_json_put(object, "environments", list);
    return bt_json_print(object);
}

int bt_command_env_list(int argc, char **argv) {
    bt_local local;
    int exit_code;
    bool printed = true;
    if (!bt_options_parse(&usage, argc, argv, NULL, &exit_code)) return exit_code;
    if (!bt_local_open(&place, BT_STORE_READ, &local)) return BT_EXIT_FAILED;
    if (json)
        printed = print_json(bt_snapshot_environments(local.session.snapshot));
    else
        print_table(bt_snapshot_environments(local.session.snapshot));
    bt_local_close(&local);
    return printed ? BT_EXIT_OK : BT_EXIT_FAILED;
}
