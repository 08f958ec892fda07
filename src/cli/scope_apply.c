/* bitting scope diff, and bitting scope apply. */
#include <inttypes.h>
#include <stdio.h>

#include "cli/catalogue_file.h"
#include "cli/command.h"
#include "cli/local.h"
#include "cli/print_diff.h"
#include "service/apply_catalogue.h"

static bt_place place;
static bool json, dry_run;

#define JSON_FLAG                                                                                  \
    { .name = "json", .help = "print the changes as an object", .on = &json }

static const bt_flag diff_flags[] = {JSON_FLAG, BT_PLACE_FLAGS(place), {0}};
static const bt_flag apply_flags[] = {
    {.name = "dry-run", .help = "change nothing, as scope diff", .on = &dry_run},
    JSON_FLAG,
    BT_PLACE_FLAGS(place),
    {0},
};

static const bt_usage diff_usage = {
    .command = "scope diff",
    .synopsis = "FILE [flags]",
    .about =
        "Says what scope apply would change, and changes nothing. FILE is - for standard input.",
    .examples = "  bitting scope diff catalogue.yaml",
    .flags = diff_flags,
    .arguments = 1,
    .arguments_are = "a catalogue file",
};

static const bt_usage apply_usage = {
    .command = "scope apply",
    .synopsis = "FILE [--dry-run] [flags]",
    .about =
        "Makes the catalogue what FILE says: categories, their scopes, and presets. Every process "
        "that\n"
        "uses the store has it at its next question. A scope keeps its bit for ever. It is renamed "
        "with\n"
        "renamed_from and ended with retired: true; a file that would drop or move one is refused, "
        "with\n"
        "the line. FILE is - for standard input. scope export prints such a file to begin with.",
    .examples = "  bitting scope export > catalogue.yaml\n"
                "  bitting scope diff catalogue.yaml\n"
                "  bitting scope apply catalogue.yaml",
    .flags = apply_flags,
    .arguments = 1,
    .arguments_are = "a catalogue file",
};

static bool print_json(const bt_apply_catalogue *apply, const bt_diff *diff, bool applied) {
    json_t *object = json_object();
    bt_json_put(object, "changes", bt_json_diff(diff));
    bt_json_put(object, "applied", json_boolean(applied));
    bt_json_put_u64(object, "generation", (applied ? &apply->after : &apply->before)->generation);
    bt_json_put_u64(object, "revision", apply->change.revision);
    return bt_json_print(object);
}

static int answer(const bt_apply_catalogue *apply, const bt_catalogue_file *file) {
    static bt_diff diff;
    if (apply->change.fault.err) return bt_catalogue_file_failed(file, &apply->change.fault);
    bt_catalogue_diff(&apply->before, &apply->after, &diff);
    bool changed = apply->after.generation != apply->before.generation;
    if (json) return print_json(apply, &diff, changed && !dry_run) ? BT_EXIT_OK : BT_EXIT_FAILED;
    bt_print_diff(stdout, &diff);
    if (!diff.count) fputs("Nothing changes.\n", stderr);
    if (changed && !dry_run)
        fprintf(stderr, "The catalogue of %s is of generation %" PRIu64 " now.\n", file->path,
                apply->after.generation);
    return BT_EXIT_OK;
}

static int run(const char *path) {
    static bt_apply_catalogue apply;
    static bt_catalogue_file file;
    bt_local local;
    if (!bt_catalogue_file_read(path, &file)) return BT_EXIT_FAILED;
    int exit_code = BT_EXIT_FAILED;
    apply.draft = &file.draft;
    if (bt_local_open(&place, dry_run ? BT_STORE_READ : BT_STORE_WRITE, &local)) {
        if (dry_run)
            bt_apply_catalogue_preview(&apply, local.session.snapshot);
        else
            bt_apply_catalogue_run(&apply, local.store);
        exit_code = answer(&apply, &file);
        bt_local_close(&local);
    }
    bt_catalogue_file_free(&file);
    return exit_code;
}

int bt_command_scope_diff(int argc, char **argv) {
    const char *path;
    int exit_code;
    if (!bt_options_parse(&diff_usage, argc, argv, &path, &exit_code)) return exit_code;
    dry_run = true;
    return run(path);
}

int bt_command_scope_apply(int argc, char **argv) {
    const char *path;
    int exit_code;
    if (!bt_options_parse(&apply_usage, argc, argv, &path, &exit_code)) return exit_code;
    return run(path);
}
