#include <stdio.h>

#include "cli/command.h"
#include "cli/json.h"
#include "cli/local.h"
#include "service/revoke_key.h"

static bt_place place;
static const char *reason;
static bool json;

static const bt_flag flags[] = {
    {.name = "reason", .value = "TEXT", .help = "why; kept with the key", .text = &reason},
    {.name = "json", .help = "print an object with revision", .on = &json},
    BT_PLACE_FLAGS(place),
    {0},
};

static const bt_usage usage = {
    .command = "key revoke",
    .synopsis = "KEY_ID [flags]",
    .about =
        "Ends a key for ever. Once this command has returned, every check that begins denies, in\n"
        "every process that uses the store. Revoking a revoked key changes nothing.",
    .examples = "  bitting key revoke 019ab3c14f8e2d7be0c5a1f09b6d3e72 --reason \"found in a log\"",
    .flags = flags,
    .arguments = 1,
    .arguments_are = "the id of a key, 32 hexadecimal digits",
};

static int answer(const bt_change *change, const char *id) {
    if (change->fault.err) return bt_local_failed(&change->fault);
    if (!json) {
        fprintf(stderr, "Key %s is revoked.\n", id);
        return BT_EXIT_OK;
    }
    json_t *object = json_object();
    bt_json_put_u64(object, "revision", change->revision);
    return bt_json_print(object) ? BT_EXIT_OK : BT_EXIT_FAILED;
}

int bt_command_key_revoke(int argc, char **argv) {
    const char *id;
    bt_local local;
    int exit_code;
    if (!bt_options_parse(&usage, argc, argv, &id, &exit_code)) return exit_code;
    if (!bt_local_open(&place, BT_STORE_WRITE, &local)) return BT_EXIT_FAILED;
    bt_revoke_key revoke = {.key_id = bt_bytes_text(id), .reason = bt_bytes_text(reason)};
    bt_revoke_key_run(&revoke, &local.service, &local.caller);
    exit_code = answer(&revoke.mutation.change, id);
    bt_local_close(&local);
    return exit_code;
}
