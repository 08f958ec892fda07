#include "route/host.h"
#include "route/parts.h"
#include "route/verb.h"

/* Methods that both rules are for. GET is for HEAD, too. */
static unsigned common_verbs(const bt_route *a, const bt_route *b) {
    unsigned both = a->verbs & b->verbs;
    bool get = (a->verbs | b->verbs) & BT_VERB_GET, head = (a->verbs & b->verbs) & BT_VERB_HEAD;
    bool implied =
        (a->verbs & (BT_VERB_GET | BT_VERB_HEAD)) && (b->verbs & (BT_VERB_GET | BT_VERB_HEAD));
    return get && implied && !head ? both | BT_VERB_HEAD : both;
}

/* For rules of the same paths a named method goes before `any`. */
static bool methods_conflict(const bt_route *a, const bt_route *b) {
    if ((a->verbs == BT_VERB_ANY) != (b->verbs == BT_VERB_ANY)) return false;
    return a->verbs & b->verbs;
}

/* Methods that other rules name for just the paths that both match. */
static unsigned settled_verbs(const bt_rule *rules, size_t count, const bt_rule *a,
                              const bt_rule *b) {
    unsigned settled = 0;
    for (size_t i = 0; i < count; i++) {
        if (bt_host_pattern_compare(rules[i].host, a->host)) continue;
        if (!bt_template_is_common(&rules[i].route->path, &a->route->path, &b->route->path))
            continue;
        settled |= rules[i].route->verbs;
    }
    return settled & BT_VERB_GET ? settled | BT_VERB_HEAD : settled;
}

static bt_err say_same(const bt_rule *a, const bt_rule *b, bt_fault *fault) {
    return bt_fail(fault, BT_ERR_INVALID,
                   "line %u: `%.*s` is the path of the route in line %u, for the same methods",
                   b->route->line, BT_BYTES_ARG(b->route->path.text), a->route->line);
}

static bt_err say_partly(const bt_rule *a, const bt_rule *b, bt_fault *fault) {
    char common[BT_TEMPLATE_COMMON_SIZE];
    bt_template_common(&a->route->path, &b->route->path, common);
    return bt_fail(
        fault, BT_ERR_INVALID,
        "line %u: `%.*s` and the path in line %u both match `%s`, and neither is narrower: "
        "add a route for it",
        b->route->line, BT_BYTES_ARG(b->route->path.text), a->route->line, common);
}

static bt_err check_pair(const bt_rule *rules, size_t count, const bt_rule *a, const bt_rule *b,
                         bt_fault *fault) {
    unsigned verbs = common_verbs(a->route, b->route);
    if (!verbs) return BT_OK;
    switch (bt_template_overlap(&a->route->path, &b->route->path)) {
    case BT_OVERLAP_SAME:
        return methods_conflict(a->route, b->route) ? say_same(a, b, fault) : BT_OK;
    case BT_OVERLAP_PARTLY:
        return verbs & ~settled_verbs(rules, count, a, b) ? say_partly(a, b, fault) : BT_OK;
    default:
        return BT_OK;
    }
}

bt_err bt_table_check_conflicts(const bt_rule *rules, size_t count, bt_fault *fault) {
    for (size_t i = 0; i < count; i++)
        for (size_t n = i + 1;
             n < count && bt_host_pattern_compare(rules[i].host, rules[n].host) == 0; n++)
            BT_TRY(check_pair(rules, count, &rules[i], &rules[n], fault));
    return BT_OK;
}
