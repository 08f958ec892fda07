/* The route table in use: read from a file, replaced whole when the file is read again. */
#ifndef BT_ROUTE_ROUTES_H
#define BT_ROUTE_ROUTES_H

#include "route/table.h"

/* One a process. */
typedef struct bt_routes bt_routes;

/* Reads the file, whose name stays the caller's. Messages begin with it. BT_ERR_NOT_FOUND, BT_ERR_UNAVAILABLE (cannot be
 * read), and the errors of bt_route_table_read. */
bt_err bt_routes_open(const char *file, const bt_catalogue *catalogue, bt_routes **ret_routes,
                      bt_fault *fault);
/* Reads the file again. On failure the table in use stays. From any thread. */
bt_err bt_routes_reload(bt_routes *routes, const bt_catalogue *catalogue, bt_fault *fault);
/* NULL is taken; returns NULL. Every view must have been dropped. */
bt_routes *bt_routes_close(bt_routes *routes);

/* One thread's hold on the table: begins as zeros. Keeps a table that was replaced until the thread renews. */
typedef struct bt_routes_view {
    const bt_route_table *table;
    uint64_t *masks;     /* of its scope lists, */
    uint64_t generation; /* of this generation of the catalogue */
} bt_routes_view;

/* Moves to the newest table and the catalogue's generation: two comparisons where nothing has changed, otherwise a lock
 * and the heap. BT_ERR_EXHAUSTED (no memory): the view stays as it was, do not use it. */
bt_err bt_routes_view_renew(bt_routes_view *view, bt_routes *routes, const bt_catalogue *catalogue);
void bt_routes_view_drop(bt_routes_view *view, bt_routes *routes);

/* Reads a whole regular file of at most BT_YAML_FILE_MAX bytes into *ret_text, to be freed. */
bt_err bt_routes_read_file(const char *file, char **ret_text, size_t *ret_size, bt_fault *fault);

#endif
