#include <stdio.h>
#include <stdlib.h>

#include "cli/command.h"
#include "cli/json.h"
#include "cli/local.h"
#include "route/json.h"
#include "route/routes.h"

static bt_place place;
static const char *routes_file, *body_file;
static bool json;

static const bt_flag flags[] = {
    {.name = "routes",
     .value = "FILE",
     .help = "the route table, as serve is given it",
     .text = &routes_file},
    {.name = "body",
     .value = "FILE",
     .help = "the request's JSON body, for conditions on it",
     .text = &body_file},
    {.name = "json", .help = "print an object", .on = &json},
    BT_PLACE_FLAGS(place),
    {0},
};

static const bt_usage usage = {
    .command = "route check",
    .synopsis = "METHOD URL --routes FILE [flags]",
    .about =
        "Says what a request needs by a route table, and which route says so. Scopes are those of\n"
        "the store's catalogue, or of the shipped one where there is no store.\n\n"
        "Exits with 0 if the request can be let in with the right key or without one, with 1 if\n"
        "it is denied whatever key it has, and with 2 if the table cannot be read.",
    .examples =
        "  bitting route check GET https://api.example.com/api/v1/users/42 --routes routes.yaml\n"
        "  bitting route check PATCH /api/v1/users/42 --routes routes.yaml --body body.json",
    .flags = flags,
    .arguments = 2,
    .arguments_are = "a method and a URL",
};

enum { LET_IN = 0, DENIED = 1, UNDECIDED = 2 };

/* What is asked, and what came out. */
typedef struct inquiry {
    bt_catalogue catalogue;
    bt_route_table *table;
    bt_route_request request;
    char *body; /* NULL: none was given */
    size_t body_size;
    bt_target target;
    bt_route_match match;
    bool has_resource;
    bt_bytes resource;
    uint8_t resource_buffer[BT_RESOURCE_MAX];
} inquiry;

static bt_err read_catalogue(bt_catalogue *ret_catalogue, bt_fault *fault) {
    char directory[BT_PATH_SIZE];
    bt_store *store;
    bt_snapshot *snapshot;
    bt_store_options options = {
        .directory = directory, .pepper_file = place.pepper, .mode = BT_STORE_READ};
    bt_err err = bt_place_directory(&place, directory, fault);
    if (!err) err = bt_store_open(&options, &store, fault);
    if (err) return err;
    err = bt_snapshot_open(store, &snapshot, fault);
    if (!err) {
        err = bt_snapshot_renew(snapshot);
        if (!err) *ret_catalogue = *bt_snapshot_catalogue(snapshot);
        bt_snapshot_close(snapshot);
    }
    bt_store_close(store);
    return err;
}

static bt_err find_catalogue(inquiry *self, bt_fault *fault) {
    bt_err err = read_catalogue(&self->catalogue, fault);
    if (!err || place.data) return err;
    bt_catalogue_default(&self->catalogue);
    fputs("bitting: there is no store here; scopes are those of the shipped catalogue\n", stderr);
    return BT_OK;
}

static bt_err read_table(inquiry *self, bt_fault *fault) {
    char *text;
    size_t size;
    bt_fault inner;
    BT_TRY(bt_routes_read_file(routes_file, &text, &size, fault));
    bt_err err =
        bt_route_table_read(bt_bytes_of(text, size), &self->catalogue, &self->table, &inner);
    free(text);
    return err ? bt_fail(fault, err, "%s: %s", routes_file, inner.text) : BT_OK;
}

static bt_err prepare(inquiry *self, bt_fault *fault) {
    BT_TRY(find_catalogue(self, fault));
    BT_TRY(read_table(self, fault));
    return body_file ? bt_routes_read_file(body_file, &self->body, &self->body_size, fault) : BT_OK;
}

/* `https://host/path`, or `/path` alone. */
static void take_url(inquiry *self, const char *url) {
    const char *scheme = strstr(url, "://");
    const char *host = scheme && url[0] != '/' ? scheme + 3 : NULL;
    const char *path = host ? strchr(host, '/') : url;
    self->request.target = path ? bt_bytes_text(path) : BT_LITERAL("/");
    if (host) self->request.host = bt_bytes_of(host, path ? (size_t)(path - host) : strlen(host));
}

/* As the gate would have it: a body that is not one JSON object decides nothing. */
static bt_bytes clear_body(const inquiry *self) {
    bt_bytes body = bt_bytes_of(self->body, self->body_size);
    return body.size && bt_json_is_object(body) ? body : (bt_bytes){0};
}

static bool condition_counts(const inquiry *self, const bt_condition *condition) {
    bt_bytes body = clear_body(self);
    return !body.size || bt_json_may_have(body, condition->field);
}

static void print_scopes(const char *heading, const bt_scope_list *list) {
    printf("%-13s", heading);
    if (!list->count) printf("any good key");
    for (size_t i = 0; i < list->count; i++)
        printf("%s%.*s", !i ? "" : list->any ? " or " : " and ", BT_BYTES_ARG(list->names[i]));
    putchar('\n');
}

