#include "route/table.h"

#include <stdlib.h>

#include "route/json.h"
#include "route/parts.h"

/* What the densest file becomes: two bytes of a path, `/a`, are one node. */
#define TABLE_MEMORY(file_size) ((file_size)*128 + 65536)

bt_route_table *bt_route_table_free(bt_route_table *table) {
    if (table) free(table->block);
    free(table);
    return NULL;
}

static bt_route_table *table_new(size_t size) {
    bt_route_table *table = calloc(1, sizeof *table);
    if (!table) return NULL;
    table->block = malloc(size);
    if (!table->block) return bt_route_table_free(table);
    bt_arena_init(&table->arena, table->block, size);
    return table;
}

static bt_err fill(bt_route_table *table, bt_bytes file, const bt_catalogue *catalogue,
                   bt_fault *fault) {
    bt_arena scratch;
    const bt_yaml *root;
    size_t size = BT_YAML_ARENA(file.size);
    void *block = malloc(size);
    if (!block) return bt_table_full(fault);
    bt_arena_init(&scratch, block, size);
    bt_err err = bt_yaml_parse(file, &scratch, &root, fault);
    if (!err) err = bt_table_read_routes(table, root, catalogue, fault);
    free(block);
    return err ? err : bt_table_build(table, fault);
}

bt_err bt_route_table_read(bt_bytes file, const bt_catalogue *catalogue, bt_route_table **ret_table,
                           bt_fault *fault) {
    if (file.size > BT_YAML_FILE_MAX)
        return bt_fail(fault, BT_ERR_EXHAUSTED, "the file is larger than %zu bytes",
                       BT_YAML_FILE_MAX);
    bt_route_table *table = table_new(TABLE_MEMORY(file.size));
    if (!table) return bt_table_full(fault);
    bt_err err = fill(table, file, catalogue, fault);
    if (err)
        bt_route_table_free(table);
    else
        *ret_table = table;
    return err;
}

size_t bt_route_table_count(const bt_route_table *table) {
    return table->routes_count;
}

const bt_route *bt_route_table_at(const bt_route_table *table, size_t index) {
    return index < table->routes_count ? &table->routes[index] : NULL;
}

size_t bt_route_table_lists(const bt_route_table *table) {
    return table->lists_count;
}

static uint64_t mask_of(const bt_scope_list *list, const bt_catalogue *catalogue) {
    uint64_t mask = 0;
    for (size_t i = 0; i < list->count; i++) {
        int bit = bt_catalogue_find(catalogue, list->names[i]);
        if (bit < 0) return BT_MASK_FORBIDDEN;
        mask |= bt_mask_bit((unsigned)bit);
    }
    return mask;
}

void bt_route_table_resolve(const bt_route_table *table, const bt_catalogue *catalogue,
                            uint64_t *ret_masks) {
    for (size_t i = 0; i < table->routes_count; i++) {
        const bt_route *route = &table->routes[i];
        if (route->is_public) continue;
        ret_masks[route->scopes.index] = mask_of(&route->scopes, catalogue);
        for (size_t n = 0; n < route->conditions_count; n++) {
            const bt_scope_list *list = &route->conditions[n].scopes;
            ret_masks[list->index] = mask_of(list, catalogue);
        }
    }
}

size_t bt_route_needs(const bt_route *route, const uint64_t *masks, bt_bytes body,
                      bt_need ret_needs[BT_ROUTE_NEEDS_MAX]) {
    if (route->is_public) return 0;
    size_t count = 0;
    ret_needs[count++] = (bt_need){masks[route->scopes.index], route->scopes.any};
    for (size_t i = 0; i < route->conditions_count; i++) {
        const bt_condition *condition = &route->conditions[i];
        if (body.size && !bt_json_may_have(body, condition->field)) continue;
        ret_needs[count++] = (bt_need){masks[condition->scopes.index], condition->scopes.any};
    }
    return count;
}
