#include "gate/parts.h"
#include "route/json.h"

/* Headers that make some services take another method or path than the request's own. */
static bool overrides_request(const bt_gate_request *request) {
    const bt_bytes names[] = {BT_LITERAL("x-http-method-override"), BT_LITERAL("x-http-method"),
                              BT_LITERAL("x-method-override"), BT_LITERAL("x-original-url"),
                              BT_LITERAL("x-rewrite-url")};
    for (size_t i = 0; i < request->headers_count; i++) {
        bt_bytes name = request->headers[i].name;
        if (name.size < 13 || name.size > 22) continue;
        for (size_t n = 0; n < sizeof names / sizeof *names; n++)
            if (bt_field_is(name, names[n])) return true;
    }
    return false;
}

static bool is_json_type(bt_bytes value) {
    bt_bytes json = BT_LITERAL("application/json");
    if (value.size < json.size) return false;
    if (!bt_field_is(bt_bytes_of(value.data, json.size), json)) return false;
    bt_bytes rest = bt_bytes_of(value.data + json.size, value.size - json.size);
    return rest.size == 0 || bt_field_is(rest, BT_LITERAL("; charset=utf-8")) ||
           bt_field_is(rest, BT_LITERAL(";charset=utf-8"));
}

/* Whether services can take the body for nothing but JSON in UTF-8. */
static bool says_json(const bt_gate_request *request) {
    size_t types = 0;
    for (size_t i = 0; i < request->headers_count; i++) {
        const bt_field *header = &request->headers[i];
        if (bt_field_is(header->name, BT_LITERAL("content-encoding"))) return false;
        if (!bt_field_is(header->name, BT_LITERAL("content-type"))) continue;
        if (types++ || !is_json_type(header->value)) return false;
    }
    return types == 1;
}

/* The body, if conditions can be decided on it; empty otherwise, and then all of them count as met. */
static bt_bytes clear_body(const bt_gate_request *request, const bt_route *route) {
    if (!route->conditions_count || request->body_cut || !says_json(request)) return (bt_bytes){0};
    return bt_json_is_object(request->body) ? request->body : (bt_bytes){0};
}

static void add(bt_gate_need *need, bt_need more) {
    if (more.any)
        need->any[need->any_count++] = more.mask;
    else
        need->all |= more.mask;
}

static void take_route(const bt_routes_view *table, const bt_gate_request *request,
                       const bt_route *route, const bt_target *target, bt_gate_need *need) {
    bt_need needs[BT_ROUTE_NEEDS_MAX];
    need->is_public = route->is_public;
    size_t count = bt_route_needs(route, table->masks, clear_body(request, route), needs);
    for (size_t i = 0; i < count; i++) add(need, needs[i]);
    need->environment = route->environment;
    if (!bt_resource_expand(&route->resource, target, need->buffer, &need->resource))
        need->resource = (bt_bytes){0};
}

static void ask_table(const bt_routes_view *table, const bt_gate_request *request,
                      bt_gate_need *need) {
    bt_route_request asked = {request->method, request->host, request->target};
    bt_target target;
    bt_route_match match;
    if (overrides_request(request)) {
        need->ambiguous = "a header overrides the method or path of the request";
        return;
    }
    bt_route_table_match(table->table, &asked, &target, &match);
    if (match.outcome == BT_ROUTE_AMBIGUOUS)
        need->ambiguous = match.why;
    else if (match.outcome == BT_ROUTE_UNMATCHED)
        need->unmatched = match.why;
    else if (match.outcome == BT_ROUTE_MATCHED)
        take_route(table, request, match.route, &target, need);
}

static bt_bytes cut_item(bt_bytes *list) {
    const uint8_t *comma = memchr(list->data, ',', list->size);
    size_t size = comma ? (size_t)(comma - list->data) : list->size;
    bt_bytes item = bt_bytes_of(list->data, size);
    size_t taken = comma ? size + 1 : size;
    *list = bt_bytes_of(list->data + taken, list->size - taken);
    while (item.size && item.data[0] == ' ') item = bt_bytes_of(item.data + 1, item.size - 1);
    while (item.size && item.data[item.size - 1] == ' ') item.size--;
    return item;
}

static bt_err read_scopes(bt_bytes list, const bt_catalogue *catalogue, uint64_t *ret_mask,
                          bt_fault *fault) {
    uint64_t mask = 0;
    bool comma = true;
    while (comma) {
        comma = memchr(list.data, ',', list.size) != NULL;
        bt_bytes item = cut_item(&list);
        int bit = bt_catalogue_find(catalogue, item);
        if (bit < 0)
            return bt_fail(fault, BT_ERR_INVALID,
                           "the proxy's scope \"%.*s\" is not in the catalogue",
                           (int)(item.size < 48 ? item.size : 48), (const char *)item.data);
        mask |= bt_mask_bit((unsigned)bit);
    }
    *ret_mask = mask;
    return BT_OK;
}

static bt_err take_scope(const bt_gate_context *context, const bt_catalogue *catalogue,
                         bt_gate_need *need, bt_fault *fault) {
    bt_need more = {.any = bt_bytes_equal(context->match, BT_LITERAL("any"))};
    if (context->match.data && !more.any && !bt_bytes_equal(context->match, BT_LITERAL("all")))
        return bt_fail(fault, BT_ERR_INVALID, "the proxy's match is neither all nor any");
    if (context->match.data && !context->scope.data)
        return bt_fail(fault, BT_ERR_INVALID, "the proxy says a match and no scope");
    if (!context->scope.data) return BT_OK;
    BT_TRY(read_scopes(context->scope, catalogue, &more.mask, fault));
    add(need, more);
    return BT_OK;
}

/* Both may speak, but of the same thing: a key has one environment, a question one resource. */
static bt_err agree(const char *what, bt_bytes said, bt_bytes *value, bt_fault *fault) {
    if (!said.data) return BT_OK;
    if (value->size && !bt_bytes_equal(said, *value))
        return bt_fail(fault, BT_ERR_INVALID,
                       "the route table and the proxy name different values as %s", what);
    *value = said;
    return BT_OK;
}

static bt_err take_context(const bt_gate_context *context, const bt_catalogue *catalogue,
                           bt_gate_need *need, bt_fault *fault) {
    BT_TRY(take_scope(context, catalogue, need, fault));
    BT_TRY(agree("environment", context->environment, &need->environment, fault));
    BT_TRY(agree("resource", context->resource, &need->resource, fault));
    if (context->resource.data && !bt_resource_ok(context->resource))
        return bt_fail(fault, BT_ERR_INVALID,
                       "the proxy's resource is not type:name, such as project:42");
    if (context->scope.data || context->environment.data || context->resource.data)
        need->is_public = false;
    return BT_OK;
}

bt_err bt_gate_find_need(const bt_routes_view *table, const bt_catalogue *catalogue,
                         const bt_gate_request *request, bt_gate_need *ret_need, bt_fault *fault) {
    bt_gate_need *need = ret_need;
    need->ambiguous = request->odd ? "proxies and services may read the request differently" : NULL;
    need->unmatched = NULL;
    need->is_public = false;
    need->all = 0;
    need->any_count = 0;
    need->environment = need->resource = (bt_bytes){0};
    if (table && !need->ambiguous) ask_table(table, request, need);
    return take_context(&request->context, catalogue, need, fault);
}
