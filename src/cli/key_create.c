#include <stdio.h>

#include "base/clock.h"
#include "base/duration.h"
#include "base/secret.h"
#include "cli/command.h"
#include "cli/json.h"
#include "cli/local.h"
#include "cli/output.h"
#include "cli/print_key.h"
#include "service/create_key.h"

static bt_place place;
static const char *env, *name, *kind, *preset, *user, *org, *expires_in, *metadata;
static bt_list scopes, labels;
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

static bool take_expiry(bt_create_key_request *request) {
    request->expiry.expires_ms = BT_NEVER_MS;
    if (!expires_in) return true;
    int64_t span_ms;
    if (!bt_duration_parse(bt_bytes_text(expires_in), &span_ms) ||
        span_ms > BT_LAST_MS - bt_clock_ms()) {
        bt_options_complain(&usage,
                            "--expires-in is a whole number above 0 and s, m, h, d or w, such as "
                            "90d, and ends before the year 10000; not \"%.40s\"",
                            expires_in);
        return false;
    }
    request->expiry.expires_in_ms = span_ms;
    return true;
}

static bool take_labels(bt_create_key_request *request) {
    if (labels.count > BT_LABELS_MAX) {
        bt_options_complain(&usage, "at most %u labels", BT_LABELS_MAX);
        return false;
    }
    for (size_t i = 0; i < labels.count; i++) {
        bt_bytes item = labels.items[i];
        const uint8_t *equals = memchr(item.data, '=', item.size);
        if (!equals) {
            bt_options_complain(&usage, "--label is KEY=VALUE, not \"%.*s\"", BT_BYTES_ARG(item));
            return false;
        }
        size_t size = (size_t)(equals - item.data);
        request->labels[request->labels_count++] =
            (bt_label){bt_bytes_of(item.data, size), bt_bytes_of(equals + 1, item.size - size - 1)};
    }
    return true;
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
    return take_kind(request) && take_expiry(request) && take_labels(request);
}

static bool print_token(const bt_create_key *create, const bt_catalogue *catalogue) {
    if (!json) return bt_output_line(bt_bytes_text(create->issued.token));
    json_t *object = json_object();
    bt_json_put(object, "token", json_string(create->issued.token));
    bt_json_put(object, "key", bt_json_key(&create->issued.key, catalogue));
    bt_json_put_u64(object, "revision", create->mutation.change.revision);
    return bt_json_print(object);
}

static int answer(const bt_create_key *create, const bt_catalogue *catalogue) {
    char id[BT_KEY_ID_TEXT_SIZE];
    if (create->mutation.change.fault.err) return bt_local_failed(&create->mutation.change.fault);
    bt_key_id_format(&create->issued.key.id, id);
    if (!print_token(create, catalogue)) {
        fprintf(stderr,
                "bitting: the key was made, but its token could not be written and is lost. Revoke "
                "it:\n  bitting key revoke %s\n",
                id);
        return BT_EXIT_FAILED;
    }
    if (!json) {
        bt_print_key(stderr, &create->issued.key, catalogue);
        fputs("The token is shown this once. Keep it where secrets are kept.\n", stderr);
    }
    return BT_EXIT_OK;
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
