#include <stdio.h>

#include "base/duration.h"
#include "cli/command.h"
#include "cli/json_catalogue.h"
#include "cli/local.h"
#include "key/narrow.h"

static bt_place place;
static bool json;

static const bt_flag flags[] = {
    {.name = "json", .help = "print an object with presets", .on = &json},
    BT_PLACE_FLAGS(place),
    {0},
};

static const bt_usage usage = {
    .command = "preset list",
    .synopsis = "[flags]",
    .about = "Lists the presets, and what a key gets that is made from each. A scope marked ! is "
             "of high\n"
             "risk.",
    .examples = "  bitting preset list\n"
                "  bitting preset list --json",
    .flags = flags,
};

static void print_scopes(const bt_catalogue *catalogue, const bt_preset *preset) {
    const char *before = "  scopes      ";
    if (preset->full_access) puts("  full access: every live scope, those added later too");
    for (uint64_t rest = preset->mask; rest; rest = bt_mask_without_lowest(rest)) {
        unsigned bit = bt_mask_lowest(rest);
        printf("%s%s%s", before, catalogue->scopes[bit].name,
               catalogue->scopes[bit].high_risk ? "!" : "");
        before = ", ";
    }
    if (preset->mask) putchar('\n');
}

static void print_labels(bt_bytes labels) {
    const char *before = "  labels      ", *after = "";
    bt_bytes key, value;
    while (bt_label_next(&labels, &key, &value)) {
        printf("%s%.*s=%.*s", before, BT_BYTES_ARG(key), BT_BYTES_ARG(value));
        before = ", ";
        after = "\n";
    }
    fputs(after, stdout);
}

static void print_narrow(bt_bytes row) {
    bt_narrow narrow;
    if (!row.size || !bt_narrow_decode(row, &narrow)) return;
    for (size_t i = 0; i < narrow.selectors_count; i++)
        printf("%s%.*s%s", i ? ", " : "  resources   ", BT_BYTES_ARG(narrow.selectors[i].text),
               narrow.selectors[i].is_prefix ? "*" : "");
    if (narrow.selectors_count) putchar('\n');
    for (size_t i = 0; i < narrow.networks_count; i++) {
        char text[BT_NETWORK_TEXT_MAX + 1];
        bt_network_format(&narrow.networks[i], text);
        printf("%s%s", i ? ", " : "  networks    ", text);
    }
    if (narrow.networks_count) putchar('\n');
}

static void print_preset(const bt_catalogue *catalogue, const bt_preset *preset) {
    char life[24];
    printf("%s  (version %u)\n", preset->name, preset->version);
    if (preset->description[0]) printf("  %s\n", preset->description);
    print_scopes(catalogue, preset);
    if (preset->kind) printf("  kind        %s\n", bt_kind_name((bt_kind)preset->kind));
    if (preset->life_ms) {
        bt_duration_format(preset->life_ms, life);
        printf("  expires in  %s\n", life);
    }
    print_labels(bt_catalogue_template(catalogue, preset->labels));
    print_narrow(bt_catalogue_template(catalogue, preset->narrow));
}

static bool print_json(const bt_catalogue *catalogue) {
    json_t *object = json_object(), *presets = json_array();
    for (size_t i = 0; i < catalogue->presets_count; i++)
        json_array_append_new(presets, bt_json_preset(catalogue, &catalogue->presets[i]));
    bt_json_put(object, "presets", presets);
    return bt_json_print(object);
}

static int list(const bt_catalogue *catalogue) {
    if (json) return print_json(catalogue) ? BT_EXIT_OK : BT_EXIT_FAILED;
    for (size_t i = 0; i < catalogue->presets_count; i++)
        print_preset(catalogue, &catalogue->presets[i]);
    return BT_EXIT_OK;
}

int bt_command_preset_list(int argc, char **argv) {
    bt_local local;
    int exit_code;
    if (!bt_options_parse(&usage, argc, argv, NULL, &exit_code)) return exit_code;
    if (!bt_local_open(&place, BT_STORE_READ, &local)) return BT_EXIT_FAILED;
    exit_code = list(bt_snapshot_catalogue(local.session.snapshot));
    bt_local_close(&local);
    return exit_code;
}
