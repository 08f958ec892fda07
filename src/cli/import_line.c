#include "cli/import_line.h"

#include "base/duration.h"
#include "key/foreign.h"

typedef bt_err read_field(const char *name, const json_t *value, void *target, bt_fault *fault);

typedef struct field {
    const char *name;
    read_field *read;
    size_t offset;
} field;

static bt_err read_text(const char *name, const json_t *value, void *target, bt_fault *fault) {
    if (!json_is_string(value)) return bt_fail(fault, BT_ERR_INVALID, "%s: must be a string", name);
    *(bt_bytes *)target = bt_bytes_of(json_string_value(value), json_string_length(value));
    return BT_OK;
}

static bt_err read_bool(const char *name, const json_t *value, void *target, bt_fault *fault) {
    if (!json_is_boolean(value))
        return bt_fail(fault, BT_ERR_INVALID, "%s: must be true or false", name);
    *(uint64_t *)target = json_is_true(value);
    return BT_OK;
}

static bt_err read_method(const char *name, const json_t *value, void *target, bt_fault *fault) {
    bt_bytes text = {0};
    BT_TRY(read_text(name, value, &text, fault));
    bt_hash_method method = bt_hash_method_find(text);
    if (method) {
        *(int64_t *)target = method;
        return BT_OK;
    }
    return bt_fail(fault, BT_ERR_INVALID,
                   "%s: must be sha256, hmac-sha256, sha256-pepper-first or sha256-pepper-last",
                   name);
}

static bt_err read_kind(const char *name, const json_t *value, void *target, bt_fault *fault) {
    bt_bytes text = {0};
    BT_TRY(read_text(name, value, &text, fault));
    bt_kind kind = bt_kind_find(text);
    if (!kind)
        return bt_fail(fault, BT_ERR_INVALID, "%s: must be backend, personal, org or generic",
                       name);
    *(bt_kind *)target = kind;
    return BT_OK;
}

static bt_err read_list(const char *name, const json_t *value, bt_bytes *list, size_t max,
                        size_t *ret_count, bt_fault *fault) {
    if (!json_is_array(value))
        return bt_fail(fault, BT_ERR_INVALID, "%s: must be a list of strings", name);
    size_t count = json_array_size(value);
    if (count > max)
        return bt_fail(fault, BT_ERR_INVALID, "%s: has %zu; at most %zu are right", name, count,
                       max);
    for (size_t i = 0; i < count; i++)
        BT_TRY(read_text(name, json_array_get(value, i), &list[i], fault));
    *ret_count = count;
    return BT_OK;
}

static bt_err read_scopes(const char *name, const json_t *value, void *target, bt_fault *fault) {
    bt_grant_request *grant = target;
    return read_list(name, value, grant->scopes, BT_GRANT_SCOPES_MAX, &grant->scopes_count, fault);
}

static bt_err read_selectors(const char *name, const json_t *value, void *target, bt_fault *fault) {
    bt_bounds_request *bounds = target;
    return read_list(name, value, bounds->selectors, BT_SELECTORS_MAX, &bounds->selectors_count,
                     fault);
}

static bt_err read_networks(const char *name, const json_t *value, void *target, bt_fault *fault) {
    bt_bounds_request *bounds = target;
    return read_list(name, value, bounds->networks, BT_NETWORKS_MAX, &bounds->networks_count,
                     fault);
}

static bt_err read_labels(const char *name, const json_t *value, void *target, bt_fault *fault) {
    bt_create_key_request *request = target;
    const char *key;
    json_t *text;
    if (!json_is_object(value) || json_object_size(value) > BT_LABELS_MAX)
        return bt_fail(fault, BT_ERR_INVALID, "%s: must be an object of at most %u strings", name,
                       BT_LABELS_MAX);
    json_object_foreach((json_t *)value, key, text) {
        bt_label *label = &request->labels[request->labels_count++];
        label->key = bt_bytes_text(key);
        BT_TRY(read_text(name, text, &label->value, fault));
    }
    return BT_OK;
}

static bt_err read_time(const char *name, const json_t *value, void *target, bt_fault *fault) {
    if (json_is_string(value) && bt_clock_parse(json_string_value(value), target)) return BT_OK;
    return bt_fail(fault, BT_ERR_INVALID, "%s: must be a time in UTC such as 2030-01-31T00:00:00Z",
                   name);
}

