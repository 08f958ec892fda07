/* rooms: route */
/* `METHOD HOST TARGET\nBODY` of any bytes against a table. What is let in has clear segments, and matches its route by
 * a reading that is written differently from the one under test. */
#include <stdlib.h>

#include "route/json.h"
#include "route/table.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char text[] =
    "version: 1\nopen: true\nroutes:\n"
    "- {method: GET, path: /health, public: true}\n"
    "- {method: [GET, PUT], path: '/api/{v}/users', scopes: users.read}\n"
    "- {method: any, path: '/api/{v}/users/{id}', scopes: users.read, resource: 'u:{v}:{id}'}\n"
    "- {method: GET, path: '/files/{a}/{b...}', scopes: [], resource: 'f:{a}/{b}'}\n"
    "- {method: GET, path: '/files/{a}/{b...}/', scopes: []}\n"
    "- {method: POST, path: /, host: '*.example.com', scopes: orgs.read,\n"
    "   when: [{field: a.b, scopes: users.create}, {field: domain, scopes: users.delete}]}\n";

static bt_bytes cut(bt_bytes *from, uint8_t at) {
    const uint8_t *end = from->size ? memchr(from->data, at, from->size) : NULL;
    bt_bytes part = bt_bytes_of(from->data, end ? (size_t)(end - from->data) : from->size);
    *from =
        bt_bytes_of(part.data + part.size + (end != NULL), from->size - part.size - (end != NULL));
    return part;
}

static void check_segments(const bt_target *target) {
    for (size_t i = 0; i < target->count; i++) {
        bt_bytes segment = target->segments[i];
        if (segment.size == 0 || !bt_bytes_printable(segment)) abort();
        size_t dots = 0;
        for (size_t n = 0; n < segment.size; n++) {
            if (strchr("/\\;%#?", segment.data[n])) abort();
            dots += segment.data[n] == '.';
        }
        if (dots == segment.size) abort();
    }
}

static void check_route(const bt_route *route, const bt_target *target) {
    for (size_t i = 0; i < route->path.count; i++) {
        const bt_segment *segment = &route->path.segments[i];
        if (segment->type == BT_SEGMENT_LITERAL &&
            !bt_bytes_equal(segment->text, target->segments[i]))
            abort();
        if (segment->type == BT_SEGMENT_REST) return;
    }
    if (route->path.count != target->count || route->path.slash != target->slash) abort();
}

static void check_needs(const bt_route *route, const uint64_t *masks, bt_bytes body) {
    bt_need all[BT_ROUTE_NEEDS_MAX], some[BT_ROUTE_NEEDS_MAX];
    if (!bt_json_is_object(body)) return;
    if (bt_route_needs(route, masks, body, some) > bt_route_needs(route, masks, (bt_bytes){0}, all))
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static bt_catalogue catalogue;
    static bt_route_table *table;
    static uint64_t masks[64];
    if (!table) {
        bt_catalogue_default(&catalogue);
        if (bt_route_table_read(BT_LITERAL(text), &catalogue, &table, NULL)) abort();
        bt_route_table_resolve(table, &catalogue, masks);
    }
    bt_bytes rest = bt_bytes_of(data, size);
    bt_bytes line = cut(&rest, '\n');
    bt_bytes method = cut(&line, ' '), host = cut(&line, ' ');
    bt_target target;
    bt_route_match match;
    bt_route_request request = {method, host, line};
    bt_route_table_match(table, &request, &target, &match);
    if (match.outcome == BT_ROUTE_AMBIGUOUS) return 0;
    check_segments(&target);
    if (match.outcome != BT_ROUTE_MATCHED) return 0;
    check_route(match.route, &target);
    check_needs(match.route, masks, rest);
    return 0;
}
