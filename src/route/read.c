/* From the file's tree to routes. */
#include "key/environment.h"
#include "route/host.h"
#include "route/parts.h"
#include "route/verb.h"

typedef struct reader {
    bt_route_table *table;
    const bt_catalogue *catalogue;
    bt_fault *fault;
} reader;

bt_err bt_table_full(bt_fault *fault) {
    return bt_fail(fault, BT_ERR_EXHAUSTED, "the route table is too large");
}

/* Puts the line in front of what a parser said. */
static bt_err at_line(const bt_yaml *node, const bt_fault *inner, bt_fault *fault) {
    return bt_yaml_fail(node, fault, "%s", inner->text);
}

static bt_err keep_bytes(const reader *r, bt_bytes *bytes) {
    char *copy = bt_arena_text(&r->table->arena, *bytes);
    if (!copy) return bt_table_full(r->fault);
    *bytes = bt_bytes_of(copy, bytes->size);
    return BT_OK;
}

/* A list of texts that outlives the file's tree. */
static bt_err keep_texts(const reader *r, const bt_yaml *node, size_t count_max, size_t text_max,
                         const bt_bytes **ret_texts, size_t *ret_count) {
    const bt_bytes *texts;
    size_t count;
    BT_TRY(bt_yaml_texts(node, count_max, text_max, &r->table->arena, &texts, &count, r->fault));
    bt_bytes *kept = bt_arena_alloc(&r->table->arena, (count + 1) * sizeof *kept);
    if (!kept) return bt_table_full(r->fault);
    for (size_t i = 0; i < count; i++) {
        kept[i] = texts[i];
        BT_TRY(keep_bytes(r, &kept[i]));
    }
    *ret_texts = kept;
    *ret_count = count;
    return BT_OK;
}

static bt_err read_verbs(const reader *r, const bt_yaml *map, bt_route *route) {
    const bt_yaml *node = bt_yaml_get(map, "method");
    if (!node) return bt_yaml_fail(map, r->fault, "`method` is missing: %s", bt_verb_names);
    bool list = node->type == BT_YAML_LIST;
    for (const bt_yaml *item = list ? node->first : node; item; item = list ? item->next : NULL) {
        unsigned verb = bt_verb_find(item->text);
        if (!verb)
            return bt_yaml_fail(item, r->fault, "method `%.*s` is not one of %s",
                                BT_BYTES_ARG(item->text), bt_verb_names);
        if (route->verbs & verb)
            return bt_yaml_fail(item, r->fault, "method `%.*s` is already in the list",
                                BT_BYTES_ARG(item->text));
        route->verbs |= verb;
    }
    return route->verbs ? BT_OK : bt_yaml_fail(node, r->fault, "no method");
}

static bt_err read_hosts(const reader *r, const bt_yaml *map, bt_route *route) {
    static const bt_bytes every = {0};
    const bt_yaml *node = bt_yaml_get(map, "host");
    route->hosts = &every;
    route->hosts_count = 1;
    if (!node) return BT_OK;
    BT_TRY(
        keep_texts(r, node, BT_ROUTE_HOSTS_MAX, BT_HOST_MAX, &route->hosts, &route->hosts_count));
    if (!route->hosts_count) return bt_yaml_fail(node, r->fault, "no host");
    for (size_t i = 0; i < route->hosts_count; i++)
        if (!bt_host_pattern_ok(route->hosts[i]))
            return bt_yaml_fail(node, r->fault,
                                "host `%.*s` is not a lower-case name without a port, such as "
                                "api.example.com or *.example.com",
                                BT_BYTES_ARG(route->hosts[i]));
    r->table->names_hosts = true;
    return BT_OK;
}

