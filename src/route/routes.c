#include "route/routes.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "yaml/yaml.h"

/* A table and how many hold it: the routes themselves, and views. */
typedef struct held_table {
    bt_route_table *table;
    size_t holds;
    struct held_table *next;
} held_table;

struct bt_routes {
    const char *file;
    _Atomic(const bt_route_table *) current; /* what views compare with, without the lock */
    pthread_mutex_t lock;                    /* of the list and its counts */
    held_table *tables;                      /* the first is the current one */
};

static bt_err read_all(int fd, size_t size, char *text, size_t *ret_size) {
    size_t used = 0;
    while (used < size) {
        ssize_t got = read(fd, text + used, size - used);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return BT_ERR_UNAVAILABLE;
        if (got == 0) break;
        used += (size_t)got;
    }
    *ret_size = used;
    return BT_OK;
}

bt_err bt_routes_read_file(const char *file, char **ret_text, size_t *ret_size, bt_fault *fault) {
    struct stat info;
    int fd = open(file, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0)
        return bt_fail(fault, errno == ENOENT ? BT_ERR_NOT_FOUND : BT_ERR_UNAVAILABLE, "%s: %s",
                       file, strerror(errno));
    char *text = malloc(BT_YAML_FILE_MAX + 1);
    bt_err err = text ? BT_OK : bt_fail(fault, BT_ERR_EXHAUSTED, "%s: no memory", file);
    if (!err && (fstat(fd, &info) || !S_ISREG(info.st_mode)))
        err = bt_fail(fault, BT_ERR_INVALID, "%s: is not a regular file", file);
    if (!err && read_all(fd, BT_YAML_FILE_MAX + 1, text, ret_size))
        err = bt_fail(fault, BT_ERR_UNAVAILABLE, "%s: %s", file, strerror(errno));
    close(fd);
    if (err)
        free(text);
    else
        *ret_text = text;
    return err;
}

static bt_err read_table(const char *file, const bt_catalogue *catalogue, held_table **ret_held,
                         bt_fault *fault) {
    char *text;
    size_t size;
    bt_fault inner = {0};
    BT_TRY(bt_routes_read_file(file, &text, &size, fault));
    held_table *held = calloc(1, sizeof *held);
    bt_err err = BT_ERR_EXHAUSTED;
    if (held) err = bt_route_table_read(bt_bytes_of(text, size), catalogue, &held->table, &inner);
    free(text);
    if (err) {
        free(held);
        return bt_fail(fault, err, "%s: %s", file, inner.text);
    }
    held->holds = 1;
    *ret_held = held;
    return BT_OK;
}

/* With the lock. */
static void release(bt_routes *routes, const bt_route_table *table) {
    for (held_table **at = &routes->tables; *at; at = &(*at)->next) {
        held_table *held = *at;
        if (held->table != table || --held->holds) continue;
        *at = held->next;
        bt_route_table_free(held->table);
        free(held);
        return;
    }
}

static void put_current(bt_routes *routes, held_table *held) {
    held_table *old = routes->tables;
    held->next = old;
    routes->tables = held;
    atomic_store_explicit(&routes->current, held->table, memory_order_release);
    if (old) release(routes, old->table);
}

bt_err bt_routes_open(const char *file, const bt_catalogue *catalogue, bt_routes **ret_routes,
                      bt_fault *fault) {
    held_table *held;
    BT_TRY(read_table(file, catalogue, &held, fault));
    bt_routes *routes = calloc(1, sizeof *routes);
    if (!routes) {
        bt_route_table_free(held->table);
        free(held);
        return bt_fail(fault, BT_ERR_EXHAUSTED, "%s: no memory", file);
    }
    routes->file = file;
    pthread_mutex_init(&routes->lock, NULL);
    put_current(routes, held);
    *ret_routes = routes;
    return BT_OK;
}

bt_err bt_routes_reload(bt_routes *routes, const bt_catalogue *catalogue, bt_fault *fault) {
    held_table *held;
    BT_TRY(read_table(routes->file, catalogue, &held, fault));
    pthread_mutex_lock(&routes->lock);
    put_current(routes, held);
    pthread_mutex_unlock(&routes->lock);
    return BT_OK;
}

bt_routes *bt_routes_close(bt_routes *routes) {
    if (!routes) return NULL;
    while (routes->tables) {
        routes->tables->holds = 1;
        release(routes, routes->tables->table);
    }
    pthread_mutex_destroy(&routes->lock);
    free(routes);
    return NULL;
}

static const bt_route_table *hold_current(bt_routes *routes) {
    pthread_mutex_lock(&routes->lock);
    routes->tables->holds++;
    const bt_route_table *table = routes->tables->table;
    pthread_mutex_unlock(&routes->lock);
    return table;
}

void bt_routes_view_drop(bt_routes_view *view, bt_routes *routes) {
    if (view->table) {
        pthread_mutex_lock(&routes->lock);
        release(routes, view->table);
        pthread_mutex_unlock(&routes->lock);
    }
    free(view->masks);
    *view = (bt_routes_view){0};
}

bt_err bt_routes_view_renew(bt_routes_view *view, bt_routes *routes,
                            const bt_catalogue *catalogue) {
    const bt_route_table *current = atomic_load_explicit(&routes->current, memory_order_acquire);
    if (view->table == current && view->generation == catalogue->generation) return BT_OK;
    bt_routes_view next = {.table = hold_current(routes), .generation = catalogue->generation};
    next.masks = calloc(bt_route_table_lists(next.table) + 1, sizeof *next.masks);
    if (!next.masks) {
        bt_routes_view_drop(&next, routes);
        return BT_ERR_EXHAUSTED;
    }
    bt_route_table_resolve(next.table, catalogue, next.masks);
    bt_routes_view_drop(view, routes);
    *view = next;
    return BT_OK;
}
