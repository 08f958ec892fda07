#include <stdio.h>

#include "cli/command.h"
#include "cli/json.h"
#include "cli/local.h"
#include "cli/print_key.h"
#include "service/read_keys.h"

static bt_place place;
static bool json;

static const bt_flag flags[] = {
    {.name = "json", .help = "print the key as an object", .on = &json},
    BT_PLACE_FLAGS(place),
    {0},
};

static const bt_usage usage = {
    .command = "key show",
    .synopsis = "KEY_ID [flags]",
    .about = "Describes a key: whose it is, where it is in its life, and what it holds, with the "
             "number\n"
             "of scopes selected in each category. The token is not shown, as nobody has it.",
    .examples = "  bitting key show 019ab3c14f8e2d7be0c5a1f09b6d3e72",
    .flags = flags,
    .arguments = 1,
    .arguments_are = "the id of a key, 32 hexadecimal digits",
};

static int show(bt_local *local, const char *id) {
    static uint8_t block[BT_DETAIL_ARENA];
    bt_arena arena;
    bt_fault fault;
    bt_key key;
    const bt_catalogue *catalogue = bt_snapshot_catalogue(local->session.snapshot);
    bt_arena_init(&arena, block, sizeof block);
    if (bt_service_get_key(&local->session, &local->caller, bt_bytes_text(id), &arena, &key,
                           &fault))
        return bt_local_failed(&fault);
    if (json) return bt_json_print(bt_json_key(&key, catalogue)) ? BT_EXIT_OK : BT_EXIT_FAILED;
    bt_print_key(stdout, &key, catalogue);
    return BT_EXIT_OK;
}

int bt_command_key_show(int argc, char **argv) {
    const char *id;
    bt_local local;
    int exit_code;
    if (!bt_options_parse(&usage, argc, argv, &id, &exit_code)) return exit_code;
    if (!bt_local_open(&place, BT_STORE_READ, &local)) return BT_EXIT_FAILED;
    exit_code = show(&local, id);
    bt_local_close(&local);
    return exit_code;
}
