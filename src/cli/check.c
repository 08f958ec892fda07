#include <stdio.h>

#include "base/clock.h"
#include "base/duration.h"
#include "cli/command.h"
#include "cli/credential.h"
#include "cli/outcome_remote.h"

/* Anything that is not a decision; never 0 or 1. */
#define UNDECIDED 2

static bt_place place;
static const char *env, *match = "all", *resource, *client_ip;
static const char *server, *tls_ca, *timeout = "10s";
static int64_t timeout_ms;
static bt_list scopes, kinds;
static bool json, tls, insecure;

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
    {.name = "server",
     .value = "ADDR",
     .help = "ask this server, such as 127.0.0.1:9494 or unix:/path",
     .text = &server,
     .excludes = "data"},
    {.name = "tls", .help = "over TLS, with the system's certificates", .on = &tls},
    {.name = "tls-ca",
     .value = "FILE",
     .help = "over TLS, with the certificates in this file, PEM",
     .text = &tls_ca},
    {.name = "insecure", .help = "without TLS to another machine too", .on = &insecure},
    {.name = "timeout",
     .value = "TIME",
     .help = "for the server's answer (default: 10s)",
     .text = &timeout},
    BT_PLACE_FLAGS(place),
    {0},
};

static const bt_usage usage = {
    .command = "check",
    .synopsis = "--scope S[,S...] [--env ENV] [flags]  < token",
    .about =
        "Asks whether a token may do something. The token comes in BITTING_TOKEN or, where that is "
        "not\n"
        "set, on standard input; never as an argument: arguments are seen by every user of the "
        "machine.\n\n"
        "Exits 0 where it is allowed, 1 where it is denied, and 2 where that could not be decided, "
        "so\n"
        "that `if bitting check ...` lets nothing through when something is broken. A denial is\n"
        "printed with its reason and what is missing.\n\n"
        "With --data it is answered from the store; with --server by a server, over gRPC; with "
        "neither\n"
        "by the server of the default directory, or else from its store. Without --env the "
        "environment is\n"
        "the token's own. Only a server that is named takes its own: a guarded listener, which "
        "wants a key\n"
        "of the caller's in BITTING_CREDENTIAL, that key's; a trusted one that of `serve "
        "--environment`.",
    .examples = "  bitting check --scope users.read < customer.token\n"
                "  bitting check --env test --scope users.read < customer.token\n"
                "  bitting check --env test --scope users.read,orgs.read --match any --json < t\n"
                "  BITTING_CREDENTIAL=$(cat gateway.token) \\\n"
                "      bitting check --server 127.0.0.1:9494 --scope users.read < customer.token",
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

static bool take_timeout(void) {
    if (bt_duration_parse(bt_bytes_text(timeout), &timeout_ms)) return true;
    bt_options_complain(&usage, "--timeout is a time such as 10s or 1m, not \"%.40s\"", timeout);
    return false;
}

static bool take_question(bt_ask_scope *ask) {
    if (scopes.count == 0) {
        bt_options_complain(&usage, "--scope is needed");
        return false;
    }
    ask->ask.environment = bt_bytes_text(env);
    ask->ask.client_ip = bt_bytes_text(client_ip);
    ask->resource = bt_bytes_text(resource);
    ask->scopes_count = scopes.count;
    memcpy(ask->scopes, scopes.items, scopes.count * sizeof scopes.items[0]);
    return take_match(ask) && take_kinds(ask) && take_timeout();
}

static bt_err ask_server(const char *address, const bt_ask_scope *ask, bt_outcome *ret_outcome,
                         bt_fault *fault) {
    bt_credential caller BT_CLEANUP(bt_credential_wipe);
    bt_grpc_question question = {.address = address,
                                 .tls = tls || tls_ca,
                                 .tls_ca = tls_ca,
                                 .insecure = insecure,
                                 .timeout_ms = timeout_ms};
    if (!bt_credential_read_caller(&caller))
        return bt_fail(fault, BT_ERR_INVALID, "BITTING_CREDENTIAL cannot be used");
    question.credential = bt_bytes_of(caller.text, caller.size);
    return bt_outcome_remote(&question, ask, ret_outcome, fault);
}

static bt_err ask_store(const bt_ask_scope *ask, bt_outcome *ret_outcome, bt_fault *fault) {
    bt_local local;
    if (!bt_local_open(&place, BT_STORE_READ, &local))
        return bt_fail(fault, BT_ERR_UNAVAILABLE, "nothing was decided");
    bt_err err = bt_outcome_local(&local, ask, ret_outcome, fault);
    bt_local_close(&local);
    return err;
}

static bt_err ask_whoever_is_there(const bt_ask_scope *ask, bt_outcome *ret_outcome,
                                   bt_fault *fault) {
    char directory[BT_PATH_SIZE], address[BT_PATH_SIZE];
    BT_TRY(bt_place_directory(&place, directory, fault));
    /* A trusted listener needs to be told the environment; the store tells it by the token. */
    if (!place.data && env && bt_outcome_find_server(directory, address))
        return ask_server(address, ask, ret_outcome, fault);
    return ask_store(ask, ret_outcome, fault);
}

static int decide(const bt_ask_scope *ask) {
    bt_outcome outcome;
    bt_fault fault;
    bt_err err = server ? ask_server(server, ask, &outcome, &fault)
                        : ask_whoever_is_there(ask, &outcome, &fault);
    if (!err) return bt_outcome_print(&outcome, json);
    bt_local_failed(&fault);
    return UNDECIDED;
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
