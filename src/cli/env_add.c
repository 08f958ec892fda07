#include <stdio.h>

#include "cli/command.h"
#include "cli/environment.h"
#include "cli/local.h"
#include "service/add_environment.h"

static bt_place place;
static const char *prefix;
static bool json;

static const bt_flag flags[] = {
    {.name = "prefix",
     .value = "PREFIX",
     .help = "what its tokens begin with, for ever (default: bt_NAME)",
     .text = &prefix},
    {.name = "json", .help = "print the environment as an object", .on = &json},
    BT_PLACE_FLAGS(place),
    {0},
};

static const bt_usage usage = {
    .command = "env add",
    .synopsis = "NAME [--prefix PREFIX] [flags]",
    .about =
        "Adds an environment: a lower-case letter and up to 15 lower-case letters and digits. "
        "A key\n"
        "belongs to one environment and is unknown in every other. Neither the name nor the "
        "prefix\n"
        "can be changed, or given again. At first only backend keys can be made in it: see env "
        "set.",
    .examples = "  bitting env add prod\n"
                "  bitting env add prod --prefix acme_live",
    .flags = flags,
    .arguments = 1,
    .arguments_are = "the name of an environment",
};

static int answer(const bt_add_environment *add) {
    if (add->change.fault.err) return bt_local_failed(&add->change.fault);
    if (!json) {
        fprintf(stderr, "Environment %s is added; its tokens begin with %s_.\n", add->result.name,
                add->result.prefix);
        return BT_EXIT_OK;
    }
    return bt_environment_print_json(&add->result) ? BT_EXIT_OK : BT_EXIT_FAILED;
}

int bt_command_env_add(int argc, char **argv) {
    const char *name;
    bt_local local;
    int exit_code;
    if (!bt_options_parse(&usage, argc, argv, &name, &exit_code)) return exit_code;
    if (prefix && !*prefix) return bt_options_complain(&usage, "--prefix is empty");
    if (!bt_local_open(&place, BT_STORE_WRITE, &local)) return BT_EXIT_FAILED;
    bt_add_environment add = {.name = bt_bytes_text(name), .prefix = bt_bytes_text(prefix)};
    bt_add_environment_run(&add, local.store);
    exit_code = answer(&add);
    bt_local_close(&local);
    return exit_code;
}
