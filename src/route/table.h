/* The route table: which scopes a request needs, read from a YAML file (docs/routes.md is its reference). A table is
 * a fixed value once it is read: any number of threads match against it, without a lock or the heap.
 *
 * Of the routes that match a request, the one with the most specific host goes first, then the narrowest path, then a
 * named method before `any`. Reading refuses two routes of which neither is narrower, unless a third says what the
 * requests need that match both. */
#ifndef BT_ROUTE_TABLE_H
#define BT_ROUTE_TABLE_H

#include "route/resource.h"
#include "route/target.h"
#include "route/template.h"
#include "scope/catalogue.h"

#define BT_ROUTES_MAX 2000u
#define BT_ROUTE_HOSTS_MAX 64u /* different ones, in all */
#define BT_ROUTE_CONDITIONS_MAX 8u
#define BT_ROUTE_NEEDS_MAX (1u + BT_ROUTE_CONDITIONS_MAX)
#define BT_ROUTE_FIELD_MAX 128u

/* Scopes that a table names. */
typedef struct bt_scope_list {
    const bt_bytes *names;
    size_t count;
    bool any;     /* one of them is enough */
    size_t index; /* of its mask, see bt_route_table_resolve */
} bt_scope_list;

typedef struct bt_condition {
    bt_bytes field; /* of the JSON body: names with dots between them */
    bt_scope_list scopes;
} bt_condition;

typedef struct bt_route {
    unsigned line; /* in the file */
    unsigned verbs;
    const bt_bytes *hosts; /* patterns; one empty pattern where the route names none */
    size_t hosts_count;
    bt_template path;
    bool is_public;       /* needs no credential; nothing of the following is set then */
    bt_scope_list scopes; /* none: any good key will do */
    bt_bytes environment; /* empty: the listener's */
    bt_resource resource;
    const bt_condition *conditions;
    size_t conditions_count;
} bt_route;

typedef struct bt_route_table bt_route_table;

/* Scopes must be in the catalogue. BT_ERR_INVALID with "line N: ...", BT_ERR_EXHAUSTED. */
bt_err bt_route_table_read(bt_bytes file, const bt_catalogue *catalogue, bt_route_table **ret_table,
                           bt_fault *fault);
/* NULL is taken; returns NULL. */
bt_route_table *bt_route_table_free(bt_route_table *table);

size_t bt_route_table_count(const bt_route_table *table);
const bt_route *bt_route_table_at(const bt_route_table *table, size_t index);

typedef struct bt_route_request {
    bt_bytes method;
    bt_bytes host;   /* with or without a port */
    bt_bytes target; /* path and query, as the service will get it */
} bt_route_request;

typedef enum bt_route_outcome {
    BT_ROUTE_AMBIGUOUS, /* proxies and services may read the request differently: deny */
    BT_ROUTE_UNMATCHED, /* no route for it: deny */
    BT_ROUTE_OPEN,      /* the table is open, and no route has this path: any good key will do */
    BT_ROUTE_MATCHED,
} bt_route_outcome;

typedef struct bt_route_match {
    bt_route_outcome outcome;
    const char *why;       /* AMBIGUOUS, UNMATCHED: a static text */
    const bt_route *route; /* MATCHED; otherwise the one that was nearly matched, or NULL */
} bt_route_match;

/* ret_target is filled in where the outcome is not AMBIGUOUS, and points into the request. */
void bt_route_table_match(const bt_route_table *table, const bt_route_request *request,
                          bt_target *ret_target, bt_route_match *ret_match);

/* How many masks bt_route_table_resolve writes. */
size_t bt_route_table_lists(const bt_route_table *table);

/* The masks of all scope lists. A list with a name that the catalogue does not have any more becomes bit 63, which
 * nobody holds. */
void bt_route_table_resolve(const bt_route_table *table, const bt_catalogue *catalogue,
                            uint64_t *ret_masks);

/* What has to be held: all of mask, or one of it. A mask of 0 is satisfied. */
typedef struct bt_need {
    uint64_t mask;
    bool any;
} bt_need;

/* What the route needs for a request with this body; masks as bt_route_table_resolve wrote them. Where the body is not
 * one whole JSON object (`body` has size 0 then), every condition counts as met. Returns how many. */
size_t bt_route_needs(const bt_route *route, const uint64_t *masks, bt_bytes body,
                      bt_need ret_needs[BT_ROUTE_NEEDS_MAX]);

#endif
