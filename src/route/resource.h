/* The resource that a request acts on, from the path: `user:{id}`, `dataset:{region}/{name...}`.
 *
 * A value may not have the byte that follows its variable in the template: `a:{x}:{y}` from x=`1:2`, y=`3` would read
 * as another resource. */
#ifndef BT_ROUTE_RESOURCE_H
#define BT_ROUTE_RESOURCE_H

#include "key/narrow.h"
#include "route/target.h"
#include "route/template.h"

#define BT_RESOURCE_PARTS_MAX 16u

typedef struct bt_resource_part {
    bt_bytes text; /* of a literal */
    int segment;   /* of the path, for a variable; -1: a literal */
    bool rest;     /* the variable is all from that segment on */
} bt_resource_part;

typedef struct bt_resource {
    bt_bytes text; /* as written; empty: none */
    size_t count;
    const bt_resource_part *parts;
} bt_resource;

/* It must read as `type:name` when its variables, which must be the path's, are filled in; no two may stand side by
 * side, and `{name...}` only at the end. */
bt_err bt_resource_parse(bt_bytes text, const bt_template *path, bt_arena *arena,
                         bt_resource *ret_resource, bt_fault *fault);

/* Fills in the values of a target that the path matches. False where a value is not clear, or what comes out is no
 * resource (bt_resource_ok): then no key that is bound to resources may be let in. */
bool bt_resource_expand(const bt_resource *resource, const bt_target *target,
                        uint8_t buffer[BT_RESOURCE_MAX], bt_bytes *ret_text);

#endif