static bt_err read_span(const char *name, const json_t *value, void *target, bt_fault *fault) {
    bt_bytes text = {0};
    BT_TRY(read_text(name, value, &text, fault));
    if (bt_duration_parse(text, target) && *(int64_t *)target <= BT_LAST_MS - bt_clock_ms())
        return BT_OK;
    return bt_fail(fault, BT_ERR_INVALID,
                   "%s: must be a whole number and s, m, h, d or w, such as 90d", name);
}

#define OF_ITEM(member, how)                                                                       \
    { #member, how, offsetof(bt_import_item, member) }
#define OF_KEY(member, how)                                                                        \
    { #member, how, offsetof(bt_create_key_request, member) }

static const field item_fields[] = {
    OF_ITEM(token, read_text),          OF_ITEM(sha256, read_text), OF_ITEM(prefix, read_text),
    OF_ITEM(without_prefix, read_bool), OF_ITEM(pepper, read_text), OF_ITEM(method, read_method),
};

static const field key_fields[] = {
    OF_KEY(name, read_text),
    OF_KEY(kind, read_kind),
    OF_KEY(user_id, read_text),
    OF_KEY(org_id, read_text),
    OF_KEY(metadata, read_text),
    {"scopes", read_scopes, offsetof(bt_create_key_request, grant)},
    {"preset", read_text, offsetof(bt_create_key_request, grant.preset)},
    {"expires_at", read_time, offsetof(bt_create_key_request, expiry.expires_ms)},
    {"expires_in", read_span, offsetof(bt_create_key_request, expiry.expires_in_ms)},
    {"not_before", read_time, offsetof(bt_create_key_request, not_before_ms)},
    {"labels", read_labels, 0},
    {"selectors", read_selectors, offsetof(bt_create_key_request, bounds)},
    {"networks", read_networks, offsetof(bt_create_key_request, bounds)},
};

#define COUNT(fields) (sizeof(fields) / sizeof *(fields))

static bt_err read_fields(const json_t *object, const field *fields, size_t count, void *target,
                          size_t *ret_found, bt_fault *fault) {
    size_t found = 0;
    for (size_t i = 0; i < count; i++) {
        const json_t *value = json_object_get(object, fields[i].name);
        if (!value) continue;
        found++;
        BT_TRY(fields[i].read(fields[i].name, value, (uint8_t *)target + fields[i].offset, fault));
    }
    *ret_found += found;
    return BT_OK;
}

/* A field that is none is not named: it may be a token in the wrong place. */
static bt_err read_all(const json_t *object, bt_import_item *item, bt_fault *fault) {
    bt_create_key_request request = {.expiry.expires_ms = BT_NEVER_MS};
    size_t found = 0;
    BT_TRY(read_fields(object, item_fields, COUNT(item_fields), item, &found, fault));
    BT_TRY(read_fields(object, key_fields, COUNT(key_fields), &request, &found, fault));
    if (found == json_object_size(object)) return BT_OK;
    return bt_fail(fault, BT_ERR_INVALID,
                   "has a field that is none; there are token, sha256, method, pepper, prefix, "
                   "without_prefix, name, kind, scopes, preset, user_id, org_id, expires_at, "
                   "expires_in, not_before, metadata, labels, selectors and networks");
}

bt_err bt_import_line_read(bt_bytes line, json_t **ret_object, bt_import_item *ret_item,
                           bt_fault *fault) {
    json_error_t error;
    bt_import_item item = {.token = {0}};
    json_t *object = json_loadb((const char *)line.data, line.size, JSON_REJECT_DUPLICATES, &error);
    /* Its own words show what stands there. */
    bt_err err = json_is_object(object)
                     ? read_all(object, &item, fault)
                     : bt_fail(fault, BT_ERR_INVALID, "is not one object of JSON, at byte %d",
                               object ? 1 : error.position);
    if (err) {
        json_decref(object);
        return err;
    }
    item.key = bt_bytes_of(object, 1);
    *ret_item = item;
    *ret_object = object;
    return BT_OK;
}

bt_err bt_import_line_key(bt_bytes item, bt_create_key_request *ret_request, bt_fault *fault) {
    size_t found = 0;
    *ret_request = (bt_create_key_request){.expiry.expires_ms = BT_NEVER_MS};
    return read_fields((const json_t *)(const void *)item.data, key_fields, COUNT(key_fields),
                       ret_request, &found, fault);
}
