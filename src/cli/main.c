#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "base/secret.h"
#include "cli/command.h"
#include "cli/credential.h"
#include "cli/json.h"
#include "cli/options.h"
#include "cli/output.h"
#include "cli/suggest.h"

typedef struct bt_command {
    const char *name; /* one word, or two */
    const char *summary;
    int (*run)(int argc, char **argv);
} bt_command;

static const bt_command commands[] = {
    {"serve", "answer checks over gRPC", bt_command_serve},
    {"key create", "make a key; its token is shown once", bt_command_key_create},
    {"key list", "list keys", bt_command_key_list},
    {"key show", "describe one key", bt_command_key_show},
    {"key update", "change a key", bt_command_key_update},
    {"key rotate", "give a key a new token", bt_command_key_rotate},
    {"key revoke", "end a key for ever", bt_command_key_revoke},
    {"key import", "bring keys of another system", bt_command_key_import},
    {"key purge", "forget keys that ended long ago", bt_command_key_purge},
    {"env list", "list environments", bt_command_env_list},
    {"env add", "add an environment", bt_command_env_add},
    {"env set", "change the rules of an environment", bt_command_env_set},
    {"owner stop", "stop every key of a user or organization", bt_command_owner_stop},
    {"owner resume", "bring back what owner stop took away", bt_command_owner_resume},
    {"owner delete", "stop every key of an owner for ever", bt_command_owner_delete},
    {"owner show", "whether an owner is stopped", bt_command_owner_show},
    {"scope list", "list scopes and presets, or the scopes of a key", bt_command_scope_list},
    {"scope diff", "what a catalogue file would change", bt_command_scope_diff},
    {"scope apply", "make the catalogue what a file says", bt_command_scope_apply},
    {"scope export", "print the catalogue as a file", bt_command_scope_export},
    {"preset list", "list presets, and what keys get from them", bt_command_preset_list},
    {"store backup", "copy the store to a file", bt_command_store_backup},
    {"store verify", "read every row, and say whether they fit together", bt_command_store_verify},
    {"route check", "what a request behind a proxy needs, by a route table",
     bt_command_route_check},
    {"check", "ask whether a token may do something", bt_command_check},
    {"version", "print the version", bt_command_version},
};

#define COMMANDS (sizeof commands / sizeof commands[0])

static int print_help(FILE *out, int exit_code) {
    fputs("Usage: bitting COMMAND [flags]\n\n"
          "Issues scoped API keys, and answers \"may this key do that?\".\n\n",
          out);
    for (size_t i = 0; i < COMMANDS; i++)
        fprintf(out, "  %-13s %s\n", commands[i].name, commands[i].summary);
    fputs("\nbitting COMMAND --help explains each, with examples. Start with: bitting serve\n",
          out);
    return exit_code;
}

/* The words that are left after the command's name begin at argv[*ret_used]. */
static const bt_command *find(int argc, char **argv, int *ret_used) {
    char two[64] = "";
    if (argc > 1) snprintf(two, sizeof two, "%s %s", argv[0], argv[1]);
    for (size_t i = 0; i < COMMANDS; i++) {
        bool single = strcmp(argv[0], commands[i].name) == 0;
        if (!single && strcmp(two, commands[i].name) != 0) continue;
        *ret_used = single ? 1 : 2;
        return &commands[i];
    }
    return NULL;
}

/* `bitting key`: what there is to do with keys. */
static bool print_group(FILE *out, const char *word) {
    size_t size = strlen(word);
    bool found = false;
    for (size_t i = 0; i < COMMANDS; i++) {
        const char *name = commands[i].name;
        if (strncmp(name, word, size) != 0 || name[size] != ' ') continue;
        fprintf(out, "  bitting %-13s %s\n", name, commands[i].summary);
        found = true;
    }
    return found;
}

static int complain_unknown(int argc, char **argv) {
    bool group = print_group(stderr, argv[0]);
    if (group && argc == 1) return BT_EXIT_USAGE;
    char given[128];
    snprintf(given, sizeof given, "%s%s%s", argv[0], group ? " " : "", group ? argv[1] : "");
    bt_suggestion best = bt_suggestion_none;
    for (size_t i = 0; i < COMMANDS; i++) bt_suggest(&best, bt_bytes_text(given), commands[i].name);
    fprintf(stderr, "bitting: there is no command \"%.80s\"", given);
    if (best.text) fprintf(stderr, "; did you mean \"%s\"?", best.text);
    fputs("\nSee: bitting help\n", stderr);
    return BT_EXIT_USAGE;
}

static bool asks_for_help(const char *word) {
    return strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0 || strcmp(word, "help") == 0;
}

static int run(int argc, char **argv) {
    bool help = strcmp(argv[0], "help") == 0;
    if (asks_for_help(argv[0]) && (!help || argc == 1)) return print_help(stdout, BT_EXIT_OK);
    if (strcmp(argv[0], "--version") == 0) return bt_command_version(0, NULL);
    if (help) argc--, argv++;
    int used = 0;
    const bt_command *command = find(argc, argv, &used);
    bool group = !command && (help ? argc == 1 : argc == 2 && asks_for_help(argv[1]));
    if (group && print_group(stdout, argv[0])) return BT_EXIT_OK;
    if (!command) return complain_unknown(argc, argv);
    char *only_help[] = {"--help", NULL};
    if (help) return command->run(1, only_help);
    return command->run(argc - used, argv + used);
}

int main(int argc, char **argv) {
    bt_secret_protect_process();
    if (!bt_output_guard_streams()) return BT_EXIT_USAGE;
    signal(SIGPIPE, SIG_IGN);
    bt_json_init();
    if (!bt_credential_guard_arguments(argc, argv)) return BT_EXIT_USAGE;
    int exit_code = argc < 2 ? print_help(stderr, BT_EXIT_USAGE) : run(argc - 1, argv + 1);
    if (!bt_output_finish() && exit_code == BT_EXIT_OK) return BT_EXIT_FAILED;
    return exit_code;
}
