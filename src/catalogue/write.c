#include "catalogue/write.h"

#include "base/duration.h"
#include "key/kind.h"
#include "key/narrow.h"

/* Characters that YAML has no plain place for even in quotes: line ends, byte order mark, non-characters. */
static const struct {
    const char *utf8, *escape;
} escapes[] = {
    {"\"", "\\\""},
    {"\\", "\\\\"},
    {"\u2028", "\\L"},
    {"\u2029", "\\P"},
    {"\uFEFF", "\\uFEFF"},
    {"\xEF\xBF\xBE", "\\uFFFE"},
    {"\xEF\xBF\xBF", "\\uFFFF"},
};

/* Writes one character, and returns its size. */
static size_t put_character(bt_bytes rest, FILE *out) {
    for (size_t i = 0; i < sizeof escapes / sizeof *escapes; i++) {
        if (!bt_bytes_starts_with(rest, bt_bytes_text(escapes[i].utf8))) continue;
        fputs(escapes[i].escape, out);
        return strlen(escapes[i].utf8);
    }
    fputc(rest.data[0], out);
    return 1;
}

static void put_quoted(bt_bytes text, FILE *out) {
    fputc('"', out);
    while (text.size) {
        size_t size = put_character(text, out);
        text = bt_bytes_of(text.data + size, text.size - size);
    }
    fputc('"', out);
}

static void put_text(const char *field, const char *text, FILE *out) {
    if (!text[0]) return;
    fprintf(out, "%s: ", field);
    put_quoted(bt_bytes_text(text), out);
    fputc('\n', out);
}

static void write_former(const bt_catalogue *catalogue, unsigned bit, FILE *out) {
    const char *before = "        renamed_from: [", *after = "";
    size_t category = strlen(catalogue->categories[catalogue->scopes[bit].category].name);
    for (size_t i = 0; i < catalogue->former_count; i++) {
        if (catalogue->former[i].bit != bit) continue;
        fprintf(out, "%s%s", before, catalogue->former[i].name + category + 1);
        before = ", ";
        after = "]\n";
    }
    fputs(after, out);
}

static void write_scope(const bt_catalogue *catalogue, unsigned bit, FILE *out) {
    const bt_scope *scope = &catalogue->scopes[bit];
    fprintf(out, "      %s:\n        bit: %u\n", strchr(scope->name, '.') + 1, bit);
    put_text("        title", scope->title, out);
    put_text("        description", scope->description, out);
    if (scope->high_risk) fputs("        high_risk: true\n", out);
    if (scope->retired) fputs("        retired: true\n", out);
    write_former(catalogue, bit, out);
}

static void write_category(const bt_catalogue *catalogue, const bt_category *category, FILE *out) {
    fprintf(out, "  %s:\n", category->name);
    put_text("    title", category->title, out);
    fprintf(out, "    bits: %u-%u\n", category->first_bit,
            category->first_bit + category->bits - 1u);
    uint64_t rest = (catalogue->live | catalogue->retired) & bt_category_window(category);
    if (rest) fputs("    scopes:\n", out);
    for (; rest; rest = bt_mask_without_lowest(rest))
        write_scope(catalogue, bt_mask_lowest(rest), out);
}

static void write_grant(const bt_catalogue *catalogue, const bt_preset *preset, FILE *out) {
    uint64_t rest = preset->mask & catalogue->live;
    fputs(preset->full_access ? "    full_access: true\n" : "    scopes:", out);
    if (preset->full_access) return;
    fputs(rest ? "\n" : " []\n", out);
    for (; rest; rest = bt_mask_without_lowest(rest))
        fprintf(out, "      - %s\n", catalogue->scopes[bt_mask_lowest(rest)].name);
}

static void write_labels(bt_bytes labels, FILE *out) {
    bt_bytes key, value;
    if (labels.size) fputs("    labels:\n", out);
    while (bt_label_next(&labels, &key, &value)) {
        fputs("      ", out);
        put_quoted(key, out);
        fputs(": ", out);
        put_quoted(value, out);
        fputc('\n', out);
    }
}

static void write_narrow(bt_bytes row, FILE *out) {
    bt_narrow narrow;
    if (!row.size || !bt_narrow_decode(row, &narrow)) return;
    if (narrow.selectors_count) fputs("    selectors:\n", out);
    for (size_t i = 0; i < narrow.selectors_count; i++) {
        char text[BT_RESOURCE_MAX + 2];
        int size = snprintf(text, sizeof text, "%.*s%s", BT_BYTES_ARG(narrow.selectors[i].text),
                            narrow.selectors[i].is_prefix ? "*" : "");
        fputs("      - ", out);
        put_quoted(bt_bytes_of(text, (size_t)size), out);
        fputc('\n', out);
    }
    if (narrow.networks_count) fputs("    networks:\n", out);
    for (size_t i = 0; i < narrow.networks_count; i++) {
        char text[BT_NETWORK_TEXT_MAX + 1];
        bt_network_format(&narrow.networks[i], text);
        fprintf(out, "      - \"%s\"\n", text);
    }
}

static void write_preset(const bt_catalogue *catalogue, const bt_preset *preset, FILE *out) {
    char life[24];
    fprintf(out, "  %s:\n", preset->name);
    put_text("    description", preset->description, out);
    write_grant(catalogue, preset, out);
    if (preset->kind) fprintf(out, "    kind: %s\n", bt_kind_name((bt_kind)preset->kind));
    if (preset->life_ms) {
        bt_duration_format(preset->life_ms, life);
        fprintf(out, "    expires_in: %s\n", life);
    }
    write_labels(bt_catalogue_template(catalogue, preset->labels), out);
    write_narrow(bt_catalogue_template(catalogue, preset->narrow), out);
}

static bool is_built_in(const char *name, const char *built_in) {
    return strcmp(name, built_in) == 0;
}

void bt_catalogue_write(const bt_catalogue *catalogue, FILE *out) {
    fprintf(out,
            "# Catalogue of scopes, generation %llu. Category %s and preset %s are built in.\n",
            (unsigned long long)catalogue->generation, BT_CATEGORY_APIKEYS, BT_PRESET_FULL_ACCESS);
    fputs(catalogue->categories_count > 1 ? "categories:\n" : "categories: {}\n", out);
    for (size_t i = 0; i < catalogue->categories_count; i++)
        if (!is_built_in(catalogue->categories[i].name, BT_CATEGORY_APIKEYS))
            write_category(catalogue, &catalogue->categories[i], out);
    if (catalogue->presets_count > 1) fputs("presets:\n", out);
    for (size_t i = 0; i < catalogue->presets_count; i++)
        if (!is_built_in(catalogue->presets[i].name, BT_PRESET_FULL_ACCESS))
            write_preset(catalogue, &catalogue->presets[i], out);
}
