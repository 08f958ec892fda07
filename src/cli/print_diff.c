#include "cli/print_diff.h"

static const char *const types[] = {"category", "scope", "preset"};

static char sign_of(const bt_difference *difference) {
    if (difference->flags & BT_DIFFERENCE_ADDED) return '+';
    return difference->flags & BT_DIFFERENCE_REMOVED ? '-' : '~';
}

static void print_window(FILE *out, const char *before, const bt_category *category) {
    fprintf(out, "%s%u-%u", before, category->first_bit, category->first_bit + category->bits - 1u);
}

static void print_category(FILE *out, const bt_difference *difference) {
    const bt_category *before = difference->before.category, *after = difference->after.category;
    print_window(out, "  bits ", before ? before : after);
    if (difference->flags & BT_DIFFERENCE_WINDOW) print_window(out, " become ", after);
    if (difference->flags & BT_DIFFERENCE_TEXT) fputs("; title", out);
}

static void print_scope(FILE *out, const bt_difference *difference) {
    const bt_scope *after = difference->after.scope;
    unsigned flags = difference->flags;
    fprintf(out, "  bit %u", difference->bit);
    if (flags & BT_DIFFERENCE_ADDED && after->retired) fputs("; retired", out);
    if (flags & BT_DIFFERENCE_REMOVED) fputs("; shipped with bitting, and granted to no key", out);
    if (flags & BT_DIFFERENCE_RENAMED)
        fprintf(out, "; renamed from %s", difference->before.scope->name);
    if (flags & BT_DIFFERENCE_RETIRED) fputs("; retired: denied to every key", out);
    if (flags & BT_DIFFERENCE_RESTORED)
        fputs("; back: held again by every key that was granted it", out);
    if (flags & BT_DIFFERENCE_RISK)
        fputs(after->high_risk ? "; high risk" : "; no longer high risk", out);
    if (flags & BT_DIFFERENCE_REMEMBERED) fputs("; former names", out);
    if (flags & BT_DIFFERENCE_TEXT) fputs("; title or description", out);
}

static void print_preset(FILE *out, const bt_difference *difference) {
    const bt_preset *before = difference->before.preset, *after = difference->after.preset;
    if (difference->flags & BT_DIFFERENCE_MEANING)
        fprintf(out, "  version %u becomes %u: keys made from it before have drifted",
                before->version, after->version);
    if (difference->flags & BT_DIFFERENCE_TEXT) fputs("  description", out);
}

static void print_difference(FILE *out, const bt_difference *difference) {
    fprintf(out, "%c %-8s %s", sign_of(difference), types[difference->type],
            bt_difference_name(difference));
    switch (difference->type) {
    case BT_DIFFERENCE_CATEGORY:
        print_category(out, difference);
        break;
    case BT_DIFFERENCE_SCOPE:
        print_scope(out, difference);
        break;
    case BT_DIFFERENCE_PRESET:
        print_preset(out, difference);
        break;
    }
    fputc('\n', out);
}

void bt_print_diff(FILE *out, const bt_diff *diff) {
    for (size_t i = 0; i < diff->count; i++) print_difference(out, &diff->list[i]);
}

static json_t *words_of(unsigned flags) {
    json_t *words = json_array();
    for (unsigned flag = 1; flag < 1u << BT_DIFFERENCE_FLAGS; flag <<= 1)
        if (flags & flag) json_array_append_new(words, json_string(bt_difference_word(flag)));
    return words;
}

static json_t *difference_object(const bt_difference *difference) {
    json_t *object = json_object();
    bt_json_put(object, "type", json_string(types[difference->type]));
    bt_json_put(object, "name", json_string(bt_difference_name(difference)));
    if (difference->type == BT_DIFFERENCE_SCOPE)
        bt_json_put(object, "bit", json_integer(difference->bit));
    bt_json_put(object, "changes", words_of(difference->flags));
    if (difference->flags & BT_DIFFERENCE_RENAMED)
        bt_json_put(object, "former_name", json_string(difference->before.scope->name));
    if (difference->flags & BT_DIFFERENCE_MEANING)
        bt_json_put(object, "version", json_integer(difference->after.preset->version));
    return object;
}

json_t *bt_json_diff(const bt_diff *diff) {
    json_t *list = json_array();
    for (size_t i = 0; i < diff->count; i++)
        json_array_append_new(list, difference_object(&diff->list[i]));
    return list;
}
