#include <inttypes.h>
#include <stdio.h>

#include "base/secret.h"
#include "cli/command.h"
#include "cli/import_line.h"
#include "cli/json.h"
#include "cli/lines.h"
#include "cli/local.h"

static bt_place place;
static const char *env, *path;
static bool json;

static const bt_flag flags[] = {
    {.name = "env", .value = "ENV", .help = "environment that the keys are for", .text = &env},
    {.name = "file",
     .value = "FILE",
     .help = "what to read (default: standard input)",
     .text = &path},
    {.name = "json", .help = "print an object a line, with line and key_id or error", .on = &json},
    BT_PLACE_FLAGS(place),
    {0},
};

static const bt_usage usage = {
    .command = "key import",
    .synopsis = "--env ENV [flags] < keys.jsonl",
    .about =
        "Brings keys of another system into the store, beside a running server or without one: an "
        "object of\n"
        "JSON a line. Each succeeds or fails by itself. Prints the number of the line and the id "
        "of "
        "its key,\n"
        "and on standard error what was wrong with the others; a token is never printed. Exits "
        "with "
        "1 where\n"
        "any failed.\n\n"
        "A line has\n"
        "  token        the token, 8 to 512 visible characters; or\n"
        "  sha256       its hash: 64 hexadecimal digits or base64; with it, where they apply,\n"
        "    method     sha256 (default), hmac-sha256, sha256-pepper-first or sha256-pepper-last\n"
        "    pepper     the name of the other system's pepper, which is in DIR/peppers/NAME\n"
        "    prefix     what the tokens begin with\n"
        "    without_prefix  true: the hash is of what follows the prefix\n"
        "and, as `key create` has them, name, kind, scopes (a list) or preset, user_id, org_id, "
        "expires_at or\n"
        "expires_in, not_before, metadata (a string), labels (an object), selectors and networks "
        "(lists).",
    .examples = "  bitting key import --env prod < keys.jsonl\n"
                "  echo '{\"sha256\": \"8721...4f06\", \"name\": \"ci\", \"scopes\": "
                "[\"users.read\"]}' | \\\n"
                "      bitting key import --env test",
    .flags = flags,
};

/* Lines that are imported in one transaction. */
typedef struct batch {
    size_t count;
    size_t numbers[BT_IMPORT_MAX];
    json_t *objects[BT_IMPORT_MAX]; /* NULL: the line could not be read, and its fault says why */
    bt_fault faults[BT_IMPORT_MAX];
    bt_import_keys import;
} batch;

typedef struct totals {
    uint64_t imported, lines;
} totals;

static void print_json(size_t number, const bt_key_id *id, const bt_fault *fault) {
    char text[BT_KEY_ID_TEXT_SIZE];
    json_t *object = json_object();
    bt_key_id_format(id, text);
    bt_json_put(object, "line", json_integer((json_int_t)number));
    if (fault->err)
        bt_json_put_text(object, "error", bt_bytes_text(fault->text));
    else
        bt_json_put_text(object, "key_id", bt_bytes_text(text));
    bt_json_print(object);
}

static void print_text(size_t number, const bt_key_id *id, const bt_fault *fault) {
    char text[BT_KEY_ID_TEXT_SIZE];
    bt_key_id_format(id, text);
    if (fault->err)
        fprintf(stderr, "bitting: line %zu: %s\n", number, fault->text);
    else
        printf("%zu\t%s\n", number, text);
}

/* Those that could be read, in their order. */
static void import_read(batch *self, bt_local *local) {
    if (self->import.count == 0) return;
    self->import.environment = bt_bytes_text(env);
    self->import.read = bt_import_line_key;
    bt_import_keys_run(&self->import, &local->service, &local->caller);
}

static void report(const batch *self, totals *all) {
    const bt_import_result *result = self->import.results;
    for (size_t i = 0; i < self->count; i++) {
        const bt_fault *fault = &self->faults[i];
        bt_key_id id = {0};
        if (self->objects[i]) {
            fault = &result->fault;
            id = result++->id;
        }
        (json ? print_json : print_text)(self->numbers[i], &id, fault);
        all->imported += !fault->err;
    }
    all->lines += self->count;
}

static void empty(batch *self) {
    for (size_t i = 0; i < self->count; i++) json_decref(self->objects[i]);
    self->count = self->import.count = 0;
}

/* False: the store failed, and nothing of the batch is in it. */
static bool finish(batch *self, bt_local *local, totals *all) {
    import_read(self, local);
    const bt_fault *fault = &self->import.mutation.change.fault;
    bool done = self->import.count == 0 || !fault->err;
    if (done)
        report(self, all);
    else
        bt_local_failed(fault);
    empty(self);
    return done;
}

static void add(batch *self, size_t number, bt_bytes line, bool too_long) {
    size_t at = self->count++;
    bt_fault *fault = &self->faults[at];
    self->numbers[at] = number;
    self->objects[at] = NULL;
    fault->err = BT_OK;
    if (too_long)
        bt_fail(fault, BT_ERR_INVALID, "has more than %u bytes", BT_LINE_MAX);
    else if (!bt_import_line_read(line, &self->objects[at], &self->import.items[self->import.count],
                                  fault))
        self->import.count++;
}

static bool is_blank(bt_bytes line) {
    for (size_t i = 0; i < line.size; i++)
        if (line.data[i] != ' ' && line.data[i] != '\t' && line.data[i] != '\r') return false;
    return true;
}

static bool import_all(bt_lines *lines, bt_local *local, totals *all) {
    static batch self;
    bt_bytes line;
    bt_fault fault;
    bool too_long, fine = true;
    while (fine && bt_lines_next(lines, &line, &too_long, &fault)) {
        if (is_blank(line) && !too_long) continue;
        add(&self, lines->number, line, too_long);
        if (self.count == BT_IMPORT_MAX) fine = finish(&self, local, all);
    }
    if (!fine) return false;
    fine = finish(&self, local, all);
    if (fault.err) bt_local_failed(&fault);
    return fine && !fault.err;
}

static int import_from(bt_lines *lines, bt_local *local) {
    const bt_environment *environment;
    totals all = {0};
    bt_fault fault;
    bt_err err = bt_lines_open(lines, path, &fault);
    if (!err)
        err =
            bt_caller_environment(&local->caller, bt_snapshot_environments(local->session.snapshot),
                                  bt_bytes_text(env), &environment, &fault);
    if (err) return bt_local_failed(&fault);
    bool fine = import_all(lines, local, &all);
    fprintf(stderr, "Imported %" PRIu64 " of %" PRIu64 " keys.\n", all.imported, all.lines);
    return fine && all.imported == all.lines ? BT_EXIT_OK : BT_EXIT_FAILED;
}

int bt_command_key_import(int argc, char **argv) {
    static bt_lines lines;
    bt_local local;
    int exit_code;
    if (!bt_options_parse(&usage, argc, argv, NULL, &exit_code)) return exit_code;
    if (!env) return bt_options_complain(&usage, "--env is needed");
    if (!bt_local_open(&place, BT_STORE_WRITE, &local)) return BT_EXIT_FAILED;
    exit_code = import_from(&lines, &local);
    bt_lines_close(&lines);
    bt_local_close(&local);
    return exit_code;
}
