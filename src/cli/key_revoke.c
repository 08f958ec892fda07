#include <stdio.h>

#include "cli/command.h"
#include "cli/credential.h"
#include "cli/json.h"
#include "cli/local.h"
#include "service/revoke_key.h"

static bt_place place;
static const char *reason;
static bool by_token, json;

static const bt_flag flags[] = {
    {.name = "reason", .value = "TEXT", .help = "why; kept with the key", .text = &reason},
    {.name = "by-token",
     .help = "the key whose token is in BITTING_TOKEN, or else on standard input",
     .on = &by_token},
    {.name = "json", .help = "print an object with key_id and revision", .on = &json},
    BT_PLACE_FLAGS(place),
    {0},
};

static const bt_usage usage = {
    .command = "key revoke",
    .synopsis = "KEY_ID | --by-token [flags]",
    .about =
        "Ends a key for ever. Once this command has returned, every check that begins denies, in\n"
        "every process that uses the store. Revoking a revoked key changes nothing.\n\n"
        "Who finds a token gives that, never as an argument: arguments are seen by every user of "
        "the\n"
        "machine.",
    .examples = "  bitting key revoke 019ab3c14f8e2d7be0c5a1f09b6d3e72\n"
                "  bitting key revoke --by-token --reason \"found in a log\" < found.token",
    .flags = flags,
    .arguments = 1,
    .arguments_are = "the id of a key, 32 hexadecimal digits",
    .instead = "by-token",
};

static int answer(const bt_revoke_key *revoke) {
    const bt_change *change = &revoke->mutation.change;
    char id[BT_KEY_ID_TEXT_SIZE];
    if (change->fault.err) return bt_local_failed(&change->fault);
    bt_key_id_format(&revoke->id, id);
    if (!json) {
        fprintf(stderr, "Key %s is revoked.\n", id);
        return BT_EXIT_OK;
    }
    json_t *object = json_object();
    bt_json_put_text(object, "key_id", bt_bytes_text(id));
    bt_json_put_u64(object, "revision", change->revision);
    return bt_json_print(object) ? BT_EXIT_OK : BT_EXIT_FAILED;
}

static int run(bt_revoke_key *revoke) {
    bt_local local;
    if (!bt_local_open(&place, BT_STORE_WRITE, &local)) return BT_EXIT_FAILED;
    revoke->reason = bt_bytes_text(reason);
    bt_revoke_key_run(revoke, &local.service, &local.caller);
    int exit_code = answer(revoke);
    bt_local_close(&local);
    return exit_code;
}

int bt_command_key_revoke(int argc, char **argv) {
    bt_credential token BT_CLEANUP(bt_credential_wipe) = {.size = 0};
    const char *id = NULL;
    int exit_code;
    if (!bt_options_parse(&usage, argc, argv, &id, &exit_code)) return exit_code;
    if (by_token && !bt_credential_read_token(&token)) return BT_EXIT_USAGE;
    return run(&(bt_revoke_key){.key_id = bt_bytes_text(id),
                                .token = bt_bytes_of(token.text, token.size)});
}
