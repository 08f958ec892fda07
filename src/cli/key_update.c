#include <stdio.h>

#include "cli/command.h"
#include "cli/json.h"
#include "cli/key_flags.h"
#include "cli/local.h"
#include "cli/print_key.h"
#include "service/update_key.h"

static bt_place place;
static const char *name, *preset, *expires_in, *metadata, *not_before;
static bt_list scopes, labels, selectors, networks;
static bool never_expires, disable, enable, no_scopes, no_labels, no_selectors, no_networks, json;

static const bt_flag flags[] = {
    {.name = "name", .value = "NAME", .help = "another name", .text = &name},
    {.name = "scope", .value = "S[,S...]", .help = "the scopes that it holds", .list = &scopes},
    {.name = "no-scopes", .help = "it holds none", .on = &no_scopes, .excludes = "scope"},
    {.name = "preset",
     .value = "PRESET",
     .help = "a named set of scopes",
     .text = &preset,
     .excludes = "scope"},
    {.name = "expires-in", .value = "TIME", .help = "from now, such as 90d", .text = &expires_in},
    {.name = "never-expires",
     .help = "it does not expire",
     .on = &never_expires,
     .excludes = "expires-in"},
    {.name = "metadata", .value = "JSON", .help = "an object of up to 8 KiB", .text = &metadata},
    {.name = "label", .value = "K=V[,K=V...]", .help = "all of its labels", .list = &labels},
    {.name = "no-labels", .help = "it has none", .on = &no_labels, .excludes = "label"},
    {.name = "selector",
     .value = "R[,R...]",
     .help = "the resources that it is good for",
     .list = &selectors},
    {.name = "no-selectors", .help = "every resource", .on = &no_selectors, .excludes = "selector"},
    {.name = "network",
     .value = "NET[,NET...]",
     .help = "the networks that it is good from",
     .list = &networks},
    {.name = "no-networks", .help = "every network", .on = &no_networks, .excludes = "network"},
    {.name = "not-before",
     .value = "TIME",
     .help = "good from then on, such as 2030-01-31T00:00:00Z",
     .text = &not_before},
    {.name = "disable", .help = "switch it off", .on = &disable},
    {.name = "enable", .help = "switch it on again", .on = &enable, .excludes = "disable"},
    {.name = "json", .help = "print an object with key and revision", .on = &json},
    BT_PLACE_FLAGS(place),
    {0},
};

static const bt_usage usage = {
    .command = "key update",
    .synopsis = "KEY_ID [flags]",
    .about =
        "Changes a key; what is not named stays. Every check that begins after this command has "
        "returned\n"
        "goes by the new state. A revoked key cannot be changed.",
    .examples = "  bitting key update 019ab3c14f8e2d7be0c5a1f09b6d3e72 --disable\n"
                "  bitting key update 019ab3c14f8e2d7be0c5a1f09b6d3e72 --scope users.read "
                "--expires-in 30d\n"
                "  bitting key update 019ab3c14f8e2d7be0c5a1f09b6d3e72 --selector project:42 "
                "--network 192.0.2.0/24",
    .flags = flags,
    .arguments = 1,
    .arguments_are = "the id of a key, 32 hexadecimal digits",
};

static void name_if(bt_update_key_request *request, bool given, unsigned bit) {
    if (given) request->mask |= bit;
}

static void take_mask(bt_update_key_request *request) {
    name_if(request, name, BT_UPDATE_NAME);
    name_if(request, scopes.count || no_scopes, BT_UPDATE_SCOPES);
    name_if(request, preset, BT_UPDATE_PRESET);
    name_if(request, expires_in, BT_UPDATE_EXPIRES_IN);
    name_if(request, never_expires, BT_UPDATE_NEVER_EXPIRES);
    name_if(request, metadata, BT_UPDATE_METADATA);
    name_if(request, labels.count || no_labels, BT_UPDATE_LABELS);
    name_if(request, selectors.count || no_selectors, BT_UPDATE_SELECTORS);
    name_if(request, networks.count || no_networks, BT_UPDATE_NETWORKS);
    name_if(request, not_before, BT_UPDATE_NOT_BEFORE);
    name_if(request, disable || enable, BT_UPDATE_DISABLED);
}

static bool take_request(bt_update_key_request *request) {
    take_mask(request);
    if (!request->mask) {
        bt_options_complain(&usage, "nothing to change is named");
        return false;
    }
    request->name = bt_bytes_text(name);
    request->metadata = bt_bytes_text(metadata);
    request->never_expires = never_expires;
    request->disabled = disable;
    request->grant.preset = bt_bytes_text(preset);
    request->grant.scopes_count = scopes.count;
    memcpy(request->grant.scopes, scopes.items, scopes.count * sizeof scopes.items[0]);
    return bt_take_expires_in(&usage, expires_in, &request->expiry) &&
           bt_take_labels(&usage, &labels, request->labels, &request->labels_count) &&
           bt_take_bounds(&usage, &selectors, &networks, &request->bounds) &&
           bt_take_not_before(&usage, not_before, &request->not_before_ms);
}

static int answer(const bt_update_key *update, const bt_catalogue *catalogue) {
    if (update->mutation.change.fault.err) return bt_local_failed(&update->mutation.change.fault);
    if (!json) {
        bt_print_key(stderr, &update->issued.key, catalogue);
        return BT_EXIT_OK;
    }
    json_t *object = json_object();
    bt_json_put(object, "key", bt_json_key(&update->issued.key, catalogue));
    bt_json_put_u64(object, "revision", update->mutation.change.revision);
    return bt_json_print(object) ? BT_EXIT_OK : BT_EXIT_FAILED;
}

int bt_command_key_update(int argc, char **argv) {
    static bt_update_key update;
    const char *id;
    bt_local local;
    int exit_code;
    if (!bt_options_parse(&usage, argc, argv, &id, &exit_code)) return exit_code;
    if (!take_request(&update.request)) return BT_EXIT_USAGE;
    if (!bt_local_open(&place, BT_STORE_WRITE, &local)) return BT_EXIT_FAILED;
    update.request.key_id = bt_bytes_text(id);
    bt_update_key_run(&update, &local.service, &local.caller);
    exit_code = answer(&update, bt_snapshot_catalogue(local.session.snapshot));
    bt_local_close(&local);
    return exit_code;
}
