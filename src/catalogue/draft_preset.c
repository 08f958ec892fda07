#include "catalogue/draft_preset.h"

#include <assert.h>
#include <stdlib.h>

#include "base/duration.h"

static const char *const preset_fields[] = {"description", "scopes",     "full_access",
                                            "kind",        "expires_in", "labels",
                                            "selectors",   "networks",   NULL};

static int compare_bytes(bt_bytes a, bt_bytes b) {
    size_t common = a.size < b.size ? a.size : b.size;
    int order = common ? memcmp(a.data, b.data, common) : 0;
    return order ? order : (a.size > b.size) - (a.size < b.size);
}

static int compare_labels(const void *a, const void *b) {
    const bt_label *left = a, *right = b;
    return compare_bytes(left->key, right->key);
}

static int compare_selectors(const void *a, const void *b) {
    const bt_selector *left = a, *right = b;
    int order = compare_bytes(left->text, right->text);
    return order ? order : left->is_prefix - right->is_prefix;
}

static_assert(sizeof(bt_network) == 18, "a network is bytes alone");

static int compare_networks(const void *a, const void *b) {
    return memcmp(a, b, sizeof(bt_network));
}

static bt_err read_grant(const bt_yaml *map, bt_draft_preset *preset, bt_fault *fault) {
    BT_TRY(bt_yaml_get_bool(map, "full_access", &preset->full_access, fault));
    preset->scopes = bt_yaml_get(map, "scopes");
    if (preset->full_access && preset->scopes)
        return bt_yaml_fail(preset->scopes, fault,
                            "a preset says `scopes` or `full_access: true`, not both");
    if (!preset->full_access && !preset->scopes)
        return bt_yaml_fail(map, fault,
                            "preset `%.*s` says neither `scopes` nor `full_access: true`",
                            BT_BYTES_ARG(map->name));
    if (preset->scopes && preset->scopes->type != BT_YAML_LIST)
        return bt_yaml_fail(preset->scopes, fault,
                            "`scopes` is a list of names, such as [billing.read]");
    return BT_OK;
}

static bt_err read_kind(const bt_yaml *map, bt_draft_preset *preset, bt_fault *fault) {
    bt_bytes text = {0};
    BT_TRY(bt_yaml_get_text(map, "kind", 16, &text, fault));
    if (text.size == 0) return BT_OK;
    preset->kind = bt_kind_find(text);
    if (preset->kind) return BT_OK;
    return bt_yaml_fail(bt_yaml_get(map, "kind"), fault,
                        "`%.*s` is no kind of key; kinds are backend, personal, org and generic",
                        BT_BYTES_ARG(text));
}

static bt_err read_life(const bt_yaml *map, bt_draft_preset *preset, bt_fault *fault) {
    bt_bytes text = {0};
    BT_TRY(bt_yaml_get_text(map, "expires_in", 16, &text, fault));
    if (text.size == 0 || bt_duration_parse(text, &preset->life_ms)) return BT_OK;
    return bt_yaml_fail(bt_yaml_get(map, "expires_in"), fault,
                        "`expires_in` is a whole number above 0 and s, m, h, d or w, such as 90d");
}

static bt_err read_label(const bt_yaml *node, bt_label *ret_label, bt_fault *fault) {
    if (!bt_label_key_ok(node->name))
        return bt_yaml_fail(node, fault, "the key of a label is 1 to %u of A-Z a-z 0-9 . _ / -",
                            BT_LABEL_KEY_MAX);
    if (node->type != BT_YAML_TEXT || node->text.size > BT_LABEL_VALUE_MAX)
        return bt_yaml_fail(node, fault, "the value of a label is a text of up to %u bytes",
                            BT_LABEL_VALUE_MAX);
    *ret_label = (bt_label){.key = node->name, .value = node->text};
    return BT_OK;
}

static bt_err read_labels(const bt_yaml *map, bt_draft_preset *preset, bt_fault *fault) {
    const bt_yaml *node = bt_yaml_get(map, "labels");
    if (!node) return BT_OK;
    if (node->type != BT_YAML_MAP)
        return bt_yaml_fail(node, fault, "`labels` is written as `key: value` lines");
    if (node->count > BT_LABELS_MAX)
        return bt_yaml_fail(node, fault, "there are %zu labels; at most %u are taken", node->count,
                            BT_LABELS_MAX);
    for (const bt_yaml *child = node->first; child; child = child->next)
        BT_TRY(read_label(child, &preset->labels[preset->labels_count++], fault));
    qsort(preset->labels, preset->labels_count, sizeof *preset->labels, compare_labels);
    return BT_OK;
}

/* It might be meant for everything, or for nothing. */
static bt_err refuse_empty(const bt_yaml *list, bt_fault *fault) {
    if (list->type == BT_YAML_TEXT || list->count) return BT_OK;
    return bt_yaml_fail(list, fault, "`%.*s` is empty; leave it out where keys are not bound",
                        BT_BYTES_ARG(list->name));
}

