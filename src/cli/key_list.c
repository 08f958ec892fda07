#include <stdio.h>
#include <stdlib.h>

#include "cli/command.h"
#include "cli/json.h"
#include "cli/key_flags.h"
#include "cli/local.h"
#include "cli/output.h"
#include "cli/print_key.h"
#include "service/list_keys.h"

static bt_place place;
static const char *env, *kind, *user, *org, *state, *name_prefix, *preset, *scope;
static bt_list labels;
static bool current, archived, drifted, json;

static const bt_flag flags[] = {
    {.name = "env", .value = "ENV", .help = "of this environment", .text = &env},
    {.name = "kind", .value = "KIND", .help = "backend, personal, org or generic", .text = &kind},
    {.name = "user", .value = "ID", .help = "owned or made by this user", .text = &user},
    {.name = "org", .value = "ID", .help = "owned by this organization", .text = &org},
    {.name = "state",
     .value = "STATE",
     .help = "active, revoked, disabled, expired, not_yet_valid or lost",
     .text = &state},
    {.name = "name-prefix",
     .value = "TEXT",
     .help = "whose name begins with this",
     .text = &name_prefix},
    {.name = "label", .value = "K=V[,K=V...]", .help = "with all of these labels", .list = &labels},
    {.name = "preset", .value = "PRESET", .help = "made from this preset", .text = &preset},
    {.name = "drifted", .help = "that hold other than their preset says today", .on = &drifted},
    {.name = "scope", .value = "S", .help = "that hold this scope", .text = &scope},
    {.name = "current",
     .help = "neither revoked, expired, lost, nor of a deleted owner",
     .on = &current},
    {.name = "archived", .help = "the others", .on = &archived, .excludes = "current"},
    {.name = "json", .help = "print an object with keys", .on = &json},
    BT_PLACE_FLAGS(place),
    {0},
};

static const bt_usage usage = {
    .command = "key list",
    .synopsis = "[flags]",
    .about = "Lists keys, the oldest first; all of them, or those that match every flag given.\n"
             "RISK is high where a key holds a scope that is flagged so.",
    .examples = "  bitting key list --env test\n"
                "  bitting key list --kind backend --state active --json",
    .flags = flags,
};

static bool take_labels(bt_list_filters *filters) {
    bt_label all[BT_LABELS_MAX];
    if (!bt_take_labels(&usage, &labels, all, &filters->labels_count)) return false;
    if (filters->labels_count > BT_LIST_LABELS_MAX) {
        bt_options_complain(&usage, "at most %u labels", BT_LIST_LABELS_MAX);
        return false;
    }
    memcpy(filters->labels, all, filters->labels_count * sizeof *all);
    return true;
}

static bool take_request(bt_list_keys *request) {
    request->page_size = BT_LIST_PAGE_MAX;
    request->filters.environment = bt_bytes_text(env);
    request->filters.user_id = bt_bytes_text(user);
    request->filters.org_id = bt_bytes_text(org);
    request->filters.name_prefix = bt_bytes_text(name_prefix);
    request->filters.preset = bt_bytes_text(preset);
    request->filters.scope = bt_bytes_text(scope);
    request->filters.preset_drifted = drifted;
    request->filters.view = current ? BT_LIST_CURRENT : archived ? BT_LIST_ARCHIVED : BT_LIST_ALL;
    request->filters.kind = kind ? bt_kind_find(bt_bytes_text(kind)) : 0;
    request->filters.state = state ? bt_key_state_find(bt_bytes_text(state)) : 0;
    if (kind && !request->filters.kind)
        bt_options_complain(&usage, "--kind is backend, personal, org or generic, not \"%.40s\"",
                            kind);
    else if (state && !request->filters.state)
        bt_options_complain(&usage,
                            "--state is active, revoked, disabled, expired, not_yet_valid or lost, "
                            "not \"%.40s\"",
                            state);
    else
        return take_labels(&request->filters);
    return false;
}

static void print_head(void) {
    if (json)
        fputs("{\"keys\":[", stdout);
    else
        bt_print_key_heading(stdout);
}

/* A listing may be long, so it is printed as it is read, key by key. */
static void print_key(const bt_key *key, const bt_catalogue *catalogue, bool first) {
    if (!json) {
        bt_print_key_row(stdout, key);
        return;
    }
    json_t *object = bt_json_key(key, catalogue);
    fputs(first ? "\n" : ",\n", stdout);
    json_dumpf(object, stdout, JSON_COMPACT);
    json_decref(object);
}

/* One page, in a snapshot of its own. `next` is where it begins, and then where the next one does. */
static bt_err print_page(bt_local *local, bt_list_keys request, char next[BT_PAGE_TOKEN_TEXT_SIZE],
                         size_t *printed, bt_fault *fault) {
    static uint8_t block[BT_DETAIL_ARENA];
    bt_arena arena;
    bt_listing listing;
    const bt_key *key;
    bt_arena_init(&arena, block, sizeof block);
    bt_err err = bt_snapshot_renew(local->session.snapshot);
    if (err) return bt_fail(fault, err, "the store cannot be read");
    request.page_token = bt_bytes_text(next);
    BT_TRY(bt_listing_begin(&listing, &local->session, &local->caller, &request, &arena, fault));
    if (!next[0]) print_head(); /* nothing before it is known that the filters are right */
    for (;;) {
        BT_TRY(bt_listing_next(&listing, &key, fault));
        if (!key) break;
        print_key(key, bt_snapshot_catalogue(local->session.snapshot), (*printed)++ == 0);
    }
    bt_listing_end(&listing, next);
    return BT_OK;
}

static bt_err print_all(bt_local *local, const bt_list_keys *request, bt_fault *fault) {
    char next[BT_PAGE_TOKEN_TEXT_SIZE] = "";
    size_t printed = 0;
    do BT_TRY(print_page(local, *request, next, &printed, fault));
    while (next[0]);
    return BT_OK;
}

int bt_command_key_list(int argc, char **argv) {
    bt_list_keys request = {0};
    bt_fault fault;
    bt_local local;
    int exit_code;
    if (!bt_options_parse(&usage, argc, argv, NULL, &exit_code)) return exit_code;
    if (!take_request(&request)) return BT_EXIT_USAGE;
    if (!bt_local_open(&place, BT_STORE_READ, &local)) return BT_EXIT_FAILED;
    exit_code = print_all(&local, &request, &fault) ? bt_local_failed(&fault) : BT_EXIT_OK;
    if (json && exit_code == BT_EXIT_OK) fputs("]}\n", stdout);
    bt_local_close(&local);
    return exit_code;
}
