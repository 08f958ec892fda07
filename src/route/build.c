/* From sorted rules to a tree of segments for each host. */
#include <stdlib.h>

#include "route/host.h"
#include "route/parts.h"

static int compare_paths(const bt_template *a, const bt_template *b) {
    size_t count = a->count < b->count ? a->count : b->count;
    for (size_t i = 0; i < count; i++) {
        int order = bt_segment_compare(&a->segments[i], &b->segments[i]);
        if (order) return order;
    }
    if (a->count != b->count) return a->count < b->count ? -1 : 1;
    return (int)a->slash - (int)b->slash;
}

int bt_rule_compare(const void *a, const void *b) {
    const bt_rule *left = a, *right = b;
    int order = bt_host_pattern_compare(left->host, right->host);
    if (!order) order = compare_paths(&left->route->path, &right->route->path);
    if (order) return order;
    return left->route->line < right->route->line ? -1 : left->route->line > right->route->line;
}

static const bt_segment *segment_at(const bt_rule *rule, size_t depth) {
    return &rule->route->path.segments[depth];
}

static bool ends_at(const bt_rule *rule, size_t depth) {
    return rule->route->path.count == depth;
}

/* Rules from the front of the range whose path ends at this depth. */
static bt_rules cut_ends(bt_rules *range, size_t depth, bool slash) {
    bt_rules ends = {range->list, 0};
    while (ends.count < range->count && ends_at(&range->list[ends.count], depth) &&
           range->list[ends.count].route->path.slash == slash)
        ends.count++;
    range->list += ends.count;
    range->count -= ends.count;
    return ends;
}

/* Rules from the front of the range that have the same segment at this depth as the first. */
static bt_rules cut_alike(bt_rules *range, size_t depth) {
    bt_rules alike = {range->list, 0};
    while (alike.count < range->count &&
           !bt_segment_compare(segment_at(range->list, depth),
                               segment_at(&range->list[alike.count], depth)))
        alike.count++;
    range->list += alike.count;
    range->count -= alike.count;
    return alike;
}

static size_t count_literals(bt_rules range, size_t depth) {
    size_t count = 0;
    while (range.count && segment_at(range.list, depth)->type == BT_SEGMENT_LITERAL) {
        cut_alike(&range, depth);
        count++;
    }
    return count;
}

/* Two paths that differ in letter case alone would be a trap: many services do not tell them apart. */
static bt_err check_case(bt_rules alike, size_t depth, bt_fault *fault) {
    bt_bytes first = segment_at(alike.list, depth)->text;
    for (size_t i = 1; i < alike.count; i++) {
        bt_bytes other = segment_at(&alike.list[i], depth)->text;
        if (!bt_bytes_equal(first, other))
            return bt_fail(fault, BT_ERR_INVALID, "line %u: `%.*s` is written `%.*s` in line %u",
                           alike.list[i].route->line, BT_BYTES_ARG(other), BT_BYTES_ARG(first),
                           alike.list[0].route->line);
    }
    return BT_OK;
}

static bt_err build_node(bt_arena *arena, bt_rules range, size_t depth, bt_node *node,
                         bt_fault *fault);

static bt_err build_literals(bt_arena *arena, bt_rules *range, size_t depth, bt_node *node,
                             bt_fault *fault) {
    size_t count = count_literals(*range, depth);
    bt_node *children = bt_arena_alloc(arena, count * sizeof *children);
    if (!children) return bt_table_full(fault);
    for (size_t i = 0; i < count; i++) {
        bt_rules alike = cut_alike(range, depth);
        BT_TRY(check_case(alike, depth, fault));
        children[i] = (bt_node){.literal = segment_at(alike.list, depth)->text};
        BT_TRY(build_node(arena, alike, depth + 1, &children[i], fault));
    }
    node->literals = children;
    node->literals_count = count;
    return BT_OK;
}

static bool begins_with(bt_rules range, size_t depth, bt_segment_type type) {
    return range.count && segment_at(range.list, depth)->type == type;
}

/* Goes as deep as BT_TEMPLATE_SEGMENTS_MAX. The range is sorted: ends, literals, variable, rest. */
static bt_err build_node(bt_arena *arena, bt_rules range, size_t depth, bt_node *node,
                         bt_fault *fault) {
    node->ends[0] = cut_ends(&range, depth, false);
    node->ends[1] = cut_ends(&range, depth, true);
    BT_TRY(build_literals(arena, &range, depth, node, fault));
    if (begins_with(range, depth, BT_SEGMENT_VARIABLE)) {
        bt_node *child = bt_arena_alloc(arena, sizeof *child);
        if (!child) return bt_table_full(fault);
        *child = (bt_node){0};
        node->variable = child;
        BT_TRY(build_node(arena, cut_alike(&range, depth), depth + 1, child, fault));
    }
    node->rest[0] = cut_ends(&range, depth + 1, false);
    node->rest[1] = cut_ends(&range, depth + 1, true);
    return BT_OK;
}

static bt_err list_rules(bt_route_table *table, bt_rule **ret_rules, size_t *ret_count,
                         bt_fault *fault) {
    size_t count = 0, at = 0;
    for (size_t i = 0; i < table->routes_count; i++) count += table->routes[i].hosts_count;
    bt_rule *rules = bt_arena_alloc(&table->arena, (count + 1) * sizeof *rules);
    if (!rules || count > (size_t)2 * BT_ROUTES_MAX) return bt_table_full(fault);
    for (size_t i = 0; i < table->routes_count; i++)
        for (size_t n = 0; n < table->routes[i].hosts_count; n++)
            rules[at++] = (bt_rule){table->routes[i].hosts[n], &table->routes[i]};
    qsort(rules, count, sizeof *rules, bt_rule_compare);
    *ret_rules = rules;
    *ret_count = count;
    return BT_OK;
}

/* Rules from the front that have the same host. */
static bt_rules cut_host(bt_rules *range) {
    bt_rules alike = {range->list, 0};
    while (alike.count < range->count &&
           !bt_host_pattern_compare(range->list[0].host, range->list[alike.count].host))
        alike.count++;
    range->list += alike.count;
    range->count -= alike.count;
    return alike;
}

bt_err bt_table_build(bt_route_table *table, bt_fault *fault) {
    bt_rule *rules = NULL;
    size_t count = 0;
    BT_TRY(list_rules(table, &rules, &count, fault));
    BT_TRY(bt_table_check_conflicts(rules, count, fault));
    table->hosts = bt_arena_alloc(&table->arena, BT_ROUTE_HOSTS_MAX * sizeof *table->hosts);
    if (!table->hosts) return bt_table_full(fault);
    for (bt_rules range = {rules, count}; range.count;) {
        if (table->hosts_count == BT_ROUTE_HOSTS_MAX)
            return bt_fail(fault, BT_ERR_EXHAUSTED, "more than %u different hosts",
                           BT_ROUTE_HOSTS_MAX);
        bt_rules alike = cut_host(&range);
        bt_host_tree *tree = &table->hosts[table->hosts_count++];
        *tree = (bt_host_tree){.host = alike.list->host};
        BT_TRY(build_node(&table->arena, alike, 0, &tree->root, fault));
    }
    return BT_OK;
}
