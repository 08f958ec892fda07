#include "yaml/yaml.h"

#include <stdarg.h>
#include <stdio.h>

bt_err bt_yaml_fail(const bt_yaml *node, bt_fault *fault, const char *format, ...) {
    char text[sizeof fault->text];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    return bt_fail(fault, BT_ERR_INVALID, "line %u, column %u: %s", node->line, node->column, text);
}

const bt_yaml *bt_yaml_get(const bt_yaml *map, const char *name) {
    if (!map || map->type != BT_YAML_MAP) return NULL;
    bt_bytes wanted = bt_bytes_text(name);
    for (const bt_yaml *child = map->first; child; child = child->next)
        if (bt_bytes_equal(child->name, wanted)) return child;
    return NULL;
}

static bool is_among(bt_bytes name, const char *const names[]) {
    for (size_t i = 0; names[i]; i++)
        if (bt_bytes_equal(name, bt_bytes_text(names[i]))) return true;
    return false;
}

static bt_err unknown_field(const bt_yaml *child, const char *what, const char *const names[],
                            bt_fault *fault) {
    char list[192] = "";
    size_t used = 0;
    for (size_t i = 0; names[i] && used < sizeof list; i++)
        used += (size_t)snprintf(list + used, sizeof list - used, "%s%s", i ? ", " : "", names[i]);
    return bt_yaml_fail(child, fault, "`%.*s` is not a field of %s; the fields are %s",
                        BT_BYTES_ARG(child->name), what, list);
}

bt_err bt_yaml_check_map(const bt_yaml *node, const char *what, const char *const names[],
                         bt_fault *fault) {
    if (node->type != BT_YAML_MAP)
        return bt_yaml_fail(node, fault, "%s is written as `field: value` lines", what);
    for (const bt_yaml *child = node->first; child; child = child->next)
        if (!is_among(child->name, names)) return unknown_field(child, what, names, fault);
    return BT_OK;
}

bt_err bt_yaml_get_bool(const bt_yaml *map, const char *name, bool *value, bt_fault *fault) {
    const bt_yaml *node = bt_yaml_get(map, name);
    if (!node) return BT_OK;
    bool plain = node->type == BT_YAML_TEXT && !node->quoted;
    if (plain && bt_bytes_equal(node->text, BT_LITERAL("true")))
        *value = true;
    else if (plain && bt_bytes_equal(node->text, BT_LITERAL("false")))
        *value = false;
    else
        return bt_yaml_fail(node, fault, "`%s` is true or false", name);
    return BT_OK;
}

static bt_err check_text(const bt_yaml *node, const char *what, size_t max, bt_fault *fault) {
    if (node->type != BT_YAML_TEXT)
        return bt_yaml_fail(node, fault, "%s is a text, not a list or map", what);
    if (node->text.size == 0) return bt_yaml_fail(node, fault, "%s is empty", what);
    if (node->text.size > max)
        return bt_yaml_fail(node, fault, "%s is longer than %zu bytes", what, max);
    return BT_OK;
}

bt_err bt_yaml_get_text(const bt_yaml *map, const char *name, size_t max, bt_bytes *value,
                        bt_fault *fault) {
    const bt_yaml *node = bt_yaml_get(map, name);
    if (!node) return BT_OK;
    BT_TRY(check_text(node, name, max, fault));
    *value = node->text;
    return BT_OK;
}

bt_err bt_yaml_texts(const bt_yaml *node, size_t count_max, size_t text_max, bt_arena *arena,
                     const bt_bytes **ret_texts, size_t *ret_count, bt_fault *fault) {
    bool list = node->type == BT_YAML_LIST;
    size_t count = list ? node->count : 1;
    if (count > count_max)
        return bt_yaml_fail(node, fault, "a list of %zu; at most %zu are taken", count, count_max);
    bt_bytes *texts = bt_arena_alloc(arena, (count + 1) * sizeof *texts);
    if (!texts)
        return bt_fail(fault, BT_ERR_EXHAUSTED, "line %u, column %u: too large", node->line,
                       node->column);
    const bt_yaml *item = list ? node->first : node;
    for (size_t i = 0; i < count; i++, item = item->next) {
        BT_TRY(check_text(item, list ? "an item of this list" : "this", text_max, fault));
        texts[i] = item->text;
    }
    *ret_texts = texts;
    *ret_count = count;
    return BT_OK;
}
