#include <stdio.h>

#include "base/clock.h"
#include "base/duration.h"
#include "cli/command.h"
#include "cli/issued.h"
#include "cli/json.h"
#include "cli/key_flags.h"
#include "cli/local.h"
#include "service/rotate_key.h"

static bt_place place;
static const char *grace, *expires_in;
static bool json;

static const bt_flag flags[] = {
    {.name = "grace",
     .value = "TIME",
     .help = "how long the old token stays good, such as 24h (default: it ends at once)",
     .text = &grace},
    {.name = "expires-in",
     .value = "TIME",
     .help = "of the new key (default: when the old one would have expired)",
     .text = &expires_in},
    {.name = "json", .help = "print an object with token and key", .on = &json},
    BT_PLACE_FLAGS(place),
    {0},
};

static const bt_usage usage = {
    .command = "key rotate",
    .synopsis = "KEY_ID [--grace TIME] [flags]",
    .about = "Makes a new key with the scopes, owner, bounds, labels and expiry of an old one. The "
             "old one\n"
             "stays good for the time of grace, and then expires. The new token alone goes to "
             "standard output.",
    .examples = "  bitting key rotate 019ab3c14f8e2d7be0c5a1f09b6d3e72 --grace 24h > new.token",
    .flags = flags,
    .arguments = 1,
    .arguments_are = "the id of a key, 32 hexadecimal digits",
};

static bool take_grace(int64_t *ret_ms) {
    *ret_ms = 0;
    if (!grace || bt_duration_parse(bt_bytes_text(grace), ret_ms)) return true;
    bt_options_complain(&usage,
                        "--grace is a whole number above 0 and s, m, h, d or w, such as 24h; not "
                        "\"%.40s\"",
                        grace);
    return false;
}

static int answer(const bt_rotate_key *rotate, const bt_catalogue *catalogue) {
    char ends[25];
    if (rotate->mutation.change.fault.err) return bt_local_failed(&rotate->mutation.change.fault);
    int exit_code =
        bt_print_issued(&rotate->issued, rotate->mutation.change.revision, json, catalogue);
    bt_clock_format(rotate->old_expires_ms, ends);
    if (!json && exit_code == BT_EXIT_OK)
        fprintf(stderr, "The old token is good until %s.\n", ends);
    return exit_code;
}

int bt_command_key_rotate(int argc, char **argv) {
    static bt_rotate_key rotate;
    const char *id;
    bt_local local;
    int exit_code;
    if (!bt_options_parse(&usage, argc, argv, &id, &exit_code)) return exit_code;
    if (!take_grace(&rotate.grace_ms) || !bt_take_expires_in(&usage, expires_in, &rotate.expiry))
        return BT_EXIT_USAGE;
    if (!bt_local_open(&place, BT_STORE_WRITE, &local)) return BT_EXIT_FAILED;
    rotate.key_id = bt_bytes_text(id);
    bt_rotate_key_run(&rotate, &local.service, &local.caller);
    exit_code = answer(&rotate, bt_snapshot_catalogue(local.session.snapshot));
    bt_rotate_key_wipe(&rotate);
    bt_local_close(&local);
    return exit_code;
}
