#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "cli/command.h"
#include "cli/json_catalogue.h"
#include "cli/local.h"
#include "cli/print_key.h"
#include "service/read_keys.h"

static bt_place place;
static const char *key_id, *mask_text;
static bool json;

static const bt_flag flags[] = {
    {.name = "key", .value = "KEY_ID", .help = "mark what this key holds", .text = &key_id},
    {.name = "mask",
     .value = "MASK",
     .help = "mark what this mask holds, a number such as 259 or 0x103",
     .text = &mask_text,
     .excludes = "key"},
    {.name = "json", .help = "print an object with categories and presets", .on = &json},
    BT_PLACE_FLAGS(place),
    {0},
};

static const bt_usage usage = {
    .command = "scope list",
    .synopsis = "[--key KEY_ID | --mask MASK] [flags]",
    .about =
        "Lists the scopes by category, and the presets. A scope marked ! is of high risk. With\n"
        "--key or --mask, a * marks what is held, and each category says how many of its scopes\n"
        "that is.",
    .examples = "  bitting scope list\n"
                "  bitting scope list --key 019ab3c14f8e2d7be0c5a1f09b6d3e72",
    .flags = flags,
};

static void print_scope(const bt_catalogue *catalogue, unsigned bit, uint64_t held) {
    const bt_scope *scope = &catalogue->scopes[bit];
    bool is_held = held & catalogue->live & bt_mask_bit(bit);
    printf("  %c%c %2u  %-30s %s%s\n", is_held ? '*' : ' ', scope->high_risk ? '!' : ' ', bit,
           scope->name, scope->title, scope->retired ? " (retired)" : "");
}

static void print_category(const bt_catalogue *catalogue, const bt_category *category,
                           uint64_t held) {
    printf("%s: %s%s", category->name, category->title, category->title[0] ? ", " : "");
    if (key_id || mask_text) printf("%u/", bt_category_selected(catalogue, category, held));
    printf("%u scopes\n", bt_category_total(catalogue, category));
    uint64_t assigned = catalogue->live | catalogue->retired;
    uint64_t rest = assigned & bt_category_window(category);
    for (; rest; rest = bt_mask_without_lowest(rest))
        print_scope(catalogue, bt_mask_lowest(rest), held);
}

static void print_tables(const bt_catalogue *catalogue, uint64_t held) {
    for (size_t i = 0; i < catalogue->categories_count; i++)
        print_category(catalogue, &catalogue->categories[i], held);
    puts("\npresets:");
    for (size_t i = 0; i < catalogue->presets_count; i++) {
        const bt_preset *preset = &catalogue->presets[i];
        uint64_t mask = preset->full_access ? catalogue->live : preset->mask & catalogue->live;
        printf("  %-20s %2u  %s\n", preset->name, bt_mask_count(mask), preset->description);
    }
}

static bool print_json(const bt_catalogue *catalogue, uint64_t held) {
    json_t *object = json_object(), *categories = json_array(), *presets = json_array();
    for (size_t i = 0; i < catalogue->categories_count; i++)
        json_array_append_new(categories,
                              bt_json_category(catalogue, &catalogue->categories[i], held));
    for (size_t i = 0; i < catalogue->presets_count; i++)
        json_array_append_new(presets, bt_json_preset(catalogue, &catalogue->presets[i]));
    bt_json_put(object, "categories", categories);
    bt_json_put(object, "presets", presets);
    if (key_id || mask_text) bt_json_put(object, "held", bt_json_scopes(catalogue, held));
    return bt_json_print(object);
}

static bt_err find_held(bt_local *local, uint64_t *ret_held, bt_fault *fault) {
    static uint8_t block[BT_DETAIL_ARENA];
    bt_arena arena;
    bt_key key;
    bt_arena_init(&arena, block, sizeof block);
    BT_TRY(bt_service_get_key(&local->session, &local->caller, bt_bytes_text(key_id), &arena, &key,
                              fault));
    *ret_held = key.mask;
    return BT_OK;
}

static bool parse_mask(uint64_t *ret_mask) {
    char *end;
    errno = 0;
    unsigned long long mask = strtoull(mask_text, &end, 0);
    bool ok = mask_text[0] >= '0' && mask_text[0] <= '9' && *end == '\0' && !errno;
    if (!ok || mask & BT_MASK_FORBIDDEN) return false;
    *ret_mask = mask;
    return true;
}

static int list(bt_local *local, uint64_t held) {
    const bt_catalogue *catalogue = bt_snapshot_catalogue(local->session.snapshot);
    bt_fault fault;
    if (key_id && find_held(local, &held, &fault)) return bt_local_failed(&fault);
    if (json) return print_json(catalogue, held) ? BT_EXIT_OK : BT_EXIT_FAILED;
    print_tables(catalogue, held);
    return BT_EXIT_OK;
}

int bt_command_scope_list(int argc, char **argv) {
    bt_local local;
    int exit_code;
    uint64_t mask = 0;
    if (!bt_options_parse(&usage, argc, argv, NULL, &exit_code)) return exit_code;
    if (mask_text && !parse_mask(&mask))
        return bt_options_complain(&usage, "--mask \"%s\" is no number of bits 0 to 62", mask_text);
    if (!bt_local_open(&place, BT_STORE_READ, &local)) return BT_EXIT_FAILED;
    exit_code = list(&local, mask);
    bt_local_close(&local);
    return exit_code;
}
