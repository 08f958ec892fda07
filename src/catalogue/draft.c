#include "catalogue/draft.h"

#include <stdio.h>

#include "catalogue/draft_preset.h"

static const char *const file_fields[] = {"categories", "presets", NULL};
static const char *const category_fields[] = {"title", "bits", "scopes", NULL};
static const char *const scope_fields[] = {"title",   "description",  "high_risk", "bit",
                                           "retired", "renamed_from", NULL};

bool bt_draft_word_ok(bt_bytes word, size_t max) {
    if (word.size == 0 || word.size > max) return false;
    for (size_t i = 0; i < word.size; i++) {
        uint8_t c = word.data[i];
        bool letter = c >= 'a' && c <= 'z';
        bool inner = (c >= '0' && c <= '9') || c == '_';
        if (!letter && !(inner && i > 0)) return false;
    }
    return true;
}

static bt_err too_large(const bt_yaml *node, bt_fault *fault) {
    bt_yaml_fail(node, fault, "the file is too large");
    return fault->err = BT_ERR_EXHAUSTED;
}

/* A whole number of digits alone. False, and *at is undefined, where there is none or it is above 255. */
static bool take_number(bt_bytes text, size_t *at, unsigned *ret_number) {
    size_t start = *at;
    unsigned number = 0;
    for (; *at < text.size && text.data[*at] >= '0' && text.data[*at] <= '9'; ++*at) {
        number = number * 10 + (unsigned)(text.data[*at] - '0');
        if (number > 255) return false;
    }
    *ret_number = number;
    return *at > start;
}

/* "first-last" */
static bt_err read_window(const bt_yaml *map, bt_category *ret_window, bt_fault *fault) {
    const bt_yaml *node = bt_yaml_get(map, "bits");
    bt_bytes text = {0};
    if (!node)
        return bt_yaml_fail(map, fault,
                            "category `%.*s` has no `bits`, its window, such as `bits: 0-15`",
                            BT_BYTES_ARG(map->name));
    BT_TRY(bt_yaml_get_text(map, "bits", 7, &text, fault));
    size_t at = 0;
    unsigned first = 0, last = 0;
    bool ok = take_number(text, &at, &first) && at < text.size && text.data[at++] == '-' &&
              take_number(text, &at, &last) && at == text.size && first <= last;
    if (!ok) return bt_yaml_fail(node, fault, "`bits` is the first and the last bit, such as 0-15");
    if (last >= BT_MASK_BITS)
        return bt_yaml_fail(node, fault,
                            "`bits` reaches to %u; bits are 0 to 62, and bit 63 is never assigned",
                            last);
    *ret_window = (bt_category){.first_bit = (uint8_t)first, .bits = (uint8_t)(last - first + 1)};
    return BT_OK;
}

static bt_err read_bit(const bt_yaml *map, const bt_category *window, int *ret_bit,
                       bt_fault *fault) {
    const bt_yaml *node = bt_yaml_get(map, "bit");
    bt_bytes text = {0};
    if (!node) return BT_OK;
    BT_TRY(bt_yaml_get_text(map, "bit", 3, &text, fault));
    size_t at = 0;
    unsigned bit;
    if (!take_number(text, &at, &bit) || at != text.size)
        return bt_yaml_fail(node, fault, "`bit` is a number from 0 to 62");
    if (bit >= BT_MASK_BITS)
        return bt_yaml_fail(node, fault,
                            "`bit` is %u; bits are 0 to 62, and bit 63 is never assigned", bit);
    if (!(bt_category_window(window) & bt_mask_bit(bit)))
        return bt_yaml_fail(node, fault,
                            "bit %u lies outside of the category's window, which is %u-%u", bit,
                            window->first_bit, window->first_bit + window->bits - 1u);
    *ret_bit = (int)bit;
    return BT_OK;
}

static bt_err read_retired(const bt_yaml *map, bt_retired *ret_retired, bt_fault *fault) {
    bool retired = false;
    if (!bt_yaml_get(map, "retired")) return BT_OK;
    BT_TRY(bt_yaml_get_bool(map, "retired", &retired, fault));
    *ret_retired = retired ? BT_RETIRED_YES : BT_RETIRED_NO;
    return BT_OK;
}