static bt_err read_path(const reader *r, const bt_yaml *map, bt_route *route) {
    bt_fault inner;
    bt_bytes text = {0};
    BT_TRY(bt_yaml_get_text(map, "path", BT_TEMPLATE_MAX, &text, r->fault));
    if (!text.size) return bt_yaml_fail(map, r->fault, "`path` is missing");
    BT_TRY(keep_bytes(r, &text));
    if (bt_template_parse(text, &r->table->arena, &route->path, &inner))
        return at_line(map, &inner, r->fault);
    return BT_OK;
}

static bt_err read_match(const reader *r, const bt_yaml *map, bool *ret_any) {
    bt_bytes text = BT_LITERAL("all");
    BT_TRY(bt_yaml_get_text(map, "match", 3, &text, r->fault));
    *ret_any = bt_bytes_equal(text, BT_LITERAL("any"));
    if (!*ret_any && !bt_bytes_equal(text, BT_LITERAL("all")))
        return bt_yaml_fail(map, r->fault, "`match` is all or any");
    return BT_OK;
}

static bt_err check_scopes(const reader *r, const bt_yaml *node, const bt_scope_list *list) {
    for (size_t i = 0; i < list->count; i++)
        if (bt_catalogue_find(r->catalogue, list->names[i]) < 0)
            return bt_yaml_fail(node, r->fault, "scope `%.*s` is not in the catalogue",
                                BT_BYTES_ARG(list->names[i]));
    return BT_OK;
}

/* The scopes of a route or a condition. */
static bt_err read_scopes(const reader *r, const bt_yaml *map, bt_scope_list *ret_list) {
    const bt_yaml *node = bt_yaml_get(map, "scopes");
    if (!node)
        return bt_yaml_fail(map, r->fault, "`scopes` is missing; `scopes: []` is for any good key");
    BT_TRY(
        keep_texts(r, node, BT_MASK_BITS, BT_SCOPE_NAME_MAX, &ret_list->names, &ret_list->count));
    BT_TRY(read_match(r, map, &ret_list->any));
    ret_list->index = r->table->lists_count++;
    return check_scopes(r, node, ret_list);
}

static bool is_field_path(bt_bytes field) {
    bool name = false;
    for (size_t i = 0; i < field.size; i++) {
        uint8_t byte = field.data[i], lower = byte | 0x20;
        bool plain = (lower >= 'a' && lower <= 'z') || (byte >= '0' && byte <= '9');
        if (byte == '.' ? !name : !plain && !strchr("_-$@", byte)) return false;
        name = plain || (name && byte != '.');
    }
    return name;
}

static bt_err read_condition(const reader *r, const bt_yaml *map, bt_condition *ret_condition) {
    static const char *const names[] = {"field", "scopes", "match", NULL};
    BT_TRY(bt_yaml_check_map(map, "a condition", names, r->fault));
    BT_TRY(bt_yaml_get_text(map, "field", BT_ROUTE_FIELD_MAX, &ret_condition->field, r->fault));
    if (!is_field_path(ret_condition->field))
        return bt_yaml_fail(map, r->fault,
                            "`field` is the name of a field of the body, such as domain or "
                            "settings.domain");
    BT_TRY(keep_bytes(r, &ret_condition->field));
    BT_TRY(read_scopes(r, map, &ret_condition->scopes));
    if (!ret_condition->scopes.count) return bt_yaml_fail(map, r->fault, "no scope");
    return BT_OK;
}

static bt_err read_conditions(const reader *r, const bt_yaml *map, bt_route *route) {
    const bt_yaml *node = bt_yaml_get(map, "when");
    if (!node) return BT_OK;
    if (node->type != BT_YAML_LIST || node->count > BT_ROUTE_CONDITIONS_MAX)
        return bt_yaml_fail(node, r->fault, "`when` is a list of at most %u conditions",
                            BT_ROUTE_CONDITIONS_MAX);
    bt_condition *list = bt_arena_alloc(&r->table->arena, (node->count + 1) * sizeof *list);
    if (!list) return bt_table_full(r->fault);
    route->conditions = list;
    for (const bt_yaml *item = node->first; item; item = item->next) {
        bt_condition *condition = &list[route->conditions_count++];
        *condition = (bt_condition){0};
        BT_TRY(read_condition(r, item, condition));
    }
    return BT_OK;
}

