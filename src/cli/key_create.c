#include <stdio.h>

#include "cli/command.h"
#include "cli/issued.h"
#include "cli/key_flags.h"
#include "cli/local.h"
#include "service/create_key.h"

static bt_place place;
static const char *env, *name, *kind, *preset, *user, *org, *expires_in, *metadata;
static const char *not_before;
static bt_list scopes, labels, selectors, networks;
static bool json;

static const bt_flag flags[] = {
    {.name = "env", .value = "ENV", .help = "environment that the key is for", .text = &env},
    {.name = "name", .value = "NAME", .help = "for people; need not be unique", .text = &name},
    {.name = "kind",
     .value = "KIND",
     .help = "backend, personal, org or generic (default: the preset's, or backend)",
     .text = &kind},
    {.name = "scope",
     .value = "S[,S...]",
     .help = "scopes that the key holds; see bitting scope list",
     .list = &scopes},
    {.name = "preset",
     .value = "PRESET",
     .help = "a named set of scopes instead",
     .text = &preset,
     .excludes = "scope"},
    {.name = "user", .value = "ID", .help = "user who owns a personal key", .text = &user},
    {.name = "org", .value = "ID", .help = "organization that owns an org key", .text = &org},
    {.name = "expires-in",
     .value = "TIME",
     .help = "such as 90d, 12h or 2w (default: the preset's, or never)",
     .text = &expires_in},
    {.name = "metadata", .value = "JSON", .help = "an object of up to 8 KiB", .text = &metadata},
    {.name = "label", .value = "K=V[,K=V...]", .help = "for filters", .list = &labels},
    {.name = "selector",
     .value = "R[,R...]",
     .help = "resources that it is good for, such as project:42 or dataset:eu/* (default: all)",
     .list = &selectors},
    {.name = "network",
     .value = "NET[,NET...]",
     .help = "networks of clients that it is good from, such as 192.0.2.0/24 (default: all)",
     .list = &networks},
    {.name = "not-before",
     .value = "TIME",
     .help = "good from then on, such as 2030-01-31T00:00:00Z",
     .text = &not_before},
    {.name = "json", .help = "print an object with token and key", .on = &json},
    BT_PLACE_FLAGS(place),
    {0},
};

static const bt_usage usage = {
    .command = "key create",
    .synopsis = "--env ENV --name NAME [--scope S[,S...] | --preset PRESET] [flags]",
    .about = "Makes a key in the store, beside a running server or without one. The token alone "
             "goes to\n"
             "standard output, all else to standard error, so that it can be piped to where it is "
             "kept.\n"
             "It is shown this once: the store has only a digest of it.\n\n"
             "Without --scope and --preset the key is good but holds no scope. A preset is "
             "resolved now:\n"
             "the key gains nothing when the preset grows, save for full_access, which is every "
             "scope.\n\n"
             "Kinds: backend is a service's own and the only one that may call bitting itself; "
             "personal\n"
             "needs --user; org needs --org, and --user says who made it; generic takes neither.",
    .examples =
        "  bitting key create --env test --name pipeline --scope users.read\n"
        "  bitting key create --env test --name gateway --preset validation_only > gateway.token\n"
        "  bitting key create --env test --name \"Ada's laptop\" --kind personal --user u_42 \\\n"
        "      --scope users.read,orgs.read --expires-in 90d --json",
    .flags = flags,
};

static bool take_kind(bt_create_key_request *request) {
    request->kind = bt_kind_find(bt_bytes_text(kind));
    if (!kind || request->kind) return true;
    bt_options_complain(&usage, "--kind is backend, personal, org or generic, not \"%.40s\"", kind);
    return false;
}

static bool take_request(bt_create_key_request *request) {
    if (!env || !name) {
        bt_options_complain(&usage, "--%s is needed", env ? "name" : "env");
        return false;
    }
    request->environment = bt_bytes_text(env);
    request->name = bt_bytes_text(name);
    request->user_id = bt_bytes_text(user);
    request->org_id = bt_bytes_text(org);
    request->metadata = bt_bytes_text(metadata);
    request->grant.preset = bt_bytes_text(preset);
    request->grant.scopes_count = scopes.count;
    memcpy(request->grant.scopes, scopes.items, scopes.count * sizeof scopes.items[0]);
    return take_kind(request) && bt_take_expires_in(&usage, expires_in, &request->expiry) &&
           bt_take_labels(&usage, &labels, request->labels, &request->labels_count) &&
           bt_take_bounds(&usage, &selectors, &networks, &request->bounds) &&
           bt_take_not_before(&usage, not_before, &request->not_before_ms);
}

static int answer(const bt_create_key *create, const bt_catalogue *catalogue) {
    const bt_change *change = &create->mutation.change;
    if (change->fault.err) return bt_local_failed(&change->fault);
    return bt_print_issued(&create->issued, change->revision, json, catalogue);
}

int bt_command_key_create(int argc, char **argv) {
    static bt_create_key create;
    bt_local local;
    int exit_code;
    if (!bt_options_parse(&usage, argc, argv, NULL, &exit_code)) return exit_code;
    if (!take_request(&create.request)) return BT_EXIT_USAGE;
    if (!bt_local_open(&place, BT_STORE_WRITE, &local)) return BT_EXIT_FAILED;
    bt_create_key_run(&create, &local.service, &local.caller);
    exit_code = answer(&create, bt_snapshot_catalogue(local.session.snapshot));
    bt_create_key_wipe(&create);
    bt_local_close(&local);
    return exit_code;
}
