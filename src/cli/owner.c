#include <stdio.h>

#include "cli/command.h"
#include "cli/json.h"
#include "cli/local.h"
#include "service/owners.h"

static bt_place place;
static const char *env, *user, *org;
static bool json;

static const bt_flag flags[] = {
    {.name = "env", .value = "ENV", .help = "the environment", .text = &env},
    {.name = "user", .value = "ID", .help = "the user", .text = &user},
    {.name = "org", .value = "ID", .help = "the organization", .text = &org},
    {.name = "json", .help = "print an object", .on = &json},
    BT_PLACE_FLAGS(place),
    {0},
};

#define SYNOPSIS "--env ENV (--user ID | --org ID | both: the membership) [flags]"

static const bt_usage stop_usage = {
    .command = "owner stop",
    .synopsis = SYNOPSIS,
    .about = "Stops every key of a user or an organization until `owner resume`: one small write, "
             "seen by the\n"
             "very next check. With both, ends the user's membership in the organization.",
    .examples = "  bitting owner stop --env test --user u_42\n"
                "  bitting owner stop --env test --user u_42 --org o_7",
    .flags = flags,
};

static const bt_usage resume_usage = {
    .command = "owner resume",
    .synopsis = SYNOPSIS,
    .about = "Brings back exactly what `owner stop` took away. What is deleted does not come back.",
    .examples = "  bitting owner resume --env test --user u_42",
    .flags = flags,
};

static const bt_usage delete_usage = {
    .command = "owner delete",
    .synopsis = "--env ENV (--user ID | --org ID) [flags]",
    .about =
        "Stops every key of a user or an organization for ever. A new one by the same id starts "
        "with\n"
        "none of them.",
    .examples = "  bitting owner delete --env test --org o_7",
    .flags = flags,
};

static const bt_usage show_usage = {
    .command = "owner show",
    .synopsis = SYNOPSIS,
    .about = "Says whether an owner, or a membership, is active, blocked or ended.",
    .examples = "  bitting owner show --env test --user u_42",
    .flags = flags,
};

static bool complete(const bt_usage *usage) {
    bool one = usage == &delete_usage;
    if (!env)
        bt_options_complain(usage, "--env is needed");
    else if (!user && !org)
        bt_options_complain(usage, "--user or --org is needed%s", one ? "" : ", or both");
    else if (user && org && one)
        bt_options_complain(usage, "--user and --org cannot be given together; to end a membership "
                                   "is `bitting owner stop` with both");
    else
        return true;
    return false;
}

static bt_owner named(void) {
    return (bt_owner){.environment = bt_bytes_text(env),
                      .user_id = bt_bytes_text(user),
                      .org_id = bt_bytes_text(org)};
}

static int answer(const bt_change *change, const char *done) {
    if (change->fault.err) return bt_local_failed(&change->fault);
    if (!json) {
        fprintf(stderr, "%s\n", done);
        return BT_EXIT_OK;
    }
    json_t *object = json_object();
    bt_json_put_u64(object, "revision", change->revision);
    return bt_json_print(object) ? BT_EXIT_OK : BT_EXIT_FAILED;
}

static int change_owner(const bt_usage *usage, int argc, char **argv, bt_owner_action one,
                        bt_owner_action both, const char *done) {
    bt_local local;
    int exit_code;
    if (!bt_options_parse(usage, argc, argv, NULL, &exit_code)) return exit_code;
    if (!complete(usage)) return BT_EXIT_USAGE;
    if (!bt_local_open(&place, BT_STORE_WRITE, &local)) return BT_EXIT_FAILED;
    bt_change_owner change = {.action = user && org ? both : one, .owner = named()};
    bt_change_owner_run(&change, &local.service, &local.caller);
    exit_code = answer(&change.mutation.change, done);
    bt_local_close(&local);
    return exit_code;
}

int bt_command_owner_stop(int argc, char **argv) {
    return change_owner(&stop_usage, argc, argv, BT_OWNER_STOP, BT_OWNER_END_MEMBERSHIP,
                        "Stopped: the keys are denied from now on.");
}

int bt_command_owner_resume(int argc, char **argv) {
    return change_owner(&resume_usage, argc, argv, BT_OWNER_RESUME, BT_OWNER_RESUME_MEMBERSHIP,
                        "Resumed.");
}

int bt_command_owner_delete(int argc, char **argv) {
    return change_owner(&delete_usage, argc, argv, BT_OWNER_DELETE, BT_OWNER_DELETE,
                        "Deleted: the keys are denied for ever.");
}

static bool print_state(bt_owner_state state, int64_t since_ms) {
    char since[25] = "";
    if (since_ms) bt_clock_format(since_ms, since);
    if (!json) {
        printf("%s%s%s\n", bt_owner_state_name(state), since_ms ? " since " : "", since);
        return true;
    }
    json_t *object = json_object();
    bt_json_put_enum(object, "state", "OWNER_STATE_", bt_owner_state_name(state));
    if (since_ms) bt_json_put(object, "since", json_string(since));
    return bt_json_print(object);
}

int bt_command_owner_show(int argc, char **argv) {
    bt_local local;
    int exit_code;
    bt_fault fault;
    bt_owner_state state;
    int64_t since_ms;
    if (!bt_options_parse(&show_usage, argc, argv, NULL, &exit_code)) return exit_code;
    if (!complete(&show_usage)) return BT_EXIT_USAGE;
    if (!bt_local_open(&place, BT_STORE_READ, &local)) return BT_EXIT_FAILED;
    bt_owner owner = named();
    exit_code = BT_EXIT_OK;
    if (bt_owner_state_get(&local.session, &local.caller, &owner, &state, &since_ms, &fault))
        exit_code = bt_local_failed(&fault);
    else if (!print_state(state, since_ms))
        exit_code = BT_EXIT_FAILED;
    bt_local_close(&local);
    return exit_code;
}