/* The name of a scope, with its category's. */
static bt_err full_name(const bt_yaml *node, bt_bytes category, bt_bytes action, bt_arena *arena,
                        bt_bytes *ret_name, bt_fault *fault) {
    if (!bt_draft_word_ok(action, BT_SCOPE_NAME_MAX))
        return bt_yaml_fail(
            node, fault,
            "`%.*s` is no name of a scope, which begins with a letter and has lower-case letters, "
            "digits and _ alone; the category is not repeated in it",
            BT_BYTES_ARG(action));
    size_t size = category.size + 1 + action.size;
    if (size > BT_SCOPE_NAME_MAX)
        return bt_yaml_fail(node, fault, "`%.*s.%.*s` is longer than %u", BT_BYTES_ARG(category),
                            BT_BYTES_ARG(action), BT_SCOPE_NAME_MAX);
    char *name = bt_arena_alloc(arena, size + 1);
    if (!name) return too_large(node, fault);
    snprintf(name, size + 1, "%.*s.%.*s", BT_BYTES_ARG(category), BT_BYTES_ARG(action));
    *ret_name = bt_bytes_of(name, size);
    return BT_OK;
}

static bt_err read_former(const bt_yaml *map, bt_bytes category, bt_arena *arena,
                          bt_draft_scope *scope, bt_fault *fault) {
    const bt_yaml *node = bt_yaml_get(map, "renamed_from");
    const bt_bytes *actions;
    if (!node) return BT_OK;
    BT_TRY(bt_yaml_texts(node, BT_FORMER_NAMES_MAX, BT_SCOPE_NAME_MAX, arena, &actions,
                         &scope->former_count, fault));
    bt_bytes *names = bt_arena_alloc(arena, (scope->former_count + 1) * sizeof *names);
    if (!names) return too_large(node, fault);
    for (size_t i = 0; i < scope->former_count; i++)
        BT_TRY(full_name(node, category, actions[i], arena, &names[i], fault));
    scope->former = names;
    return BT_OK;
}

/* `read:` alone is a scope, too. */
static bool is_bare(const bt_yaml *node) {
    return node->type == BT_YAML_TEXT && !node->quoted && node->text.size == 0;
}

static bt_err read_scope(const bt_yaml *map, const bt_draft_category *category, bt_arena *arena,
                         bt_draft_scope *ret_scope, bt_fault *fault) {
    bt_draft_scope scope = {.node = map, .bit = -1};
    BT_TRY(full_name(map, category->name, map->name, arena, &scope.name, fault));
    if (!is_bare(map)) BT_TRY(bt_yaml_check_map(map, "a scope", scope_fields, fault));
    BT_TRY(bt_yaml_get_text(map, "title", BT_TITLE_MAX, &scope.title, fault));
    BT_TRY(bt_yaml_get_text(map, "description", BT_DESCRIPTION_MAX, &scope.description, fault));
    BT_TRY(bt_yaml_get_bool(map, "high_risk", &scope.high_risk, fault));
    BT_TRY(read_retired(map, &scope.retired, fault));
    BT_TRY(read_bit(map, &category->window, &scope.bit, fault));
    BT_TRY(read_former(map, category->name, arena, &scope, fault));
    *ret_scope = scope;
    return BT_OK;
}

static bt_err read_scopes(const bt_yaml *map, bt_arena *arena, bt_draft_category *category,
                          bt_fault *fault) {
    const bt_yaml *node = bt_yaml_get(map, "scopes");
    if (!node || is_bare(node)) return BT_OK;
    if (node->type != BT_YAML_MAP)
        return bt_yaml_fail(node, fault, "`scopes` is written as `name: {title: ...}` lines");
    category->scopes = bt_arena_alloc(arena, category->window.bits * sizeof *category->scopes);
    if (!category->scopes) return too_large(node, fault);
    for (const bt_yaml *child = node->first; child; child = child->next) {
        if (category->scopes_count == category->window.bits)
            return bt_yaml_fail(
                child, fault,
                "`%.*s` is one scope more than the category's window of %u bits holds",
                BT_BYTES_ARG(child->name), category->window.bits);
        BT_TRY(
            read_scope(child, category, arena, &category->scopes[category->scopes_count], fault));
        category->scopes_count++;
    }
    return BT_OK;
}

static bt_err read_category(const bt_yaml *map, bt_arena *arena, bt_draft_category *ret_category,
                            bt_fault *fault) {
    bt_draft_category category = {.node = map, .name = map->name};
    if (!bt_draft_word_ok(map->name, BT_CATEGORY_NAME_MAX))
        return bt_yaml_fail(
            map, fault,
            "`%.*s` is no name of a category, which begins with a letter and has up "
            "to %u lower-case letters, digits and _",
            BT_BYTES_ARG(map->name), BT_CATEGORY_NAME_MAX);
    if (bt_bytes_equal(map->name, BT_LITERAL(BT_CATEGORY_APIKEYS)))
        return bt_yaml_fail(map, fault,
                            "category `apikeys` is bitting's own, and built in: leave it out");
    BT_TRY(bt_yaml_check_map(map, "a category", category_fields, fault));
    BT_TRY(bt_yaml_get_text(map, "title", BT_TITLE_MAX, &category.title, fault));
    BT_TRY(read_window(map, &category.window, fault));
    BT_TRY(read_scopes(map, arena, &category, fault));
    *ret_category = category;
    return BT_OK;
}