static bt_err read_selectors(const bt_yaml *map, bt_arena *arena, bt_narrow *narrow,
                             bt_fault *fault) {
    const bt_yaml *node = bt_yaml_get(map, "selectors");
    const bt_bytes *texts;
    size_t count;
    if (!node) return BT_OK;
    BT_TRY(refuse_empty(node, fault));
    BT_TRY(bt_yaml_texts(node, BT_SELECTORS_MAX, BT_RESOURCE_MAX, arena, &texts, &count, fault));
    for (size_t i = 0; i < count; i++)
        if (!bt_selector_parse(texts[i], &narrow->selectors[i]))
            return bt_yaml_fail(node, fault,
                                "`%.*s` is no selector; project:42 and dataset:eu/* are",
                                BT_BYTES_ARG(texts[i]));
    qsort(narrow->selectors, count, sizeof *narrow->selectors, compare_selectors);
    for (size_t i = 1; i < count; i++)
        if (compare_selectors(&narrow->selectors[i - 1], &narrow->selectors[i]) == 0)
            return bt_yaml_fail(node, fault, "the selector `%.*s` is here twice",
                                BT_BYTES_ARG(narrow->selectors[i].text));
    narrow->selectors_count = count;
    return BT_OK;
}

static bt_err read_networks(const bt_yaml *map, bt_arena *arena, bt_narrow *narrow,
                            bt_fault *fault) {
    const bt_yaml *node = bt_yaml_get(map, "networks");
    const bt_bytes *texts;
    size_t count;
    if (!node) return BT_OK;
    BT_TRY(refuse_empty(node, fault));
    BT_TRY(bt_yaml_texts(node, BT_NETWORKS_MAX, BT_NETWORK_TEXT_MAX, arena, &texts, &count, fault));
    for (size_t i = 0; i < count; i++)
        if (!bt_network_parse(texts[i], &narrow->networks[i]))
            return bt_yaml_fail(node, fault,
                                "`%.*s` is no network; 192.0.2.0/24 and 2001:db8::/32 are, with no "
                                "bit set beyond the prefix",
                                BT_BYTES_ARG(texts[i]));
    qsort(narrow->networks, count, sizeof *narrow->networks, compare_networks);
    for (size_t i = 1; i < count; i++)
        if (compare_networks(&narrow->networks[i - 1], &narrow->networks[i]) == 0)
            return bt_yaml_fail(node, fault, "a network is here twice");
    narrow->networks_count = count;
    return BT_OK;
}

static bt_err check_name(const bt_yaml *map, bt_fault *fault) {
    if (!bt_draft_word_ok(map->name, BT_PRESET_NAME_MAX))
        return bt_yaml_fail(
            map, fault,
            "`%.*s` is no name of a preset, which begins with a letter and has up to "
            "%u lower-case letters, digits and _",
            BT_BYTES_ARG(map->name), BT_PRESET_NAME_MAX);
    if (bt_bytes_equal(map->name, BT_LITERAL(BT_PRESET_FULL_ACCESS)))
        return bt_yaml_fail(map, fault, "preset `full_access` is built in: leave it out");
    return BT_OK;
}

static bt_err read_preset(const bt_yaml *map, bt_arena *arena, bt_draft_preset *preset,
                          bt_fault *fault) {
    *preset = (bt_draft_preset){.node = map, .name = map->name};
    BT_TRY(check_name(map, fault));
    BT_TRY(bt_yaml_check_map(map, "a preset", preset_fields, fault));
    BT_TRY(bt_yaml_get_text(map, "description", BT_DESCRIPTION_MAX, &preset->description, fault));
    BT_TRY(read_grant(map, preset, fault));
    BT_TRY(read_kind(map, preset, fault));
    BT_TRY(read_life(map, preset, fault));
    BT_TRY(read_labels(map, preset, fault));
    BT_TRY(read_selectors(map, arena, &preset->narrow, fault));
    return read_networks(map, arena, &preset->narrow, fault);
}

bt_err bt_draft_presets_read(const bt_yaml *presets, bt_arena *arena, bt_draft *draft,
                             bt_fault *fault) {
    if (!presets) return BT_OK;
    if (presets->type != BT_YAML_MAP)
        return bt_yaml_fail(presets, fault, "`presets` is written as `name:` lines");
    if (presets->count > BT_PRESETS_MAX - 1)
        return bt_yaml_fail(presets, fault, "there are %zu presets; at most %u are taken",
                            presets->count, BT_PRESETS_MAX - 1);
    draft->presets = bt_arena_alloc(arena, (presets->count + 1) * sizeof *draft->presets);
    if (!draft->presets)
        return bt_fail(fault, BT_ERR_EXHAUSTED, "line %u, column %u: the file is too large",
                       presets->line, presets->column);
    for (const bt_yaml *child = presets->first; child; child = child->next)
        BT_TRY(read_preset(child, arena, &draft->presets[draft->presets_count++], fault));
    return BT_OK;
}
