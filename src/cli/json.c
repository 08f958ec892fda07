#include "cli/json.h"

#include <stdalign.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/secret.h"
#include "cli/output.h"
#include "cli/upper.h"

#define MASK_TEXT_SIZE 21u

/* jansson's free is not told the size, so it stands before the block. */
static void *wiped_malloc(size_t size) {
    max_align_t *block = malloc(sizeof *block + size);
    if (!block) {
        fprintf(stderr, "bitting: out of memory\n");
        exit(1);
    }
    memcpy(block, &size, sizeof size);
    return block + 1;
}

static void wiped_free(void *data) {
    if (!data) return;
    max_align_t *block = (max_align_t *)data - 1;
    size_t size;
    memcpy(&size, block, sizeof size);
    bt_secret_wipe(block, sizeof *block + size);
    free(block);
}

void bt_json_init(void) {
    json_set_alloc_funcs(wiped_malloc, wiped_free);
}

void bt_json_put(json_t *object, const char *name, json_t *value) {
    if (json_object_set_new(object, name, value) == 0) return;
    fprintf(stderr, "bitting: %s is not UTF-8\n", name);
    exit(1);
}

void bt_json_put_text(json_t *object, const char *name, bt_bytes text) {
    bt_json_put(object, name, json_stringn(text.size ? (const char *)text.data : "", text.size));
}

void bt_json_put_u64(json_t *object, const char *name, uint64_t value) {
    char text[MASK_TEXT_SIZE];
    snprintf(text, sizeof text, "%llu", (unsigned long long)value);
    bt_json_put(object, name, json_string(text));
}

void bt_json_put_time(json_t *object, const char *name, int64_t time_ms) {
    char text[25];
    if (time_ms == BT_NEVER_MS || time_ms == 0) return;
    bt_clock_format(time_ms, text);
    bt_json_put(object, name, json_string(text));
}

json_t *bt_json_scopes(const bt_catalogue *catalogue, uint64_t mask) {
    json_t *names = json_array();
    for (uint64_t rest = mask & ~BT_MASK_FORBIDDEN; rest; rest = bt_mask_without_lowest(rest))
        json_array_append_new(names, json_string(catalogue->scopes[bt_mask_lowest(rest)].name));
    return names;
}

void bt_json_put_enum(json_t *object, const char *name, const char *prefix, const char *value) {
    char text[64];
    size_t at = (size_t)snprintf(text, sizeof text, "%s", prefix);
    for (; value && *value && at < sizeof text - 1; value++) text[at++] = bt_upper(*value);
    text[at] = '\0';
    bt_json_put(object, name, json_string(text));
}

static json_t *labels_of(const bt_detail *detail) {
    json_t *labels = json_object();
    for (size_t i = 0; i < detail->labels_count; i++) {
        char name[BT_LABEL_KEY_MAX + 1];
        if (bt_bytes_copy_text(detail->labels[i].key, name, sizeof name))
            bt_json_put_text(labels, name, detail->labels[i].value);
    }
    return labels;
}

static void put_narrow(json_t *object, const bt_narrow *narrow) {
    json_t *selectors = json_array(), *networks = json_array();
    for (size_t i = 0; i < narrow->selectors_count; i++) {
        char text[BT_RESOURCE_MAX + 1];
        size_t size = bt_selector_format(&narrow->selectors[i], text);
        json_array_append_new(selectors, json_stringn(text, size));
    }
    for (size_t i = 0; i < narrow->networks_count; i++) {
        char text[BT_NETWORK_TEXT_MAX + 1];
        bt_network_format(&narrow->networks[i], text);
        json_array_append_new(networks, json_string(text));
    }
    bt_json_put(object, "selectors", selectors);
    bt_json_put(object, "networks", networks);
}

static void put_id(json_t *object, const char *name, bt_bytes id) {
    char text[BT_KEY_ID_TEXT_SIZE];
    if (id.size != BT_KEY_ID_SIZE) return;
    bt_hex_encode(id, text);
    bt_json_put(object, name, json_string(text));
}

json_t *bt_json_key(const bt_key *key, const bt_catalogue *catalogue) {
    const bt_detail *detail = &key->detail;
    json_t *object = json_object();
    char id[BT_KEY_ID_TEXT_SIZE];
    bt_key_id_format(&key->id, id);
    bt_json_put(object, "key_id", json_string(id));
    bt_json_put_enum(object, "kind", "KEY_KIND_", bt_kind_name(key->kind));
    bt_json_put_text(object, "name", detail->name);
    bt_json_put_text(object, "environment", key->environment);
    bt_json_put_text(object, "user_id", detail->user_id);
    bt_json_put_text(object, "org_id", detail->org_id);
    bt_json_put(object, "scopes", bt_json_scopes(catalogue, key->mask));
    bt_json_put_u64(object, "scope_mask", key->mask);
    bt_json_put_text(object, "metadata", detail->metadata);
    bt_json_put_time(object, "created_at", key->created_ms);
    bt_json_put_time(object, "expires_at", key->expires_ms);
    bt_json_put(object, "full_access", json_boolean(key->full_access));
    bt_json_put(object, "labels", labels_of(detail));
    bt_json_put_enum(object, "state", "KEY_STATE_", bt_key_state_name(key->state));
    bt_json_put_text(object, "preset", detail->preset);
    bt_json_put(object, "high_risk_scopes", bt_json_scopes(catalogue, key->high_risk));
    bt_json_put_time(object, "revoked_at", detail->revoked_ms);
    bt_json_put_text(object, "revoke_reason", detail->revoke_reason);
    bt_json_put_text(object, "created_by", detail->created_by);
    bt_json_put(object, "preset_version", json_integer(detail->preset_version));
    bt_json_put(object, "preset_drifted", json_boolean(key->preset_drifted));
    bt_json_put(object, "owner_stopped", json_boolean(key->owner_stopped));
    put_narrow(object, &key->narrow);
    bt_json_put_time(object, "not_before", key->not_before_ms);
    put_id(object, "rotated_from", detail->rotated_from);
    put_id(object, "rotated_to", detail->rotated_to);
    return object;
}

bool bt_json_print(json_t *value) {
    char *text = json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY);
    json_decref(value);
    bool written = text && bt_output_line(bt_bytes_text(text));
    wiped_free(text);
    return written;
}
