/* rooms: route */
/* A route table of any bytes; one that is taken answers requests within its bounds. */
#include <stdlib.h>

#include "route/table.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void ask(const bt_route_table *table, const bt_route *route, const uint64_t *masks) {
    bt_target target;
    bt_route_match match;
    bt_need needs[BT_ROUTE_NEEDS_MAX];
    uint8_t buffer[BT_RESOURCE_MAX];
    bt_bytes resource;
    bt_route_request request = {BT_LITERAL("GET"), route->hosts[0], route->path.text};
    bt_route_table_match(table, &request, &target, &match);
    if (match.outcome != BT_ROUTE_MATCHED) return;
    if (bt_route_needs(match.route, masks, (bt_bytes){0}, needs) > BT_ROUTE_NEEDS_MAX) abort();
    if (bt_resource_expand(&match.route->resource, &target, buffer, &resource) &&
        resource.size > BT_RESOURCE_MAX)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static bt_catalogue catalogue;
    bt_fault fault = {0};
    bt_route_table *table;
    if (!catalogue.live) bt_catalogue_default(&catalogue);
    if (bt_route_table_read(bt_bytes_of(data, size), &catalogue, &table, &fault)) {
        if (!fault.err || !fault.text[0]) abort();
        return 0;
    }
    uint64_t *masks = calloc(bt_route_table_lists(table) + 1, sizeof *masks);
    if (!masks) abort();
    bt_route_table_resolve(table, &catalogue, masks);
    for (size_t i = 0; i < bt_route_table_count(table); i++)
        ask(table, bt_route_table_at(table, i), masks);
    free(masks);
    bt_route_table_free(table);
    return 0;
}
