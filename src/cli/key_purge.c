#include <inttypes.h>
#include <stdio.h>

#include "base/clock.h"
#include "base/duration.h"
#include "cli/command.h"
#include "cli/json.h"
#include "cli/local.h"
#include "service/purge_keys.h"

static bt_place place;
static const char *older_than;
static bool dry_run, json;

static const bt_flag flags[] = {
    {.name = "older-than",
     .value = "TIME",
     .help = "how long ago a key must have ended, such as 90d",
     .text = &older_than},
    {.name = "dry-run", .help = "count, and change nothing", .on = &dry_run},
    {.name = "json", .help = "print an object with looked_at and purged", .on = &json},
    BT_PLACE_FLAGS(place),
    {0},
};

static const bt_usage usage = {
    .command = "key purge",
    .synopsis = "--older-than TIME [flags]",
    .about = "Forgets keys that were revoked, have expired, or whose owner was deleted, longer ago "
             "than that.\n"
             "They stay denied; what was known of them is gone. For a timer, beside a running "
             "server.",
    .examples = "  bitting key purge --older-than 90d --dry-run\n"
                "  bitting key purge --older-than 90d",
    .flags = flags,
};

static int answer(const bt_purge_report *report) {
    if (!json) {
        fprintf(stderr, "%s %" PRIu64 " of %" PRIu64 " keys.\n", dry_run ? "Would purge" : "Purged",
                report->purged, report->looked_at);
        return BT_EXIT_OK;
    }
    json_t *object = json_object();
    bt_json_put_u64(object, "looked_at", report->looked_at);
    bt_json_put_u64(object, "purged", report->purged);
    return bt_json_print(object) ? BT_EXIT_OK : BT_EXIT_FAILED;
}

int bt_command_key_purge(int argc, char **argv) {
    bt_local local;
    bt_fault fault;
    bt_purge_report report;
    int64_t span_ms;
    int exit_code;
    if (!bt_options_parse(&usage, argc, argv, NULL, &exit_code)) return exit_code;
    if (!older_than) return bt_options_complain(&usage, "--older-than is needed, such as 90d");
    if (!bt_duration_parse(bt_bytes_text(older_than), &span_ms))
        return bt_options_complain(&usage, "--older-than is a time such as 90d, not \"%.40s\"",
                                   older_than);
    if (!bt_local_open(&place, BT_STORE_WRITE, &local)) return BT_EXIT_FAILED;
    exit_code = bt_purge_keys(&local.session, bt_clock_ms() - span_ms, dry_run, &report, &fault)
                    ? bt_local_failed(&fault)
                    : answer(&report);
    bt_local_close(&local);
    return exit_code;
}
