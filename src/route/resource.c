#include "route/resource.h"

typedef struct parts {
    bt_resource_part list[BT_RESOURCE_PARTS_MAX];
    size_t count;
} parts;

static bool add_part(parts *to, bt_resource_part part) {
    if (to->count == BT_RESOURCE_PARTS_MAX) return false;
    to->list[to->count++] = part;
    return true;
}

static const char *add_variable(parts *to, bt_bytes name, const bt_template *path) {
    int segment = bt_template_variable(path, name);
    if (segment < 0) return "names a variable that the path does not have";
    if (to->count && to->list[to->count - 1].segment >= 0) return "has two variables side by side";
    bool rest = path->segments[segment].type == BT_SEGMENT_REST;
    if (!add_part(to, (bt_resource_part){.segment = segment, .rest = rest}))
        return "has too many parts";
    return NULL;
}

/* Takes one part from the front of text. */
static const char *take_part(parts *to, bt_bytes *text, const bt_template *path) {
    const uint8_t *open = memchr(text->data, '{', text->size);
    size_t literal = open ? (size_t)(open - text->data) : text->size;
    if (literal) {
        bt_bytes before = bt_bytes_of(text->data, literal);
        *text = bt_bytes_of(text->data + literal, text->size - literal);
        if (memchr(before.data, '}', before.size)) return "has a `}` without its `{`";
        bool added = add_part(to, (bt_resource_part){.text = before, .segment = -1});
        return added ? NULL : "has too many parts";
    }
    const uint8_t *close = memchr(text->data, '}', text->size);
    if (!close) return "has a `{` without its `}`";
    size_t size = (size_t)(close - text->data);
    bt_bytes name = bt_bytes_of(text->data + 1, size - 1);
    *text = bt_bytes_of(close + 1, text->size - size - 1);
    return add_variable(to, name, path);
}

static const char *take_parts(parts *to, bt_bytes text, const bt_template *path) {
    while (text.size) {
        if (to->count && to->list[to->count - 1].rest)
            return "has more behind a variable that takes all the rest";
        const char *wrong = take_part(to, &text, path);
        if (wrong) return wrong;
    }
    return NULL;
}

static bool append(uint8_t *buffer, size_t *used, bt_bytes bytes) {
    if (bytes.size > BT_RESOURCE_MAX - *used) return false;
    memcpy(buffer + *used, bytes.data, bytes.size);
    *used += bytes.size;
    return true;
}

/* With `x` for every variable. */
static bool reads_as_resource(const parts *found) {
    uint8_t buffer[BT_RESOURCE_MAX];
    size_t used = 0;
    for (size_t i = 0; i < found->count; i++) {
        const bt_resource_part *part = &found->list[i];
        if (!append(buffer, &used, part->segment < 0 ? part->text : BT_LITERAL("x"))) return false;
    }
    return bt_resource_ok(bt_bytes_of(buffer, used));
}

bt_err bt_resource_parse(bt_bytes text, const bt_template *path, bt_arena *arena,
                         bt_resource *ret_resource, bt_fault *fault) {
    parts found = {.count = 0};
    const char *wrong = take_parts(&found, text, path);
    if (wrong)
        return bt_fail(fault, BT_ERR_INVALID, "resource `%.*s` %s", BT_BYTES_ARG(text), wrong);
    if (!reads_as_resource(&found))
        return bt_fail(fault, BT_ERR_INVALID,
                       "resource `%.*s` is not of the form type:name, such as user:{id}",
                       BT_BYTES_ARG(text));
    bt_resource_part *list = bt_arena_alloc(arena, (found.count + 1) * sizeof *list);
    if (!list) return bt_fail(fault, BT_ERR_EXHAUSTED, "the table is too large");
    memcpy(list, found.list, found.count * sizeof *list);
    *ret_resource = (bt_resource){text, found.count, list};
    return BT_OK;
}

static bool append_rest(const bt_target *target, size_t from, uint8_t *buffer, size_t *used) {
    for (size_t i = from; i < target->count; i++) {
        if (i > from && !append(buffer, used, BT_LITERAL("/"))) return false;
        if (!append(buffer, used, target->segments[i])) return false;
    }
    return true;
}

static bool append_part(const bt_resource *resource, size_t i, const bt_target *target,
                        uint8_t *buffer, size_t *used) {
    const bt_resource_part *part = &resource->parts[i];
    if (part->segment < 0) return append(buffer, used, part->text);
    if (part->rest) return append_rest(target, (size_t)part->segment, buffer, used);
    bt_bytes value = target->segments[part->segment];
    bool last = i + 1 == resource->count;
    if (!last && memchr(value.data, part[1].text.data[0], value.size)) return false;
    return append(buffer, used, value);
}

bool bt_resource_expand(const bt_resource *resource, const bt_target *target,
                        uint8_t buffer[BT_RESOURCE_MAX], bt_bytes *ret_text) {
    size_t used = 0;
    for (size_t i = 0; i < resource->count; i++)
        if (!append_part(resource, i, target, buffer, &used)) return false;
    *ret_text = bt_bytes_of(buffer, used);
    return bt_resource_ok(*ret_text);
}
