/* The table in use is replaced whole, beside threads that match against it. */
#include "route/routes.h"
#include "tables.h"
#include "unit.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <unistd.h>

static char file[64];

static void write_file(const char *text) {
    snprintf(file, sizeof file, "/tmp/bitting-routes-%d.yaml", (int)getpid());
    FILE *out = fopen(file, "w");
    ck_assert_ptr_nonnull(out);
    ck_assert_int_ge(fputs(text, out), 0);
    ck_assert_int_eq(fclose(out), 0);
}

static const char one[] = "version: 1\nroutes:\n- {method: GET, path: /x, scopes: users.read}\n"
                          "- {method: GET, path: /y, scopes: users.read}\n";
static const char two[] = "version: 1\nroutes:\n- {method: GET, path: /x, scopes: users.delete}\n";

static uint64_t mask_of(bt_routes_view *view, bt_routes *routes, const bt_catalogue *catalogue) {
    bt_target target;
    bt_route_match match;
    bt_need needs[BT_ROUTE_NEEDS_MAX];
    bt_route_request request = {BT_LITERAL("GET"), {0}, BT_LITERAL("/x")};
    if (bt_routes_view_renew(view, routes, catalogue)) return 0;
    bt_route_table_match(view->table, &request, &target, &match);
    if (match.outcome != BT_ROUTE_MATCHED) return 0;
    return bt_route_needs(match.route, view->masks, (bt_bytes){0}, needs) ? needs[0].mask : 0;
}

START_TEST(a_bad_file_replaces_the_table) {
    bt_routes *routes = NULL;
    bt_fault fault = {0};
    bt_routes_view view = {0};
    write_file(one);
    ck_assert_int_eq(bt_routes_open(file, test_catalogue(), &routes, &fault), BT_OK);
    ck_assert_uint_eq(mask_of(&view, routes, test_catalogue()), 1);
    write_file("version: 1\nroutes:\n- {method: GET, path: /x, scopes: nothing.such}\n");
    ck_assert_int_eq(bt_routes_reload(routes, test_catalogue(), &fault), BT_ERR_INVALID);
    ck_assert_msg(strstr(fault.text, file) == fault.text &&
                      strstr(fault.text, ": line 3, column 27: "),
                  "%s", fault.text);
    ck_assert_uint_eq(mask_of(&view, routes, test_catalogue()), 1);
    unlink(file);
    ck_assert_int_eq(bt_routes_reload(routes, test_catalogue(), &fault), BT_ERR_NOT_FOUND);
    ck_assert_uint_eq(mask_of(&view, routes, test_catalogue()), 1);
    write_file(two);
    ck_assert_int_eq(bt_routes_reload(routes, test_catalogue(), &fault), BT_OK);
    ck_assert_uint_eq(mask_of(&view, routes, test_catalogue()), 1 << 12);
    unlink(file);
    bt_routes_view_drop(&view, routes);
    bt_routes_close(routes);
}
END_TEST

START_TEST(a_view_keeps_masks_of_a_catalogue_that_changed) {
    bt_routes *routes = NULL;
    bt_routes_view view = {0};
    bt_catalogue changed = *test_catalogue();
    write_file(one);
    ck_assert_int_eq(bt_routes_open(file, test_catalogue(), &routes, NULL), BT_OK);
    ck_assert_uint_eq(mask_of(&view, routes, test_catalogue()), 1);
    changed.generation = 7;
    strcpy(changed.scopes[0].name, "users.view");
    bt_catalogue_seal(&changed);
    ck_assert_uint_eq(mask_of(&view, routes, &changed), BT_MASK_FORBIDDEN);
    ck_assert_uint_eq(mask_of(&view, routes, test_catalogue()), 1);
    unlink(file);
    bt_routes_view_drop(&view, routes);
    bt_routes_close(routes);
}
END_TEST

static bt_routes *shared;
static atomic_bool stop;
static const bt_catalogue *catalogue;

/* Each mask seen is that of one of the two files, never a mix; how often it changed. */
static void *match_on(void *unused) {
    (void)unused;
    bt_routes_view view = {0};
    uint64_t last = 0;
    intptr_t changes = 0;
    while (!atomic_load(&stop)) {
        uint64_t mask = mask_of(&view, shared, catalogue);
        if (mask != 1 && mask != 1 << 12) return (void *)(intptr_t)-1;
        changes += mask != last;
        last = mask;
    }
    bt_routes_view_drop(&view, shared);
    return (void *)changes;
}

START_TEST(a_thread_sees_half_a_table_while_it_is_replaced) {
    pthread_t threads[3];
    catalogue = test_catalogue();
    write_file(one);
    ck_assert_int_eq(bt_routes_open(file, catalogue, &shared, NULL), BT_OK);
    for (size_t i = 0; i < 3; i++)
        ck_assert_int_eq(pthread_create(&threads[i], NULL, match_on, NULL), 0);
    for (int i = 0; i < 300; i++) {
        write_file(i % 2 ? one : two);
        ck_assert_int_eq(bt_routes_reload(shared, catalogue, NULL), BT_OK);
    }
    atomic_store(&stop, true);
    for (size_t i = 0; i < 3; i++) {
        void *changes;
        pthread_join(threads[i], &changes);
        ck_assert_int_gt((intptr_t)changes, 0);
    }
    unlink(file);
    bt_routes_close(shared);
}
END_TEST

UNIT_MAIN("route/routes", a_bad_file_replaces_the_table,
          a_view_keeps_masks_of_a_catalogue_that_changed,
          a_thread_sees_half_a_table_while_it_is_replaced)
