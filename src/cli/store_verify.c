#include "store/verify.h"

#include <inttypes.h>
#include <stdio.h>

#include "cli/command.h"
#include "cli/json.h"
#include "cli/local.h"

static bt_place place;
static bool json;

static const bt_flag flags[] = {
    {.name = "json", .help = "print an object with keys and problems", .on = &json},
    BT_PLACE_FLAGS(place),
    {0},
};

static const bt_usage usage = {
    .command = "store verify",
    .synopsis = "[flags]",
    .about = "Reads every row of the store, beside a running server, and says whether they fit "
             "together.\n"
             "Exits 0 where they do, and 1 where they do not.",
    .examples = "  bitting store verify",
    .flags = flags,
};

static bool print(const bt_verify_report *report) {
    char id[BT_STORE_ID_TEXT_SIZE];
    bt_hex_encode(bt_bytes_of(report->store_id, sizeof report->store_id), id);
    if (!json) {
        printf("%" PRIu64 " keys, %" PRIu64 " problems, at revision %" PRIu64 " of store %s\n",
               report->keys, report->problems, report->revision, id);
        if (report->problems) printf("the first: %s\n", report->first);
        return true;
    }
    json_t *object = json_object();
    bt_json_put_text(object, "store_id", bt_bytes_text(id));
    bt_json_put_u64(object, "revision", report->revision);
    bt_json_put_u64(object, "keys", report->keys);
    bt_json_put_u64(object, "problems", report->problems);
    bt_json_put_text(object, "first_problem", bt_bytes_text(report->problems ? report->first : ""));
    return bt_json_print(object);
}

int bt_command_store_verify(int argc, char **argv) {
    bt_verify_report report;
    bt_local local;
    bt_fault fault;
    int exit_code;
    if (!bt_options_parse(&usage, argc, argv, NULL, &exit_code)) return exit_code;
    if (!bt_local_open(&place, BT_STORE_READ, &local)) return BT_EXIT_FAILED;
    if (bt_store_verify(local.store, &report, &fault))
        exit_code = bt_local_failed(&fault);
    else
        exit_code = print(&report) && report.problems == 0 ? BT_EXIT_OK : BT_EXIT_FAILED;
    bt_local_close(&local);
    return exit_code;
}
