#include "cli/print_key.h"

#define ROW "%-32s  %-8s  %-16s  %-13s  %6s  %4s  %-24s  %-18s  "

void bt_print_key_heading(FILE *out) {
    fprintf(out, ROW "%s\n", "KEY ID", "KIND", "ENVIRONMENT", "STATE", "SCOPES", "RISK", "EXPIRES",
            "PRESET", "NAME");
}

/* "support", or "support drifted" of a key that is not what the preset would make today. */
static void format_preset(const bt_key *key, char *ret_text, size_t size) {
    snprintf(ret_text, size, "%.*s%s", BT_BYTES_ARG(key->detail.preset),
             key->preset_drifted ? " drifted" : "");
    if (!ret_text[0]) snprintf(ret_text, size, "-");
}

/* Of a key that would be good. */
static const char *state_of(const bt_key *key) {
    bool stopped = key->owner_stopped && key->state == BT_KEY_ACTIVE;
    return stopped ? "owner_stopped" : bt_key_state_name(key->state);
}

void bt_print_key_row(FILE *out, const bt_key *key) {
    char id[BT_KEY_ID_TEXT_SIZE], expires[25], scopes[16], preset[BT_PRESET_NAME_MAX + 16];
    char environment[BT_ENVIRONMENT_NAME_MAX + 1];
    bt_key_id_format(&key->id, id);
    bt_clock_format(key->expires_ms, expires);
    bt_bytes_copy_text(key->environment, environment, sizeof environment);
    snprintf(scopes, sizeof scopes, "%u", bt_mask_count(key->mask));
    format_preset(key, preset, sizeof preset);
    fprintf(out, ROW "%.*s\n", id, bt_kind_name(key->kind), environment, state_of(key),
            key->full_access ? "all" : scopes, key->high_risk ? "high" : "-", expires, preset,
            BT_BYTES_ARG(key->detail.name));
}

static void print_fact(FILE *out, const char *name, bt_bytes value) {
    if (value.size) fprintf(out, "%-13s %.*s\n", name, BT_BYTES_ARG(value));
}

static void print_preset(FILE *out, const bt_key *key) {
    char text[BT_PRESET_NAME_MAX + 64] = "";
    if (key->detail.preset.size)
        snprintf(text, sizeof text, "%.*s, version %u%s", BT_BYTES_ARG(key->detail.preset),
                 key->detail.preset_version,
                 key->preset_drifted ? "; not what it would make today" : "");
    print_fact(out, "preset", bt_bytes_text(text));
}

static void print_time(FILE *out, const char *name, int64_t time_ms) {
    char text[25];
    bt_clock_format(time_ms, text);
    print_fact(out, name, bt_bytes_text(text));
}

static void print_narrow(FILE *out, const bt_narrow *narrow) {
    for (size_t i = 0; i < narrow->selectors_count; i++) {
        char text[BT_RESOURCE_MAX + 1];
        size_t size = bt_selector_format(&narrow->selectors[i], text);
        print_fact(out, "resource", bt_bytes_of(text, size));
    }
    for (size_t i = 0; i < narrow->networks_count; i++) {
        char text[BT_NETWORK_TEXT_MAX + 1];
        bt_network_format(&narrow->networks[i], text);
        print_fact(out, "network", bt_bytes_text(text));
    }
}

static void print_id(FILE *out, const char *name, bt_bytes id) {
    char text[BT_KEY_ID_TEXT_SIZE];
    if (id.size != BT_KEY_ID_SIZE) return;
    bt_hex_encode(id, text);
    print_fact(out, name, bt_bytes_text(text));
}

static void print_names(FILE *out, const bt_catalogue *catalogue, uint64_t mask) {
    for (uint64_t rest = mask; rest; rest = bt_mask_without_lowest(rest))
        fprintf(out, " %s", catalogue->scopes[bt_mask_lowest(rest)].name);
    fputc('\n', out);
}

void bt_print_scopes(FILE *out, const bt_catalogue *catalogue, uint64_t mask) {
    for (size_t i = 0; i < catalogue->categories_count; i++) {
        const bt_category *category = &catalogue->categories[i];
        unsigned selected = bt_category_selected(catalogue, category, mask);
        fprintf(out, "  %-12s %2u/%-2u ", category->name, selected,
                bt_category_total(catalogue, category));
        print_names(out, catalogue, mask & catalogue->live & bt_category_window(category));
    }
}

void bt_print_key(FILE *out, const bt_key *key, const bt_catalogue *catalogue) {
    const bt_detail *detail = &key->detail;
    char id[BT_KEY_ID_TEXT_SIZE];
    bt_key_id_format(&key->id, id);
    print_fact(out, "key id", bt_bytes_text(id));
    print_fact(out, "name", detail->name);
    print_fact(out, "environment", key->environment);
    print_fact(out, "kind", bt_bytes_text(bt_kind_name(key->kind)));
    print_fact(out, "state", bt_bytes_text(state_of(key)));
    print_fact(out, "user", detail->user_id);
    print_fact(out, "org", detail->org_id);
    print_preset(out, key);
    print_time(out, "created", key->created_ms);
    print_fact(out, "created by", detail->created_by);
    print_time(out, "expires", key->expires_ms);
    if (key->not_before_ms) print_time(out, "not before", key->not_before_ms);
    print_narrow(out, &key->narrow);
    print_id(out, "rotated from", detail->rotated_from);
    print_id(out, "rotated to", detail->rotated_to);
    if (detail->revoked_ms) print_time(out, "revoked", detail->revoked_ms);
    print_fact(out, "because", detail->revoke_reason);
    for (size_t i = 0; i < detail->labels_count; i++)
        fprintf(out, "%-13s %.*s=%.*s\n", "label", BT_BYTES_ARG(detail->labels[i].key),
                BT_BYTES_ARG(detail->labels[i].value));
    print_fact(out, "metadata", detail->metadata);
    if (key->high_risk) {
        fprintf(out, "%-13s", "high risk");
        print_names(out, catalogue, key->high_risk);
    }
    fprintf(out, "%-13s %s\n", "scopes", key->full_access ? "all, and those added later" : "");
    bt_print_scopes(out, catalogue, key->mask);
}
