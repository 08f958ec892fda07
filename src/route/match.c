#include "route/host.h"
#include "route/parts.h"
#include "route/verb.h"

/* A walk down the tree of one host. */
typedef struct walk {
    const bt_target *target;
    unsigned verb; /* 0: any rule will do */
    bt_route_match *match;
} walk;

/* The rule for the method: the one that names it; for HEAD the one for GET; the one for any. */
static const bt_route *pick(bt_rules rules, unsigned verb) {
    const bt_route *any = NULL, *get = NULL;
    for (size_t i = 0; i < rules.count; i++) {
        const bt_route *route = rules.list[i].route;
        if (!verb) return route;
        if (route->verbs == BT_VERB_ANY)
            any = route;
        else if (route->verbs & verb)
            return route;
        else if (verb == BT_VERB_HEAD && (route->verbs & BT_VERB_GET))
            get = route;
    }
    return get ? get : any;
}

static bool found(walk *w, bt_route_outcome outcome, const bt_route *route, const char *why) {
    *w->match = (bt_route_match){outcome, why, route};
    return true;
}

/* Whether the search is over. */
static bool take_end(walk *w, const bt_rules ends[2]) {
    const bt_route *route = pick(ends[w->target->slash], w->verb);
    if (route) return found(w, BT_ROUTE_MATCHED, route, NULL);
    route = pick(ends[!w->target->slash], w->verb);
    if (!route) return false;
    return found(w, BT_ROUTE_AMBIGUOUS, route, "the path differs from a route in its last slash");
}

static const bt_node *find_literal(const bt_node *node, bt_bytes segment) {
    size_t low = 0, high = node->literals_count;
    while (low < high) {
        size_t middle = (low + high) / 2;
        int order = bt_fold_compare(segment, node->literals[middle].literal);
        if (order == 0) return &node->literals[middle];
        if (order < 0)
            high = middle;
        else
            low = middle + 1;
    }
    return NULL;
}

/* Narrowest first, and back where nothing is found. Each node is seen once at most; goes as deep as
 * BT_TEMPLATE_SEGMENTS_MAX. */
static bool search(walk *w, const bt_node *node, size_t depth) {
    if (depth == w->target->count) return take_end(w, node->ends);
    const bt_node *literal = find_literal(node, w->target->segments[depth]);
    if (literal && search(w, literal, depth + 1)) return true;
    if (node->variable && search(w, node->variable, depth + 1)) return true;
    return take_end(w, node->rest);
}

/* Literals are found without regard to letter case, and have to be equal: services differ in that. */
static bool same_case(const bt_route *route, const bt_target *target) {
    for (size_t i = 0; i < route->path.count; i++)
        if (route->path.segments[i].type == BT_SEGMENT_LITERAL &&
            !bt_bytes_equal(route->path.segments[i].text, target->segments[i]))
            return false;
    return true;
}

static bool search_hosts(const bt_route_table *table, walk *w, const bt_bytes *host) {
    for (size_t i = 0; i < table->hosts_count; i++)
        if ((!host || bt_host_matches(table->hosts[i].host, *host)) &&
            search(w, &table->hosts[i].root, 0))
            return true;
    return false;
}

/* No route: is the path one that the table has under another method or host? */
static void leave_unmatched(const bt_route_table *table, walk *w) {
    w->verb = 0;
    if (search_hosts(table, w, NULL)) {
        w->match->outcome = BT_ROUTE_UNMATCHED;
        w->match->why = "the path has a route, but not for this method or host";
        return;
    }
    found(w, table->open ? BT_ROUTE_OPEN : BT_ROUTE_UNMATCHED, NULL, "no route has this path");
}

static const char *check_request(const bt_route_table *table, const bt_route_request *request,
                                 uint8_t buffer[BT_HOST_MAX], bt_bytes *ret_host,
                                 unsigned *ret_verb, bt_target *ret_target) {
    const char *wrong = bt_target_parse(request->target, ret_target);
    if (!wrong) wrong = bt_host_parse(request->host, buffer, ret_host);
    if (wrong) return wrong;
    if (table->names_hosts && !ret_host->size) return "the request has no host";
    *ret_verb = bt_verb_of(request->method);
    return *ret_verb ? NULL : "the method is not one in upper-case letters, or is CONNECT or TRACE";
}

void bt_route_table_match(const bt_route_table *table, const bt_route_request *request,
                          bt_target *ret_target, bt_route_match *ret_match) {
    uint8_t buffer[BT_HOST_MAX];
    bt_bytes host;
    walk w = {.target = ret_target, .match = ret_match};
    const char *wrong = check_request(table, request, buffer, &host, &w.verb, ret_target);
    if (wrong) {
        found(&w, BT_ROUTE_AMBIGUOUS, NULL, wrong);
        return;
    }
    if (!search_hosts(table, &w, &host)) {
        leave_unmatched(table, &w);
    } else if (ret_match->outcome == BT_ROUTE_MATCHED && !same_case(ret_match->route, ret_target)) {
        ret_match->outcome = BT_ROUTE_AMBIGUOUS;
        ret_match->why = "the path differs from a route in letter case";
    }
}
