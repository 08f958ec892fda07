/* Inside of a table; for the files of this room alone. */
#ifndef BT_ROUTE_PARTS_H
#define BT_ROUTE_PARTS_H

#include "route/table.h"
#include "yaml/yaml.h"

/* A route under one of its hosts. Sorted by bt_rule_compare, so that rules of one host and path stand together. */
typedef struct bt_rule {
    bt_bytes host;
    const bt_route *route;
} bt_rule;

/* The rules of one path and host: one for each set of methods. */
typedef struct bt_rules {
    const bt_rule *list;
    size_t count;
} bt_rules;

/* One segment of all the paths that begin alike. */
typedef struct bt_node bt_node;
struct bt_node {
    bt_bytes literal;
    const bt_node *literals; /* children, sorted by bt_fold_compare */
    size_t literals_count;
    const bt_node *variable;
    bt_rules ends[2]; /* of paths that end here: without and with a slash */
    bt_rules rest[2]; /* of paths that end in `{name...}` here */
};

typedef struct bt_host_tree {
    bt_bytes host;
    bt_node root;
} bt_host_tree;

struct bt_route_table {
    void *block;
    bt_arena arena; /* in the block; holds all that follows */
    bool open;
    bool names_hosts;
    const bt_route *routes;
    size_t routes_count;
    size_t lists_count;
    bt_host_tree *hosts; /* sorted by bt_host_pattern_compare */
    size_t hosts_count;
};

int bt_rule_compare(const void *a, const void *b);

/* read.c: the file's tree into table->routes and lists. */
bt_err bt_table_read_routes(bt_route_table *table, const bt_yaml *root,
                            const bt_catalogue *catalogue, bt_fault *fault);

/* conflict.c: refuses routes of which neither goes before the other. Rules are sorted. */
bt_err bt_table_check_conflicts(const bt_rule *rules, size_t count, bt_fault *fault);

/* build.c: sorts the rules and fills in table->hosts. */
bt_err bt_table_build(bt_route_table *table, bt_fault *fault);

bt_err bt_table_full(bt_fault *fault);

#endif