static bt_err read_categories(const bt_yaml *node, bt_arena *arena, bt_draft *draft,
                              bt_fault *fault) {
    if (node->type != BT_YAML_MAP)
        return bt_yaml_fail(node, fault, "`categories` is written as `name:` lines");
    if (node->count > BT_CATEGORIES_MAX - 1)
        return bt_yaml_fail(node, fault, "there are %zu categories; at most %u are taken",
                            node->count, BT_CATEGORIES_MAX - 1);
    draft->categories = bt_arena_alloc(arena, (node->count + 1) * sizeof *draft->categories);
    if (!draft->categories) return too_large(node, fault);
    for (const bt_yaml *child = node->first; child; child = child->next)
        BT_TRY(read_category(child, arena, &draft->categories[draft->categories_count++], fault));
    return BT_OK;
}

/* The scope that has or had this name, other than the one at `but` for which it is asked. */
static const bt_draft_scope *find_claim(const bt_draft *draft, bt_bytes name, const bt_bytes *but) {
    for (size_t c = 0; c < draft->categories_count; c++) {
        const bt_draft_category *category = &draft->categories[c];
        for (size_t s = 0; s < category->scopes_count; s++) {
            const bt_draft_scope *scope = &category->scopes[s];
            if (bt_bytes_equal(scope->name, name)) return scope;
            for (size_t i = 0; i < scope->former_count; i++)
                if (&scope->former[i] != but && bt_bytes_equal(scope->former[i], name))
                    return scope;
        }
    }
    return NULL;
}

static bt_err check_former(const bt_draft *draft, const bt_draft_scope *scope, bt_fault *fault) {
    const bt_yaml *node = bt_yaml_get(scope->node, "renamed_from");
    for (size_t i = 0; i < scope->former_count; i++) {
        const bt_draft_scope *claim = find_claim(draft, scope->former[i], &scope->former[i]);
        if (claim)
            return bt_yaml_fail(node, fault,
                                "`%.*s` is a name of the scope in line %u, too; a name is one "
                                "scope's alone",
                                BT_BYTES_ARG(scope->former[i]), claim->node->line);
    }
    return BT_OK;
}

static bt_err check_category(const bt_draft *draft, const bt_draft_category *category,
                             size_t *former_count, bt_fault *fault) {
    for (size_t s = 0; s < category->scopes_count; s++) {
        const bt_draft_scope *scope = &category->scopes[s];
        *former_count += scope->former_count;
        if (*former_count > BT_FORMER_NAMES_MAX)
            return bt_yaml_fail(scope->node, fault,
                                "there are more than %u names in `renamed_from` in all",
                                BT_FORMER_NAMES_MAX);
        BT_TRY(check_former(draft, scope, fault));
    }
    return BT_OK;
}

/* Names that scopes have are unique by being keys of a map; those that they had are not. */
static bt_err check_names(const bt_draft *draft, bt_fault *fault) {
    size_t former_count = 0;
    for (size_t i = 0; i < draft->categories_count; i++)
        BT_TRY(check_category(draft, &draft->categories[i], &former_count, fault));
    return BT_OK;
}

bt_err bt_draft_read(bt_bytes file, bt_arena *arena, bt_draft *ret_draft, bt_fault *fault) {
    if (file.size > BT_CATALOGUE_FILE_MAX)
        return bt_fail(fault, BT_ERR_EXHAUSTED, "the file has %zu bytes; at most %zu are taken",
                       file.size, BT_CATALOGUE_FILE_MAX);
    bt_draft draft = {0};
    BT_TRY(bt_yaml_parse(file, arena, &draft.node, fault));
    BT_TRY(bt_yaml_check_map(draft.node, "a catalogue", file_fields, fault));
    const bt_yaml *categories = bt_yaml_get(draft.node, "categories");
    if (!categories)
        return bt_yaml_fail(draft.node, fault, "there are no `categories` in this file");
    BT_TRY(read_categories(categories, arena, &draft, fault));
    BT_TRY(check_names(&draft, fault));
    BT_TRY(bt_draft_presets_read(bt_yaml_get(draft.node, "presets"), arena, &draft, fault));
    *ret_draft = draft;
    return BT_OK;
}
