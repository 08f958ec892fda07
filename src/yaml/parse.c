/* From libyaml's events to the tree. */
#include <stdio.h>
#include <yaml.h>

#include "yaml/yaml.h"

typedef struct reader {
    yaml_parser_t parser;
    yaml_event_t event; /* the one that was read last; freed with the next, or at the end */
    bt_bytes file;
    bt_arena *arena;
    bt_fault *fault;
} reader;

static bt_err fail_at(const reader *r, yaml_mark_t mark, bt_err err, const char *what) {
    return bt_fail(r->fault, err, "line %zu, column %zu: %s", mark.line + 1, mark.column + 1, what);
}

/* libyaml gives bytes that are no text by their offset alone. */
static yaml_mark_t mark_of(bt_bytes file, size_t offset) {
    yaml_mark_t mark = {0};
    for (size_t i = 0; i < offset && i < file.size; i++) {
        bool newline = file.data[i] == '\n';
        mark.line += newline;
        mark.column = newline ? 0 : mark.column + 1;
    }
    return mark;
}

static bt_err next_event(reader *r) {
    yaml_event_delete(&r->event);
    if (yaml_parser_parse(&r->parser, &r->event)) return BT_OK;
    const char *problem = r->parser.problem ? r->parser.problem : "out of memory";
    if (r->parser.error == YAML_READER_ERROR)
        return fail_at(r, mark_of(r->file, r->parser.problem_offset), BT_ERR_INVALID, problem);
    return fail_at(r, r->parser.problem_mark, BT_ERR_INVALID, problem);
}

static bt_err refuse(const reader *r, const char *what) {
    return fail_at(r, r->event.start_mark, BT_ERR_INVALID, what);
}

static bt_err too_large(const reader *r) {
    return fail_at(r, r->event.start_mark, BT_ERR_EXHAUSTED, "the file is too large");
}

/* A `!` tag on a scalar arrives as quoted, not plain. */
static bool has_decoration(const yaml_event_t *event) {
    switch (event->type) {
    case YAML_SCALAR_EVENT:
        return event->data.scalar.anchor || event->data.scalar.tag;
    case YAML_SEQUENCE_START_EVENT:
        return event->data.sequence_start.anchor || event->data.sequence_start.tag;
    case YAML_MAPPING_START_EVENT:
        return event->data.mapping_start.anchor || event->data.mapping_start.tag;
    default:
        return false;
    }
}

static bt_err copy_text(reader *r, bt_bytes *ret_text) {
    bt_bytes text = bt_bytes_of(r->event.data.scalar.value, r->event.data.scalar.length);
    if (!bt_bytes_printable(text))
        return refuse(r, "a line break or control character in a text, or not UTF-8");
    char *copy = bt_arena_text(r->arena, text);
    if (!copy) return too_large(r);
    *ret_text = bt_bytes_of(copy, text.size);
    return BT_OK;
}

static bt_err read_children(reader *r, bt_yaml *parent, unsigned depth);

static void begin_at(bt_yaml *node, yaml_mark_t mark) {
    node->line = (unsigned)mark.line + 1;
    node->column = (unsigned)mark.column + 1;
}

/* The node that the last event begins. */
static bt_err read_node(reader *r, unsigned depth, bt_yaml **ret_node) {
    if (depth > BT_YAML_DEPTH_MAX) return refuse(r, "nested too deeply");
    if (r->event.type == YAML_ALIAS_EVENT) return refuse(r, "aliases (`*name`) are not taken");
    if (has_decoration(&r->event)) return refuse(r, "anchors and tags are not taken");
    bt_yaml *node = bt_arena_alloc(r->arena, sizeof *node);
    if (!node) return too_large(r);
    *node = (bt_yaml){0};
    begin_at(node, r->event.start_mark);
    *ret_node = node;
    if (r->event.type == YAML_SCALAR_EVENT) {
        node->quoted = r->event.data.scalar.style != YAML_PLAIN_SCALAR_STYLE;
        return copy_text(r, &node->text);
    }
    node->type = r->event.type == YAML_MAPPING_START_EVENT ? BT_YAML_MAP : BT_YAML_LIST;
    return read_children(r, node, depth + 1);
}

static bt_err refuse_twice(const reader *r, const bt_yaml *first) {
    char text[sizeof r->fault->text];
    snprintf(text, sizeof text, "`%.*s` is here twice (line %u)", BT_BYTES_ARG(first->name),
             first->line);
    return refuse(r, text);
}

static bt_err read_name(reader *r, const bt_yaml *parent, bt_bytes *ret_name) {
    if (r->event.type != YAML_SCALAR_EVENT || has_decoration(&r->event))
        return refuse(r, "a field's name is plain text");
    BT_TRY(copy_text(r, ret_name));
    if (bt_bytes_equal(*ret_name, BT_LITERAL("<<"))) return refuse(r, "`<<` is not taken");
    for (const bt_yaml *child = parent->first; child; child = child->next)
        if (bt_bytes_equal(child->name, *ret_name)) return refuse_twice(r, child);
    return next_event(r);
}

static bool is_end(const reader *r) {
    return r->event.type == YAML_SEQUENCE_END_EVENT || r->event.type == YAML_MAPPING_END_EVENT;
}

static bt_err read_children(reader *r, bt_yaml *parent, unsigned depth) {
    bt_yaml **last = &parent->first;
    BT_TRY(next_event(r));
    for (; !is_end(r); parent->count++) {
        if (parent->count == BT_YAML_CHILDREN_MAX) return too_large(r);
        bt_bytes name = {0};
        bt_yaml *child = NULL;
        yaml_mark_t mark = r->event.start_mark;
        if (parent->type == BT_YAML_MAP) BT_TRY(read_name(r, parent, &name));
        BT_TRY(read_node(r, depth, &child));
        child->name = name;
        begin_at(child, mark);
        *last = child;
        last = &child->next;
        BT_TRY(next_event(r));
    }
    return BT_OK;
}

static bt_err read_file(reader *r, bt_yaml **ret_root) {
    BT_TRY(next_event(r)); /* start of stream */
    BT_TRY(next_event(r));
    if (r->event.type != YAML_DOCUMENT_START_EVENT) return refuse(r, "the file is empty");
    BT_TRY(next_event(r));
    BT_TRY(read_node(r, 0, ret_root));
    BT_TRY(next_event(r)); /* end of document */
    BT_TRY(next_event(r));
    if (r->event.type != YAML_STREAM_END_EVENT) return refuse(r, "a second document");
    return BT_OK;
}

bt_err bt_yaml_parse(bt_bytes file, bt_arena *arena, const bt_yaml **ret_root, bt_fault *fault) {
    if (file.size > BT_YAML_FILE_MAX)
        return bt_fail(fault, BT_ERR_EXHAUSTED, "the file is larger than %zu bytes",
                       BT_YAML_FILE_MAX);
    reader r = {.file = file, .arena = arena, .fault = fault};
    if (!yaml_parser_initialize(&r.parser))
        return bt_fail(fault, BT_ERR_EXHAUSTED, "no memory to read the file");
    yaml_parser_set_encoding(&r.parser, YAML_UTF8_ENCODING);
    yaml_parser_set_input_string(&r.parser, file.data, file.size);
    bt_yaml *root = NULL;
    bt_err err = read_file(&r, &root);
    yaml_event_delete(&r.event);
    yaml_parser_delete(&r.parser);
    if (!err) *ret_root = root;
    return err;
}