static bt_err read_resource(const reader *r, const bt_yaml *map, bt_route *route) {
    bt_fault inner;
    bt_bytes text = {0};
    BT_TRY(bt_yaml_get_text(map, "resource", BT_RESOURCE_MAX, &text, r->fault));
    if (!text.size) return BT_OK;
    BT_TRY(keep_bytes(r, &text));
    if (bt_resource_parse(text, &route->path, &r->table->arena, &route->resource, &inner))
        return at_line(map, &inner, r->fault);
    return BT_OK;
}

static bt_err read_environment(const reader *r, const bt_yaml *map, bt_route *route) {
    BT_TRY(bt_yaml_get_text(map, "environment", BT_ENVIRONMENT_NAME_MAX, &route->environment,
                            r->fault));
    if (!route->environment.size) return BT_OK;
    if (!bt_environment_name_ok(route->environment))
        return bt_yaml_fail(map, r->fault, "`%.*s` is not the name of an environment",
                            BT_BYTES_ARG(route->environment));
    return keep_bytes(r, &route->environment);
}

static bt_err check_public(const reader *r, const bt_yaml *map) {
    static const char *const others[] = {"scopes", "match", "resource", "environment", "when"};
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        if (bt_yaml_get(map, others[i]))
            return bt_yaml_fail(map, r->fault, "a public route has no `%s`", others[i]);
    return BT_OK;
}

static bt_err read_route(const reader *r, const bt_yaml *map, bt_route *route) {
    static const char *const names[] = {"method",   "host",        "path",   "scopes", "match",
                                        "resource", "environment", "public", "when",   NULL};
    BT_TRY(bt_yaml_check_map(map, "a route", names, r->fault));
    *route = (bt_route){.line = map->line};
    BT_TRY(read_verbs(r, map, route));
    BT_TRY(read_hosts(r, map, route));
    BT_TRY(read_path(r, map, route));
    BT_TRY(bt_yaml_get_bool(map, "public", &route->is_public, r->fault));
    if (route->is_public) return check_public(r, map);
    BT_TRY(read_scopes(r, map, &route->scopes));
    BT_TRY(read_environment(r, map, route));
    BT_TRY(read_resource(r, map, route));
    return read_conditions(r, map, route);
}

static bt_err read_routes(const reader *r, const bt_yaml *node) {
    if (!node || node->type != BT_YAML_LIST || node->count > BT_ROUTES_MAX)
        return bt_fail(r->fault, BT_ERR_INVALID, "`routes` is a list of at most %u routes",
                       BT_ROUTES_MAX);
    bt_route *routes = bt_arena_alloc(&r->table->arena, (node->count + 1) * sizeof *routes);
    if (!routes) return bt_table_full(r->fault);
    r->table->routes = routes;
    for (const bt_yaml *item = node->first; item; item = item->next)
        BT_TRY(read_route(r, item, &routes[r->table->routes_count++]));
    return BT_OK;
}

bt_err bt_table_read_routes(bt_route_table *table, const bt_yaml *root,
                            const bt_catalogue *catalogue, bt_fault *fault) {
    static const char *const names[] = {"version", "open", "routes", NULL};
    reader r = {table, catalogue, fault};
    BT_TRY(bt_yaml_check_map(root, "a route table", names, fault));
    bt_bytes version = {0};
    BT_TRY(bt_yaml_get_text(root, "version", 8, &version, fault));
    if (!bt_bytes_equal(version, BT_LITERAL("1")))
        return bt_yaml_fail(root, fault, "`version: 1` is missing, or another version");
    BT_TRY(bt_yaml_get_bool(root, "open", &table->open, fault));
    return read_routes(&r, bt_yaml_get(root, "routes"));
}