static void print_condition(const inquiry *self, const bt_condition *condition) {
    bool counts = condition_counts(self, condition);
    printf("%-13sfield %.*s: %s\n", "body:", BT_BYTES_ARG(condition->field),
           !counts                 ? "not there"
           : clear_body(self).size ? "is there"
                                   : "may be there, since there is no body that is JSON");
    if (counts) print_scopes("and needs:", &condition->scopes);
}

static void print_route(const inquiry *self) {
    const bt_route *route = self->match.route;
    printf("%-13sline %u: %.*s\n", "route:", route->line, BT_BYTES_ARG(route->path.text));
    if (route->is_public) {
        printf("%-13snothing: the route is public\n", "needs:");
        return;
    }
    print_scopes("needs:", &route->scopes);
    for (size_t i = 0; i < route->conditions_count; i++)
        print_condition(self, &route->conditions[i]);
    printf(
        "%-13s%.*s\n", "environment:",
        BT_BYTES_ARG(route->environment.size ? route->environment : BT_LITERAL("the listener's")));
    if (!route->resource.text.size)
        printf("%-13snone is named; a key that is bound to resources needs one\n", "resource:");
    else if (self->has_resource)
        printf("%-13s%.*s\n", "resource:", BT_BYTES_ARG(self->resource));
    else
        printf("%-13snot clear, which denies keys that are bound to resources\n", "resource:");
}

static void print_text(const inquiry *self) {
    const bt_route_match *match = &self->match;
    switch (match->outcome) {
    case BT_ROUTE_MATCHED:
        print_route(self);
        return;
    case BT_ROUTE_OPEN:
        printf("%-13snone, and the table is open\n%-13sany good key\n", "route:", "needs:");
        return;
    case BT_ROUTE_AMBIGUOUS:
    case BT_ROUTE_UNMATCHED:
        break;
    }
    printf("%-13s%s\n", "denied:", match->why);
    if (match->route)
        printf("%-13sline %u: %.*s\n", "nearest:", match->route->line,
               BT_BYTES_ARG(match->route->path.text));
}

static json_t *scopes_object(const bt_scope_list *list) {
    json_t *object = json_object(), *names = json_array();
    for (size_t i = 0; i < list->count; i++)
        json_array_append_new(names,
                              json_stringn((const char *)list->names[i].data, list->names[i].size));
    bt_json_put(object, "match", json_string(list->any ? "any" : "all"));
    bt_json_put(object, "scopes", names);
    return object;
}

static void put_route(json_t *object, const inquiry *self) {
    const bt_route *route = self->match.route;
    bt_json_put(object, "line", json_integer(route->line));
    bt_json_put_text(object, "path", route->path.text);
    if (self->match.outcome != BT_ROUTE_MATCHED) return;
    json_t *needs = json_array();
    if (!route->is_public) json_array_append_new(needs, scopes_object(&route->scopes));
    for (size_t i = 0; i < route->conditions_count; i++)
        if (condition_counts(self, &route->conditions[i]))
            json_array_append_new(needs, scopes_object(&route->conditions[i].scopes));
    bt_json_put(object, "public", json_boolean(route->is_public));
    bt_json_put(object, "needs", needs);
    bt_json_put_text(object, "environment", route->environment);
    if (self->has_resource) bt_json_put_text(object, "resource", self->resource);
}

static bool print_json(const inquiry *self) {
    static const char *const outcomes[] = {[BT_ROUTE_AMBIGUOUS] = "ambiguous",
                                           [BT_ROUTE_UNMATCHED] = "unmatched",
                                           [BT_ROUTE_OPEN] = "open",
                                           [BT_ROUTE_MATCHED] = "matched"};
    json_t *object = json_object();
    bt_json_put(object, "outcome", json_string(outcomes[self->match.outcome]));
    if (self->match.outcome <= BT_ROUTE_UNMATCHED)
        bt_json_put(object, "why", json_string(self->match.why));
    if (self->match.route) put_route(object, self);
    return bt_json_print(object);
}

static int answer(inquiry *self) {
    bt_route_table_match(self->table, &self->request, &self->target, &self->match);
    bool matched = self->match.outcome == BT_ROUTE_MATCHED;
    self->has_resource = matched && self->match.route->resource.text.size &&
                         bt_resource_expand(&self->match.route->resource, &self->target,
                                            self->resource_buffer, &self->resource);
    if (json && !print_json(self)) return UNDECIDED;
    if (!json) print_text(self);
    return self->match.outcome <= BT_ROUTE_UNMATCHED ? DENIED : LET_IN;
}

int bt_command_route_check(int argc, char **argv) {
    static inquiry self;
    const char *arguments[BT_ARGUMENTS_MAX];
    bt_fault fault;
    int exit_code = UNDECIDED;
    if (!bt_options_parse(&usage, argc, argv, arguments, &exit_code)) return exit_code;
    if (!routes_file)
        return bt_options_complain(&usage, "--routes is missing: the table to look in");
    self.request.method = bt_bytes_text(arguments[0]);
    take_url(&self, arguments[1]);
    if (prepare(&self, &fault)) {
        bt_local_failed(&fault);
        exit_code = UNDECIDED;
    } else {
        exit_code = answer(&self);
    }
    bt_route_table_free(self.table);
    free(self.body);
    return exit_code;
}
