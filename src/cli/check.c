#include <stdio.h>

#include "cli/command.h"
#include "cli/credential.h"
#include "cli/outcome.h"

/* Anything that is not a decision; never 0 or 1. */
#define UNDECIDED 2

static bt_place place;
static const char *env, *match = "all", *resource, *client_ip;
static bt_list scopes, kinds;
static bool json;

static const bt_flag flags[] = {
    {.name = "scope",
     .value = "S[,S...]",
     .help = "what is asked for; at least one scope",
     .list = &scopes},
    {.name = "env", .value = "ENV", .help = "environment that is asked about", .text = &env},
    {.name = "match",
     .value = "all|any",
     .help = "every scope must be held (default), or one of them",
     .text = &match},
    {.name = "kind",
     .value = "K[,K...]",
     .help = "kinds of key that are accepted (default: every kind)",
     .list = &kinds},
    {.name = "resource",
     .value = "R",
     .help = "what is to be acted on, for keys bound to resources",
     .text = &resource},
    {.name = "client-ip",
     .value = "IP",
     .help = "where the client is, for keys bound to networks",
     .text = &client_ip},
    {.name = "json", .help = "print the answer as an object", .on = &json},
    BT_PLACE_FLAGS(place),
    {0},
};

static const bt_usage usage = {
    .command = "check",
    .synopsis = "--scope S[,S...] --env ENV [flags]  < token",
    .about =
        "Asks whether a token may do something. The token comes on standard input or in\n"
        "BITTING_TOKEN, never as an argument: arguments are seen by every user of the machine.\n\n"
        "Exits 0 where it is allowed, 1 where it is denied, and 2 where that could not be decided, "
        "so\n"
        "that `if bitting check ...` lets nothing through when something is broken. A denial is "
        "printed\nwith its reason and what is missing.",
    .examples = "  bitting check --env test --scope users.read < gateway.token\n"
                "  bitting check --env test --scope users.read,orgs.read --match any --json < t",
    .flags = flags,
};

static bool take_match(bt_ask_scope *ask) {
    if (strcmp(match, "all") == 0)
        ask->match = BT_MATCH_ALL;
    else if (strcmp(match, "any") == 0)
        ask->match = BT_MATCH_ANY;
    else {
        bt_options_complain(&usage, "--match is all or any, not \"%.40s\"", match);
        return false;
    }
    return true;
}

static bool take_kinds(bt_ask_scope *ask) {
    for (size_t i = 0; i < kinds.count; i++) {
        bt_kind kind = bt_kind_find(kinds.items[i]);
        if (!kind) {
            bt_options_complain(&usage,
                                "--kind takes backend, personal, org and generic, not \"%.*s\"",
                                BT_BYTES_ARG(kinds.items[i]));
            return false;
        }
        ask->ask.accepted_kinds |= UINT64_C(1) << kind;
    }
    return true;
}

static bool take_question(bt_ask_scope *ask) {
    if (scopes.count == 0 || !env) {
        bt_options_complain(&usage, "--%s is needed", env ? "scope" : "env");
        return false;
    }
    ask->ask.environment = bt_bytes_text(env);
    ask->ask.client_ip = bt_bytes_text(client_ip);
    ask->resource = bt_bytes_text(resource);
    ask->scopes_count = scopes.count;
    memcpy(ask->scopes, scopes.items, scopes.count * sizeof scopes.items[0]);
    return take_match(ask) && take_kinds(ask);
}

static int decide(const bt_ask_scope *ask) {
    bt_outcome outcome;
    bt_local local;
    bt_fault fault;
    if (!bt_local_open(&place, BT_STORE_READ, &local)) return UNDECIDED;
    bt_err err = bt_outcome_local(&local, ask, &outcome, &fault);
    if (err) bt_local_failed(&fault);
    bt_local_close(&local);
    return err ? UNDECIDED : bt_outcome_print(&outcome, json);
}

int bt_command_check(int argc, char **argv) {
    bt_credential token BT_CLEANUP(bt_credential_wipe);
    bt_ask_scope ask = {0};
    int exit_code;
    if (!bt_options_parse(&usage, argc, argv, NULL, &exit_code)) return exit_code;
    if (!take_question(&ask)) return UNDECIDED;
    if (!bt_credential_read_token(&token)) return UNDECIDED;
    ask.ask.token = bt_bytes_of(token.text, token.size);
    return decide(&ask);
}
